import type { FileState } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import { exit } from './exitCodes.ts'
import type { Screen } from './terminal.ts'
import { count, sentence } from './wording.ts'

/** What a command says of the files before anything else, and whether they keep it from being a success. */
export interface FileTroubles {
  /** Files with something to tell, as in the JSON document. */
  readonly files: readonly FileState[]
  readonly troubles: readonly Trouble[]
  /** Keys may stand in a file that nobody could read: to find none is then no answer. */
  readonly fails: boolean
  /** Where neither file holds a profile, though nothing is wrong with either. */
  readonly none?: string
}

/** A profile of either file, as far as it counts here. */
interface Holder {
  readonly file: FileState['which']
  readonly holdsKey: boolean
}

/** Pure: what is to be told of the two files. */
export function fileTroubles(
  { credentials, config }: Readonly<Record<FileState['which'], FileState>>,
  profiles: readonly Holder[],
): FileTroubles {
  const held = profiles.filter(({ holdsKey }) => holdsKey)
  const told: { readonly file: FileState; readonly trouble: Trouble; readonly fails: boolean }[] = []
  for (const file of [credentials, config]) {
    const blocking = file.problems.filter(({ blocks }) => blocks)
    const [first] = blocking
    const none = !held.some((each) => each.file === file.which)
    if (first)
      told.push({
        file,
        trouble: withCount(first.trouble, blocking.length - 1),
        fails: file.state === 'unreadable' || none,
      })
    else if (
      file.state === 'missing' &&
      isNamed(file) &&
      (file === credentials || (credentials.state === 'missing' && told.length === 0))
    ) {
      const trouble = missing(file)
      told.push({ file: { ...file, problems: [{ blocks: true, trouble }] }, trouble, fails: true })
    }
  }
  return {
    files: told.map(({ file }) => file),
    troubles: told.map(({ trouble }) => trouble),
    fails: told.some(({ fails }) => fails),
    ...(profiles.length === 0 &&
      told.length === 0 && { none: `There is no key: ${whatIs(credentials)}, and ${whatIs(config)}.` }),
  }
}

/** The same of what the files were read to hold. */
export function fileTroublesOf({ files, profiles }: FilesSnapshot): FileTroubles {
  return fileTroubles(
    files,
    profiles.map(({ file, pair }) => ({ file, holdsKey: pair !== undefined })),
  )
}

/** Pure: without what is said of these files. */
export function besides({ files, troubles, fails }: FileTroubles, paths: readonly string[]): FileTroubles {
  const left = files.flatMap((file, at) =>
    paths.includes(file.path) ? [] : [{ file, trouble: troubles[at] as Trouble }],
  )
  return {
    files: left.map(({ file }) => file),
    troubles: left.map(({ trouble }) => trouble),
    fails: fails && left.length > 0,
  }
}

/** Says them on standard error, where `--json` leaves room for them too. */
export function tellFiles(terminal: Screen, { troubles, none }: FileTroubles): void {
  for (const trouble of troubles) terminal.say(`${trouble.title}. ${sentence(trouble)}`)
  if (none !== undefined) terminal.say(none)
}

/** The part of the JSON document that tells of the files; empty where there is nothing to tell. */
export function filesDocument({ files, troubles, fails }: FileTroubles) {
  if (files.length === 0) return {}
  return { files, ...(fails && { problem: troubles[0] }) }
}

/** An exit code that would call it a success becomes that of a failure. */
export function codeWith({ fails }: FileTroubles, code: number): number {
  return fails && (code === exit.ok || code === exit.nothing) ? exit.failed : code
}

function isNamed({ from }: FileState): boolean {
  return from !== undefined && from !== 'default'
}

function missing({ which, path, from = '' }: FileState): Trouble {
  return {
    name: 'file-missing',
    title: `The ${which} file is not there`,
    detail: `${from} names ${path}, and there is no such file.`,
    remedy: `Correct ${from}, or make the file.`,
  }
}

function whatIs({ path, state }: FileState): string {
  if (state === 'missing') return `${path} is not there`
  return state === 'empty' ? `${path} is empty` : `${path} holds no profile`
}

function withCount(trouble: Trouble, more: number): Trouble {
  return more === 0
    ? trouble
    : { ...trouble, detail: `${trouble.detail} ${count(more, 'other place')} of it, too.` }
}
