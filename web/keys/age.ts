import type { Key } from '../../server/api/inventory.ts'
import { isOverdue } from '../../shared/age.ts'

export type Tone = 'ok' | 'warn' | 'over'

/** How the age of a key stands against the policy: due within its last sixth, overdue beyond it. */
export function ageTone(createdAt: string, policyDays: number, now: number): Tone {
  if (isOverdue(createdAt, policyDays, now)) return 'over'
  return isOverdue(createdAt, policyDays * (5 / 6), now) ? 'warn' : 'ok'
}

/** How much of an age bar is filled. The bar's middle is the policy; its end is four times it, on a curve. */
export function ageFill(days: number, policyDays: number): number {
  const ratio = days / policyDays
  if (ratio <= 1) return ratio / 2
  return Math.min(1, 0.5 + Math.log2(ratio) / 4)
}

export interface Bin {
  /** Inclusive and exclusive bounds in days. */
  from: number
  to: number
  count: number
  tone: Tone
  label: string
}

/**
 * How old the keys are, in eight bins: four quarters of the policy, then one to two, two to four, four to eight times
 * it, and beyond. The policy falls on a bin's edge, so that the overdue part is exact.
 */
export function distribution(created: readonly string[], policyDays: number, now: number): Bin[] {
  const edges = [0, 0.25, 0.5, 0.75, 1, 2, 4, 8].map((f) => Math.round(f * policyDays))
  const bins: Bin[] = edges.map((from, i) => {
    const to = edges[i + 1] ?? Infinity
    const tone = from >= policyDays ? 'over' : i === 3 ? 'warn' : 'ok'
    const start = i >= 4 ? from + 1 : i === 0 ? 0 : from + 1
    return {
      from,
      to,
      count: 0,
      tone,
      label: to === Infinity ? `over ${from} days` : `${start} to ${to} days`,
    }
  })
  for (const at of created) {
    const bin = bins.findLast((each) => isIn(at, each, now))
    if (bin) bin.count++
  }
  return bins
}

const isIn = (createdAt: string, { from, to }: Pick<Bin, 'from' | 'to'>, now: number): boolean =>
  (from === 0 || isOverdue(createdAt, from, now)) && !(to < Infinity && isOverdue(createdAt, to, now))

/** Whether the age of a key is within a bar of the chart. */
export const isWithin = ({ createdAt }: Key, ages: Pick<Bin, 'from' | 'to'>, now: number): boolean =>
  createdAt !== undefined && isIn(createdAt, ages, now)
