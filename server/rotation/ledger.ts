import type { Ledger, Left, LeftAct, OpenLeft, RestRow } from '../api/ledger.ts'
import type { Plan } from '../api/plan.ts'
import type { Rotation } from '../api/run.ts'
import type { Spec } from './entries.ts'

/** A key that a run was asked for, as its header keeps it. */
export interface Asked {
  readonly key: string
  readonly profiles: readonly string[]
  /** Why the plan left it as it was; absent where it was to be rotated. */
  readonly reason?: { readonly name: string; readonly title: string }
}

/** What has become of keys, by all runs, by AWS's answers, and by the person's word. */
export interface Fates {
  /** By key: the newest run that replaced it and has not been undone. */
  readonly replaced: ReadonlyMap<string, string>
  /** By key: the run that turned it off, deleted it or took it out of the files, where nothing has turned it on since. */
  readonly off: ReadonlyMap<string, string>
  /** AWS refuses it: deleted or turned off by whomever. */
  readonly refused: ReadonlySet<string>
  /** Left as it is by name, with what was said. */
  readonly leftByName: ReadonlyMap<string, string | undefined>
}

/** What one run was asked for, and what it did. */
export interface Account {
  readonly run: string
  readonly leak: boolean
  readonly asked: readonly Asked[]
  readonly rotations: readonly { readonly spec: Pick<Spec, 'from' | 'merge'>; readonly view: Rotation }[]
}

/** Reasons for which a key that all were asked for was not asked for after all. */
export const notAsked: ReadonlySet<string> = new Set(['excluded', 'canary', 'younger'])

/** Pure: all keys that a plan was asked for, each with why it stays, where it does. */
export function askedOf(
  { rotate, choose, skip }: Pick<Plan, 'rotate' | 'choose' | 'skip'>,
  profilesOf: (key: string) => readonly string[],
): Asked[] {
  const named = (key: string, reason?: Asked['reason']): Asked => ({
    key,
    profiles: profilesOf(key),
    ...(reason && { reason: { name: reason.name, title: reason.title } }),
  })
  return [
    ...rotate.flatMap(({ key, merges }) => [named(key), ...(merges ? [named(merges.id)] : [])]),
    ...choose.map(({ key }) => named(key, needsChoice)),
    ...skip.flatMap(({ key, reason }) =>
      key === undefined || notAsked.has(reason.name) ? [] : [named(key, reason)],
    ),
  ]
}

const needsChoice = { name: 'needs-choice', title: 'Needs your choice' }

/** Pure: the keys of a run that it did not replace itself, or that work again since; each once, in the order of the plan. */
export function leftOf(account: Account, fates: Fates): Left[] {
  const rotations = new Map(
    account.rotations.flatMap(({ spec, view }) =>
      [spec.from, ...(spec.merge ? [spec.merge.key] : [])].map((key) => [key, view] as const),
    ),
  )
  return account.asked.flatMap((asked) => {
    const open = openOf(asked, rotations.get(asked.key), account, fates)
    if (!open) return []
    const { why, ...rest } = closureOf(asked, open, account, fates)
    const row = { key: asked.key, profiles: [...asked.profiles], reason: open.reason }
    const closed = rest.closedBy !== undefined
    return [
      {
        ...row,
        state: closed ? ('closed' as const) : ('open' as const),
        ...rest,
        ...(why !== undefined && { why }),
        ...(!closed && { act: open.act }),
      },
    ]
  })
}

interface Open {
  readonly reason: string
  readonly act: LeftAct
  /** In peace a key that the person left out, or put back, is left by name; after a theft that takes a word of its own. */
  readonly chosen?: 'left' | 'undone'
}

/** Why a key still works, as far as its run goes; undefined where the run replaced it. */
function openOf(
  { key, reason }: Asked,
  rotation: Rotation | undefined,
  { leak }: Account,
  { off }: Fates,
): Open | undefined {
  if (!rotation) {
    if (!reason) return { reason: 'Not rotated', act: 'leave' }
    const { name, title } = reason
    return {
      reason: title,
      act: acts[name] ?? 'leave',
      ...(name === 'left-out' && { chosen: 'left' as const }),
    }
  }
  const { state, problem } = rotation
  if (state === 'done') {
    // Who was robbed does not want it to go on working, whoever lets it.
    return leak && !off.has(key) ? { reason: 'Replaced, and still active', act: 'turn-off' } : undefined
  }
  if (state === 'undone') return { reason: 'Put back by an undo', act: 'rotate', chosen: 'undone' }
  if (state === 'running' || state === 'waiting') return { reason: 'Being replaced', act: 'finish' }
  if (state === 'failed' || state === 'interrupted')
    return { reason: problem?.title ?? 'Interrupted', act: 'finish' }
  const refused = problem?.name === 'access-denied' || problem?.name === 'quarantined'
  return {
    reason: problem?.title ?? 'Stopped',
    act: refused ? 'sign' : (acts[problem?.name ?? ''] ?? 'rotate'),
  }
}

/** What is to be done about a key that the plan left, by the name of the reason. */
const acts: Readonly<Record<string, LeftAct>> = {
  'needs-choice': 'choose',
  'same-user': 'rotate',
  'left-out': 'rotate',
  'access-denied': 'sign',
  quarantined: 'sign',
  'invalid-key': 'remove',
  'key-inactive': 'remove',
  'key-gone': 'remove',
}

function closureOf(
  { key }: Asked,
  { chosen }: Open,
  { run, leak }: Account,
  { replaced, off, refused, leftByName }: Fates,
): { closedBy?: string; why?: string } {
  const by = off.get(key)
  if (by !== undefined) return { closedBy: by }
  const newer = replaced.get(key)
  if (newer !== undefined && newer !== run && !leak) return { closedBy: newer }
  if (refused.has(key)) return { closedBy: 'dead' }
  if (leftByName.has(key)) {
    const why = leftByName.get(key)
    return { closedBy: 'left', ...(why !== undefined && { why }) }
  }
  return chosen !== undefined && !leak ? { closedBy: chosen } : {}
}

/** Pure: what is open of all runs, each key once, by the newest run that was asked for it. @param runs newest first @param rest what a theft leaves beside keys */
export function ledgerOf(
  runs: readonly (Pick<Account, 'run' | 'leak' | 'asked'> & { readonly left: readonly Left[] })[],
  rest: readonly RestRow[] = [],
): Ledger {
  const open = new Map<string, OpenLeft>()
  const asked = new Set<string>()
  let leak = rest.some(({ state }) => state === 'open')
  for (const each of runs) {
    const rows = each.left.filter(({ state }) => state === 'open')
    if (rows.length === 0) continue
    for (const { key } of each.asked) asked.add(key)
    leak ||= each.leak
    for (const { key, profiles, reason, act } of rows) {
      if (!open.has(key)) open.set(key, { key, profiles, reason, ...(act && { act }), run: each.run })
    }
  }
  return {
    leak,
    asked: asked.size,
    open: [...open.values()],
    ...(rest.length > 0 && { rest: [...rest] }),
  }
}
