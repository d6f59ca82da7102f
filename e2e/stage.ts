import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { defaultSettings } from '../server/api/settings.ts'
import type { Settings } from '../server/api/settings.ts'
import { startSandbox } from '../server/sandbox/sandbox.ts'
import type { Sandbox, SandboxOptions } from '../server/sandbox/sandbox.ts'
import type { UserSeed } from '../server/sandbox/seed.ts'
import { Command } from './command.ts'
import type { CommandOptions } from './command.ts'
import { LeakGuard, marker } from './leaks/guard.ts'

export interface Pair {
  readonly id: string
  readonly secret: string
}

export const account = '123456789012'
const day = 86_400_000

/** Short waits; what they wait for stays the same. */
export const hasty: Settings['verification'] = {
  passes: 2,
  intervalMs: 30,
  patienceMs: 30_000,
  confirmPatienceMs: 10_000,
  orphanPatienceMs: 300,
}

/** One person's machine: two files, a state directory, an AWS, and the built command over them. */
export class Stage {
  readonly root: string
  readonly credentials: string
  readonly config: string
  readonly state: string
  readonly sandbox: Sandbox
  /** Set while it runs. */
  command: Command | undefined
  /** Addresses of every start, since each has a port of its own. */
  readonly origins: string[] = []
  /** Sees to it that no secret comes out, whatever the test does. */
  readonly guard = new LeakGuard()

  private constructor(root: string, sandbox: Sandbox) {
    this.root = root
    this.credentials = path.join(root, 'aws', 'credentials')
    this.config = path.join(root, 'aws', 'config')
    this.state = path.join(root, 'state')
    this.sandbox = sandbox
  }

  static async open(options: SandboxOptions = {}): Promise<Stage> {
    const sandbox = await startSandbox({
      accounts: [{ id: account, alias: 'acme' }],
      secretPrefix: marker,
      ...options,
    })
    const stage = new Stage(mkdtempSync(path.join(tmpdir(), 'keyturn-e2e-')), sandbox)
    mkdirSync(path.dirname(stage.credentials), { mode: 0o700 })
    mkdirSync(stage.state, { mode: 0o700 })
    stage.settings({})
    return stage
  }

  /** Writes the settings that the next start reads. */
  settings(change: Partial<Settings>): void {
    const settings = { ...defaultSettings, verification: hasty, ...change }
    writeFileSync(path.join(this.state, 'settings.json'), JSON.stringify(settings), { mode: 0o600 })
  }

  /** An IAM user whose keys are `days` old. @returns their pairs */
  user(name: string, { days = 100, keys = 1, ...seed }: Partial<UserOptions> = {}): [Pair, ...Pair[]] {
    const createdAt = Date.now() - days * day
    const made = this.sandbox.control.addUser(account, {
      ...seed,
      name,
      createdAt,
      keys: Array.from({ length: keys }, () => ({ createdAt })),
    })
    for (const { secret } of made) this.guard.learn(`the old secret of ${name}`, secret)
    return made as [Pair, ...Pair[]]
  }

  /** Users with a key each, and a credentials file with a profile for each, named as its user. */
  users(...names: string[]): Map<string, Pair> {
    const pairs = new Map(names.map((name) => [name, this.user(name)[0]]))
    this.write('credentials', [...pairs].map(([name, pair]) => section(name, pair)).join('\n'))
    return pairs
  }

  write(which: 'credentials' | 'config', text: string, mode = 0o600): void {
    this.guard.learnFile(text)
    rmSync(this[which], { force: true })
    writeFileSync(this[which], text, { mode })
  }

  text(which: 'credentials' | 'config' = 'credentials'): string {
    return readFileSync(this[which], 'utf8')
  }

  /** What a section holds now, read without any of the product's code. */
  pair(header: string, which: 'credentials' | 'config' = 'credentials'): Pair {
    const lines = this.text(which).split('\n')
    const from = lines.indexOf(`[${header}]`)
    if (from < 0) throw new Error(`there is no [${header}]`)
    const rest = lines.slice(from + 1)
    const end = rest.findIndex((line) => line.startsWith('['))
    const value = (name: string) =>
      (end < 0 ? rest : rest.slice(0, end))
        .find((line) => line.startsWith(`${name} = `))
        ?.slice(name.length + 3)
    return { id: value('aws_access_key_id') ?? '', secret: value('aws_secret_access_key') ?? '' }
  }

  /** Status of each of a user's keys, by id, as AWS has it. */
  statuses(user: string): Record<string, string> {
    return Object.fromEntries(this.sandbox.control.keys(user).map(({ id, status }) => [id, status]))
  }

  works(pair: Pair): boolean {
    return this.sandbox.control.authenticates(pair.id, pair.secret)
  }

  get args(): string[] {
    return [
      ...['--credentials-file', this.credentials, '--config-file', this.config],
      ...['--state-dir', this.state, '--endpoint-url', this.sandbox.url],
    ]
  }

  /** Starts the command. @returns its link */
  async start(options: CommandOptions = {}): Promise<string> {
    const script = process.env['KEYTURN_COMMAND']
    const { AWS_SECRET_ACCESS_KEY: secret = '', AWS_SESSION_TOKEN: token = '' } = options.env ?? {}
    this.guard.learn('the environment’s secret', secret)
    this.guard.learn('the environment’s session token', token)
    const { command, link } = await Command.start({
      args: this.args,
      patienceMs: 90_000,
      ...(script === undefined ? {} : { script }),
      ...options,
      nodeArgs: [...this.guard.nodeArgs, ...(options.nodeArgs ?? [])],
    })
    this.command = command
    this.origins.push(new URL(link).origin)
    return link
  }

  /** kill -9, at whatever it is doing. */
  async kill(): Promise<void> {
    await this.command?.kill()
    this.#ended()
  }

  #ended(): void {
    if (this.command) this.guard.heard(this.command.stdout, this.command.stderr)
    this.command = undefined
  }

  /** The files under the state directory, by their path below it. */
  kept(): Map<string, Buffer> {
    const entries = existsSync(this.state)
      ? readdirSync(this.state, { recursive: true, withFileTypes: true })
      : []
    return new Map(
      entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
        .map((file) => [path.relative(this.state, file), readFileSync(file)]),
    )
  }

  /** Ends the command and shows the guard what it leaves. Pairs are kept in `undo`, and in the files themselves. */
  async end(): Promise<void> {
    await this.kill()
    for (const file of [this.credentials, this.config])
      if (statSync(file, { throwIfNoEntry: false })?.isFile())
        this.guard.learnFile(readFileSync(file, 'utf8'))
    for (const [name, bytes] of this.kept())
      if (!name.startsWith('undo')) this.guard.keep(`state/${name}`, bytes)
  }

  /** @throws Error where a secret came out in anything that the test did */
  async close(): Promise<void> {
    await this.end()
    await this.sandbox.close()
    rmSync(this.root, { recursive: true, force: true })
    this.guard.expectNone()
  }
}

export interface UserOptions extends Omit<UserSeed, 'name' | 'keys' | 'createdAt'> {
  /** Age of its keys. */
  readonly days: number
  readonly keys: number
}

export function section(header: string, pair: Pair, more = ''): string {
  return `[${header}]\naws_access_key_id = ${pair.id}\naws_secret_access_key = ${pair.secret}\n${more}`
}
