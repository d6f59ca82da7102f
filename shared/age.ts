const day = 86_400_000

/** Whole days from an RFC 3339 time until `now` (milliseconds since the epoch); never negative, 0 where it is no time. */
export function daysSince(time: string, now: number): number {
  const days = Math.floor((now - Date.parse(time)) / day)
  return Number.isNaN(days) ? 0 : Math.max(0, days)
}

/** When a key made at an RFC 3339 time becomes older than the policy allows, in milliseconds since the epoch. */
export const dueAt = (createdAt: string, policyDays: number): number =>
  Date.parse(createdAt) + policyDays * day

/** Whether a key made at an RFC 3339 time is older than the policy allows: from the first moment after the last day. */
export function isOverdue(createdAt: string, policyDays: number, now: number): boolean {
  return now > dueAt(createdAt, policyDays)
}

/** By how many whole days it is overdue, 0 on the first; undefined where it is not. */
export const daysOver = (createdAt: string, policyDays: number, now: number): number | undefined =>
  isOverdue(createdAt, policyDays, now) ? daysSince(createdAt, now) - Math.floor(policyDays) : undefined

/** An age in days up to two years, since policies are in days, and in years beyond: 12 days, 400 days, 3.4 years. */
export function ageWords(days: number): string {
  if (days < 1) return 'today'
  if (days < 731) return `${days} ${days === 1 ? 'day' : 'days'}`
  return `${(Math.floor(days / 36.525) / 10).toFixed(1)} years`
}

/** A moment to the minute, in milliseconds since the epoch, for who has no browser's locale: 2026-03-01 10:00 UTC. */
export const utcMinute = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
