import type { Key } from '../../server/api/inventory.ts'
import { daysOver, isOverdue as isOlder } from '../../shared/age.ts'
import type { IconName } from '../ui/icons.ts'
import { count } from '../ui/text.ts'

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

/** What is excluded is nobody's to rotate, and so never overdue. */
export function isOverdue(key: Key, policyDays: number, now: number): boolean {
  return !key.excluded && key.createdAt !== undefined && isOlder(key.createdAt, policyDays, now)
}

/** Up to this rank a key needs a person, beyond being old. */
export const needing = 3

/** All that is to say of a key, the most pressing first; never nothing. Red is kept for what may be an intruder's. */
export function statesOf(key: Key, policyDays: number, now: number): [KeyState, ...KeyState[]] {
  if (key.checking) return [{ word: 'Checking', icon: 'spin', tone: 'plain', rank: 6 }]
  const states: KeyState[] = []
  const add = (rank: number, word: string, icon: IconName, tone: KeyState['tone'] = 'warn'): void =>
    void states.push({ rank, word, icon, tone })
  const unknown = unknownSiblings(key)
  if (unknown.some(({ status }) => status === 'Active')) add(0, 'Active key nobody here made', 'alert', 'bad')
  else if (unknown.length > 0) add(2, 'Inactive key nobody here made', 'alert')
  if (key.problem) add(1, key.problem.title, 'alert')
  if (key.canary) add(2, 'May be planted', 'eye')
  if (key.excluded) add(9, 'Excluded', 'minus', 'plain')
  else if (!key.rotatable && !key.problem) add(3, 'Cannot be rotated', 'block')
  if (key.status !== undefined && key.status !== 'Active') add(2, key.status, 'off')
  if (isOverdue(key, policyDays, now)) {
    const over = daysOver(key.createdAt ?? '', policyDays, now)
    add(4, over ? `${count(over, 'day')} over` : 'Overdue since today', 'clock', 'plain')
  }
  const [first, ...more] = states.sort((a, b) => a.rank - b.rank)
  if (first) return [first, ...more]
  return key.asOf === undefined
    ? [{ word: 'Not checked', icon: 'dash', tone: 'plain', rank: 7 }]
    : [{ word: 'Fine', icon: 'check', tone: 'ok', rank: 8 }]
}

export const stateOf = (key: Key, policyDays: number, now: number): KeyState =>
  statesOf(key, policyDays, now)[0]

/** What is excluded is not asked about in any case. */
export const plantedAndTouched = ({ canary, excluded }: Key): boolean => canary && !excluded
