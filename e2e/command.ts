import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface CommandOptions {
  /** Flags after the script; `--no-open` and `--port 0` unless they name others. */
  readonly args?: readonly string[]
  /** Added to an environment without any AWS_* variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Flags for Node itself, such as `--import` of a fault preload. */
  readonly nodeArgs?: readonly string[]
  /** Default: the built command. */
  readonly script?: string
  readonly cwd?: string
  /** Longest wait for the first line; default 30 s. */
  readonly patienceMs?: number
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const built = fileURLToPath(new URL('../dist/server/main.js', import.meta.url))
const readyLine = /^Keyturn is ready: (http:\/\/127\.0\.0\.1:\d+)\/[\w-]{22}\/#(\S+)$/

/** The environment of a person who has set nothing of AWS's: tests must not find the developer's own keys. */
export function cleanEnvironment(added: CommandOptions['env'] = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
  return { ...Object.fromEntries(kept), ...added }
}

/** The command as a person runs it: a process of its own. */
export class Command {
  readonly process: ChildProcess
  /** Everything it has said, for assertions that a secret is not in it. */
  stdout = ''
  stderr = ''
  readonly exited: Promise<Exit>

  private constructor(process: ChildProcess) {
    this.process = process
    process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.exited = once(process, 'close').then(([code, signal]) => ({ code, signal }) as Exit)
  }

  /** Runs it to its end, as `keyturn rotate --json` or a usage error would go. */
  static async run(options: CommandOptions): Promise<Command & { exit: Exit }> {
    const command = Command.#spawn(options, options.args ?? [])
    command.process.stdin?.end()
    return Object.assign(command, { exit: await command.exited })
  }

  /** Starts the dashboard and waits for its link. @throws Error with all that it said, where it ends before */
  static async start(options: CommandOptions = {}): Promise<{ command: Command; link: string }> {
    const args = [...(options.args ?? [])]
    if (!args.includes('--no-open')) args.push('--no-open')
    if (!args.includes('--port')) args.push('--port', '0')
    const command = Command.#spawn(options, args)
    try {
      return { command, link: await command.nextLink(options.patienceMs) }
    } catch (error) {
      await command.kill()
      throw error
    }
  }

  static #spawn(options: CommandOptions, args: readonly string[]): Command {
    const child = spawn(process.execPath, [...(options.nodeArgs ?? []), options.script ?? built, ...args], {
      env: cleanEnvironment(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd ? { cwd: options.cwd } : {}),
    })
    return new Command(child)
  }

  /** Presses Enter in the terminal, and gives the fresh link. */
  async freshLink(): Promise<string> {
    const link = this.nextLink()
    this.process.stdin?.write('\n')
    return link
  }

  /** The next link on standard output. */
  async nextLink(patienceMs = 30_000): Promise<string> {
    const lines = createInterface({ input: this.process.stdout! })
    const gone = new AbortController()
    try {
      return await new Promise<string>((resolve, reject) => {
        const fail = (why: string) => reject(new Error(`${why}\n${this.stdout}\n${this.stderr}`))
        const timer = setTimeout(() => fail(`no link within ${patienceMs} ms`), patienceMs)
        gone.signal.addEventListener('abort', () => clearTimeout(timer))
        lines.on('line', (line) => {
          if (readyLine.test(line)) resolve(line.replace('Keyturn is ready: ', ''))
        })
        void this.exited.then(({ code, signal }) => fail(`it ended: ${signal ?? `exit ${code}`}`))
      })
    } finally {
      gone.abort()
      lines.close()
      // readline pauses the stream, and the rest of what it says would stay in the pipe.
      this.process.stdout?.resume()
    }
  }

  /** Ctrl-C, and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<Exit> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal)
    return this.exited
  }

  async kill(): Promise<Exit> {
    return this.stop('SIGKILL')
  }
}
