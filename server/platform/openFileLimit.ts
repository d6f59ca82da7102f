import { readFileSync } from 'node:fs'

/**
 * How many files, connections included, this process may have open. Node raises its limit to the most that it may have
 * when it starts.
 *
 * @returns undefined where the system does not say
 */
export function openFileLimit(): number | undefined {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}
