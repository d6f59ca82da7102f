import type { Stats } from 'node:fs'
import { constants, lstatSync, rmdirSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Failure } from '../../platform/failure.ts'
import { makeDirectory } from '../../platform/atomicFile.ts'
import { kindOf } from '../../platform/fileKind.ts'
import { realPath } from '../../platform/realPath.ts'
import { codeOf, unwritable, unwritableBy } from './fileTrouble.ts'

/** A file as it will be replaced: where the symlinks lead, and what is there. */
export interface Target {
  /** As the person knows it. */
  readonly path: string
  /** Symlinks resolved: what is renamed onto. */
  readonly real: string
  readonly stat: Stats
}

/**
 * Where a path leads, with the reason where a later replacement could not succeed. Nothing is written.
 * @throws Failure `file-unwritable`
 */
export async function writableTarget(file: string): Promise<Target> {
  const real = await resolve(file)
  const stat = await fs.stat(real).catch((error: unknown) => {
    throw unwritableBy(file, error)
  })
  const odd = kindOf(stat)
  if (odd) throw unwritable(file, `it is ${odd}, not a file`, 'Let the path name an ordinary file.')
  if ((stat.mode & 0o200) === 0)
    throw process.platform === 'win32'
      ? unwritable(file, 'it is marked read-only', `If it may be changed: attrib -r "${real}"`)
      : unwritable(
          file,
          `it is marked read-only (mode ${octal(stat.mode)})`,
          `If it may be changed: chmod u+w ${file}`,
        )
  const me = process.getuid?.()
  if (me !== undefined && me !== 0 && stat.uid !== me)
    throw unwritable(
      file,
      'it belongs to another user, whom a new file would not belong to',
      'Run Keyturn as that user.',
    )
  await refuseProtected(file, real)
  const directory = path.dirname(real)
  await fs.access(directory, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    if (codeOf(error) === 'EACCES')
      throw unwritable(
        file,
        `its directory ${directory} is read-only for you`,
        `Make it writable: chmod u+w ${directory}`,
        error,
      )
    throw isRefusedByMark(error) ? protectedDirectory(file, directory, error) : unwritableBy(file, error)
  })
  refuseKeptName(file, real)
  await refuseMount(file, real, stat)
  return { path: file, real, stat }
}

/**
 * Where a file that is not there will be, its directory made; the place of one that is there.
 * @throws Failure `file-unwritable`
 */
export async function placeToBe(file: string): Promise<string> {
  if ((await fs.lstat(file).catch(() => undefined)) !== undefined) return (await writableTarget(file)).real
  const directory = path.dirname(file)
  try {
    await makeDirectory(directory)
    await fs.access(directory, constants.W_OK | constants.X_OK)
    return path.join(await realPath(directory), path.basename(file))
  } catch (error) {
    throw unwritableBy(file, error)
  }
}

async function resolve(file: string): Promise<string> {
  try {
    return await realPath(file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unwritableBy(file, error)
    const link = await fs.readlink(file).catch(() => undefined)
    throw link === undefined
      ? unwritableBy(file, error)
      : unwritable(
          file,
          `it is a symbolic link to ${link}, which is not there`,
          'Create that file, or let the link point at the right one.',
          error,
        )
  }
}

/**
 * Immutable and append-only files keep their name from being replaced, for root too. `access` tells of the first alone;
 * opened for writing, and not written, both refuse. Windows may refuse that for another program that has it open.
 */
async function refuseProtected(file: string, real: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    await (await fs.open(real, 'r+')).close()
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw unwritableBy(file, error)
    throw unwritable(file, 'it is protected against changes (immutable or append-only)', takeOff(real), error)
  }
}

/**
 * An append-only directory takes new files and lets none be replaced or removed: the trial's own file would stay there,
 * too. Linux looks at that before it looks at what is to be removed, so that a file which is removed as if it were a
 * directory tells it, and nothing is done; a system that looks the other way round says ENOTDIR.
 */
function refuseKeptName(file: string, real: string): void {
  if (process.platform === 'win32') return
  try {
    // In one go: an empty directory that another program puts in its place meanwhile would be removed.
    if (lstatSync(real).isFile()) rmdirSync(real)
  } catch (error) {
    if (isRefusedByMark(error)) throw protectedDirectory(file, path.dirname(real), error)
  }
}

function isRefusedByMark(error: unknown): boolean {
  return codeOf(error) === 'EPERM' && process.platform !== 'win32'
}

function protectedDirectory(file: string, directory: string, cause: unknown): Failure {
  return unwritable(
    file,
    `its directory ${directory} is protected against changes (immutable or append-only)`,
    takeOff(directory),
    cause,
  )
}

function takeOff(protectedPath: string): string {
  return `Take the protection off: ${process.platform === 'darwin' ? 'chflags nouchg,nouappnd' : 'chattr -i -a'} ${protectedPath}`
}

/** A file that is mounted by itself (`docker run -v …/credentials:…`) fails a rename with EBUSY; said before a key is made. */
async function refuseMount(file: string, real: string, stat: Stats): Promise<void> {
  const parent = await fs.stat(path.dirname(real)).catch((error: unknown): Failure => {
    throw unwritableBy(file, error)
  })
  const mounts = await fs.readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const points = mounts.split('\n').map((line) => unescape(line.split(' ')[4] ?? ''))
  if (('dev' in parent && parent.dev !== stat.dev) || points.includes(real))
    throw unwritable(
      file,
      'it is mounted by itself, as containers do, and cannot be replaced',
      'Mount its directory instead of the single file, or run Keyturn outside the container.',
    )
}

/** mountinfo writes blanks and backslashes as octal. */
function unescape(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}

export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
