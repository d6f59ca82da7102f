import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { startSandbox } from '../../server/sandbox/sandbox.ts'
import type { Sandbox } from '../../server/sandbox/sandbox.ts'

/** The drive C: of Wine's Windows, as Linux names it. */
const drive = path.join(process.env['WINEPREFIX'] ?? '', 'drive_c')
const account = '123456789012'

/** A program in Wine. Its output goes to files: Wine gives Windows' Node an error for a pipe of Linux. */
export interface Started {
  readonly exit: Promise<number | null>
  out(): string
  err(): string
  /** As `taskkill /f`: nothing of it is told. */
  kill(): void
}

let started = 0

export function start(
  words: readonly string[],
  { env = {}, cwd = drive }: { env?: Record<string, string>; cwd?: string } = {},
): Started {
  const at = path.join(drive, '..', `output-${++started}`)
  const [out, err] = [fs.openSync(`${at}.out`, 'w'), fs.openSync(`${at}.err`, 'w')]
  // Nothing of Linux's own: its paths mean nothing there.
  const kept = ['PATH', 'HOME', 'USER', 'WINEPREFIX', 'WINEARCH', 'WINEDEBUG']
  const base = { ...Object.fromEntries(kept.map((name) => [name, process.env[name]])), LC_ALL: 'C.UTF-8' }
  const child: ChildProcess = spawn('wine', [...words], {
    cwd,
    env: { ...base, ...env },
    stdio: ['ignore', out, err],
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  fs.closeSync(out)
  fs.closeSync(err)
  return {
    exit,
    out: () => fs.readFileSync(`${at}.out`, 'utf8'),
    err: () => fs.readFileSync(`${at}.err`, 'utf8'),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Looks again until it is so. @throws Error where it is not within the patience, in milliseconds */
export async function until(what: string, look: () => boolean, patienceMs = 30_000): Promise<void> {
  const began = Date.now()
  while (!look()) {
    if (Date.now() - began > patienceMs) throw new Error(`not within ${patienceMs / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A person at Windows: a folder with AWS's files, a user with a key, and the command. */
export class Person {
  readonly name: string
  readonly iam: Sandbox
  readonly key: { readonly id: string; readonly secret: string }
  readonly #node: string

  static async come(node: string, name: string): Promise<Person> {
    const iam = await startSandbox({ accounts: [{ id: account }] })
    iam.control.addUser(account, { name: 'ann' })
    return new Person(node, name, iam)
  }

  private constructor(node: string, name: string, iam: Sandbox) {
    this.#node = node
    this.name = name
    this.iam = iam
    this.key = iam.control.addKey('ann')
    fs.mkdirSync(this.here('hooks'), { recursive: true })
    this.put('credentials', this.section())
  }

  /** A file of hers, as Linux names it; and as Windows does. */
  here(file: string): string {
    return path.join(drive, this.name, file)
  }

  there(file: string): string {
    return `C:\\${this.name}\\${file}`
  }

  put(file: string, text: string): void {
    fs.mkdirSync(path.dirname(this.here(file)), { recursive: true })
    fs.writeFileSync(this.here(file), text)
  }

  text(file: string): string {
    return fs.readFileSync(this.here(file), 'utf8')
  }

  section(profile = 'default', { id, secret } = this.key): string {
    return `[${profile}]\r\naws_access_key_id = ${id}\r\naws_secret_access_key = ${secret}\r\n`
  }

  /** The pair that a file holds, and whether AWS takes it now. */
  pairIn(file: string): { readonly id: string; readonly works: boolean } {
    const id = /aws_access_key_id = (\S+)/.exec(this.text(file))?.[1] ?? ''
    const secret = /aws_secret_access_key = (\S+)/.exec(this.text(file))?.[1] ?? ''
    return { id, works: this.iam.control.worksNow(id, secret) }
  }

  statuses(): string[] {
    return this.iam.control.keys('ann').map(({ status }) => status)
  }

  made(): number {
    return this.iam.calls.filter(({ action }) => action === 'CreateAccessKey').length
  }

  /** Names the files by flags where `files` does not say otherwise. */
  keyturn(
    words: readonly string[],
    { env = {}, files, cwd }: { env?: Record<string, string>; files?: readonly string[]; cwd?: string } = {},
  ): Started {
    const named = files ?? [
      ...['--credentials-file', this.there('credentials')],
      ...['--config-file', this.there('config')],
    ]
    const where = ['--state-dir', this.there('state'), '--endpoint-url', this.iam.url, ...named]
    const command = [`C:\\${this.#node}\\node.exe`, 'C:\\keyturn\\dist\\server\\main.js']
    return start([...command, ...words, ...where], { env, ...(cwd !== undefined && { cwd }) })
  }

  /** @returns the exit code; what was said stands in the terminal where it is not 0 */
  async rotates(...given: Parameters<Person['keyturn']>): Promise<number | null> {
    const [words, options] = given
    const command = this.keyturn(['rotate', '--all', '--yes', ...words], options)
    const code = await command.exit
    if (code !== 0) console.log(command.out() + command.err())
    return code
  }

  /** A program that has a file open, from when this resolves. */
  async holder(...words: string[]): Promise<Started> {
    const holder = start(['C:\\holder.exe', ...words])
    await until('the file is held', () => holder.out().includes('held'))
    return holder
  }
}

export const onDrive = (file: string) => path.join(drive, file)
