import type { Key } from '../../server/api/inventory.ts'
import { isOverdue as isOlder } from '../../shared/age.ts'
import type { IconName } from '../ui/icons.ts'

export interface KeyState {
  word: string
  icon: IconName
  tone: 'ok' | 'warn' | 'bad' | 'plain'
  /** For sorting by state: the more it needs a person, the lower. */
  rank: number
}

/** A second key of the user that is nowhere on this machine and that nobody here made. */
export function unknownSiblings(key: Key): NonNullable<Key['siblings']> {
  return (key.siblings ?? []).filter(({ ours, profiles }) => !ours && profiles.length === 0)
}

export function isOverdue(key: Key, policyDays: number, now: number): boolean {
  return key.createdAt !== undefined && isOlder(key.createdAt, policyDays, now)
}

/** A key's state in a word and an icon, the most pressing first. */
export function stateOf(key: Key, policyDays: number, now: number): KeyState {
  if (key.checking) return { word: 'Checking', icon: 'spin', tone: 'plain', rank: 5 }
  if (key.problem) return { word: key.problem.title, icon: 'alert', tone: 'bad', rank: 0 }
  if (key.canary) return { word: 'May be planted', icon: 'eye', tone: 'warn', rank: 2 }
  if (key.excluded) return { word: 'Excluded', icon: 'minus', tone: 'plain', rank: 9 }
  if (!key.rotatable) return { word: 'Cannot be rotated', icon: 'block', tone: 'warn', rank: 3 }
  if (key.status !== undefined && key.status !== 'Active') {
    return { word: key.status, icon: 'off', tone: 'warn', rank: 2 }
  }
  if (unknownSiblings(key).length > 0)
    return { word: 'Unknown second key', icon: 'alert', tone: 'warn', rank: 1 }
  if (isOverdue(key, policyDays, now)) return { word: 'Overdue', icon: 'clock', tone: 'bad', rank: 1 }
  if (key.asOf === undefined) return { word: 'Not checked', icon: 'dash', tone: 'plain', rank: 6 }
  return { word: 'Fine', icon: 'check', tone: 'ok', rank: 8 }
}
