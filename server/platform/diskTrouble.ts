import { Failure } from './failure.ts'

/** What a disk says when it takes nothing more, in words. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EFBIG: 'the file would be larger than is allowed',
  EIO: 'the disk reports an error of its own',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'the system does not permit it',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
}

/**
 * A file system's error as words, for where no room of the program has better ones.
 * @returns undefined where it is no such error
 */
export function diskFailure(error: unknown): Failure | undefined {
  const found = [error, error instanceof Error ? error.cause : undefined].find(
    (each): each is NodeJS.ErrnoException =>
      each instanceof Error && Object.hasOwn(reasons, String((each as NodeJS.ErrnoException).code)),
  )
  if (!found) return undefined
  const code = String(found.code)
  return new Failure(
    {
      name: 'disk',
      title: 'The disk refused',
      detail: `${found.path === undefined ? 'A file that Keyturn keeps' : found.path} could not be written: ${reasons[code]} (${code}).`,
      remedy: 'Make room, or make the state directory and the files’ directory writable, then retry.',
      code,
    },
    { cause: error },
  )
}

/** The system opens no further file, for this process or for anybody. */
export function isOutOfHandles(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return code === 'EMFILE' || code === 'ENFILE'
}

/** Does something whose failure is told after a sentence that says what is true then. */
export async function telling<T>(truth: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const failure = error instanceof Failure ? error : diskFailure(error)
    if (!failure) throw error
    const { trouble } = failure
    throw new Failure({ ...trouble, detail: `${truth} ${trouble.detail}` }, { cause: error })
  }
}
