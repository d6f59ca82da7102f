import type { BigIntStats, Stats } from 'node:fs'

/** What it is, if not an ordinary file. */
export function kindOf(stat: Stats | BigIntStats): string | undefined {
  if (stat.isFile()) return undefined
  if (stat.isDirectory()) return 'a directory'
  if (stat.isFIFO()) return 'a named pipe (FIFO)'
  if (stat.isSocket()) return 'a socket'
  return 'a device'
}
