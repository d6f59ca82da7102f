import type { Changed, Inventory, Key, OldKey, WentBack } from '../api/inventory.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Trouble } from '../api/problem.ts'
import type { Run } from '../api/run.ts'
import { isOverdue } from '../../shared/age.ts'
import { fileTroubles } from './fileTroubles.ts'
import type { FileTroubles } from './fileTroubles.ts'

/** What `keyturn status` found; the form of its JSON document, exit code aside. */
export interface Due {
  readonly now: string
  readonly agePolicyDays: number
  readonly keys: readonly Key[]
  /** Over the age policy. */
  readonly overdue: readonly Key[]
  /** That no check has found an age for, though one may. */
  readonly unchecked: readonly Key[]
  /** Ones that cannot be used or rotated as they are. */
  readonly troubled: readonly Key[]
  /** Old keys that wait for an act: still active, safe to delete, or made by nobody here. */
  readonly oldKeys: readonly OldKey[]
  /** Old keys of ours that are off: how many have been quiet for long enough, and when the others will have been. */
  readonly quiet: {
    readonly count: number
    readonly later: readonly { readonly id: string; readonly safeOn: string }[]
  }
  readonly interrupted: readonly Run[]
  /** Profiles that hold a key again which Keyturn replaced there. */
  readonly wentBack: readonly WentBack[]
  /** What others changed at AWS since Keyturn left it, as the last check found it. */
  readonly changed: readonly Changed[]
  /** Runs that stand still until a person looks. */
  readonly standing: readonly Run[]
  /** Runs that another process drives now. */
  readonly running: readonly Run[]
  /** Runs of which something can still be undone. */
  readonly undoable: readonly {
    readonly run: string
    readonly keys: readonly string[]
    readonly until?: string
  }[]
  /** Keys that runs were asked for and that still work. */
  readonly ledger: Ledger
  readonly notices: readonly Trouble[]
  /** What keeps a file from being read. */
  readonly files: FileTroubles
}

export interface DueParts {
  readonly inventory: Inventory
  readonly agePolicyDays: number
  /** All runs, as the journals tell. */
  readonly runs: readonly Run[]
  /** Another process holds the state directory: what looks interrupted is under way there. */
  readonly busy: boolean
}

/** Pure: what is due, from what is known. Canaries and exclusions never are. */
export function dueOf({ inventory, agePolicyDays, runs, busy }: DueParts): Due {
  // By AWS's clock, which the days of the keys' making are of.
  const now = Date.parse(inventory.now) + (inventory.awsOffsetMs ?? 0)
  const made = madeByUs(runs)
  const ours = inventory.keys.filter((key) => !key.canary && !key.excluded)
  const keys = ours.map((key) => {
    const createdAt = key.createdAt ?? made.get(key.id)
    return createdAt === undefined ? key : { ...key, createdAt }
  })
  const open = runs.filter((run) => run.state === 'interrupted')
  return {
    now: inventory.now,
    agePolicyDays,
    keys,
    overdue: keys.filter(
      ({ createdAt }) => createdAt !== undefined && isOverdue(createdAt, agePolicyDays, now),
    ),
    unchecked: keys.filter(({ asOf, createdAt, rotatable }) => !asOf && createdAt === undefined && rotatable),
    troubled: keys.filter((key) => key.problem !== undefined),
    oldKeys: inventory.oldKeys.filter((key) => waits(key, now)),
    quiet: {
      count: inventory.oldKeys.filter((key) => key.ours && key.safe).length,
      later: inventory.oldKeys.flatMap(({ id, ours, safeAt }) =>
        ours && safeAt !== undefined ? [{ id, safeOn: safeAt }] : [],
      ),
    },
    interrupted: busy ? [] : open,
    wentBack: inventory.wentBack,
    changed: inventory.changed,
    standing: runs.filter(({ state, rotations }) => state !== 'interrupted' && rotations.some(standsStill)),
    running: busy ? open.map((run) => ({ ...run, state: 'running' as const })) : [],
    undoable: runs.flatMap((run) => undoOf(run)),
    ledger: inventory.ledger,
    notices: inventory.notices,
    files: fileTroubles(
      inventory.files,
      inventory.profiles.map(({ file, key }) => ({ file, holdsKey: key !== undefined })),
    ),
  }
}

export function isDue(due: Due): boolean {
  const lists = [
    due.overdue,
    due.unchecked,
    due.oldKeys,
    due.interrupted,
    due.standing,
    due.wentBack,
    due.changed,
    due.ledger.open,
    (due.ledger.rest ?? []).filter(({ state }) => state === 'open'),
  ]
  return due.files.fails || lists.some((list) => list.length > 0)
}

/** One that is kept for a while waits for nobody until that is over. */
function waits({ safe, status, ours, keptUntil }: OldKey, now: number): boolean {
  if (ours && status === 'active' && keptUntil !== undefined) return Date.parse(keptUntil) <= now
  return safe || status === 'active' || !ours
}

function standsStill({ state }: Run['rotations'][number]): boolean {
  return state === 'failed'
}

/** A key that Keyturn made has an age before any check. */
export function madeByUs(runs: readonly Run[]): Map<string, string> {
  const made = new Map<string, string>()
  for (const { rotations } of runs) {
    for (const { newKey, steps } of rotations) {
      const at = steps.find((step) => step.name === 'create' && step.state === 'done')?.finishedAt
      if (newKey !== undefined && at !== undefined) made.set(newKey, at)
    }
  }
  return made
}

function undoOf(run: Run): Due['undoable'] {
  const open = run.rotations.filter((rotation) => rotation.undo.includes('restore'))
  if (open.length === 0) return []
  const until = open.flatMap(({ undoUntil }) => undoUntil ?? []).sort()[0]
  return [{ run: run.id, keys: open.map(({ key }) => key), ...(until !== undefined && { until }) }]
}
