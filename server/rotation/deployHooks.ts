import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Settings } from '../api/settings.ts'
import { Failure } from '../platform/failure.ts'
import { whoElseMayChange } from '../platform/onlyMine.ts'
import { ownFiles, whyNot } from '../platform/ownFiles.ts'
import { hookCommand, isHook } from './hookCommand.ts'
import type { HookCommand } from './hookCommand.ts'
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

  /**
   * Whether there are any.
   * @throws Failure `unsafe-hook` where somebody else could change one of them, `unknown-hook` where Windows cannot
   * start one
   */
  async any(): Promise<boolean> {
    const hooks = await this.#hooks()
    for (const { path } of hooks) {
      commandOf(path)
      await refuseForeign(path)
    }
    return hooks.length > 0
  }

  /** @throws Failure `hook-failed`, `unsafe-hook`, `unknown-hook` at the first that fails: the old key then stays active */
  async run(request: HookRequest): Promise<readonly string[]> {
    const ran: string[] = []
    for (const hook of await this.#hooks()) {
      const command = commandOf(hook.path)
      await refuseForeign(hook.path)
      await this.#runOne(hook, command, request)
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

  #runOne(
    hook: Hook,
    command: HookCommand,
    { oldKey, pair, profiles, account, user }: HookRequest,
  ): Promise<void> {
    const env = {
      ...this.#deps.env,
      ...command.env,
      KEYTURN_OLD_KEY_ID: oldKey,
      KEYTURN_NEW_KEY_ID: pair.id,
      KEYTURN_PROFILES: profiles.join('\n'),
      ...(account !== undefined && { KEYTURN_ACCOUNT: account }),
      ...(user !== undefined && { KEYTURN_USER: user }),
    }
    const patience = this.#deps.patienceMs ?? patienceMs
    return new Promise((resolve, reject) => {
      const child = spawn(command.file, command.args, {
        ...command.options,
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
        // In a group of its own, so that a hook which takes too long is ended with all that it started.
        detached: process.platform !== 'win32',
        windowsHide: true,
      })
      const output = new Output(hook.pairOnStdin)
      const keep = (chunk: Buffer) => output.take(chunk)
      child.stdout.on('data', keep)
      child.stderr.on('data', keep)
      const end = (why?: string) => {
        clearTimeout(late)
        clearTimeout(lingering)
        child.stdout.destroy()
        child.stderr.destroy()
        if (why === undefined) resolve()
        else reject(failed(hook, `${why}${output.said(pair.secret.reveal())}`))
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

/** What a hook prints, of which the end is kept to say why it failed. */
class Output {
  readonly #gotPair: boolean
  #bytes = 0
  #end = ''

  constructor(gotPair: boolean) {
    this.#gotPair = gotPair
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length
    // It may print what it was given in any form, in parts or encoded: nothing of it is kept.
    if (!this.#gotPair) this.#end = (this.#end + chunk.toString('utf8')).slice(-keptOutput)
  }

  /** @param secret of the new pair, which the hook may have read from the file; a part at the cut end goes with it */
  said(secret: string): string {
    if (this.#gotPair && this.#bytes > 0)
      return `; the ${this.#bytes} bytes that it printed are not shown, since it was given the new pair`
    const whole = this.#end.replaceAll(secret, '[secret]')
    const said = (this.#end.length < keptOutput ? whole : whole.slice(secret.length)).trim()
    return said === '' ? '' : `: ${said}`
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
  let names: string[]
  try {
    names = (await ownFiles.list(directory)).sort()
  } catch (error) {
    // Hooks that nobody can see are not none: the old key would go before they have run.
    throw new Failure(
      {
        name: 'hooks-unreadable',
        title: 'The deploy hooks cannot be seen',
        detail: `${directory}, where they are looked for, cannot be read: ${whyNot(error)}.`,
        remedy: 'Make it a directory that you can read, or move it away, then retry.',
      },
      { cause: error },
    )
  }
  const paths: string[] = []
  for (const name of names) {
    const path = join(directory, name)
    const stat = await fs.stat(path).catch(() => undefined)
    if (stat?.isFile() && isHook(name, stat.mode)) paths.push(path)
  }
  return paths
}

function commandOf(path: string): HookCommand {
  const command = hookCommand(path)
  if ('file' in command) return command
  throw new Failure({
    name: 'unknown-hook',
    title: 'A deploy hook cannot be run',
    detail: `${path} was not run: ${command.why}.`,
    remedy: command.remedy,
  })
}

/**
 * A program that another user can replace would run as the person, and get the new pair: such a one is not run.
 * One that is not there fails when it is run.
 */
async function refuseForeign(path: string): Promise<void> {
  const why = await whoElseMayChange(path)
  if (why === undefined) return
  throw new Failure({
    name: 'unsafe-hook',
    title: 'A deploy hook is not safe to run',
    detail: `${path} was not run: ${why}.`,
    remedy:
      'Make it and the directories above it yours, and writable by nobody else (chmod go-w), then retry.',
  })
}

function failed(hook: Hook, why: string): Failure {
  return new Failure({
    name: 'hook-failed',
    title: 'A deploy hook failed',
    detail: `The new key is in use; ${hook.path} failed: ${why}. The old key is still active.`,
    remedy: 'Mend the hook, then retry.',
  })
}
