import { parseArgs } from 'node:util'
import path from 'node:path'
import type { OldKeyMode, PlanRequest } from '../api/plan.ts'
import type { UndoRequest } from '../api/run.ts'
import type { ActRequest } from '../credentials/acts.ts'
import type { EngineOptions } from '../engine/options.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import { commands, shells, type Command, type Shell } from './commandTable.ts'
import { flags, takes, type OptionName } from './optionTable.ts'

/** What a command prints that only tells of Keyturn itself. */
type Printed = 'completions' | 'man'

export interface Options extends EngineOptions {
  readonly command: Exclude<Command, Printed>
  /** Undefined or 0: one that is drawn anew at each start. */
  readonly port?: number
  readonly open: boolean
  /** Finish or roll back what an earlier run left under way. */
  readonly recover: boolean
  readonly all: boolean
  readonly profiles: readonly string[]
  readonly olderThanDays?: number
  readonly oldKey: OldKeyMode
  /** For keep: after so many days the old key is due to be turned off. */
  readonly keepDays?: number
  /** For rotate: tidy old keys first. */
  readonly tidy?: true
  /** Second keys that no profile holds, by their whole id, to delete so that there is room. */
  readonly deleteSpares: readonly string[]
  readonly makeRoom?: NonNullable<PlanRequest['makeRoom']>
  /** Keys, by their whole id, that become one new key with the other key of their user. */
  readonly merge: readonly string[]
  /** The second yes for keys that look planted; only where profiles are named. */
  readonly includeCanaries: boolean
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
  readonly find?: FindRequest
  /** For mend: profiles that are gone because the person took them out. */
  readonly takenOut?: readonly string[]
  /** Keys whose changes at AWS the person made. */
  readonly mine?: readonly string[]
  /** For old. */
  readonly old?: { readonly act?: OldAct }
  readonly ls?: { readonly csv: boolean }
  readonly remind?: { readonly remove: boolean }
  /** For trail. */
  readonly trail?: TrailOptions
  readonly after?: AfterOptions
  /** For leaked: only these acts on its rows, no rotation. */
  readonly leaked?: { readonly act?: LeakedAct }
  /** Keys, by their whole id, that are replaced and go on working for now. */
  readonly keepActive: readonly string[]
}

/** What is done with keys that a run was asked for and that still work, by their whole ids. */
export type LeakedAct =
  | { readonly kind: 'leave'; readonly keys: readonly string[]; readonly why?: string }
  | { readonly kind: 'reopen'; readonly keys: readonly string[] }
  | { readonly kind: 'remove'; readonly keys: readonly string[] }
  | { readonly kind: 'kill'; readonly keys: 'open' | readonly string[] }

/** What is done with old keys. */
export interface OldAct {
  readonly kind: 'delete' | 'activate'
  /** Whole ids; `quiet`: all that are off and unused for the quiet days. */
  readonly ids: 'quiet' | readonly string[]
}

/** Where else keys stand. */
export interface FindRequest {
  /** Whole ids; none: every key of the files and every key that Keyturn replaced. */
  readonly keys: readonly string[]
  /** Absolute; none: the known places, then the home. */
  readonly folders: readonly string[]
  /** Put the new pair where the old one stands and it is safe. */
  readonly update: boolean
}

export interface TrailOptions {
  /** Whole ids; none: the old keys of the newest run. */
  readonly keys: readonly string[]
  /** ISO 8601. */
  readonly since?: string
  readonly regions: 'usual' | 'all' | readonly string[]
  /** The events as CSV. */
  readonly csv: boolean
}

export interface AfterOptions {
  /** ISO 8601: what was made from then on is new. */
  readonly since?: string
  /** Absent: only to look. */
  readonly acts?: ActRequest
}

export type Parsed =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help'; readonly command?: Command }
  | { readonly kind: 'version' }
  | { readonly kind: 'man' }
  | { readonly kind: 'completions'; readonly shell: Shell }
  | { readonly kind: 'usage'; readonly message: string; readonly command?: Command }

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values']

const refusedByDemo = ['credentials-file', 'config-file', 'state-dir', 'endpoint-url'] as const

/** As AWS names them: eu-west-1, us-gov-east-1, eusc-de-east-1. */
const regionName = /^[a-z]{2,6}(-[a-z]+){1,3}-\d{1,2}$/
const mostRegions = 64

class UsageError extends Error {}

/** @param argv the arguments after the program's name */
export function parseOptions(argv: readonly string[]): Parsed {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true })
    if (values.help || positionals[0] === 'help') return helpOf(positionals)
    if (values.version) return { kind: 'version' }
    return checked(values, positionals)
  } catch (error) {
    if (!(error instanceof UsageError) && !isParseError(error)) throw error
    const command = commands.find((each) => argv.includes(each))
    return { kind: 'usage', message: error.message, ...(command && { command }) }
  }
}

function isParseError(error: unknown): error is Error {
  const { code } = error as NodeJS.ErrnoException
  return error instanceof Error && code !== undefined && code.startsWith('ERR_PARSE_ARGS')
}

function helpOf(positionals: readonly string[]): Parsed {
  const name = positionals[0] === 'help' ? positionals[1] : positionals[0]
  const command = commands.find((known) => known === name)
  return { kind: 'help', ...(command && { command }) }
}

function checked(values: Values, positionals: readonly string[]): Parsed {
  const [named, target, found] = commandOf(positionals)
  const command = named === 'serve' && values.recover ? 'recover' : named
  refuseForeignHost(values)
  for (const name of Object.keys(values) as OptionName[]) {
    if (takes(command, name)) continue
    const takers = commands.filter((each) => takes(each, name)).map(shown)
    throw new UsageError(`--${name} goes with ${takers.join(' and ')}.`)
  }
  if (command === 'man') return { kind: 'man' }
  if (command === 'completions') return { kind: 'completions', shell: shellOf(target) }
  return { kind: 'run', options: optionsOf(command, values, target, found) }
}

function optionsOf(
  command: Options['command'],
  values: Values,
  target: string | undefined,
  found: readonly string[],
): Options {
  if (values.demo) {
    const given = refusedByDemo.find((name) => values[name] !== undefined)
    if (command === 'remind')
      throw new UsageError('--demo ends with its command: there is nothing for a timer.')
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
  if (command === 'find' && !values.update && (values.yes || values['dry-run'])) {
    throw new UsageError(
      `--${values.yes ? 'yes' : 'dry-run'} goes with --update: find alone changes nothing.`,
    )
  }
  if (values['taken-out'] && (values.profile || values.yes || values['dry-run'])) {
    throw new UsageError('--taken-out goes by itself: nothing is put back.')
  }
  if (values.json && values.csv) throw new UsageError('Give either --json or --csv, not both.')
  const port = portOf(values.port)
  const olderThanDays = daysOf('older-than', values['older-than'])
  const keepDays = daysOf('for', values.for)
  if (keepDays !== undefined && values['old-key'] !== 'keep')
    throw new UsageError('--for goes with --old-key keep: for so many days the old key stays on.')
  return {
    command,
    open: values['no-open'] !== true,
    demo: values.demo ?? false,
    recover: values.recover ?? command === 'recover',
    all: values.all ?? false,
    profiles: values.profile ?? [],
    oldKey: oldKeyOf(values['old-key']),
    ...(keepDays === undefined ? {} : { keepDays }),
    ...(values.tidy && { tidy: true }),
    deleteSpares: keyIdsOf('delete-spare', values['delete-spare']),
    merge: keyIdsOf('merge', values.merge),
    ...(values['make-room'] === undefined ? {} : { makeRoom: makeRoomOf(values['make-room']) }),
    keepActive: keyIdsOf('keep-active', values['keep-active']),
    includeCanaries: values['include-canaries'] ?? false,
    hooks: (values.hook ?? []).map(hookOf),
    dryRun: values['dry-run'] ?? false,
    yes: values.yes ?? false,
    json: values.json ?? false,
    check: values.check ?? false,
    ...(values['taken-out'] && { takenOut: values['taken-out'] }),
    ...(values.mine && { mine: values.mine }),
    undo: undoOf(values.how, values['new-key']),
    ...(command === 'trail' ? { trail: trailOf(found, values) } : {}),
    ...(command === 'after' ? { after: afterOf(found, values) } : {}),
    ...(command === 'old' ? { old: oldOf(found, values) } : {}),
    ...(command === 'leaked' ? { leaked: leakedOf(found, values) } : {}),
    ...(command === 'remind' ? { remind: { remove: values.remove ?? false } } : {}),
    ...(command === 'ls' ? { ls: { csv: values.csv ?? false } } : {}),
    ...(port === undefined ? {} : { port }),
    ...(olderThanDays === undefined ? {} : { olderThanDays }),
    ...(values.signer === undefined ? {} : { signer: values.signer }),
    ...textOf('credentialsFile', values['credentials-file']),
    ...textOf('configFile', values['config-file']),
    ...textOf('stateDir', values['state-dir']),
    ...textOf('endpointUrl', endpointOf(values['endpoint-url'])),
    ...textOf('target', target),
    ...(command === 'find' && {
      find: {
        keys: searchedOf(found),
        folders: (values.in ?? []).map(folderOf),
        update: values.update ?? false,
      },
    }),
  }
}

const shown = (command: Command) => (command === 'serve' ? "'keyturn' alone" : `'keyturn ${command}'`)

/** Ids may be given one after the other. */
const listsIds: ReadonlySet<Command> = new Set(['find', 'trail', 'after', 'old', 'leaked'])

function commandOf(
  positionals: readonly string[],
): [command: Command, target: string | undefined, found: readonly string[]] {
  const [name = 'serve', ...rest] = positionals
  const command = commands.find((known) => known === name)
  if (command && listsIds.has(command)) return [command, undefined, rest]
  const [target, ...more] = rest
  if (!command) throw new UsageError(`There is no command '${name}': it is one of ${commands.join(', ')}.`)
  if (target !== undefined && command !== 'undo' && command !== 'completions')
    throw new UsageError(`'${target}' is not expected here.`)
  if (more.length > 0) throw new UsageError(`'${more.join(' ')}' is not expected here.`)
  return [command, target, []]
}

function shellOf(name: string | undefined): Shell {
  const shell = shells.find((known) => known === name)
  if (shell) return shell
  throw new UsageError(`keyturn completions takes ${shells.join(', ')}.`)
}

/** Names of regions may be given one after the other, as the shell's user expects of a list: no key id looks like one. */
function trailOf(
  words: readonly string[],
  { regions: given, since: from, csv = false }: Values,
): TrailOptions {
  const further = given === undefined ? [] : words.filter((word) => regionName.test(word))
  const keyIds = words.filter((word) => !further.includes(word))
  // What stands there may be anything, a secret among others: it is not repeated.
  if (!keyIds.every((id) => parseKeyId(id)))
    throw new UsageError('keyturn trail takes whole access key ids, and one of what was given is none.')
  const names = [...(given ?? []).flatMap((text) => text.split(',').map((name) => name.trim())), ...further]
  const wrong = names.find((name) => name !== 'all' && !regionName.test(name))
  if (wrong !== undefined)
    throw new UsageError(`--regions takes all, or names such as eu-west-1, not '${wrong}'.`)
  if (names.length > mostRegions)
    throw new UsageError(`--regions takes at most ${mostRegions} names, or all.`)
  const regions = names.includes('all') ? 'all' : [...new Set(names)]
  const since = sinceOf(from)
  return {
    keys: [...new Set(keyIds)],
    regions: regions.length === 0 ? 'usual' : regions,
    csv,
    ...(since === undefined ? {} : { since }),
  }
}

/** Ids may be given one after the other: `--delete A B`. */
function oldOf(words: readonly string[], values: Values): NonNullable<Options['old']> {
  const { delete: gone, reactivate } = values
  if (gone && reactivate)
    throw new UsageError('Give one of --delete and --reactivate: each is an act of its own.')
  const given = gone ?? reactivate
  if (!given) {
    if (words.length > 0 || values.yes || values['dry-run'])
      throw new UsageError('keyturn old lists; --delete quiet, --delete KEYID or --reactivate KEYID act.')
    return {}
  }
  const all = [...given, ...words]
  if (gone && all.length === 1 && all[0] === 'quiet') return { act: { kind: 'delete', ids: 'quiet' } }
  // What stands there may be anything, a secret among others: it is not repeated.
  if (!all.every((id) => parseKeyId(id)))
    throw new UsageError('keyturn old takes whole access key ids, and one of what was given is none.')
  return { act: { kind: gone ? 'delete' : 'activate', ids: [...new Set(all)] } }
}

/** As `keyturn leaked` prints them of what is open beside keys. */
const isRestId = (text: string) => /^[a-z-]{4,12}-[0-9a-f]{12}$/.test(text)

/** Ids may be given one after the other: `--leave A B`. */
function leakedOf(words: readonly string[], values: Values): NonNullable<Options['leaked']> {
  const given = (['kill', 'leave', 'reopen', 'remove'] as const).filter((act) => values[act] !== undefined)
  if (given.length > 1)
    throw new UsageError(
      `Give one of ${given.map((act) => `--${act}`).join(' and ')}: each is an act of its own.`,
    )
  const [act] = given
  if (values.because !== undefined && act !== 'leave') throw new UsageError('--because goes with --leave.')
  const named = act === 'leave' || act === 'reopen' ? [...(values[act] ?? []), ...words] : words
  // What stands there may be anything, a secret among others: it is not repeated.
  if (!named.every((id) => parseKeyId(id) || (act !== 'kill' && isRestId(id))))
    throw new UsageError('keyturn leaked takes whole access key ids, and one of what was given is none.')
  const keys = [...new Set(named)]
  if (act === 'kill') return { act: { kind: 'kill', keys: keys.length > 0 ? keys : 'open' } }
  if (act === 'leave')
    return { act: { kind: 'leave', keys, ...(values.because !== undefined && { why: values.because }) } }
  if (act === 'reopen') return { act: { kind: 'reopen', keys } }
  if (act === 'remove') {
    if (keys.length === 0) throw new UsageError('--remove takes whole access key ids.')
    return { act: { kind: 'remove', keys } }
  }
  if (keys.length > 0)
    throw new UsageError(
      'keyturn leaked takes ids with --leave, --reopen, --remove or --kill; --profile NAME names keys.',
    )
  return {}
}

/** Ids may be given one after the other: `--deactivate A B`. */
function afterOf(words: readonly string[], values: Values): AfterOptions {
  const acts = (['deactivate', 'activate', 'delete'] as const).filter((act) => values[act] !== undefined)
  const chosen = [...acts, ...(['end-sessions', 'finish'] as const).filter((act) => values[act])]
  if (chosen.length > 1)
    throw new UsageError(
      `Give one of ${chosen.map((act) => `--${act}`).join(' and ')}: each is an act of its own.`,
    )
  const [act] = chosen
  const since = sinceOf(values.since)
  const asked = since === undefined ? {} : { since }
  if (act === undefined && (values.yes || values['dry-run']))
    throw new UsageError(
      `--${values.yes ? 'yes' : 'dry-run'} goes with an act, such as --end-sessions: after alone changes nothing.`,
    )
  if (act === 'deactivate' || act === 'activate' || act === 'delete') {
    const ids = [...new Set([...(values[act] ?? []), ...words])]
    // What stands there may be anything, a secret among others: it is not repeated.
    if (!ids.every((id) => /^[A-Za-z0-9]{16,128}$/.test(id)))
      throw new UsageError(
        `--${act} takes whole ids as keyturn after lists them, and one of what was given is none.`,
      )
    return { ...asked, acts: { act, ids } }
  }
  if (words.length > 0) throw new UsageError('keyturn after takes options alone: --profile NAME names users.')
  return act === undefined ? asked : { ...asked, acts: { act } }
}

/** A day, or a time of it, in UTC unless it says otherwise. */
function sinceOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const form = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(text)
  const at = form ? Date.parse(form[2] === undefined || form[5] !== undefined ? text : `${text}Z`) : NaN
  const day = form?.[1] ?? ''
  // 2026-02-31 is no day, and Date would take it for one of March.
  const isDay = Number.isFinite(at) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
  if (!isDay) throw new UsageError(`--since takes a day such as 2026-01-31, not '${text}'.`)
  return new Date(at).toISOString()
}

function refuseForeignHost(values: Values): void {
  if (values.host === undefined || values.host === '127.0.0.1') return
  const port = values.port ?? '7420'
  throw new UsageError(
    `Keyturn listens on 127.0.0.1 alone, since whoever reaches it can change your keys. From another machine, ` +
      `start it here with --port ${port} and forward the same port: ssh -L ${port}:127.0.0.1:${port} THIS-MACHINE`,
  )
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port <= 65_535)) throw new UsageError(`--port takes a number from 0 to 65535, not '${text}'.`)
  return port
}

function daysOf(name: 'older-than' | 'for', text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const days = /^(\d{1,5})d?$/.exec(text)?.[1]
  const [most, such] = name === 'for' ? [3650, 7] : [99_999, 90]
  if (days === undefined || Number(days) > most)
    throw new UsageError(`--${name} takes a number of days such as ${such}, not '${text}'.`)
  return Number(days)
}

function oldKeyOf(text = 'deactivate'): OldKeyMode {
  if (text === 'deactivate' || text === 'delete' || text === 'keep') return text
  throw new UsageError(`--old-key is deactivate, delete or keep, not '${text}'.`)
}

function makeRoomOf(text: string): NonNullable<PlanRequest['makeRoom']> {
  if (text === 'ours-quiet' || text === 'ours' || text === 'inactive' || text === 'ask') return text
  throw new UsageError(`--make-room is ours-quiet, ours, inactive or ask, not '${text}'.`)
}

/** Whole ids alone: the four characters that are shown of a key may be those of another one too. */
function keyIdsOf(name: string, ids: readonly string[] = []): string[] {
  const wrong = ids.find((id) => !/^\w{16,128}$/.test(id))
  if (wrong !== undefined) throw new UsageError(`--${name} takes the whole id of a key, not '${wrong}'.`)
  return [...new Set(ids)]
}

/** Anything else may be a secret that somebody wants to look for: it is not said again. */
function searchedOf(texts: readonly string[]): string[] {
  const isId = (text: string) => parseKeyId(text) !== undefined
  const wrong = texts.findIndex((text) => !isId(text))
  if (wrong >= 0) {
    throw new UsageError(
      `find takes whole access key ids, such as AKIA and 16 letters and digits; its argument ${wrong + 1} is none. ` +
        'Secrets are looked for by their ids; a folder follows --in, each folder an --in of its own.',
    )
  }
  return [...new Set(texts)]
}

function folderOf(given: string): string {
  if (given === '') throw new UsageError('--in was given no folder.')
  return path.resolve(given)
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
