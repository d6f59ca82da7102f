/** What a command is, for its help. */
export interface CommandRow {
  /** In one line. */
  readonly does: string
  /** What may follow its name. */
  readonly takes?: string
  /** What each word that follows may be. */
  readonly words?: Readonly<Record<string, string>>
  /** Words of which one follows. */
  readonly choices?: readonly string[]
  /** What follows the name of the program, and what that does. */
  readonly examples: readonly (readonly [words: string, does: string])[]
  /** What its exit codes mean, where that is more than for every command. */
  readonly exits?: Readonly<Record<number, string>>
}

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

/** Every command, in the order of its help. */
export const commandTable = {
  serve: {
    does: 'open the page',
    examples: [
      ['', 'open the page'],
      ['--demo', 'the page, with made-up keys and an embedded IAM'],
      ['--no-open --port 7420', 'behind ssh -L 7420:127.0.0.1:7420'],
    ],
  },
  rotate: {
    does: 'rotate without the page',
    examples: [
      ['rotate --all --dry-run', 'what would happen'],
      ['rotate --profile prod --yes', 'one profile, without a question'],
      ['rotate --older-than 90d --yes --recover', 'what is overdue, fit for a timer'],
    ],
    exits: {
      1: 'some failed, or a key that was asked for was left as it was',
      3: 'nothing to rotate',
    },
  },
  leaked: {
    does: 'keys have leaked: replace them all, and account for each until none works that a thief could use',
    takes: '[KEYID…]',
    words: { 'KEYID…': 'with --leave, --reopen, --remove or --kill: whole ids' },
    examples: [
      ['leaked', 'the plan, a question, the run, and what is still exposed'],
      ['leaked --leave AKIAXMPLKEYTURNAAAAA --because WORDS', 'by name; its row is closed'],
      ['leaked --remove AKIAXMPLKEYTURNAAAAA --dry-run', 'the lines that would go'],
      ['leaked --kill --dry-run', 'what would stop if all that is open were turned off'],
    ],
    exits: { 0: 'nothing is open', 1: 'keys are open: they still work' },
  },
  recover: {
    does: 'finish or roll back what an earlier run left under way; also --recover',
    examples: [['recover --json', 'for a program']],
  },
  undo: {
    does: 'put the old keys of a run or a rotation back',
    takes: '[ID]',
    words: { ID: 'of a run or of a rotation; or --profile NAME' },
    examples: [
      ['undo --profile prod', 'the newest rotation of a profile'],
      ['undo --profile prod --how reactivate', 'the old key works again beside the new one'],
    ],
  },
  mend: {
    does: 'put the pairs that work back where an old copy of a file brought replaced ones',
    examples: [
      ['mend --dry-run', 'what would be put back'],
      ['mend --profile prod', 'only there'],
    ],
  },
  status: {
    does: 'what is due: keys over their age, old keys, interrupted runs',
    examples: [
      ['status', 'from the last check; no call to AWS'],
      ['status --check', 'ask AWS first'],
      ['status --mine KEYID', 'you changed this key yourself'],
    ],
    exits: { 0: 'nothing is due', 1: 'something is due' },
  },
  ls: {
    does: 'all keys, as last known; no call to AWS',
    examples: [
      ['ls', 'names, ids, ages, users'],
      ['ls --csv > keys.csv', 'for a spreadsheet'],
    ],
    exits: { 1: 'a file cannot be read, so that keys may be missing' },
  },
  old: {
    does: 'old keys: off since, last used, safe to delete on; deletes or reactivates them',
    examples: [
      ['old', 'lists them; no call to AWS'],
      ['old --delete quiet', 'deletes those that have been off and unused for long enough'],
    ],
  },
  tidy: {
    does: 'turn off the old keys whose grace is over, and delete those that have been quiet',
    examples: [
      ['tidy --dry-run', 'what would go, and what something still uses'],
      ['tidy --yes', 'without a question, fit for a timer'],
    ],
  },
  find: {
    does: 'where else on this machine keys stand',
    takes: '[KEYID…]',
    words: { 'KEYID…': 'whole ids; default: every key of the files and every key that Keyturn replaced' },
    examples: [
      ['find', 'looks; nothing is changed'],
      ['find --in ~/src --update', 'puts new pairs there, after a question'],
    ],
    exits: { 0: 'nothing was found', 1: 'found' },
  },
  trail: {
    does: "what AWS's CloudTrail knows of old keys: who used them, and what they left open",
    takes: '[KEYID…]',
    words: { 'KEYID…': 'whole ids; default: the old keys of the newest run' },
    examples: [
      ['trail', 'the old keys of the newest run'],
      ['trail --since 2026-01-31 --regions all', 'everywhere, from that day on'],
    ],
    exits: {
      0: 'all from here',
      1: 'used from elsewhere, a door was left open, or not all could be read',
      3: 'nothing could be asked',
    },
  },
  after: {
    does: 'what a user has beside keys, and the sessions that outlive one; and ends them',
    examples: [
      ['after', 'looks, for the users of the newest run'],
      ['after --profile prod --end-sessions', 'denies the sessions from before the rotation'],
    ],
    exits: { 0: 'nothing is open', 1: 'something is open', 4: 'an act was cut off' },
  },
  remind: {
    does: 'rotate what is overdue every Monday at 10, by a timer of this system',
    examples: [
      ['remind --dry-run', 'the unit as a diff'],
      ['remind --older-than 60d', 'writes and starts it, after a question'],
      ['remind --remove', 'takes it away again'],
    ],
  },
  completions: {
    does: "a shell's completions, on standard output",
    takes: 'SHELL',
    words: { SHELL: 'bash, zsh, fish or powershell' },
    choices: shells,
    examples: [
      ['completions bash > ~/.local/share/bash-completion/completions/keyturn', ''],
      ['completions zsh > ~/.zfunc/_keyturn', 'in a folder of fpath, before compinit'],
      ['completions fish > ~/.config/fish/completions/keyturn.fish', ''],
      ['completions powershell | Out-String | Invoke-Expression', 'in the profile'],
    ],
  },
  man: {
    does: 'the manual page, on standard output',
    examples: [['man | man -l -', 'reads it']],
  },
} as const satisfies Readonly<Record<string, CommandRow>>

export type Command = keyof typeof commandTable
export const commands = Object.keys(commandTable) as Command[]

export const rowOf = (command: Command): CommandRow => commandTable[command]

/** What the exit codes of every command mean. */
export const exits: Readonly<Record<number, string>> = {
  0: 'ok',
  1: 'some failed, or a file cannot be read',
  2: 'wrong usage, such as a taken --port, or no terminal to ask on and no --yes',
  3: 'nothing to do',
  4: 'an interrupted run needs keyturn recover, or recovery needs a person',
  130: 'interrupted',
}
