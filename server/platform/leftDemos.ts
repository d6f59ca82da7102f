import fs from 'node:fs/promises'
import path from 'node:path'
import { lockHolder } from './lock.ts'

/** A demo that just began may not hold its lock yet, in milliseconds. */
const youngMs = 60_000

/**
 * Removes what demos left that were ended without a word, as by a closed terminal on Windows: this user's own throwaway
 * directories whose lock no living process holds. One that cannot be removed is left.
 */
export async function sweepDemos(folder: string): Promise<void> {
  const names = (await fs.readdir(folder).catch(() => [])).filter((name) =>
    /^keyturn-demo-[A-Za-z0-9]{6}$/.test(name),
  )
  for (const name of names) {
    const demo = path.join(folder, name)
    try {
      const stat = await fs.lstat(demo)
      // In a folder that all share another user's may have the name, or a link of it.
      const isOurs = process.getuid === undefined || stat.uid === process.getuid()
      if (!stat.isDirectory() || !isOurs || Date.now() - stat.mtimeMs < youngMs) continue
      if ((await lockHolder(path.join(demo, 'state', 'lock'))) === undefined)
        await fs.rm(demo, { recursive: true, force: true })
    } catch {
      // The next demo looks again.
    }
  }
}
