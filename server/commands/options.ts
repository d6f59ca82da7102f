import { parseArgs } from 'node:util'
import type { OldKeyMode } from '../api/plan.ts'

export const commands = ['serve', 'rotate', 'status', 'undo'] as const
export type Command = (typeof commands)[number]

export interface Options {
  readonly command: Command
  /** Undefined: 7420, or the next free one. 0: any. */
  readonly port?: number
  readonly open: boolean
  readonly credentialsFile?: string
  readonly configFile?: string
  readonly stateDir?: string
  readonly endpointUrl?: string
  readonly demo: boolean
  /** Finish or roll back what an earlier run left under way. */
  readonly recover: boolean
  readonly all: boolean
  readonly profiles: readonly string[]
  readonly olderThanDays?: number
  readonly oldKey: OldKeyMode
  /** Programs to run after each rotation. */
  readonly hooks: readonly string[]
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
  /** For undo: the run or rotation to undo. */
  readonly target?: string
}

export type Parsed =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'usage'; readonly message: string }

const flags = {
  port: { type: 'string' },
  host: { type: 'string' },
  'no-open': { type: 'boolean' },
  'credentials-file': { type: 'string' },
  'config-file': { type: 'string' },
  'state-dir': { type: 'string' },
  'endpoint-url': { type: 'string' },
  demo: { type: 'boolean' },
  recover: { type: 'boolean' },
  all: { type: 'boolean' },
  profile: { type: 'string', multiple: true },
  'older-than': { type: 'string' },
  'old-key': { type: 'string' },
  hook: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  json: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values']

/** Which commands take an option; those that are not named here go with every command. */
const belongsTo: { readonly [name in keyof typeof flags]?: readonly Command[] } = {
  all: ['rotate', 'undo'],
  profile: ['rotate', 'undo'],
  'older-than': ['rotate'],
  'old-key': ['rotate'],
  hook: ['rotate'],
  'dry-run': ['rotate', 'undo'],
  yes: ['rotate', 'undo'],
  json: ['rotate', 'status', 'undo'],
}

const refusedByDemo = ['credentials-file', 'config-file', 'state-dir', 'endpoint-url'] as const

export const help = `Keyturn rotates the AWS access keys in your credentials file, from a page on this machine.

  keyturn [options]            open the page
  keyturn rotate [options]     rotate without the page: --all or --profile NAME
  keyturn status [options]     what is under way, and the age of every key
  keyturn undo [ID] [options]  put an old key back: of a run, a rotation, or --profile NAME

Options of every command
  --credentials-file FILE      default: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials
  --config-file FILE           default: AWS_CONFIG_FILE, else ~/.aws/config
  --state-dir DIR              where the journal, the settings and the undo pairs are kept
  --endpoint-url URL           send every call here instead of to AWS
  --demo                       try it with an embedded IAM and made-up keys; your files are not touched
  --recover                    first finish or roll back what an earlier run left under way
  --version, --help

The page
  --port N                     default 7420, or the next free one; with --port just that one (0: any)
  --no-open                    print the link without opening the browser (or set BROWSER=none)

Without the page
  --all                        every key but canaries and exclusions
  --profile NAME               the key of this profile; may be given more than once
  --older-than DAYS            only keys older than that, such as 90 or 90d
  --old-key MODE               deactivate (default), delete or keep
  --hook PROGRAM               run it after each rotation; may be given more than once
  --dry-run                    show the plan and do nothing
  --yes, -y                    do not ask
  --json                       print the result as JSON

Exit codes: 0 ok, 1 some failed, 2 wrong usage (a taken --port too), 3 nothing to do,
4 recovery needed, 130 interrupted.
`

class UsageError extends Error {}

/** @param argv the arguments after the program's name */
export function parseOptions(argv: readonly string[]): Parsed {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true })
    if (values.help) return { kind: 'help' }
    if (values.version) return { kind: 'version' }
    return { kind: 'run', options: checked(values, positionals) }
  } catch (error) {
    if (error instanceof UsageError || isParseError(error)) return { kind: 'usage', message: error.message }
    throw error
  }
}

function isParseError(error: unknown): error is Error {
  const { code } = error as NodeJS.ErrnoException
  return error instanceof Error && code !== undefined && code.startsWith('ERR_PARSE_ARGS')
}

function checked(values: Values, positionals: readonly string[]): Options {
  const [command, target] = commandOf(positionals)
  refuseForeignHost(values)
  for (const [name, takers] of Object.entries(belongsTo)) {
    if (values[name as keyof Values] !== undefined && !takers.includes(command)) {
      throw new UsageError(
        `--${name} goes with ${takers.map((taker) => `'keyturn ${taker}'`).join(' and ')}.`,
      )
    }
  }
  if (values.demo) {
    const given = refusedByDemo.find((name) => values[name] !== undefined)
    if (given) throw new UsageError(`--demo has files, state and endpoint of its own: leave out --${given}.`)
  }
  if (command === 'rotate' && values.all && values.profile) {
    throw new UsageError('Give either --all or --profile, not both.')
  }
  const port = portOf(values.port)
  const olderThanDays = daysOf(values['older-than'])
  return {
    command,
    open: values['no-open'] !== true,
    demo: values.demo ?? false,
    recover: values.recover ?? false,
    all: values.all ?? false,
    profiles: values.profile ?? [],
    oldKey: oldKeyOf(values['old-key']),
    hooks: values.hook ?? [],
    dryRun: values['dry-run'] ?? false,
    yes: values.yes ?? false,
    json: values.json ?? false,
    ...(port === undefined ? {} : { port }),
    ...(olderThanDays === undefined ? {} : { olderThanDays }),
    ...textOf('credentialsFile', values['credentials-file']),
    ...textOf('configFile', values['config-file']),
    ...textOf('stateDir', values['state-dir']),
    ...textOf('endpointUrl', endpointOf(values['endpoint-url'])),
    ...textOf('target', target),
  }
}

function commandOf(positionals: readonly string[]): [Command, string | undefined] {
  const [name = 'serve', target, ...more] = positionals
  const command = commands.find((known) => known === name)
  if (!command) throw new UsageError(`There is no command '${name}': it is one of ${commands.join(', ')}.`)
  if (target !== undefined && command !== 'undo') throw new UsageError(`'${target}' is not expected here.`)
  if (more.length > 0) throw new UsageError(`'${more.join(' ')}' is not expected here.`)
  return [command, target]
}

function refuseForeignHost(values: Values): void {
  if (values.host === undefined || values.host === '127.0.0.1') return
  const port = values.port ?? '7420'
  throw new UsageError(
    `Keyturn listens on 127.0.0.1 alone, since whoever reaches it can change your keys. From another machine, ` +
      `forward the same port: ssh -L ${port}:127.0.0.1:${port} THIS-MACHINE`,
  )
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port <= 65_535)) throw new UsageError(`--port takes a number from 0 to 65535, not '${text}'.`)
  return port
}

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const days = /^(\d{1,5})d?$/.exec(text)?.[1]
  if (days === undefined)
    throw new UsageError(`--older-than takes a number of days such as 90, not '${text}'.`)
  return Number(days)
}

function oldKeyOf(text = 'deactivate'): OldKeyMode {
  if (text === 'deactivate' || text === 'delete' || text === 'keep') return text
  throw new UsageError(`--old-key is deactivate, delete or keep, not '${text}'.`)
}

function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && !url.username && !url.password)
    return text
  throw new UsageError('--endpoint-url takes an http or https address without a password in it.')
}

/** An option's text under its name in Options; an empty one is a mistake in a script, not a wish. */
function textOf<Name extends string>(name: Name, text: string | undefined): { [name in Name]?: string } {
  if (text === undefined) return {}
  if (text === '')
    throw new UsageError('An option that takes a file, a directory or an id was given an empty one.')
  return { [name]: text } as { [name in Name]?: string }
}
