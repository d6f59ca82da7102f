import { type Static, Type } from 'typebox'
import type { Changed } from '../api/inventory.ts'
import type { Denial } from './actLines.ts'
import { overAt } from './revoke.ts'

/** What a look found of what Keyturn knows a user to have; written where it is not as the look before found it. */
export const WatchLine = Type.Object(
  {
    at: Type.String(),
    account: Type.String(),
    user: Type.String(),
    key: Type.String({ description: 'That signed the look' }),
    devices: Type.Optional(Type.Array(Type.String())),
    policy: Type.Optional(Type.Enum(['in-force', 'gone', 'another'])),
  },
  { additionalProperties: false },
)
export type WatchLine = Static<typeof WatchLine>

/** Policies of ours by their user, with the time when they were put on. */
export type Denials = ReadonlyMap<string, Denial & { readonly at: string; readonly removed: boolean }>

/** Pure: the policy of ours that still has work to do on a user. */
export function standingDenial(denials: Denials, whose: string, now: number) {
  const denial = denials.get(whose)
  return denial && !denial.removed && overAt(denial.cut) > now ? denial : undefined
}

/**
 * Pure: what others changed of policies that ended sessions, and of MFA devices since the first look.
 * @param lines of one user, the oldest first
 */
export function watchedChanges(
  lines: readonly WatchLine[],
  denial: ReturnType<typeof standingDenial>,
): Changed[] {
  const newest = lines.at(-1)
  if (!newest) return []
  const { user, key } = newest
  const row = (what: Changed['what'], thing: string, after: string, before: string): Changed => {
    return { key, user, profiles: [], what, thing, after, before }
  }
  const rows: Changed[] = []
  const policy = denial && lines.findLast((line) => line.policy !== undefined && line.at > denial.at)
  if (denial && policy && policy.policy !== 'in-force') {
    const what = policy.policy === 'gone' ? 'policy-gone' : 'policy-changed'
    rows.push(row(what, denial.policy, denial.at, policy.at))
  }
  const first = lines.find(({ devices }) => devices)
  const last = lines.findLast(({ devices }) => devices)
  const [had = [], have = []] = [first?.devices, last?.devices]
  if (!first || !last) return rows
  for (const id of had) if (!have.includes(id)) rows.push(row('device-gone', id, first.at, last.at))
  for (const id of have) if (!had.includes(id)) rows.push(row('device-added', id, first.at, last.at))
  return rows
}
