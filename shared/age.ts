const day = 86_400_000

/** Whole days from an RFC 3339 time until `now` (milliseconds since the epoch); never negative, 0 where it is no time. */
export function daysSince(time: string, now: number): number {
  const days = Math.floor((now - Date.parse(time)) / day)
  return Number.isNaN(days) ? 0 : Math.max(0, days)
}

/** Whether a key made at an RFC 3339 time is older than the policy allows: from the first moment after the last day. */
export function isOverdue(createdAt: string, policyDays: number, now: number): boolean {
  return now - Date.parse(createdAt) > policyDays * day
}
