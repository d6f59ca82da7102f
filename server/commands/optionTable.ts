import type { Command } from './commandTable.ts'

/** What an option is: the parser, the help, the completions and the manual page are made of it. */
export interface OptionRow {
  /** What it takes; none: it is on or off. */
  readonly value?: string
  /** Words of which it takes one. */
  readonly values?: readonly string[]
  /** What else it can be completed with. */
  readonly completes?: 'file' | 'folder' | 'profile'
  /** It may be given more than once. */
  readonly many?: true
  readonly short?: string
  /** Which commands take it. */
  readonly of: 'all' | readonly Command[]
  /** For every command that takes it, or for each; where a command has no words it takes it without a mention. */
  readonly says: string | { readonly [command in Command]?: string }
}

const acting = ['rotate', 'leaked', 'undo', 'mend', 'old', 'tidy', 'find', 'after', 'remind'] as const
const readable = [
  'rotate',
  'leaked',
  'tidy',
  'recover',
  'undo',
  'mend',
  'status',
  'ls',
  'old',
  'find',
  'trail',
  'after',
] as const

/** Every option, in the order of the help. */
export const optionTable = {
  port: {
    value: 'N',
    of: ['serve'],
    says: 'just this one; without it, or with 0, one is drawn anew at each start',
  },
  'no-open': {
    of: ['serve', 'recover'],
    says: { serve: 'print the link without opening the browser (or set BROWSER=none)' },
  },
  host: { value: 'ADDRESS', of: ['serve'], says: {} },

  all: { of: ['rotate'], says: 'every key but canaries and exclusions' },
  profile: {
    value: 'NAME',
    completes: 'profile',
    many: true,
    of: ['rotate', 'leaked', 'undo', 'mend', 'after'],
    says: {
      rotate: 'the key of this profile; may be given more than once',
      leaked: 'only the key of this profile; may be given more than once',
      undo: 'the newest rotation of this profile; may be given more than once',
      mend: 'only this profile; may be given more than once',
      after: "the user of this profile's key; may be given more than once; default: those of the newest run",
    },
  },
  'older-than': {
    value: 'DAYS',
    of: ['rotate', 'remind'],
    says: {
      rotate: 'only keys older than that, such as 90 or 90d, by the age that AWS tells',
      remind: 'default: the age policy of the settings',
    },
  },
  'old-key': {
    value: 'MODE',
    values: ['deactivate', 'delete', 'keep'],
    of: ['rotate', 'leaked'],
    says: 'deactivate (default), delete or keep',
  },
  for: {
    value: 'DAYS',
    of: ['rotate', 'leaked'],
    says: 'with --old-key keep: from then on the old key is due to be turned off, by keyturn tidy',
  },
  'keep-active': {
    value: 'KEYID',
    many: true,
    of: ['rotate', 'leaked'],
    says: 'replace this key and let the old one work for now; may be given more than once',
  },
  tidy: { of: ['rotate'], says: 'first do what keyturn tidy does' },
  'delete-spare': {
    value: 'KEYID',
    many: true,
    of: ['rotate', 'leaked'],
    says:
      'make room: delete this second key of a user, which no profile holds, for good; may be given more than once; ' +
      'the plan prints it where it is needed',
  },
  'make-room': {
    value: 'WHICH',
    values: ['ours-quiet', 'ours', 'inactive', 'ask'],
    of: ['rotate', 'leaked'],
    says:
      'which second keys go without being named: ours-quiet (default: turned off by Keyturn, and unused for the ' +
      'quiet days since), ours, inactive, or ask (none; the default of leaked)',
  },
  merge: {
    value: 'KEYID',
    many: true,
    of: ['rotate', 'leaked'],
    says:
      "give the profiles of a user's two keys one new key; the second of the two is deleted for good; may be given " +
      'more than once; the plan prints it where it is needed',
  },
  'include-canaries': {
    of: ['rotate'],
    says: 'with --profile: also keys that look planted, whose use raises an alarm',
  },
  hook: {
    value: 'PROGRAM',
    completes: 'file',
    many: true,
    of: ['rotate', 'leaked', 'recover'],
    says: 'run it after each save and before the old key goes; may be given more than once',
  },

  kill: {
    of: ['leaked'],
    says: 'turn off, without new ones, the keys that are named, else all that are open; says first what stops working',
  },
  leave: {
    value: 'ID…',
    many: true,
    of: ['leaked'],
    says: 'leave it as it is, by name: its row is closed; a key’s id, or that of another row',
  },
  because: { value: 'WORDS', of: ['leaked'], says: 'with --leave: why; it stays in the journal' },
  reopen: { value: 'ID…', many: true, of: ['leaked'], says: 'open its row again' },

  'taken-out': {
    value: 'NAME',
    many: true,
    of: ['mend'],
    says: 'it is gone because you took it out: tell of it no more; may be given more than once',
  },
  mine: {
    value: 'KEYID',
    many: true,
    of: ['status'],
    says: 'it was you who changed this key at AWS: told of no more until it changes anew; may be given more than once',
  },
  how: {
    value: 'HOW',
    values: ['restore', 'reactivate'],
    of: ['undo'],
    says:
      'restore (default): the old pair is back in the file, the new key is off; reactivate: the old key works again ' +
      'beside the new one',
  },
  'new-key': {
    value: 'MODE',
    values: ['deactivate', 'delete'],
    of: ['undo'],
    says: 'for restore: deactivate (default) or delete the new key',
  },

  check: {
    of: ['status'],
    says: 'ask AWS first; without it, what the last check found, and no call is made',
  },

  update: {
    of: ['find'],
    says:
      'put the new pair where a replaced one stands and nothing else can be meant; shows the changes and asks first; ' +
      'undone together with the rotation',
  },
  in: {
    value: 'DIR',
    completes: 'folder',
    many: true,
    of: ['find'],
    says: 'look there; may be given more than once; default: the known places, then your home',
  },

  since: {
    value: 'DATE',
    of: ['trail', 'after'],
    says: {
      trail: 'not before this day, such as 2026-01-31, in UTC; CloudTrail keeps 90 days',
      after: 'what was made from this day on is new, such as 2026-01-31, in UTC',
    },
  },
  regions: {
    value: 'all|NAME…',
    values: ['all'],
    many: true,
    of: ['trail'],
    says: "default: where IAM's history stands, where the key was used last, those of its profiles",
  },
  signer: {
    value: 'PROFILE',
    completes: 'profile',
    of: ['rotate', 'leaked', 'trail', 'after'],
    says: {
      rotate: "let this administrator's profile sign for users of its account who may not themselves",
      leaked: "let this administrator's profile sign for users of its account who may not themselves",
      trail: "who asks, where the user's own new key may not",
      after: "let this administrator's profile of the account ask and act",
    },
  },

  deactivate: {
    value: 'ID…',
    many: true,
    of: ['after'],
    says: 'turn a service password, an API key, an SSH key or a certificate off',
  },
  activate: { value: 'ID…', many: true, of: ['after'], says: 'turn it on again' },
  delete: {
    value: 'ID…',
    values: ['quiet'],
    many: true,
    of: ['after', 'old'],
    says: {
      old:
        'delete for good the keys that are named, or with quiet all that Keyturn turned off and nobody has used since ' +
        'for the quiet days of the settings, by what AWS says now',
      after: 'delete one that is off, for good',
    },
  },
  reactivate: { value: 'ID…', many: true, of: ['old'], says: 'turn it on again' },
  'end-sessions': {
    of: ['after'],
    says: "deny every session issued before the old key was off; the user's new key goes on working",
  },
  finish: { of: ['after'], says: 'take that policy off again, from 36 hours on' },

  remove: {
    of: ['leaked', 'remind'],
    says: {
      leaked: 'take keys that AWS refuses out of the file; shows the lines first, and undo brings them back',
      remind: 'stop the timer and delete its unit',
    },
  },

  'dry-run': {
    of: acting,
    says: {
      rotate: 'show the plan and do nothing',
      undo: 'show what would be put back and do nothing',
      mend: 'show what would be put back and do nothing',
      leaked: 'show the plan, or what would stop or go, and do nothing',
      tidy: 'show what would go and do nothing',
      old: 'show what would be done and do nothing',
      find: 'with --update: show the changes and do nothing',
      after: 'show what would be done and do nothing',
      remind: 'show the diff and do nothing',
    },
  },
  yes: { short: 'y', of: acting, says: 'do not ask; needed where there is no terminal' },
  recover: {
    of: ['recover', 'rotate', 'leaked', 'undo', 'mend'],
    says: {
      leaked: 'first finish or roll back what is interrupted',
      rotate: 'first finish or roll back what is interrupted',
      undo: 'first finish or roll back what is interrupted',
      mend: 'first finish or roll back what is interrupted',
    },
  },
  json: {
    of: [...readable, 'remind'],
    says: 'one JSON document on standard output, all else on standard error',
  },
  csv: {
    of: ['trail', 'ls'],
    says: {
      trail: 'every event, a line for each, on standard output',
      ls: 'a line for each key, on standard output',
    },
  },

  'credentials-file': {
    value: 'FILE',
    completes: 'file',
    of: 'all',
    says: 'default: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials',
  },
  'config-file': {
    value: 'FILE',
    completes: 'file',
    of: 'all',
    says: 'default: AWS_CONFIG_FILE, else ~/.aws/config',
  },
  'state-dir': {
    value: 'DIR',
    completes: 'folder',
    of: 'all',
    says: 'where the journal, the settings and the undo pairs are kept',
  },
  'endpoint-url': { value: 'URL', of: 'all', says: 'send every call here instead of to AWS' },
  demo: {
    of: 'all',
    says: 'try it with an embedded IAM and made-up keys; your files are not touched',
  },
  version: { of: 'all', says: 'print the version' },
  help: { short: 'h', of: 'all', says: 'print this, for the command that it follows' },
} as const satisfies Readonly<Record<string, OptionRow>>

export type OptionName = keyof typeof optionTable
export const optionNames = Object.keys(optionTable) as OptionName[]

export const optionOf = (name: OptionName): OptionRow => optionTable[name]

/** Whether a command takes an option. */
export function takes(command: Command, name: OptionName): boolean {
  const { of } = optionOf(name)
  return of === 'all' || of.includes(command)
}

/** What an option does for a command; undefined where it is not said. */
export function saysOf(command: Command, name: OptionName): string | undefined {
  const { says } = optionOf(name)
  return typeof says === 'string' ? says : says[command]
}

/** The options of a command that its help names, without those of every command. */
export function ownOptions(command: Command): OptionName[] {
  return optionNames.filter(
    (name) => optionOf(name).of !== 'all' && takes(command, name) && saysOf(command, name) !== undefined,
  )
}

export const sharedOptions: readonly OptionName[] = optionNames.filter((name) => optionOf(name).of === 'all')

type Table = typeof optionTable
type Flags = {
  readonly [Name in OptionName]: {
    readonly type: Table[Name] extends { readonly value: string } ? 'string' : 'boolean'
    readonly multiple: Table[Name] extends { readonly many: true } ? true : false
    readonly short?: string
  }
}

/** As `parseArgs` wants them. */
export const flags = Object.fromEntries(
  optionNames.map((name) => {
    const { value, many, short } = optionOf(name)
    const type = value === undefined ? 'boolean' : 'string'
    return [name, { type, multiple: many ?? false, ...(short !== undefined && { short }) }]
  }),
) as Flags
