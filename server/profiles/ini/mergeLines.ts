import { scanLines } from './lines.ts'

/**
 * Three-way merge of two versions of a file by lines. Each side's change is taken as one region: from the first line
 * that differs to the last. Regions that do not overlap are both applied; two insertions at one place follow each other.
 * @returns undefined where both sides changed the same lines
 */
export function mergeLines(base: Buffer, ours: Buffer, theirs: Buffer): Buffer | undefined {
  const from = cut(base)
  const [mine, other] = [regionOf(from, cut(ours)), regionOf(from, cut(theirs))]
  const [first, second] =
    mine.start < other.start || (mine.start === other.start && mine.end <= other.end)
      ? [mine, other]
      : [other, mine]
  if (first.end > second.start) return undefined
  const lines = [
    ...from.slice(0, first.start),
    ...first.lines,
    ...from.slice(first.end, second.start),
    ...second.lines,
    ...from.slice(second.end),
  ]
  return Buffer.from(lines.join(''), 'latin1')
}

interface Region {
  readonly start: number
  readonly end: number
  readonly lines: readonly string[]
}

/** Lines with their endings, one character a byte. */
function cut(bytes: Buffer): string[] {
  const text = bytes.toString('latin1')
  return scanLines(bytes).map(({ start, next }) => text.slice(start, next))
}

function regionOf(base: readonly string[], changed: readonly string[]): Region {
  let start = 0
  while (start < base.length && start < changed.length && base[start] === changed[start]) start++
  let tail = 0
  while (
    tail < base.length - start &&
    tail < changed.length - start &&
    base.at(-1 - tail) === changed.at(-1 - tail)
  )
    tail++
  return { start, end: base.length - tail, lines: changed.slice(start, changed.length - tail) }
}
