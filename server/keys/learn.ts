import type { Account, User } from '../api/inventory.ts'
import type { KeyRecord } from './iam.ts'
import type { Finding } from './ports.ts'

/**
 * Pure: what a run saw of a user's keys, as a check of `key` would have found it. Last uses are not asked for: by now
 * they would tell of the run's own calls; those that were known before stay.
 *
 * @param now milliseconds since the epoch
 */
export function findingOf(
  learnt: {
    readonly key: string
    readonly user: User
    readonly account?: Account
    readonly keys: readonly KeyRecord[]
  },
  known: readonly Finding[],
  now: number,
): Finding {
  const lastUseOf = (id: string) =>
    known.find((finding) => finding.id === id)?.lastUsed ??
    known.flatMap((finding) => finding.siblings).find((sibling) => sibling.id === id && sibling.lastUsed)
      ?.lastUsed
  const facts = (record: KeyRecord) => {
    const lastUsed = lastUseOf(record.id)
    return {
      status: record.status,
      ...(record.createdAt !== undefined && { createdAt: new Date(record.createdAt).toISOString() }),
      ...(lastUsed && { lastUsed }),
    }
  }
  const own = learnt.keys.find((record) => record.id === learnt.key)
  return {
    id: learnt.key,
    asOf: new Date(now).toISOString(),
    user: learnt.user,
    ...(learnt.account && { account: learnt.account }),
    ...(own && facts(own)),
    siblings: learnt.keys
      .filter((record) => record.id !== learnt.key)
      .map((record) => ({ id: record.id, ...facts(record) })),
  }
}
