import { parseArgs } from 'node:util'
import path from 'node:path'
import type { OldKeyMode } from '../api/plan.ts'
import type { UndoRequest } from '../api/run.ts'

export const commands = ['serve', 'rotate', 'status', 'undo'] as const
/** `recover` is written `keyturn --recover`. */
export type Command = (typeof commands)[number] | 'recover'

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
  /** Second keys that no profile holds, by their whole id, to delete so that there is room. */
  readonly deleteSpares: readonly string[]
  /** Keys, by their whole id, that become one new key with the other key of their user. */
  readonly merge: readonly string[]
  /** The second yes for keys that look planted; only where profiles are named. */
  readonly includeCanaries: boolean
  /** Programs, by absolute path, to run after each save. */
  readonly hooks: readonly string[]
  /** An administrator's profile that signs for users of its account. */
  readonly signer?: string
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
  /** For status: ask AWS first. */
  readonly check: boolean
  /** For undo: the run or rotation to undo. */
  readonly target?: string
  readonly undo: UndoRequest
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
  'delete-spare': { type: 'string', multiple: true },
  merge: { type: 'string', multiple: true },
  'include-canaries': { type: 'boolean' },
  hook: { type: 'string', multiple: true },
  signer: { type: 'string' },
  'dry-run': { type: 'boolean' },
  check: { type: 'boolean' },
  how: { type: 'string' },
  'new-key': { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  json: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values']

/** Which commands take an option; those that are not named here go with every command. */
const belongsTo: { readonly [name in keyof typeof flags]?: readonly Command[] } = {
  all: ['rotate'],
  profile: ['rotate', 'undo'],
  'older-than': ['rotate'],
  'old-key': ['rotate'],
  'delete-spare': ['rotate'],
  merge: ['rotate'],
  'include-canaries': ['rotate'],
  hook: ['rotate', 'recover'],
  signer: ['rotate'],
  'dry-run': ['rotate', 'undo'],
  check: ['status'],
  how: ['undo'],
  'new-key': ['undo'],
  yes: ['rotate', 'undo'],
  json: ['rotate', 'status', 'undo', 'recover'],
  recover: ['recover', 'rotate', 'undo'],
  port: ['serve'],
  host: ['serve'],
  'no-open': ['serve', 'recover'],
}

const refusedByDemo = ['credentials-file', 'config-file', 'state-dir', 'endpoint-url'] as const

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
  const [named, target] = commandOf(positionals)
  const command = named === 'serve' && values.recover ? 'recover' : named
  refuseForeignHost(values)
  for (const [name, takers] of Object.entries(belongsTo)) {
    if (values[name as keyof Values] !== undefined && !takers.includes(command)) {
      throw new UsageError(`--${name} goes with ${takers.map((taker) => shown[taker]).join(' and ')}.`)
    }
  }
  if (values.demo) {
    const given = refusedByDemo.find((name) => values[name] !== undefined)
    if (given) throw new UsageError(`--demo has files, state and endpoint of its own: leave out --${given}.`)
  }
  if (command === 'rotate' && values.all && values.profile) {
    throw new UsageError('Give either --all or --profile, not both.')
  }
  // A canary's alarm wakes somebody: nobody says yes to it without having named it.
  if (values['include-canaries'] && !values.profile) {
    throw new UsageError('--include-canaries goes with --profile: name the key that you take the alarm for.')
  }
  if (command === 'rotate' && !values.all && !values.profile && values['older-than'] === undefined) {
    throw new UsageError('Say which keys: --all, --profile NAME or --older-than DAYS.')
  }
  if (command === 'undo' && (target === undefined) === (values.profile === undefined)) {
    throw new UsageError(
      'Say what to undo: the id of a run or of a rotation, or --profile NAME. keyturn status lists runs.',
    )
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
    deleteSpares: keyIdsOf('delete-spare', values['delete-spare']),
    merge: keyIdsOf('merge', values.merge),
    includeCanaries: values['include-canaries'] ?? false,
    hooks: (values.hook ?? []).map(hookOf),
    dryRun: values['dry-run'] ?? false,
    yes: values.yes ?? false,
    json: values.json ?? false,
    check: values.check ?? false,
    undo: undoOf(values.how, values['new-key']),
    ...(port === undefined ? {} : { port }),
    ...(olderThanDays === undefined ? {} : { olderThanDays }),
    ...(values.signer === undefined ? {} : { signer: values.signer }),
    ...textOf('credentialsFile', values['credentials-file']),
    ...textOf('configFile', values['config-file']),
    ...textOf('stateDir', values['state-dir']),
    ...textOf('endpointUrl', endpointOf(values['endpoint-url'])),
    ...textOf('target', target),
  }
}

const shown: { readonly [command in Command]: string } = {
  serve: "'keyturn' alone",
  rotate: "'keyturn rotate'",
  status: "'keyturn status'",
  undo: "'keyturn undo'",
  recover: "'keyturn --recover'",
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

/** Whole ids alone: the four characters that are shown of a key may be those of another one too. */
function keyIdsOf(name: string, ids: readonly string[] = []): string[] {
  const wrong = ids.find((id) => !/^\w{16,128}$/.test(id))
  if (wrong !== undefined) throw new UsageError(`--${name} takes the whole id of a key, not '${wrong}'.`)
  return [...new Set(ids)]
}

function undoOf(how = 'restore', newKey?: string): UndoRequest {
  if (how !== 'restore' && how !== 'reactivate') {
    throw new UsageError(`--how is restore or reactivate, not '${how}'.`)
  }
  if (newKey === undefined) return { how }
  if (how !== 'restore') throw new UsageError('--new-key goes with --how restore.')
  if (newKey === 'deactivate' || newKey === 'delete') return { how, newKey }
  throw new UsageError(`--new-key is deactivate or delete, not '${newKey}'.`)
}

/** Absolute, so that what was meant stays what is run; an empty one is a mistake in a script. */
function hookOf(given: string): string {
  if (given === '') throw new UsageError('--hook was given no program.')
  return path.resolve(given)
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
