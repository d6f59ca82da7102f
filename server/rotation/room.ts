import type { Sibling } from '../api/inventory.ts'
import type { PlanRequest, PlanRoom, RoomClass } from '../api/plan.ts'
import { trustedOffsetMs } from '../keys/ports.ts'
import type { Finding, ReplacedKey } from '../keys/ports.ts'

/** What the fate of a user's second key hangs on. */
export interface RoomContext {
  /** Old keys that Keyturn replaced, by id. */
  readonly replaced: ReadonlyMap<string, ReplacedKey>
  /** For so many days a key must have been off. */
  readonly quietDays: number
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly now: number
}

const dayMs = 86_400_000

/** Pure: what the second key of a user is. @param finding of the user's key in the files: what AWS told just now */
export function roomClassOf(
  other: Sibling,
  held: boolean,
  finding: Finding | undefined,
  { replaced, quietDays, now }: RoomContext,
): RoomClass {
  if (held) return 'merge'
  if (!other.ours) return other.status === 'Inactive' ? 'other-inactive' : 'other-active'
  if (other.status !== 'Inactive') return 'kept'
  const off = replaced.get(other.id)?.retiredAt
  // Without a known last use nothing is known to be unused.
  if (off === undefined || other.lastUsed === undefined) return 'ours-recent'
  // AWS notes uses with a delay, and our own last calls with the key were on the day when it was turned off.
  if (other.lastUsed.at !== undefined && other.lastUsed.at.slice(0, 10) > off.slice(0, 10)) return 'ours-used'
  const offset = finding?.clockOffsetMs
  const trusted = offset !== undefined && Math.abs(offset) <= trustedOffsetMs
  return trusted && now + offset - Date.parse(off) >= quietDays * dayMs ? 'ours-quiet' : 'ours-recent'
}

const allowed: Readonly<Record<NonNullable<PlanRequest['makeRoom']>, ReadonlySet<RoomClass>>> = {
  'ours-quiet': new Set(['ours-quiet']),
  ours: new Set(['ours-quiet', 'ours-recent']),
  inactive: new Set(['ours-quiet', 'ours-recent', 'ours-used', 'other-inactive']),
  ask: new Set(),
}

/** Whether a plan deletes a key of this class without that it is named. */
export function mayMakeRoom(
  { makeRoom, leak }: Pick<PlanRequest, 'makeRoom' | 'leak'>,
  of: RoomClass,
): boolean {
  // After a theft nothing is deleted that the person does not name.
  return allowed[makeRoom ?? (leak ? 'ask' : 'ours-quiet')].has(of)
}

/** The plan's line of it. */
export function roomLine(
  key: string,
  other: Sibling,
  of: RoomClass,
  decided: boolean,
  { replaced }: RoomContext,
): PlanRoom {
  const offSince = replaced.get(other.id)?.retiredAt
  return {
    key,
    spare: other.id,
    class: of,
    ...(offSince !== undefined && { offSince }),
    ...(other.lastUsed?.at !== undefined && { lastUsed: other.lastUsed.at }),
    decided,
  }
}
