import { systemClock, type Clock } from './clock.ts'

const intervalMs = 50
/** A scanner, an indexer or a sync client is done with a small file by then. */
const usualPatienceMs = 10_000

export interface LetGoOptions {
  /** Done anew before each attempt: while one waits, the file may become another. */
  readonly before?: () => Promise<void>
  readonly clock?: Clock
  /** Longest wait, in milliseconds. */
  readonly patienceMs?: number
}

/**
 * Windows neither opens, renames nor removes a file that some program has open without sharing it: an editor, a virus
 * scanner, the AWS CLI in the middle of its write. It lets go within moments, so that the act is tried again.
 * @throws what the act throws; elsewhere than on Windows at once
 */
export async function onceLetGo<T>(
  act: () => Promise<T>,
  { before, clock = systemClock, patienceMs = usualPatienceMs }: LetGoOptions = {},
): Promise<T> {
  for (let waited = 0; ; waited += intervalMs) {
    await before?.()
    try {
      return await act()
    } catch (error) {
      if (!mayBeHeld(error) || waited >= patienceMs) throw error
    }
    await clock.sleep(intervalMs)
  }
}

/** Whether the error may be of a file that another program holds. Windows says the same where one may not write. */
export function mayBeHeld(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY')
}
