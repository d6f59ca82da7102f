import type { Key } from '../../server/api/inventory.ts'
import { daysOver, daysSince } from '../../shared/age.ts'
import { csvLine } from '../../shared/csv.ts'
import { statesOf } from './keyState.ts'

const columns = [
  'key',
  'profiles',
  'user',
  'account',
  'alias',
  'createdAt',
  'ageDays',
  'daysOver',
  'lastUsedAt',
  'lastUsedService',
  'lastUsedRegion',
  'status',
  'state',
  'checkedAt',
]

/** The keys as they stand, for whoever is asked for their ages: ids and times, no secrets. */
export function keysCsv(keys: readonly Key[], policyDays: number, now: number): string {
  return (
    csvLine(columns) +
    keys
      .map((key) =>
        csvLine([
          key.id,
          key.profiles.join(' '),
          key.user?.arn,
          key.account?.id,
          key.account?.alias,
          key.createdAt,
          key.createdAt && daysSince(key.createdAt, now),
          key.createdAt && daysOver(key.createdAt, policyDays, now),
          key.lastUsed?.at,
          key.lastUsed?.service,
          key.lastUsed?.region,
          key.status,
          statesOf(key, policyDays, now)
            .map(({ word }) => word)
            .join('; '),
          key.asOf,
        ]),
      )
      .join('')
  )
}
