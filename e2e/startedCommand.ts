import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LeakGuard } from './leaks/guard.ts'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const built = path.join('dist', 'server', 'main.js')

/** A printed link in its parts. */
export interface Link {
  readonly origin: string
  /** The path of the page. */
  readonly page: string
  readonly secret: string
}

/** The built command as a process of its own, with the opening of a browser and its input in the test's hands. */
export class StartedCommand {
  readonly process: ChildProcessWithoutNullStreams
  stdout = ''
  stderr = ''
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #guard = new LeakGuard()
  readonly #credentials: string | undefined
  #wake: (() => void) | undefined

  /** @param script a source file to run instead, from the root of the project */
  constructor(argv: readonly string[], env: Record<string, string | undefined> = {}, script = built) {
    const loader = script === built ? [] : ['--import', 'tsx']
    this.#guard.learn('the environment’s secret', env['AWS_SECRET_ACCESS_KEY'] ?? '')
    this.#credentials = env['AWS_SHARED_CREDENTIALS_FILE']
    this.process = spawn(
      process.execPath,
      [...this.#guard.nodeArgs, ...loader, path.join(root, script), ...argv],
      {
        cwd: root,
        env: { ...process.env, BROWSER: 'none', ...env },
      },
    )
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#wake?.()
    })
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#wake?.()
    })
    this.exit = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        resolve({ code, signal })
        this.#wake?.()
      })
    })
  }

  /** Waits for the output to fulfil `done`, or for the end of the process. */
  async until(done: () => boolean): Promise<void> {
    while (!done() && this.process.exitCode === null && this.process.signalCode === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The links printed so far, once there are as many. */
  async links(count = 1): Promise<Link[]> {
    const found = () => [
      ...this.stdout.matchAll(/^Keyturn is ready: (http:\/\/127\.0\.0\.1:\d+)(\/[\w-]{22}\/)#([\w-]+)$/gm),
    ]
    await this.until(() => found().length >= count)
    return found().map(([, origin = '', page = '', secret = '']) => ({ origin, page, secret }))
  }

  /** @throws Error where a secret came out */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exit
    if (this.#credentials !== undefined && existsSync(this.#credentials))
      this.#guard.learnFile(readFileSync(this.#credentials, 'utf8'))
    this.#guard.heard(this.stdout, this.stderr)
    this.#guard.expectNone()
  }
}

/** The exchange of a printed link, as the page does it. */
export function exchange(link: Link): Promise<Response> {
  return fetch(`${link.origin}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: link.origin },
    body: JSON.stringify({ secret: link.secret }),
  })
}
