import type { Run } from '../../server/api/run.ts'
import { needing, progress, tally } from '../run/estimate.ts'
import { kindTitle } from '../run/words.ts'

/** How a run stands, for who looks at another tab: '(3/7) Rotating', then '✓ 11 of 11' or '⚠ 5 need you'. */
export function markOf(run: Run): string {
  const t = tally(run.rotations)
  const [done, total] = [t.done + t.undone, t.total].map((n) => n.toLocaleString()) as [string, string]
  if (run.state === 'running') return `(${t.ended.toLocaleString()}/${total}) ${kindTitle(run.kind).doing}`
  const needed = needing(run)
  return needed > 0
    ? `⚠ ${needed.toLocaleString()} ${needed === 1 ? 'needs' : 'need'} you`
    : `✓ ${done} of ${total}`
}

const around = 2 * Math.PI * 12

/** The tab's icon as a picture in its own address: a ring that fills while a run goes, then a tick or a warning. */
export function ringOf(run: Run): string {
  if (run.state !== 'running')
    return needing(run) > 0
      ? picture('#b86e00', around, 'M16 9v8M16 22v.5')
      : picture('#2f7d2d', around, 'M10 16.5l4.5 4.5L22 12')
  // In sixteenths, so that the tab is drawn anew seldom.
  return picture('#0c7a91', (Math.round(progress(run) * 16) / 16) * around)
}

function picture(colour: string, length: number, mark = ''): string {
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="${colour}" stroke-width="5">` +
    `<circle cx="16" cy="16" r="12" stroke="#8a8275" stroke-opacity=".35"/>` +
    `<circle cx="16" cy="16" r="12" stroke-dasharray="${length.toFixed(1)} 99" transform="rotate(-90 16 16)"/>` +
    (mark && `<path d="${mark}" stroke-width="4" stroke-linecap="round"/>`) +
    '</svg>'
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
