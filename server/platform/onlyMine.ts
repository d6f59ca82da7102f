import type { Stats } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'

/**
 * Whether anybody but this user and the system's own could change a program before it is run: the file, or a directory
 * that leads to it, by its name and by where its links lead. As sudo and ssh ask it; Windows is not asked.
 *
 * @returns why, as a clause that names the place; undefined: nobody else, or the file is not there
 */
export async function whoElseMayChange(file: string): Promise<string | undefined> {
  const me = process.getuid?.()
  if (me === undefined) return undefined
  try {
    const places = new Set([...wayTo(path.resolve(file)), ...wayTo(await fs.realpath(file))])
    for (const place of places) {
      const why = foreignness(await fs.lstat(place), me)
      if (why !== undefined) return `${place} ${why}`
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return undefined
}

function wayTo(file: string): string[] {
  const parent = path.dirname(file)
  return parent === file ? [file] : [...wayTo(parent), file]
}

function foreignness(stat: Stats, me: number): string | undefined {
  if (stat.uid !== me && stat.uid !== 0) return 'belongs to another user'
  // A link's mode says nothing; whoever may write its directory is asked there.
  if (stat.isSymbolicLink()) return undefined
  // In a sticky directory, such as /tmp, nobody renames or removes what is another's.
  if (stat.isDirectory() && (stat.mode & 0o1000) !== 0) return undefined
  if ((stat.mode & 0o002) !== 0) return 'can be written by everybody'
  // Many systems give each user a group of their own, with the user's number, and nobody else in it.
  if ((stat.mode & 0o020) !== 0 && stat.gid !== stat.uid) return 'can be written by its group'
  return undefined
}
