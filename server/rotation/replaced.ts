import type { Run } from '../api/run.ts'
import type { ReplacedKey } from '../keys/ports.ts'

/** Runs that turn an old key on or off and leave the files alone. */
const turning: ReadonlySet<Run['kind']> = new Set(['reactivate', 'activate', 'deactivate'])

/** Pure: the keys that runs have taken out of the files, each by its newest rotation. */
export function replacedKeys(runs: readonly Run[], kept: ReadonlyMap<string, string>): ReplacedKey[] {
  const byId = new Map<string, ReplacedKey>()
  for (const run of runs) {
    if (turning.has(run.kind)) {
      // What it is since then was Keyturn's doing: only what a later look tells can be another's.
      for (const { key, state } of run.rotations) {
        const known = byId.get(key)
        if (known) byId.set(key, turned(known, run, state === 'done'))
      }
    }
    if (run.kind === 'kill') {
      for (const { key, account, user, oldKeyState: state, state: end } of run.rotations) {
        if (end !== 'done') continue
        const asOf = run.finishedAt ?? run.startedAt
        byId.set(key, {
          ...(byId.get(key) ?? { id: key }),
          state,
          asOf,
          retiredAt: asOf,
          ...(account && { account }),
          ...(user && { user }),
        })
      }
    }
    if (run.kind !== 'rotate' && run.kind !== 'restore') continue
    for (const rotation of run.rotations) {
      const saved = rotation.steps.some((step) => step.name === 'save' && step.state === 'done')
      if (!saved || rotation.newKey === undefined) continue
      const retired = rotation.steps.find((step) => step.name === 'retire' && step.state === 'done')
      const undoUntil = kept.get(rotation.key)
      byId.set(rotation.key, {
        id: rotation.key,
        state: rotation.oldKeyState,
        asOf: retired?.finishedAt ?? run.finishedAt ?? run.startedAt,
        ...(rotation.account && { account: rotation.account }),
        ...(rotation.user && { user: rotation.user }),
        ...(rotation.lastUsed && { lastUsed: rotation.lastUsed }),
        ...(retired?.finishedAt !== undefined &&
          rotation.oldKeyState === 'inactive' && { retiredAt: retired.finishedAt }),
        ...(rotation.keptUntil !== undefined && { keptUntil: rotation.keptUntil }),
        replacedBy: rotation.newKey,
        rotation: rotation.id,
        ...(undoUntil !== undefined && { undoUntil }),
      })
    }
  }
  return [...byId.values()]
}

/** What was said of it before goes where an act on it came through: its grace, and since when it is off. */
function turned(known: ReplacedKey, { kind, finishedAt, startedAt }: Run, done: boolean): ReplacedKey {
  const asOf = finishedAt ?? startedAt
  if (!done) return { ...known, asOf }
  const { keptUntil: _, ...rest } = known
  return { ...rest, asOf, ...(kind === 'deactivate' && known.state === 'inactive' && { retiredAt: asOf }) }
}
