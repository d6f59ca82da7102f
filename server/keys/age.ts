const day = 86_400_000

/** Whole days from an ISO 8601 time until `now` (milliseconds since the epoch); never negative. */
export function daysSince(time: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(time)) / day))
}

/** Whether a key made at an ISO 8601 time is older than the policy allows. */
export function isOverdue(createdAt: string, policyDays: number, now: number): boolean {
  return now - Date.parse(createdAt) > policyDays * day
}
