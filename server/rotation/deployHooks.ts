import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Settings } from '../api/settings.ts'
import { Failure } from '../platform/failure.ts'
import type { HookRequest, Hooks } from './world.ts'

export interface DeployHooksDeps {
  /** The state directory's `hooks`: each executable in it is run, in the order of their names. */
  readonly directory: string
  /** Named by --hook. */
  readonly extra: readonly string[]
  readonly settings: () => Settings
  readonly env: Readonly<Record<string, string | undefined>>
  /** Default: a minute. */
  readonly patienceMs?: number
}

interface Hook {
  readonly path: string
  readonly pairOnStdin: boolean
}

/** A hook that takes longer than this is ended, in milliseconds. */
const patienceMs = 60_000
/** How long the rest of its output is waited for once it has ended, in milliseconds. */
const lingerMs = 1_000
const keptOutput = 2_000

/**
 * Programs of the person that put the new pair where else it is needed. They get ids in their environment; the pair
 * itself comes on standard input, and only to a hook for which the settings say so: what stands in an environment
 * or an argv is readable by other processes.
 */
export class DeployHooks implements Hooks {
  readonly #deps: DeployHooksDeps

  constructor(deps: DeployHooksDeps) {
    this.#deps = deps
  }

  and(paths: readonly string[]): Hooks {
    return new DeployHooks({ ...this.#deps, extra: [...this.#deps.extra, ...paths] })
  }

  async any(): Promise<boolean> {
    return (await this.#hooks()).length > 0
  }

  /** @throws Failure `hook-failed` at the first that fails: the old key then stays active */
  async run(request: HookRequest): Promise<readonly string[]> {
    const ran: string[] = []
    for (const hook of await this.#hooks()) {
      await this.#runOne(hook, request)
      ran.push(basename(hook.path))
    }
    return ran
  }

  async #hooks(): Promise<Hook[]> {
    const asks = new Map(this.#deps.settings().hooks.map((hook) => [hook.path, hook.pairOnStdin]))
    const found = await executables(this.#deps.directory)
    const paths = new Set([...found, ...this.#deps.extra, ...asks.keys()])
    return [...paths].map((path) => ({ path, pairOnStdin: asks.get(path) ?? false }))
  }

  #runOne(hook: Hook, { oldKey, pair, profiles, account, user }: HookRequest): Promise<void> {
    const env = {
      ...this.#deps.env,
      KEYTURN_OLD_KEY_ID: oldKey,
      KEYTURN_NEW_KEY_ID: pair.id,
      KEYTURN_PROFILES: profiles.join('\n'),
      ...(account !== undefined && { KEYTURN_ACCOUNT: account }),
      ...(user !== undefined && { KEYTURN_USER: user }),
    }
    const patience = this.#deps.patienceMs ?? patienceMs
    return new Promise((resolve, reject) => {
      const child = spawn(isBatchFile(hook.path) ? `"${hook.path}"` : hook.path, [], {
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
        // In a group of its own, so that a hook which takes too long is ended with all that it started.
        detached: process.platform !== 'win32',
        // Windows starts a batch file by its shell alone; there are no arguments that the shell could misread.
        shell: isBatchFile(hook.path),
        windowsHide: true,
      })
      let output = ''
      const keep = (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-keptOutput))
      child.stdout.on('data', keep)
      child.stderr.on('data', keep)
      const end = (why?: string) => {
        clearTimeout(late)
        clearTimeout(lingering)
        child.stdout.destroy()
        child.stderr.destroy()
        // A hook may print what it was given: the secret must not travel on in an error.
        const said = output.replaceAll(pair.secret.reveal(), '[secret]').trim()
        if (why === undefined) resolve()
        else reject(failed(hook, `${why}${said ? `: ${said}` : ''}`))
      }
      const late = setTimeout(() => {
        endGroup(child)
        end(`it took longer than ${Math.round(patience / 1000)} seconds and was ended`)
      }, patience)
      let lingering: NodeJS.Timeout | undefined
      const ended = (code: number | null, signal: NodeJS.Signals | null) =>
        end(code === 0 ? undefined : signal ? `it was ended by ${signal}` : `it exited with ${code}`)
      child.on('error', (error) => end(error.message))
      child.on('close', ended)
      // Something that it left running may hold its output open; the hook itself is done.
      child.on('exit', (code, signal) => {
        lingering = setTimeout(() => ended(code, signal), lingerMs)
      })
      // A hook that reads nothing closes its end early; that is its right.
      child.stdin.on('error', () => undefined)
      child.stdin.end(
        hook.pairOnStdin
          ? JSON.stringify({ accessKeyId: pair.id, secretAccessKey: pair.secret.reveal() })
          : '',
      )
    })
  }
}

function endGroup(child: ChildProcess): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) child.kill()
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself in this very moment.
  }
}

async function executables(directory: string): Promise<string[]> {
  const names = (await fs.readdir(directory).catch(() => [])).sort()
  const paths: string[] = []
  for (const name of names) {
    const path = join(directory, name)
    const stat = await fs.stat(path).catch(() => undefined)
    if (stat?.isFile() && isExecutable(name, stat.mode) && !name.startsWith('.')) paths.push(path)
  }
  return paths
}

/** Windows knows a program by its name, not by a mode. */
function isExecutable(name: string, mode: number): boolean {
  return process.platform === 'win32' ? /\.(exe|com|bat|cmd)$/i.test(name) : (mode & 0o111) !== 0
}

const isBatchFile = (path: string) => process.platform === 'win32' && /\.(bat|cmd)$/i.test(path)

function failed(hook: Hook, why: string): Failure {
  return new Failure({
    name: 'hook-failed',
    title: 'A deploy hook failed',
    detail: `The new key is in use; ${hook.path} failed: ${why}. The old key is still active.`,
    remedy: 'Mend the hook, then retry.',
  })
}
