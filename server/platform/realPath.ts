import { realpath } from 'node:fs'
import fs from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * Where a path leads, its links resolved. The system is asked; on Windows it may not tell for a path of more than 260
 * characters (UNKNOWN), and each part is looked at in turn.
 * @throws the file system's error
 */
export async function realPath(file: string): Promise<string> {
  try {
    return await fs.realpath(file)
  } catch (error) {
    if (process.platform !== 'win32' || (error as NodeJS.ErrnoException).code !== 'UNKNOWN') throw error
    return promisify(realpath)(file)
  }
}
