import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { ShortWriteError } from './atomicFile.ts'
import type { Clock } from './clock.ts'
import { Failure } from './failure.ts'
import { mayBeHeld } from './letGo.ts'
import { OddFile, ownFiles } from './ownFiles.ts'
import { canAsk, isRunning, ownIdentity } from './processIdentity.ts'
import type { ProcessIdentity } from './processIdentity.ts'

export interface Lock {
  /** Removes the lock. Never throws: what cannot be removed is stale as soon as this process ends. */
  release(): Promise<void>
}

export interface LockOptions {
  readonly clock: Clock
  /** Longest wait for another holder, in milliseconds; 0: none. */
  readonly patienceMs?: number
  /** What is locked, for the words: such as 'the credentials file'. */
  readonly subject?: string
}

interface Holder extends ProcessIdentity {
  readonly nonce: string
  readonly since: string
  /** It touches the file while it holds the lock; older versions did not. */
  readonly beats?: true
}

/** What a lock file says: who holds it, or nothing yet (its maker is between creating and writing it, or died there). */
interface Seen {
  readonly identity: string
  readonly holder?: Holder
  readonly ageMs: number
  /** When it was last touched, by the file system. */
  readonly beat: bigint
}

const intervalMs = 25
/** How often a holder touches its lock, and after how long without that it is taken for gone, in milliseconds. */
const beatMs = 2_000
const silenceMs = 10_000
/** Nonces of the locks that this process holds. */
const mine = new Set<string>()
/** An empty lock file older than this was left by a crash; a maker that was only slow sees that it lost the lock. */
const emptyGraceMs = 1_000
/** A lock holds a line. */
const mostBytes = 64 * 1024

/**
 * Takes a lock between processes: a file made with O_EXCL that names its holder. A lock whose process is gone is
 * taken over. Whether a process of another world (another machine, a container, WSL beside Windows) is gone, no number
 * tells: its lock is watched, and taken over when it was not touched for ten seconds of this process's waking time.
 * @throws Failure `file-busy` that says who holds it, `lock-unusable` where its name is taken; the file system's error where the lock file cannot be made
 */
export async function takeLock(
  file: string,
  { clock, patienceMs = 0, subject = 'this' }: LockOptions,
): Promise<Lock> {
  let watch: Watch | undefined
  for (let waited = 0; ; waited += intervalMs) {
    const outcome = await attempt(file, watch)
    if (outcome.taken) return held(file, outcome.nonce)
    watch = outcome.watch && { ...outcome.watch, silentMs: outcome.watch.silentMs + intervalMs }
    if (waited >= patienceMs && !watch) throw outcome.error ?? busy(file, subject, outcome.by)
    await clock.sleep(intervalMs)
  }
}

/** Who holds a lock now; undefined: nobody, or a process that is gone. Changes nothing. */
export async function lockHolder(
  file: string,
): Promise<{ readonly pid: number; readonly host: string; readonly since: string } | undefined> {
  const seen = await look(file)
  return seen?.holder && !(await isOver(seen.holder)) ? seen.holder : undefined
}

/** While it holds the lock it says so, for those who cannot ask about its process. */
function held(file: string, nonce: string): Lock {
  const beating = setInterval(() => void beat(file, nonce), beatMs)
  beating.unref()
  return {
    release() {
      clearInterval(beating)
      return drop(file, nonce)
    },
  }
}

async function beat(file: string, nonce: string): Promise<void> {
  try {
    // One that took this lock over meanwhile must not seem to live by our touch.
    if ((await look(file))?.holder?.nonce !== nonce) return
    const now = new Date()
    await fs.utimes(file, now, now)
  } catch {
    // The next touch is soon.
  }
}

/** Of a lock that seems left by a process which cannot be asked about: since when it was seen not to be touched. */
interface Watch {
  readonly identity: string
  readonly beat: bigint
  readonly silentMs: number
}

type Outcome =
  | { readonly taken: true; readonly nonce: string }
  | { readonly taken: false; readonly by?: Holder; readonly watch?: Watch; readonly error?: unknown }

async function attempt(file: string, watch?: Watch): Promise<Outcome> {
  try {
    return await attemptNow(file, watch)
  } catch (error) {
    // A lock that is being removed is neither there nor gone on Windows until its last reader has closed it.
    if (mayBeHeld(error)) return { taken: false, error }
    throw error
  }
}

async function attemptNow(file: string, watch: Watch | undefined): Promise<Outcome> {
  const nonce = await create(file)
  if (nonce !== undefined) return { taken: true, nonce }
  const seen = await look(file)
  if (!seen) return { taken: false }
  if (seen.holder?.beats && !(await canAsk(seen.holder))) {
    // One that was touched of late is held; an old touch may be of a clock that goes otherwise.
    if (Math.abs(seen.ageMs) < silenceMs) return { taken: false, by: seen.holder }
    const { identity, beat } = seen
    const same = watch?.identity === identity && watch.beat === beat
    // A touch seen is a holder that lives, whatever its clock says.
    if (watch && watch.identity === identity && !same) return { taken: false, by: seen.holder }
    const now = same ? watch : { identity, beat, silentMs: 0 }
    if (now.silentMs < silenceMs) return { taken: false, by: seen.holder, watch: now }
    return takeOver(file, seen)
  }
  const dead = seen.holder ? await isOver(seen.holder) : Math.abs(seen.ageMs) > emptyGraceMs
  if (!dead) return { taken: false, by: seen.holder }
  return takeOver(file, seen)
}

/** Its process has ended, or it is this one and let go of the lock, but could not remove the file. */
async function isOver(holder: Holder): Promise<boolean> {
  const me = await ownIdentity()
  const isOurs =
    holder.pid === me.pid &&
    holder.started === me.started &&
    holder.boot === me.boot &&
    holder.space === me.space
  return isOurs ? !mine.has(holder.nonce) : !(await isRunning(holder))
}

/**
 * Two takers at once must not both win, nor may the slower one remove the faster one's new lock. So the right to
 * remove a dead lock is a lock itself, named after that very lock's nonce: only its holder removes, and only if the
 * dead lock still stands. A taker that died there is taken over in the same way.
 */
async function takeOver(file: string, dead: Seen): Promise<Outcome> {
  const claim = `${file}-${dead.identity}`
  const right = await attempt(claim)
  if (!right.taken) return right
  try {
    const now = await look(file)
    if (now && now.identity === dead.identity && now.beat === dead.beat) await ownFiles.remove(file)
  } finally {
    await drop(claim, right.nonce)
  }
  const nonce = await create(file)
  return nonce === undefined ? { taken: false } : { taken: true, nonce }
}

/** @returns the nonce; undefined where the file exists */
async function create(file: string): Promise<string | undefined> {
  const holder: Holder = {
    ...(await ownIdentity()),
    nonce: randomBytes(12).toString('hex'),
    since: new Date().toISOString(),
    beats: true,
  }
  let handle
  try {
    handle = await ownFiles.open(file, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
  mine.add(holder.nonce)
  try {
    await writeChecked(handle, `${JSON.stringify(holder)}\n`)
    // A maker that was stopped for long between creating and writing may have been taken for dead meanwhile.
    const seen = await look(file)
    if (seen?.holder?.nonce === holder.nonce) return holder.nonce
    mine.delete(holder.nonce)
    return undefined
  } catch (error) {
    mine.delete(holder.nonce)
    await ownFiles.remove(file).catch(() => undefined)
    throw error
  }
}

async function writeChecked(handle: FileHandle, text: string): Promise<void> {
  try {
    await handle.writeFile(text)
    const { size } = await handle.stat()
    if (size !== Buffer.byteLength(text)) throw new ShortWriteError(Buffer.byteLength(text), size)
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
  await handle.close()
}

/** @throws Failure `lock-unusable` where something that is no lock has its name */
async function look(file: string): Promise<Seen | undefined> {
  try {
    const bytes = await ownFiles.read(file, mostBytes)
    // Whoever holds it may let go of it between the two.
    const stat = await fs.stat(file, { bigint: true }).catch(() => undefined)
    if (!bytes || !stat) return undefined
    const holder = parse(bytes.toString('utf8'))
    const identity =
      holder?.nonce ?? createHash('sha256').update(`${stat.ino} ${stat.mtimeNs}`).digest('hex').slice(0, 24)
    return {
      identity,
      ...(holder && { holder }),
      ageMs: Date.now() - Number(stat.mtimeMs),
      beat: stat.mtimeNs,
    }
  } catch (error) {
    if (error instanceof OddFile) throw unusable(file, error)
    throw error
  }
}

function parse(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const holder = value as Holder
    return typeof holder?.pid === 'number' && /^[0-9a-f]{24}$/.test(holder.nonce) ? holder : undefined
  } catch {
    return undefined
  }
}

async function drop(file: string, nonce: string): Promise<void> {
  try {
    const seen = await look(file)
    if (seen?.holder?.nonce === nonce) await ownFiles.remove(file)
  } catch {
    // It stays behind, but is not held any more: this process knows that, another one sees it when this one has ended.
  } finally {
    mine.delete(nonce)
  }
}

function unusable(file: string, cause: OddFile): Failure {
  return new Failure(
    {
      name: 'lock-unusable',
      title: 'A lock cannot be used',
      detail: `${file} should be a lock of Keyturn’s, and is none: ${cause.message}. Nothing was changed.`,
      remedy: 'Move it away, then try again.',
    },
    { cause },
  )
}

function busy(file: string, subject: string, holder: Holder | undefined): Failure {
  const who = holder ? `process ${holder.pid} on ${holder.host}, since ${holder.since}` : 'another process'
  return new Failure({
    name: 'file-busy',
    title: 'Another Keyturn is at work',
    detail: `${subject[0]?.toUpperCase()}${subject.slice(1)} is locked by ${who}. Nothing was changed.`,
    remedy: `Let it finish or stop it, then try again. If no Keyturn runs, remove ${file}.`,
  })
}
