import { systemClock } from './clock.ts'

const intervalMs = 50
/** Together ten seconds: a scanner or a sync client is done with a small file by then. */
const mostAttempts = 200

/**
 * Windows neither renames onto nor removes a file that some program has open without sharing it: an editor, a virus
 * scanner, the AWS CLI in the middle of its write. It lets go within moments, so that the act is tried again.
 * @param before done anew before each attempt: while one waits, the file may become another
 * @throws what the act throws; elsewhere than on Windows at once
 */
export async function onceLetGo<T>(act: () => Promise<T>, before?: () => Promise<void>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    await before?.()
    try {
      return await act()
    } catch (error) {
      if (!mayBeHeld(error) || attempt === mostAttempts) throw error
    }
    await systemClock.sleep(intervalMs)
  }
}

/** Whether the error may be of a file that another program holds. Windows says the same where one may not write. */
export function mayBeHeld(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY')
}
