import type { TrailRow } from '../../server/api/trail.ts'

/** Height of each event in the list, in pixels: where a row stands follows from its number. */
export const rowHeight = 30

/** Which rows are drawn: those that can be seen, and a few more on both sides for the next frame. */
export function windowOf(
  total: number,
  scrolled: number,
  height: number,
): { readonly from: number; readonly to: number } {
  const spare = 8
  const from = Math.max(0, Math.min(total, Math.floor(scrolled / rowHeight)) - spare)
  return { from, to: Math.min(total, from + Math.ceil(height / rowHeight) + 2 * spare) }
}

/** Newest first, and only those that hold every word. */
export function matching(rows: readonly TrailRow[], query: string): TrailRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const holds = ({ act, service, region, address, agent, target, words: said, error, by }: TrailRow) => {
    const text = [act, service, region, address, agent, target, said, error, by].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  }
  return rows.filter(holds).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
}
