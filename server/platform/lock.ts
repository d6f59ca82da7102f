import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { ShortWriteError } from './atomicFile.ts'
import type { Clock } from './clock.ts'
import { Failure } from './failure.ts'
import { mayBeHeld, onceLetGo } from './letGo.ts'
import { isRunning, ownIdentity } from './processIdentity.ts'
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
}

/** What a lock file says: who holds it, or nothing yet (its maker is between creating and writing it, or died there). */
interface Seen {
  readonly identity: string
  readonly holder?: Holder
  readonly ageMs: number
}

const intervalMs = 25
/** Nonces of the locks that this process holds. */
const held = new Set<string>()
/** An empty lock file older than this was left by a crash; a maker that was only slow sees that it lost the lock. */
const emptyGraceMs = 1_000

/**
 * Takes a lock between processes: a file made with O_EXCL that names its holder. A lock whose process is gone is
 * taken over.
 * @throws Failure `file-busy` that says who holds it; the file system's error where the lock file cannot be made
 */
export async function takeLock(
  file: string,
  { clock, patienceMs = 0, subject = 'this' }: LockOptions,
): Promise<Lock> {
  for (let waited = 0; ; waited += intervalMs) {
    const outcome = await attempt(file)
    if (outcome.taken) return { release: () => drop(file, outcome.nonce) }
    if (waited >= patienceMs) throw outcome.error ?? busy(file, subject, outcome.by)
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

type Outcome =
  | { readonly taken: true; readonly nonce: string }
  | { readonly taken: false; readonly by?: Holder; readonly error?: unknown }

async function attempt(file: string): Promise<Outcome> {
  try {
    return await attemptNow(file)
  } catch (error) {
    // A lock that is being removed is neither there nor gone on Windows until its last reader has closed it.
    if (mayBeHeld(error)) return { taken: false, error }
    throw error
  }
}

async function attemptNow(file: string): Promise<Outcome> {
  const nonce = await create(file)
  if (nonce !== undefined) return { taken: true, nonce }
  const seen = await look(file)
  if (!seen) return { taken: false }
  const dead = seen.holder ? await isOver(seen.holder) : seen.ageMs > emptyGraceMs
  if (!dead) return { taken: false, by: seen.holder }
  return takeOver(file, seen)
}

/** Its process has ended, or it is this one and let go of the lock, but could not remove the file. */
async function isOver(holder: Holder): Promise<boolean> {
  const me = await ownIdentity()
  const mine =
    holder.pid === me.pid &&
    holder.started === me.started &&
    holder.boot === me.boot &&
    holder.space === me.space
  return mine ? !held.has(holder.nonce) : !(await isRunning(holder))
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
    if (now && now.identity === dead.identity) await fs.unlink(file)
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
  }
  let handle
  try {
    handle = await fs.open(file, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
  held.add(holder.nonce)
  try {
    await writeChecked(handle, `${JSON.stringify(holder)}\n`)
    // A maker that was stopped for long between creating and writing may have been taken for dead meanwhile.
    const seen = await look(file)
    if (seen?.holder?.nonce === holder.nonce) return holder.nonce
    held.delete(holder.nonce)
    return undefined
  } catch (error) {
    held.delete(holder.nonce)
    await fs.rm(file, { force: true }).catch(() => undefined)
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

async function look(file: string): Promise<Seen | undefined> {
  try {
    const handle = await fs.open(file, 'r')
    try {
      const stat = await handle.stat({ bigint: true })
      const holder = parse(await handle.readFile('utf8'))
      const identity =
        holder?.nonce ?? createHash('sha256').update(`${stat.ino} ${stat.mtimeNs}`).digest('hex').slice(0, 24)
      return { identity, ...(holder && { holder }), ageMs: Date.now() - Number(stat.mtimeMs) }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
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
    if (seen?.holder?.nonce === nonce) await onceLetGo(() => fs.unlink(file))
  } catch {
    // It stays behind, but is not held any more: this process knows that, another one sees it when this one has ended.
  } finally {
    held.delete(nonce)
  }
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
