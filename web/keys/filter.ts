import type { Key, Profile } from '../../server/api/inventory.ts'
import type { Bin } from './age.ts'
import { isWithin } from './age.ts'
import { isOverdue, needing, stateOf } from './keyState.ts'

export const groups = ['all', 'overdue', 'attention', 'unchecked', 'excluded'] as const
export type Group = (typeof groups)[number]
export const sorts = ['age', 'profile', 'user', 'lastUsed', 'state'] as const
export type Sort = (typeof sorts)[number]
export interface Order {
  by: Sort
  descending: boolean
}

/** What of a key the filter box looks at: id, profiles, user, account and its alias. */
function haystack(key: Key): string {
  return [key.id, ...key.profiles, key.user?.name, key.user?.arn, key.account?.id, key.account?.alias]
    .filter((part) => part !== undefined)
    .join('\n')
    .toLowerCase()
}

export function inGroup(key: Key, group: Group, policyDays: number, now: number): boolean {
  switch (group) {
    case 'all':
      return true
    case 'overdue':
      return isOverdue(key, policyDays, now)
    case 'attention':
      return stateOf(key, policyDays, now).rank <= needing
    case 'unchecked':
      return key.asOf === undefined
    case 'excluded':
      return key.excluded
  }
}

/** Keys that hold every word of the query, in any order, and whose age is within the bar that was pressed. */
export function filterKeys(
  keys: readonly Key[],
  query: string,
  group: Group,
  policyDays: number,
  now: number,
  ages?: Pick<Bin, 'from' | 'to'>,
): Key[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean)
  return keys.filter((key) => {
    if (!inGroup(key, group, policyDays, now)) return false
    if (ages && !isWithin(key, ages, now)) return false
    if (wanted.length === 0) return true
    const text = haystack(key)
    return wanted.every((word) => text.includes(word))
  })
}

/** For an order by age; what is not known counts as new. */
const made = ({ createdAt }: Key): number =>
  createdAt === undefined ? Number.MAX_VALUE : Date.parse(createdAt)

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/**
 * Sorted by one column; what is unknown stands last either way. Of the same state the oldest comes first, and all
 * other ties fall to the profile's name.
 */
export function sortKeys(keys: readonly Key[], order: Order, policyDays: number, now: number): Key[] {
  const sign = order.descending ? -1 : 1
  const value = (key: Key): string | number | undefined => {
    switch (order.by) {
      case 'age':
        return key.createdAt && now - Date.parse(key.createdAt)
      case 'lastUsed':
        return key.lastUsed?.at && Date.parse(key.lastUsed.at)
      case 'profile':
        return key.profiles[0]
      case 'user':
        return key.user && `${key.account?.alias ?? key.account?.id ?? ''} ${key.user.name}`
      case 'state':
        return stateOf(key, policyDays, now).rank
    }
  }
  return keys
    .map((key) => ({ key, value: value(key), name: key.profiles[0] ?? key.id }))
    .sort((a, b) => {
      if (a.value === undefined || b.value === undefined) {
        if (a.value !== b.value) return a.value === undefined ? 1 : -1
      } else if (a.value !== b.value) {
        const difference =
          typeof a.value === 'number' && typeof b.value === 'number'
            ? a.value - b.value
            : byName.compare(String(a.value), String(b.value))
        if (difference !== 0) return sign * difference
      } else if (order.by === 'state') {
        const older = made(a.key) - made(b.key)
        if (older !== 0) return sign * older
      }
      return byName.compare(a.name, b.name)
    })
    .map(({ key }) => key)
}

/** The keys that 'Rotate everything' means: what can be rotated, is not excluded and does not look planted. */
export const everything = (keys: readonly Key[]): Key[] =>
  keys.filter(({ rotatable, excluded, canary }) => rotatable && !excluded && !canary)

/** The profiles that hold each key, in the order of the files. */
export function profilesByKey(profiles: readonly Profile[]): ReadonlyMap<string, Profile[]> {
  const byKey = new Map<string, Profile[]>()
  for (const profile of profiles) {
    if (profile.key === undefined) continue
    const known = byKey.get(profile.key)
    if (known) known.push(profile)
    else byKey.set(profile.key, [profile])
  }
  return byKey
}

/** From so many keys on they stand by account, and their ages are drawn. */
export const several = 20

export interface AccountGroup {
  /** The account's alias or id; '' where it is not known. */
  account: string
  keys: Key[]
}

/** The sorted keys by account, in the order in which the accounts first come; one group where they are few. */
export function byAccount(sorted: readonly Key[], total: number): AccountGroup[] {
  const groups = new Map<string, AccountGroup>()
  for (const key of sorted) {
    const account = total < several ? '' : (key.account?.alias ?? key.account?.id ?? '')
    const known = groups.get(account)
    if (known) known.keys.push(key)
    else groups.set(account, { account, keys: [key] })
  }
  return [...groups.values()]
}

/** Where each key stands in a list. */
export const ranksOf = (list: readonly Key[]): ReadonlyMap<string, number> =>
  new Map(list.map(({ id }, at) => [id, at]))
