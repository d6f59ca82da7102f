import type { Stats } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import envPaths from 'env-paths'
import { makeDirectory, nameToBe, tryWriting } from './atomicFile.ts'
import { Failure } from './failure.ts'
import { whyNot } from './ownFiles.ts'
import { realPath } from './realPath.ts'

/**
 * Where Keyturn keeps its state by the platform's custom: `$XDG_STATE_HOME/keyturn` or `~/.local/state/keyturn`,
 * `~/Library/Application Support/keyturn`, `%LOCALAPPDATA%\keyturn`.
 */
export function defaultStateDirectory(): string {
  const paths = envPaths('keyturn', { suffix: '' })
  if (process.platform === 'darwin') return paths.data
  // env-paths adds \Data, which nothing else of Windows asks for.
  if (process.platform === 'win32') return path.dirname(paths.data)
  return paths.log
}

function unsafe(detail: string, remedy: string, cause?: unknown): Failure {
  return new Failure(
    { name: 'unsafe-state-directory', title: 'The state directory is not safe to use', detail, remedy },
    { cause },
  )
}

/** Windows takes both slashes. */
const expandHome = (given: string) =>
  /^~(\/|$)/.test(given) || (process.platform === 'win32' && given.startsWith('~\\'))
    ? path.join(os.homedir(), given.slice(1))
    : given

/** What Keyturn makes there, claims and what it put aside included. */
const own =
  /^(\.?(runs|undo|hooks|settings\.json|keys\.json|files\.json|calls\.json|places\.jsonl|leak\.json|watched\.jsonl|after\.jsonl|ledger\.jsonl|lock|socket|probe)|keyturn-[0-9a-f]{16}\.html$)/
/** What systems leave in any directory. */
const litter = /^(\.DS_Store|\.nfs|\.fuse_hidden|\.directory$|Thumbs\.db$|desktop\.ini$)/

/**
 * Makes the state directory where it is missing and sees to it that nobody else can read or plant anything in it:
 * it and what it holds must belong to this user, and modes are set to 0700 and 0600. Undo entries hold secrets.
 * A directory of something else, such as a home, is refused before any mode in it is touched.
 *
 * @param given `--state-dir`; default: the platform's place
 * @returns its real path
 * @throws Failure `unsafe-state-directory` where it is another user's, `not-a-state-directory` where it holds what is
 * not Keyturn's, `state-directory-unwritable` where it cannot be written
 */
export async function openStateDirectory(given?: string): Promise<string> {
  const directory = placeOf(given)
  try {
    await refuseForeignLink(directory)
    await makeDirectory(directory)
    const real = await realPath(directory)
    await refuseStrangers(real)
    await secure(real, await fs.lstat(real))
    await tryWriting(path.join(real, 'settings.json'), 4096)
    return real
  } catch (error) {
    if (error instanceof Failure) throw error
    throw unwritable(directory, error as NodeJS.ErrnoException)
  }
}

/**
 * Where the state directory is, made or not, for reading alone: nothing is made, tightened or tried.
 * @throws Failure `unsafe-state-directory` where it is another user's, who could have us say anything,
 * `state-directory-unwritable` where it is no directory or cannot be read
 */
export async function findStateDirectory(given?: string): Promise<string> {
  const directory = placeOf(given)
  try {
    await refuseForeignLink(directory)
    // Absent is a beginning; what is there and no directory, or cannot be looked into, holds nothing to look at.
    const stat = await fs.stat(directory).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && !(await isLink(directory))) return undefined
      throw error
    })
    if (stat && isForeign(stat)) throw foreign(directory)
    if (stat) await fs.readdir(directory)
    return directory
  } catch (error) {
    if (error instanceof Failure) throw error
    throw unwritable(directory, error as NodeJS.ErrnoException)
  }
}

const placeOf = (given?: string) =>
  path.resolve(given === undefined ? defaultStateDirectory() : expandHome(given))

/** For the whole directory, or a part of it that Keyturn needs. */
export function unwritable(directory: string, error: NodeJS.ErrnoException): Failure {
  return new Failure(
    {
      name: 'state-directory-unwritable',
      title: 'The state directory cannot be used',
      detail: `Keyturn cannot keep its journal in ${directory}: ${whyNot(error)}.`,
      remedy: 'Make it writable for you, free some space, or name another with --state-dir.',
    },
    { cause: error },
  )
}

/** One that leads nowhere tells of a volume that is away, and nothing of what it holds. */
const isLink = (file: string): Promise<boolean> =>
  fs.readlink(file).then(
    () => true,
    () => false,
  )

/** A link of another user's could lead our secrets to where that user reads them, today or after a change. */
async function refuseForeignLink(directory: string): Promise<void> {
  const stat = await fs.lstat(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (stat?.isSymbolicLink() && isForeign(stat)) {
    throw unsafe(
      `${directory} is a symbolic link that belongs to another user.`,
      'Remove the link, or name another directory with --state-dir.',
    )
  }
}

/** `--state-dir ~` must not take the execute bits from everything that a person has. */
async function refuseStrangers(directory: string): Promise<void> {
  const strangers = (await fs.readdir(directory)).filter(
    (name) => !own.test(nameToBe(name) ?? name) && !litter.test(name),
  )
  if (strangers.length === 0) return
  const shown = strangers.sort().slice(0, 3).join(', ')
  throw new Failure({
    name: 'not-a-state-directory',
    title: 'This is not a directory of Keyturn’s',
    detail: `${directory} holds ${shown}${strangers.length > 3 ? ` and ${strangers.length - 3} more` : ''}, which Keyturn did not make. Nothing in it was touched.`,
    remedy: 'Name an empty or a new directory with --state-dir.',
  })
}

const isForeign = (stat: Stats) => process.getuid !== undefined && stat.uid !== process.getuid()

const foreign = (at: string) =>
  unsafe(
    `${at} belongs to another user, who could read what is kept there.`,
    'Name another directory with --state-dir, or remove it.',
  )

/** @param allowed of a file's mode: a hook stays executable for its owner */
async function secure(at: string, stat: Stats, allowed = 0o600): Promise<void> {
  if (isForeign(stat)) throw foreign(at)
  // The person's own link, such as settings.json kept elsewhere: theirs to judge.
  if (stat.isSymbolicLink()) return
  await tighten(at, stat, stat.isDirectory() ? 0o700 : 0o600 | (stat.mode & allowed & 0o100))
  if (!stat.isDirectory()) return
  // Side by side: a long history has thousands of journals.
  await Promise.all(
    (await fs.readdir(at)).map(async (name) => {
      const below = path.join(at, name)
      const found = await fs.lstat(below).catch((error: NodeJS.ErrnoException) => {
        // Another Keyturn that runs may have removed its temporary file meanwhile.
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      if (found) await secure(below, found, name === 'hooks' ? 0o700 : allowed)
    }),
  )
}

async function tighten(at: string, stat: Stats, mode: number): Promise<void> {
  if (process.getuid === undefined || (stat.mode & 0o777) === mode) return
  await fs.chmod(at, mode)
  const now = (await fs.lstat(at)).mode & 0o777
  if (now !== mode) {
    throw unsafe(
      `Others on this machine can read ${at} (mode 0${now.toString(8)}), and its file system does not let that be changed.`,
      'Name a directory on another file system with --state-dir.',
    )
  }
}
