import type { Stats } from 'node:fs'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { kindOf } from './fileKind.ts'
import { onceLetGo, type LetGoOptions } from './letGo.ts'

/**
 * The calls on files that Keyturn keeps for itself. Whatever stands in the place of such a file, none of them hangs,
 * takes all memory, or takes what cannot be read for what is not there; and each waits for programs that hold the file
 * for a moment.
 */
export const ownFiles = {
  open: (file: string, flags: string | number, mode?: number): Promise<FileHandle> =>
    onceLetGo(() => fs.open(file, flags, mode)),

  rename: (from: string, to: string, options?: LetGoOptions): Promise<void> =>
    onceLetGo(() => fs.rename(from, to), options),

  /** A second name for a file. @throws EEXIST where something has it */
  link: (from: string, to: string): Promise<void> => onceLetGo(() => fs.link(from, to)),

  /** @throws the file system's error; none where it is gone already */
  remove: (file: string): Promise<void> => onceLetGo(() => fs.rm(file, { force: true })),

  /** @returns the names; none where the directory is not there */
  async list(directory: string): Promise<string[]> {
    try {
      return await onceLetGo(() => fs.readdir(directory))
    } catch (error) {
      if (await isMissing(directory, error)) return []
      throw error
    }
  },

  /**
   * @param most bytes that such a file of ours can have
   * @returns its content; undefined where nothing has this name
   * @throws OddFile where something else than such a file has it; the file system's error
   */
  async read(file: string, most = 16 * 1024 * 1024): Promise<Buffer | undefined> {
    let handle: FileHandle
    try {
      // Before it is opened: that of a FIFO waits until somebody writes to it.
      refuseOdd(await fs.stat(file), most)
      handle = await ownFiles.open(file, 'r')
    } catch (error) {
      if (await isMissing(file, error)) return undefined
      throw await named(file, error)
    }
    try {
      refuseOdd(await handle.stat(), most)
      return await handle.readFile()
    } finally {
      await handle.close().catch(() => undefined)
    }
  },
}

function refuseOdd(stat: Stats, most: number): void {
  const kind = kindOf(stat)
  if (kind !== undefined) throw new OddFile(`it is ${kind}`)
  if (stat.size > most) throw new OddFile(`it has ${stat.size} bytes, more than Keyturn ever writes there`)
}

/** What has the name of a file of ours is something else. The message is a clause: 'it is a directory'. */
export class OddFile extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'OddFile'
  }
}

/** Nothing has that name; a symbolic link that leads nowhere has it, and tells of a volume that is away. */
async function isMissing(file: string, error: unknown): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return false
  return (await linkAt(file)) === undefined
}

const linkAt = (file: string): Promise<string | undefined> => fs.readlink(file).catch(() => undefined)

/** A link may lead nowhere: that says more than the code of the refusal. */
async function named(file: string, error: unknown): Promise<unknown> {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ELOOP') return new OddFile('its symbolic links lead in a circle')
  const link = await linkAt(file)
  if (link !== undefined && code === 'ENOENT')
    return new OddFile(`it is a symbolic link to ${link}, which is not there`)
  return error
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not use it',
  EPERM: 'the system does not permit it',
  EBUSY: 'another program holds it',
  EIO: 'the disk reports an error of its own',
  EISDIR: 'it is a directory',
  ENOTDIR: 'it is not a directory',
  EEXIST: 'something else has its name',
  ELOOP: 'its symbolic links lead in a circle',
  ENOENT: 'it is not there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
}

/** Why a file of ours could not be used, as a clause for a sentence that names the file. */
export function whyNot(error: unknown): string {
  if (error instanceof OddFile) return error.message
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (typeof code !== 'string') return error instanceof Error ? error.message : String(error)
  if (process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES'))
    return `another program holds it, or you may not use it (${code})`
  const reason = reasons[code]
  return reason === undefined ? `the system says ${code}` : `${reason} (${code})`
}
