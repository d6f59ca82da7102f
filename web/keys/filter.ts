import type { Key, Profile } from '../../server/api/inventory.ts'
import { isOverdue, stateOf } from './keyState.ts'

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
      return stateOf(key, policyDays, now).rank <= 3
    case 'unchecked':
      return key.asOf === undefined
    case 'excluded':
      return key.excluded
  }
}

/** Keys that hold every word of the query, in any order. */
export function filterKeys(
  keys: readonly Key[],
  query: string,
  group: Group,
  policyDays: number,
  now: number,
): Key[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean)
  return keys.filter((key) => {
    if (!inGroup(key, group, policyDays, now)) return false
    if (wanted.length === 0) return true
    const text = haystack(key)
    return wanted.every((word) => text.includes(word))
  })
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Sorted by one column; what is unknown stands last either way, and ties fall to the profile's name. */
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

/** Where each key stands in a list. */
export const ranksOf = (list: readonly Key[]): ReadonlyMap<string, number> =>
  new Map(list.map(({ id }, at) => [id, at]))
