import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { onTestFinished } from 'vitest'
import type { UserSeed } from '../../sandbox/seed.ts'

/** The built command, which starts in a third of the time that the sources take: some tests start a dozen. */
const main = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  '..',
  'dist',
  'server',
  'main.js',
)
const account = '123456789012'
const day = 86_400_000
/** Waits of a test, not of a person. */
const settings = {
  verification: {
    passes: 2,
    intervalMs: 20,
    patienceMs: 5_000,
    confirmPatienceMs: 3_000,
    orphanPatienceMs: 200,
  },
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command under way, as a script sees it. */
export class Started {
  readonly process: ChildProcess
  stdout = ''
  stderr = ''
  readonly exit: Promise<Exit>
  #wake: (() => void)[] = []

  constructor(process: ChildProcess) {
    this.process = process
    process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#heard('stdout', text))
    process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#heard('stderr', text))
    this.exit = new Promise((resolve) => {
      process.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
        this.#heard('stderr', '')
      })
    })
  }

  /** Waits for output, or for the end. @param from where to begin to look in the output of both streams */
  async hears(text: string | RegExp, from = 0): Promise<void> {
    const found = () => {
      const heard = (this.stdout + this.stderr).slice(from)
      return typeof text === 'string' ? heard.includes(text) : text.test(heard)
    }
    while (!found()) {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`it ended without ${text}: ${this.stdout}${this.stderr}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  type(text: string): void {
    this.process.stdin?.write(text)
  }

  #heard(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** An embedded IAM, files, a state directory of their own, and the command as a process. */
export class CommandGround {
  readonly sandbox: Sandbox
  readonly base: string
  readonly #started: Started[] = []
  #aheadMs = 0

  private constructor(sandbox: Sandbox, base: string) {
    this.sandbox = sandbox
    this.base = base
  }

  /**
   * Gone again at the end of the test.
   * @param users one profile for each, named like it; keys are 200 days old unless the seed says otherwise
   */
  static async lay(users: readonly UserSeed[]): Promise<CommandGround> {
    const base = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-command-'))
    const sandbox = await startSandbox({ accounts: [{ id: account }] })
    const ground = new CommandGround(sandbox, base)
    onTestFinished(() => ground.#clear())
    let text = '# mine\n'
    for (const user of users) {
      const keys = user.keys ?? [{ createdAt: Date.now() - 200 * day }]
      const [pair] = sandbox.control.addUser(account, { ...user, keys })
      if (!pair) throw new Error(`${user.name} has no key`)
      text += `[${user.name}]\naws_access_key_id = ${pair.id}\naws_secret_access_key = ${pair.secret}\n`
    }
    await fs.writeFile(ground.credentials, text, { mode: 0o600 })
    await fs.mkdir(ground.state, { mode: 0o700 })
    await fs.writeFile(path.join(ground.state, 'settings.json'), JSON.stringify(settings), { mode: 0o600 })
    return ground
  }

  /** Days go by, for AWS and for every command that is started from now on. */
  passDays(days: number): void {
    this.#aheadMs += days * day
    this.sandbox.control.behave({ clockOffsetMs: this.#aheadMs })
  }

  get credentials(): string {
    return path.join(this.base, 'credentials')
  }

  get config(): string {
    return path.join(this.base, 'config')
  }

  get state(): string {
    return path.join(this.base, 'state')
  }

  /** The actions that were sent since the start, once each. */
  get actions(): string[] {
    return [...new Set(this.sandbox.calls.map((call) => call.action))].sort()
  }

  /** What a profile of the file holds. */
  async pair(profile: string): Promise<{ id: string; secret: string }> {
    const text = await fs.readFile(this.credentials, 'utf8')
    const section = text.split(`[${profile}]`)[1]?.split('[')[0] ?? ''
    const value = (name: string) => new RegExp(`${name} = (.*)`).exec(section)?.[1] ?? ''
    return { id: value('aws_access_key_id'), secret: value('aws_secret_access_key') }
  }

  /** Whether a profile holds a pair that IAM takes. */
  async works(profile: string): Promise<boolean> {
    const { id, secret } = await this.pair(profile)
    return this.sandbox.control.authenticates(id, secret)
  }

  statusOf(user: string, id: string): string | undefined {
    return this.sandbox.control.keys(user).find((key) => key.id === id)?.status
  }

  /** A command as this one names it: how it was started itself, with the options that it was given. */
  hint(command: string): string {
    const [script, ...given] = this.#argv([])
    // The command has a search path, on which node may stand.
    const node =
      spawnSync('node', ['-p', 'process.execPath'], { encoding: 'utf8' }).stdout?.trim() === process.execPath
    return [node ? 'node' : process.execPath, script, command, ...given].join(' ')
  }

  /** Without a terminal, as cron does it. @param toSandbox false: no option says where calls go, the environment does */
  start(argv: readonly string[], env: Record<string, string> = {}, toSandbox = true): Started {
    return this.#add(
      spawn(process.execPath, this.#argv(argv, toSandbox), {
        env: { ...this.#env(), ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    )
  }

  /** Without a terminal, and allowed no more than this many open files at once. */
  startWithHandles(most: number, argv: readonly string[]): Started {
    return this.#add(
      spawn('prlimit', [`--nofile=${most}`, process.execPath, ...this.#argv(argv)], {
        env: this.#env(),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  }

  async run(...argv: string[]): Promise<Exit> {
    const started = this.start(argv)
    started.process.stdin?.end()
    return started.exit
  }

  /** On a pseudo-terminal; both streams come as one. Exit codes are passed on. */
  startOnTerminal(argv: readonly string[], env: Record<string, string> = {}): Started {
    const line = [process.execPath, ...this.#argv(argv)].map((word) => `'${word}'`).join(' ')
    return this.#add(
      spawn('script', ['--quiet', '--return', '--command', `stty cols 100 rows 30; ${line}`, '/dev/null'], {
        env: { ...this.#env(), TERM: 'xterm', LANG: 'C.UTF-8', SHELL: '/bin/sh', ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    )
  }

  /** Every file below the ground with its bytes, to see that nothing was written. */
  async everything(): Promise<Record<string, string>> {
    const names = await fs.readdir(this.base, { recursive: true, withFileTypes: true })
    const files = names
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
    return Object.fromEntries(
      await Promise.all(files.sort().map(async (file) => [file, await fs.readFile(file, 'base64')] as const)),
    )
  }

  async #clear(): Promise<void> {
    for (const { process: child } of this.#started) child.kill('SIGKILL')
    await Promise.all(this.#started.map(({ exit }) => exit))
    await this.sandbox.close()
    await fs.rm(this.base, { recursive: true, force: true })
  }

  #argv(argv: readonly string[], toSandbox = true): string[] {
    const own = ['--state-dir', this.state, ...(toSandbox ? ['--endpoint-url', this.sandbox.url] : [])]
    return [main, ...argv, ...own]
  }

  #env(): NodeJS.ProcessEnv {
    const { PATH } = process.env
    return {
      PATH,
      HOME: this.base,
      AWS_SHARED_CREDENTIALS_FILE: this.credentials,
      AWS_CONFIG_FILE: this.config,
      BROWSER: 'none',
      ...(this.#aheadMs > 0 && { NODE_OPTIONS: `--import=${clockAhead(this.#aheadMs)}` }),
    }
  }

  #add(child: ChildProcess): Started {
    const started = new Started(child)
    this.#started.push(started)
    return started
  }
}

/** A module by which a process takes the time to be later than it is. */
function clockAhead(ms: number): string {
  const text = `const D = Date; globalThis.Date = class extends D {
    constructor(...a) { if (a.length > 0) super(...a); else super(D.now() + ${ms}) }
    static now() { return D.now() + ${ms} }
  }`
  return `data:text/javascript,${encodeURIComponent(text)}`
}
