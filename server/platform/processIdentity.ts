import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { powerShell, quietDirectory } from './programs.ts'

/** Which process this is, so that another one can tell later whether it still runs. */
export interface ProcessIdentity {
  readonly pid: number
  /**
   * When it started, in the system's own words (/proc on Linux, ps on macOS, milliseconds on Windows); the same pid
   * with another start is another process.
   */
  readonly started?: string
  /** Of the running kernel; another one after a reboot. Linux alone. */
  readonly boot?: string
  /** Namespace of the pid: in another container the same number means another process. Linux alone. */
  readonly space?: string
  readonly host: string
  /** Its operating system: Windows and a Linux beside it share a name and files, and count their processes apart. */
  readonly system?: string
}

let own: Promise<ProcessIdentity> | undefined

export function ownIdentity(): Promise<ProcessIdentity> {
  return (own ??= identify(process.pid))
}

async function identify(pid: number): Promise<ProcessIdentity> {
  const [started, boot, space] = await Promise.all([
    startOf(pid),
    fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    ),
    fs.readlink('/proc/self/ns/pid').catch(() => undefined),
  ])
  return {
    pid,
    ...(started && { started }),
    ...(boot && { boot }),
    ...(space && { space }),
    host: hostname(),
    system: process.platform,
  }
}

/**
 * Whether a process number of the other's means the same here: within one boot, one host, one system and one namespace
 * of processes. A boot of the same host that is over tells, too: its processes are gone.
 */
export async function canAsk(other: ProcessIdentity): Promise<boolean> {
  const me = await ownIdentity()
  if (other.system !== undefined && other.system !== me.system) return false
  if ((other.boot === undefined) !== (me.boot === undefined)) return false
  if (other.boot !== me.boot) return other.host === me.host
  return other.space === me.space && (me.boot !== undefined || other.host === me.host)
}

/**
 * Whether that process still runs. Where it cannot be told (another machine or container that shares the
 * directory), it is taken to run: two writers do more harm than one that has to ask.
 */
export async function isRunning(other: ProcessIdentity): Promise<boolean> {
  if (!(await canAsk(other))) return true
  if (other.boot !== (await ownIdentity()).boot) return false
  if (!exists(other.pid)) return false
  const started = await startOf(other.pid)
  if (started === undefined) return exists(other.pid)
  return started !== 'ended' && (other.started === undefined || sameStart(other.started, started))
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Start time of a process; 'ended' for one that has ended and was not collected yet; undefined where unknown. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
    // The name in parentheses may hold anything; after it come the state and, 19 fields later, the start.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields?.[0] === 'Z' || fields?.[0] === 'X') return 'ended'
    return fields?.[19]
  }
  if (process.platform === 'win32') {
    // Its own start costs nothing; PowerShell is asked only about a pid that a lock names.
    if (pid === process.pid) return String(Math.round(performance.timeOrigin))
    return saidBy(powerShell(), [
      '-NoProfile',
      '-NonInteractive',
      '-Command',
      `[DateTimeOffset]::new((Get-Process -Id ${pid}).StartTime).ToUnixTimeMilliseconds()`,
    ])
  }
  return saidBy('ps', ['-o', 'lstart=', '-p', String(pid)])
}

/** The time zone is fixed: it may change while a process runs, and its start would seem another. */
async function saidBy(program: string, args: readonly string[]): Promise<string | undefined> {
  const { PATH, SystemRoot } = process.env
  const env = { LC_ALL: 'C', TZ: 'UTC', PATH, ...(SystemRoot !== undefined && { SystemRoot }) }
  const reply = await promisify(execFile)(program, args, {
    env,
    cwd: quietDirectory(),
    windowsHide: true,
  }).catch(() => undefined)
  return reply?.stdout.trim() || undefined
}

/** On Windows the two come from different clocks of the same machine: milliseconds, but not the same ones. */
function sameStart(one: string, other: string): boolean {
  if (process.platform !== 'win32') return one === other
  return Math.abs(Number(one) - Number(other)) < 5_000
}
