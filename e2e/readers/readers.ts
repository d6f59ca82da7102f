import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * A program that asks one SDK, in a process of its own. A question is one line: the credentials file, the config
 * file and the names of profiles (hexadecimal, between commas), with tabs between the three. The answer is one line:
 * for each name `ID:SECRET` in hexadecimal, or `-` where this SDK finds no pair there.
 */
export interface ReaderCommand {
  readonly name: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** What a reader finds in a profile, `ID:SECRET`; undefined: no pair. */
export type Answer = string | undefined

export class ReaderProcess {
  readonly name: string
  readonly #command: ReaderCommand
  #running: { readonly child: ChildProcess; readonly answers: AsyncIterator<string> }

  constructor(command: ReaderCommand) {
    this.name = command.name
    this.#command = command
    this.#running = this.#start()
  }

  /** What it finds in each profile. A question that ends the program is no answer; the others are asked again. */
  async ask(credentials: string, config: string, profiles: readonly string[]): Promise<Answer[]> {
    const { child, answers } = this.#running
    const names = profiles.map((name) => Buffer.from(name).toString('hex')).join(',')
    child.stdin?.write(`${credentials}\t${config}\t${names}\n`)
    const { value, done } = await answers.next()
    if (!done) return (value as string).split(',').map(answerOf)
    this.#running = this.#start()
    const single: Answer[] = []
    if (profiles.length === 1) return [undefined]
    for (const profile of profiles) single.push(...(await this.ask(credentials, config, [profile])))
    return single
  }

  async end(): Promise<void> {
    const { child } = this.#running
    const ended = once(child, 'close')
    child.stdin?.end()
    await ended
  }

  #start() {
    const { command, env = {} } = this.#command
    const [program = '', ...args] = command
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      // Nothing of the person's own: neither a profile nor a key nor the place of a file.
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', PYTHONUTF8: '1', ...env },
    })
    // It may have ended by the last question; the answer says so.
    child.stdin.on('error', () => undefined)
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return { child, answers }
  }
}

function answerOf(word: string): Answer {
  if (word === '-') return undefined
  return word
    .split(':')
    .map((part) => Buffer.from(part, 'hex').toString())
    .join(':')
}
