import type { Trouble } from '../api/problem.ts'
import { kindOf } from '../api/troubles.ts'
import { onDefect } from '../engine/adapters.ts'
import { openEngine } from '../engine/engine.ts'
import { diskFailure } from '../platform/diskTrouble.ts'
import { Failure } from '../platform/failure.ts'
import { exit } from './exitCodes.ts'
import { Interruption } from './interruption.ts'
import type { Command, Ended } from './command.ts'
import type { Options } from './options.ts'
import { after } from './after.ts'
import { defect } from './defect.ts'
import { find } from './find.ts'
import { handOver } from './handOver.ts'
import { leaked } from './leaked.ts'
import { thisInvocation } from './invocation.ts'
import { ls } from './ls.ts'
import { mend } from './mend.ts'
import { old } from './old.ts'
import { recover } from './recover.ts'
import { remind } from './remind.ts'
import { rotate } from './rotate.ts'
import { status } from './status.ts'
import { Terminal, type Screen, type Streams } from './terminal.ts'
import { tidy } from './tidy.ts'
import { trail } from './trail.ts'
import { undo } from './undo.ts'
import { sentence } from './wording.ts'

const commands: Readonly<Record<Exclude<Options['command'], 'serve'>, (command: Command) => Promise<Ended>>> =
  {
    rotate,
    status,
    undo,
    mend,
    old,
    tidy,
    recover,
    find,
    trail,
    after,
    leaked,
    ls,
    remind,
  }

/** Runs a command that needs no page, or has the Keyturn run it that holds the state directory. @returns the exit code */
export async function runCommand(options: Options, streams: Streams): Promise<number> {
  const results = options.json ? 'json' : (options.trail ?? options.ls)?.csv ? 'data' : 'words'
  const terminal = new Terminal(streams, results, thisInvocation(streams.env, options))
  const by = terminal.asks ? ('terminal' as const) : ('timer' as const)
  if (!looksOnly(options)) {
    const code = await handOver(options, streams.env, terminal, by)
    if (code !== undefined) return code
  }
  const interruption = new Interruption({
    quit() {
      tell(terminal, { code: exit.interrupted, trouble: stoppedAtOnce })
      process.exit(exit.interrupted)
    },
  })
  try {
    return await perform({
      options,
      env: streams.env,
      terminal,
      interruption,
      by,
      beside: false,
      open: () => openEngine(options, streams.env),
    })
  } finally {
    interruption.end()
  }
}

/** The command itself, its words and its document. @returns the exit code; never rejects */
export async function perform(command: Command): Promise<number> {
  const { options, terminal } = command
  try {
    if (options.command === 'serve') throw new Error('the page is not run here')
    if (asksFirst(options) && !terminal.asks) refuseToGuess(options)
    if (options.demo)
      terminal.say('A demo: made-up keys in a throwaway directory. Nothing of yours is touched.')
    const { code, document } = await commands[options.command](command)
    terminal.document({ exitCode: code, ...document })
    return code
  } catch (error) {
    const trouble = troubleOf(error)
    return tell(terminal, { code: kindOf(trouble.name).exit ?? exit.failed, trouble })
  }
}

/** What keeps a command from its end, in words and in JSON. @returns the exit code */
export function tell(terminal: Screen, { code, trouble }: { code: number; trouble: Trouble }): number {
  terminal.say(`keyturn: ${trouble.title}. ${sentence(trouble)}`)
  terminal.document({ exitCode: code, problem: trouble })
  return code
}

const stoppedAtOnce = {
  name: 'interrupted',
  title: 'Stopped at once',
  detail: 'What was under way stands in its journal.',
  remedy: 'Finish it or roll it back: keyturn recover',
}

/** These go beside a Keyturn that runs. */
function looksOnly({ command, check, mine, find: wanted, after: other, old: aged }: Options): boolean {
  if (command === 'old') return aged?.act === undefined
  if (command === 'after') return other?.acts === undefined
  // A timer is no part of what a page holds.
  if (command === 'ls' || command === 'trail' || command === 'remind') return true
  return (command === 'status' && !check && !mine) || wanted?.update === false
}

/** Who reads JSON gets JSON, whatever it was; the error itself goes to standard error. */
function troubleOf(error: unknown): Trouble {
  const failure = error instanceof Failure ? error : diskFailure(error)
  if (failure) return failure.trouble
  onDefect(error)
  return defect
}

function asksFirst({
  command,
  find: wanted,
  after: wish,
  old: aged,
  takenOut,
  leaked: theft,
}: Options): boolean {
  return (
    aged?.act !== undefined ||
    command === 'rotate' ||
    (command === 'leaked' && theft?.act !== undefined && theft.act.kind !== 'reopen') ||
    command === 'tidy' ||
    command === 'undo' ||
    (command === 'mend' && takenOut === undefined) ||
    command === 'remind' ||
    wanted?.update === true ||
    wish?.acts !== undefined
  )
}

function refuseToGuess({ yes, dryRun }: Options): void {
  if (yes || dryRun) return
  throw new Failure({
    name: 'no-terminal',
    title: 'There is no terminal to ask on',
    detail: 'Nothing was done.',
    remedy: 'Add --yes to go on without a question, or --dry-run to see the plan.',
  })
}
