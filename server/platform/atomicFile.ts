import { randomBytes } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { ownFiles } from './ownFiles.ts'

const temporary = /^\.(.+)\.keyturn-[0-9a-f]{16}\.tmp$/

/** A short write that the file system did not report as an error. */
export class ShortWriteError extends Error {
  readonly code = 'ENOSPC'

  constructor(expected: number, size: number) {
    super(`short write: ${size} of ${expected} bytes`)
    this.name = 'ShortWriteError'
  }
}

/** The new file is in place, but the directory could not be fsynced: a power cut may bring the old one back. */
export class NotDurableError extends Error {
  constructor(cause: unknown) {
    super('renamed, but the directory could not be fsynced', { cause })
    this.name = 'NotDurableError'
  }
}

/**
 * Writes a small file of our own so that a reader, a crash or a full disk finds the old content or the new, whole
 * and durable. The directory must exist.
 * @param options.mode of the file, default 0600
 * @throws the file system's error with the old file intact; NotDurableError after the rename
 */
export async function writeAtomic(
  file: string,
  bytes: string | Buffer,
  options: { mode?: number } = {},
): Promise<void> {
  await place(file, Buffer.from(bytes), { mode: options.mode ?? 0o600 })
}

/**
 * Replaces an existing file by new bytes: same mode and owner, same name, another inode.
 * @param target already resolved: a rename onto a symlink would replace the link
 * @param stillSame called last before the rename, and before each further attempt; it throws where the file changed
 * meanwhile
 * @param placed told of the new inode as soon as it has the name, even where an error follows
 * @throws as writeAtomic, or what `stillSame` throws; then the old file is intact
 */
export async function replaceFile(
  target: string,
  bytes: Buffer,
  like: BigIntStats,
  stillSame: () => Promise<void>,
  placed: (stat: BigIntStats) => void,
): Promise<void> {
  const owner = { uid: Number(like.uid), gid: Number(like.gid) }
  await place(target, bytes, { mode: Number(like.mode) & 0o7777, owner, stillSame, placed })
}

/**
 * Makes a file that is not there: whole or not at all, 0600.
 * @param placed told of the new inode as soon as it has the name, even where an error follows
 * @throws EEXIST where something has the name by then; else as writeAtomic
 */
export async function createFile(
  target: string,
  bytes: Buffer,
  placed: (stat: BigIntStats) => void,
): Promise<void> {
  await place(target, bytes, { mode: 0o600, placed, fresh: true })
}

interface Placing {
  readonly mode: number
  /** Nothing has the name yet, and nothing that gets it meanwhile is replaced. */
  readonly fresh?: true
  readonly owner?: { readonly uid: number; readonly gid: number }
  readonly stillSame?: () => Promise<void>
  readonly placed?: (stat: BigIntStats) => void
}

async function place(target: string, bytes: Buffer, placing: Placing): Promise<void> {
  const made = temporaryBeside(target)
  // Before the rename: where no further file can be opened, nothing is renamed that could not be made durable.
  const directory = await openDirectory(path.dirname(target))
  /** Whether it has its name, and whether the temporary one is gone with that. */
  let named = false
  let renamed = false
  try {
    // 0600 until it is complete: a looser mode must not show a half-written secret to others.
    const stat = await withHandle(await ownFiles.open(made, 'wx', 0o600), async (handle) => {
      await writeAll(handle, bytes)
      if (placing.owner) await keepOwner(handle, placing.owner)
      await handle.chmod(placing.mode)
      await handle.sync()
      return handle.stat({ bigint: true })
    })
    if (placing.fresh) await ownFiles.link(made, target)
    else {
      await ownFiles.rename(made, target, { before: placing.stillSame })
      renamed = true
    }
    named = true
    placing.placed?.(stat)
  } finally {
    if (!renamed) await ownFiles.remove(made).catch(() => undefined)
    if (!named) await directory?.close().catch(() => undefined)
  }
  if (directory)
    await withHandle(directory, (handle) => handle.sync()).catch((error: unknown) => {
      throw new NotDurableError(error)
    })
}

/**
 * Whether a file of this size could be written beside `target`: a temporary one of zeros is, to the disk, and is
 * removed again. A file system that allocates late reports a full disk only here.
 */
export async function tryWriting(target: string, size: number): Promise<void> {
  const made = temporaryBeside(target)
  try {
    await withHandle(await ownFiles.open(made, 'wx', 0o600), async (handle) => {
      await writeAll(handle, Buffer.alloc(size))
      await handle.sync()
    })
  } finally {
    await ownFiles.remove(made)
  }
}

/**
 * Whether a file could be replaced: Windows refuses it where another program has the file open without letting it be
 * removed, and says so of a rename to the very name that it has, which changes nothing. Elsewhere nobody can refuse.
 */
export async function tryReplacing(target: string): Promise<void> {
  if (process.platform === 'win32') await ownFiles.rename(target, target)
}

/**
 * Removes temporary files that a crash left beside `target`, which hold secrets. Call it with the lock held: a
 * temporary file of a running writer looks the same.
 */
export async function sweepTemporaries(target: string): Promise<void> {
  for (const name of await leftOver(target)) await ownFiles.remove(path.join(path.dirname(target), name))
}

/** Removes all temporary files from a directory that is ours alone; call it before anything is written there. */
export async function sweepDirectory(directory: string): Promise<void> {
  const names = await ownFiles.list(directory).catch(() => [])
  for (const name of names) if (temporary.test(name)) await ownFiles.remove(path.join(directory, name))
}

/** The name that a temporary file of ours was to get; undefined: it is none. */
export function nameToBe(temporaryName: string): string | undefined {
  return temporary.exec(temporaryName)?.[1]
}

/** Names of the temporary files beside `target`. */
export async function leftOver(target: string): Promise<string[]> {
  const names = await fs.readdir(path.dirname(target))
  return names.filter((name) => nameToBe(name) === path.basename(target))
}

/**
 * Makes a directory that a power cut does not take away again with all that is written there: its name is fsynced,
 * and so are those on the way to it that were missing. An existing one's too: a crash may have come in between.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await fs.mkdir(directory, { recursive: true, mode: 0o700 })
  const topmost = path.dirname(path.resolve(first ?? directory))
  let parent = path.resolve(directory)
  do {
    parent = path.dirname(parent)
    await syncDirectory(parent).catch((error: NodeJS.ErrnoException) => {
      // One that others own and do not let us list: what stands in it is theirs to keep.
      if (error.code !== 'EACCES') throw error
    })
  } while (parent.length > topmost.length)
}

/** Makes names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await openDirectory(directory)
  if (handle) await withHandle(handle, () => handle.sync())
}

/** Windows cannot open a directory, and needs no such call. */
async function openDirectory(directory: string): Promise<FileHandle | undefined> {
  return process.platform === 'win32' ? undefined : fs.open(directory, 'r')
}

function temporaryBeside(target: string): string {
  return path.join(
    path.dirname(target),
    `.${path.basename(target)}.keyturn-${randomBytes(8).toString('hex')}.tmp`,
  )
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  await handle.writeFile(bytes)
  const { size } = await handle.stat()
  if (size !== bytes.length) throw new ShortWriteError(bytes.length, size)
}

async function keepOwner(
  handle: FileHandle,
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const now = await handle.stat()
  if (now.uid !== owner.uid || now.gid !== owner.gid) await handle.chown(owner.uid, owner.gid)
}

/** Closes in any case; an error on close counts, since some file systems report a failed write there. */
async function withHandle<T>(handle: FileHandle, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let result: T
  try {
    result = await use(handle)
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
  await handle.close()
  return result
}
