import type { Trouble } from '../api/problem.ts'
import { Failure } from '../platform/failure.ts'
import { exit } from './exitCodes.ts'
import { Interruption } from './interruption.ts'
import type { Options } from './options.ts'
import { recover } from './recover.ts'
import { rotate } from './rotate.ts'
import { status } from './status.ts'
import { Terminal, type Streams } from './terminal.ts'
import { undo } from './undo.ts'
import { sentence } from './wording.ts'

/** What a command works with. */
export interface Command {
  readonly options: Options
  readonly env: Streams['env']
  readonly terminal: Terminal
  readonly interruption: Interruption
}

/** What a command ends with: its exit code, and its JSON document. */
export interface Ended {
  readonly code: number
  readonly document: Readonly<Record<string, unknown>>
}

const commands: Readonly<Record<Exclude<Options['command'], 'serve'>, (command: Command) => Promise<Ended>>> =
  {
    rotate,
    status,
    undo,
    recover,
  }

/** Runs a command that needs no page. @returns the exit code */
export async function runCommand(options: Options, streams: Streams): Promise<number> {
  const terminal = new Terminal(streams, options.json)
  const interruption = new Interruption((text) => terminal.say(text))
  if (options.command === 'serve') throw new Error('the page is not run here')
  try {
    if ((options.command === 'rotate' || options.command === 'undo') && !terminal.asks) refuseToGuess(options)
    if (options.demo)
      terminal.say('A demo: made-up keys in a throwaway directory. Nothing of yours is touched.')
    const { code, document } = await commands[options.command]({
      options,
      env: streams.env,
      terminal,
      interruption,
    })
    terminal.document({ exitCode: code, ...document })
    return code
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const code = codeOf(error.trouble)
    terminal.say(`keyturn: ${error.trouble.title}. ${sentence(error.trouble)}`)
    terminal.document({ exitCode: code, problem: error.trouble })
    return code
  } finally {
    interruption.end()
  }
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

function codeOf({ name }: Trouble): number {
  switch (name) {
    case 'no-terminal':
    case 'no-such-profile':
    case 'not-found':
      return exit.usage
    case 'cannot-undo':
    case 'declined':
      return exit.nothing
    case 'key-busy':
    case 'recovery-needed':
    case 'journal-unwritable':
      return exit.recovery
    case 'interrupted':
      return exit.interrupted
    default:
      return exit.failed
  }
}
