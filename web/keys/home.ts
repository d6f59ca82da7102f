import type { Key } from '../../server/api/inventory.ts'
import type { Ledger } from '../../server/api/ledger.ts'
import type { Run } from '../../server/api/run.ts'
import { dueAt } from '../../shared/age.ts'
import { everything } from './filter.ts'
import { isOverdue } from './keyState.ts'

/** What the home page is about: the one thing that the person most likely came for, and its one filled button. */
export type Home =
  | { is: 'interrupted'; run: Run }
  | { is: 'running'; run: Run }
  /** Of what a run was asked for, some is neither replaced nor left by name. */
  | { is: 'ledger'; run: string; open: number; asked: number }
  | { is: 'checking'; count: number }
  | { is: 'unchecked' }
  /** `keys`: those that can be rotated; `count`: all that are overdue. */
  | { is: 'overdue'; keys: readonly Key[]; count: number }
  | { is: 'fine'; next: Due | undefined }

export interface Due {
  key: Key
  at: number
}

export function homeOf(
  keys: readonly Key[],
  runs: readonly Run[],
  { asked, open }: Pick<Ledger, 'asked' | 'open'>,
  policyDays: number,
  now: number,
): Home {
  const under = (state: Run['state']): Run | undefined => runs.find((run) => run.state === state)
  const interrupted = under('interrupted')
  if (interrupted) return { is: 'interrupted', run: interrupted }
  const running = under('running')
  if (running) return { is: 'running', run: running }
  const [first] = open
  if (first) return { is: 'ledger', run: first.run, open: open.length, asked }
  const checking = keys.filter((key) => key.checking).length
  if (checking > 0) return { is: 'checking', count: checking }
  const overdue = keys.filter((key) => isOverdue(key, policyDays, now))
  if (overdue.length > 0) return { is: 'overdue', keys: everything(overdue), count: overdue.length }
  if (keys.some(({ asOf, excluded, canary }) => asOf === undefined && !excluded && !canary))
    return { is: 'unchecked' }
  return { is: 'fine', next: nextDue(keys, policyDays) }
}

/** The keys by the instant at which each falls due, the first one first; without those that nobody rotates. */
function dues(keys: readonly Key[], policyDays: number): Due[] {
  return everything(keys)
    .flatMap((key) => (key.createdAt === undefined ? [] : [{ key, at: dueAt(key.createdAt, policyDays) }]))
    .sort((a, b) => a.at - b.at)
}

const nextDue = (keys: readonly Key[], policyDays: number): Due | undefined => dues(keys, policyDays)[0]

export interface Week {
  /** Its first moment. */
  from: number
  keys: Key[]
}

const week = 7 * 86_400_000

/** What falls due in each of the twelve weeks that begin now. */
export function comingWeeks(keys: readonly Key[], policyDays: number, now: number): Week[] {
  const weeks: Week[] = Array.from({ length: 12 }, (_, at) => ({ from: now + at * week, keys: [] }))
  for (const { key, at } of dues(keys, policyDays)) weeks[Math.floor((at - now) / week)]?.keys.push(key)
  return weeks
}
