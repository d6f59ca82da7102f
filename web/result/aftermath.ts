import type { Key, LastUsed } from '../../server/api/inventory.ts'
import type { Rotation, Run } from '../../server/api/run.ts'

/**
 * Sessions issued before then are to end. AWS stamps them by its own clock, so that this machine's, which may be slow, must not
 * cut: it is the second after AWS was last seen to refuse an old key. Where no reply told, the run's end is what is left.
 */
export function sessionCut(run: Run): string {
  const seen = run.rotations.flatMap(({ refusedAt }) => (refusedAt === undefined ? [] : [refusedAt])).sort()
  const last = seen.at(-1) ?? run.finishedAt ?? run.startedAt
  return new Date(Math.floor(Date.parse(last) / 1000) * 1000 + 1000).toISOString().replace('.000Z', 'Z')
}

/**
 * Denies every session that was issued before the cut. A long-term key has no `aws:TokenIssueTime`, so that the new keys go
 * on working under it.
 */
export const sessionPolicy = (run: Run): string =>
  JSON.stringify(
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { DateLessThan: { 'aws:TokenIssueTime': sessionCut(run) } },
        },
      ],
    },
    null,
    2,
  )

/** CloudTrail's event history filtered by an old key id, in the region where it was last used. */
export function trailOf(rotation: Rotation, keys: readonly Key[]): string | undefined {
  const known = keys.find(({ id }) => id === rotation.newKey || id === rotation.key)?.consoleUrl
  if (known === undefined) return undefined
  const region = regionOf(rotation.lastUsed)
  const query = region === undefined ? '' : `?region=${encodeURIComponent(region)}`
  return `${new URL(known).origin}/cloudtrailv2/home${query}#/events?AccessKeyId=${encodeURIComponent(rotation.key)}`
}

/** AWS says 'N/A' of a key that was never used. */
const regionOf = (used: LastUsed | undefined): string | undefined =>
  used?.region === undefined || used.region === 'N/A' ? undefined : used.region
