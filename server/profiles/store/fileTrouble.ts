import type { Trouble } from '../../api/problem.ts'
import { Failure } from '../../platform/failure.ts'
import { NotDurableError } from '../../platform/atomicFile.ts'
import { userInfo } from 'node:os'

const meanings: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space, then try again.'],
  EDQUOT: ['your disk quota is used up', 'Free some space, then try again.'],
  EFBIG: ['the system allows no file of that size', 'Raise the file size limit (ulimit -f), then try again.'],
  EROFS: [
    'the file system is read-only',
    'Mount it writable, or name other files with --credentials-file and --config-file.',
  ],
  EACCES: ['you may not write there', 'Make the file and its directory writable for you, then try again.'],
  EPERM: [
    'the system does not permit it',
    'See whether the file or its directory is protected (chattr, chflags) or belongs to someone else.',
  ],
  EBUSY: [
    'it is mounted by itself, as containers do, and cannot be replaced',
    'Mount its directory instead, or run Keyturn outside the container.',
  ],
  EXDEV: [
    'it lies on another file system than its directory',
    'Mount its directory instead of the single file.',
  ],
  EMFILE: ['too many files are open', 'Close some programs, then try again.'],
  ENFILE: ['too many files are open', 'Close some programs, then try again.'],
  EIO: [
    'the disk reports an error',
    'Check the disk before anything else; keep a copy of the file elsewhere.',
  ],
  ENOENT: [
    'it is not there',
    'Create it with aws configure, or name another with --credentials-file or --config-file.',
  ],
  ELOOP: ['its symbolic links lead in a circle', 'Let the link point at a file.'],
  ENOTDIR: ['a part of its path is not a directory', 'Correct the path.'],
  ENAMETOOLONG: ['its name is too long', 'Use a shorter name.'],
}

/** Words for a failing call of the file system. The old bytes are intact where this is said. */
export function writeFailure(file: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = codeOf(error)
  if (error instanceof NotDurableError)
    return new Failure(
      {
        name: 'file-not-durable',
        title: 'Written, but not known to last',
        detail: `${file} holds the new bytes, but the disk did not confirm it: a power cut now could bring the old ones back.`,
        remedy: 'Check the disk. Keyturn goes on from what the file holds.',
        ...(codeOf(error.cause) && { code: codeOf(error.cause) }),
      },
      { cause: error },
    )
  const [what, remedy] = meaning(file, code)
  return new Failure(
    {
      name: 'file-write',
      title: 'The file could not be written',
      detail: `${file}: ${what}. Its old content is intact.`,
      remedy,
      ...(code && { code }),
    },
    { cause: error },
  )
}

/** Words for a file that could not be written later, found before anything was done. */
export function unwritable(file: string, what: string, remedy: string, cause?: unknown): Failure {
  const code = codeOf(cause)
  return new Failure(
    {
      name: 'file-unwritable',
      title: 'The file cannot be written',
      detail: `${file} cannot be replaced: ${what}. Nothing was changed.`,
      remedy,
      ...(code && { code }),
    },
    { cause },
  )
}

/** As `unwritable`, from a failing call. */
export function unwritableBy(file: string, error: unknown): Failure {
  return error instanceof Failure ? error : unwritable(file, ...meaning(file, codeOf(error)), error)
}

/** For a file that cannot be read. */
export function unreadable(file: string, error: unknown): Trouble {
  const code = codeOf(error)
  const [what, remedy] =
    code === 'EACCES' && process.platform !== 'win32'
      ? ['you may not read it', 'Make it readable for you: chmod 600, or take its ownership.']
      : meaning(file, code)
  return {
    name: 'file-unreadable',
    title: 'The file cannot be read',
    detail: `${file}: ${what}.`,
    remedy,
    ...(code && { code }),
  }
}

export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}

/** Windows says EBUSY of a file that is open without sharing alone; its other two answers have both causes. */
function onWindows(file: string, code: string | undefined): readonly [string, string] | undefined {
  if (process.platform !== 'win32') return undefined
  const close = 'Close it in other programs, such as an editor, then try again.'
  if (code === 'EBUSY') return ['another program has it open', close]
  if (code !== 'EPERM' && code !== 'EACCES') return undefined
  return [
    'another program has it open, or your account has not the right to it',
    `${close} If no program has it open, give yourself the right: ${grant(file)}`,
  ]
}

/** To be typed in PowerShell and in cmd alike. */
function grant(file: string): string {
  return `icacls "${file}" /grant "${userInfo().username}:M"`
}

function meaning(file: string, code: string | undefined): readonly [string, string] {
  const there = onWindows(file, code)
  if (there) return there
  return (
    meanings[code ?? ''] ?? [
      code ? `the system says ${code}` : 'an unforeseen error',
      'Try again; the cause is in the log of the terminal.',
    ]
  )
}
