import path from 'node:path'
import { commands } from './commandTable.ts'
import type { Options } from './options.ts'
import { optionNames, optionOf } from './optionTable.ts'

/** Of no character. */
const begin = '\ufdd0'
const end = '\ufdd1'
const stray = /(\ufdd0(?:keyturn(?= |\ufdd1)|--[a-z])[^\ufdd0\ufdd1]*\ufdd1|^\ufdd2)|[\ufdd0-\ufdd3]/gm
const marked = /\ufdd0keyturn([^\ufdd0\ufdd1]*)\ufdd1/g

/** How Keyturn was started, as typed into a shell. */
export interface Invocation {
  /** `npx keyturn`, `npm start --`. */
  readonly program: string
  /** The options that say which files, which state and which AWS: a command without them would mean others. */
  readonly given: string
}

/** Marks a command: it is printed as it can be typed here, and never broken into two lines. @param command `keyturn …` */
export function hint(command: string): string {
  return `${begin}${command}${end}`
}

/** Marks the commands that a sentence names: troubles spell them without knowing where they are read. */
export function hinted(text: string): string {
  const at = text.search(/(?<![\w./[-])keyturn /)
  if (at < 0) return text
  const rest = text.slice(at + 'keyturn '.length)
  const command = commandAt(rest)
  const marks = command === '' ? 'keyturn ' : hint(`keyturn ${command}`)
  return text.slice(0, at) + marks + hinted(rest.slice(command.length))
}

/** A command's name, its options with their values, and what stands in capitals for a value; the sentence goes on after it. */
function commandAt(text: string): string {
  const found: string[] = []
  let takesValue = false
  for (const [at, word] of text.split(' ').entries()) {
    const bare = word.replace(/[,.;:]+$/, '')
    const option = optionNames.find((name) => bare === `--${name}`)
    const isName = at === 0 && (commands as readonly string[]).includes(bare)
    if (!isName && !option && !takesValue && !/^[A-Z0-9][A-Z0-9_-]+…?$/.test(bare)) break
    found.push(bare)
    takesValue = option !== undefined && optionOf(option).value !== undefined
    if (bare !== word) break
  }
  return found.join(' ')
}

/** Marks that no command is between are somebody's own characters: they are spelled out, as all that is not seen. */
export function withoutStrayMarks(text: string): string {
  return text.replace(stray, (char, own: string | undefined) =>
    own === undefined ? `\\u{${char.charCodeAt(0).toString(16)}}` : char,
  )
}

/** Marked commands as they are typed here; the marks stay, so that a line is not broken there. */
export function withInvocation(text: string, { program, given }: Invocation): string {
  return text.replace(marked, (_, rest: string) => {
    const words = [rest.trim(), given].filter((part) => part !== '').join(' ')
    return hint(words === '' ? program.replace(/ --$/, '') : `${program} ${words}`)
  })
}

/** A document whose remedies name commands as they are typed here. */
export function documentHere(document: unknown, invocation: Invocation): unknown {
  const spelled = (text: string) => eachHint(withInvocation(hinted(text), invocation), (command) => command)
  const text = JSON.stringify(document, (name, value: unknown) =>
    name === 'remedy' && typeof value === 'string' ? spelled(value) : value,
  )
  return JSON.parse(text) as unknown
}

/** The text between marked commands as `between` makes it, and the commands as `change` does, without their marks. */
export function eachHint(
  text: string,
  change: (command: string) => string,
  between: (text: string) => string = (same) => same,
): string {
  return text
    .split(/(\ufdd0[^\ufdd0\ufdd1]*\ufdd1)/)
    .map((part) => (part.startsWith(begin) ? change(part.slice(1, -1)) : part === '' ? '' : between(part)))
    .join('')
}

type Given = Pick<Options, 'credentialsFile' | 'configFile' | 'stateDir' | 'endpointUrl' | 'demo'>

/** Pure: the given options that every command takes. */
export function givenWords(options: Given, cwd: string): string[] {
  const { credentialsFile, configFile, stateDir, endpointUrl, demo } = options
  // Keyturn itself knows what ~ means.
  const whole = (file: string | undefined) => (file?.startsWith('~') ? file : file && path.resolve(cwd, file))
  const values = [
    ['--credentials-file', whole(credentialsFile)],
    ['--config-file', whole(configFile)],
    ['--state-dir', whole(stateDir)],
    ['--endpoint-url', endpointUrl],
  ] as const
  const words = values.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
  return [...words, ...(demo ? ['--demo'] : [])]
}
