import type { HistoryRow, Rotation, Run } from '../api/run.ts'
import type { Spec } from './entries.ts'
import type { RunHeader } from './journal.ts'
import type { Recorded } from './recorded.ts'
import { placeName } from './wrote.ts'

/** What the journal cannot know: what is under way in this process, and what the files and the undo store hold. */
export interface Now {
  /** Rotations that this process drives at the moment. */
  readonly driven: ReadonlySet<string>
  readonly notes: ReadonlyMap<string, string>
  readonly codes: ReadonlyMap<string, string>
  /** ids that each profile holds, by `file:name`, as last read. */
  readonly holds: ReadonlyMap<string, string>
  /** Old pairs kept for undo, by key id: until when. */
  readonly kept: ReadonlyMap<string, string>
  /** By key: the rotation whose lines are kept, which it took out of the files. */
  readonly cuts: ReadonlyMap<string, string>
  /** Rotations that a later, finished run has put back or reactivated, or whose old key it changed. */
  readonly later: ReadonlyMap<string, LaterAct>
  /** Keys that a run has deleted, be it to make room for another key. */
  readonly gone: ReadonlySet<string>
  readonly stopping: ReadonlySet<string>
  /** There are deploy hooks that every run obeys. */
  readonly hooks: boolean
}

export interface LaterAct {
  readonly undone: boolean
  readonly oldKey: Rotation['oldKeyState']
}

/** One rotation as the page shows it: what its journal tells, and what is true now. */
export function viewRotation(run: string, spec: Spec, recorded: Recorded, now: Now): Rotation {
  const { newKey, account, alarm, refusedAt } = recorded
  const driven = now.driven.has(spec.id)
  const later = now.later.get(spec.id)
  const state = stateOf(recorded, driven, later)
  const oldKeyState = now.gone.has(spec.from) ? 'deleted' : (later?.oldKey ?? recorded.oldKeyState)
  const problem = state === 'done' || state === 'undone' || state === 'running' ? undefined : recorded.problem
  const note = driven ? now.notes.get(spec.id) : undefined
  // Where no hook is set the step passes in an instant: nobody is told of hooks that they do not have.
  const hooks = now.hooks || (spec.hooks?.length ?? 0) > 0
  const told = recorded.steps.filter(
    ({ name, state }) =>
      name !== 'hook' || state === 'failed' || (state === 'done' ? recorded.ranHooks : hooks),
  )
  const steps = told.map((step) =>
    note !== undefined && step.state === 'running' ? { ...step, note } : step,
  )
  const current =
    steps.find((step) => step.state === 'running') ?? steps.find((step) => step.state === 'failed')
  const device = now.codes.get(spec.id)
  const undoUntil = now.kept.get(spec.from)
  return {
    id: spec.id,
    run,
    key: spec.from,
    ...(newKey !== undefined && { newKey }),
    profiles: [...spec.profiles, ...(spec.merge?.profiles ?? [])].map((profile) => ({
      name: profile.name,
      file: profile.file,
      state: held(now, profile, spec, newKey),
    })),
    ...(account && { account }),
    ...(spec.user && { user: spec.user }),
    state,
    ...(current && { step: current.name }),
    steps,
    oldKeyState,
    ...(oldKeyState === 'active' && keptUntilOf(spec, recorded)),
    ...(refusedAt !== undefined && { refusedAt }),
    undo: undoOffers(spec, state, oldKeyState, newKey, now),
    ...(undoUntil !== undefined && { undoUntil }),
    ...(device !== undefined && {
      mfa: { device, ...(spec.adminProfile !== undefined && { signer: spec.adminProfile }) },
    }),
    ...(driven && recorded.waiting && { waitsFor: recorded.waiting }),
    ...(alarm && { alarm }),
    ...(problem && { problem }),
    notes: [...recorded.notes],
    ...(spec.lastUsed && { lastUsed: spec.lastUsed }),
  }
}

/** The days of grace count from when the new key was known to work in the file. */
function keptUntilOf({ keepDays }: Spec, { steps }: Recorded): Pick<Rotation, 'keptUntil'> {
  const from = steps.find(({ name, state }) => name === 'retire' && state === 'done')?.finishedAt
  if (keepDays === undefined || from === undefined) return {}
  return { keptUntil: new Date(Date.parse(from) + keepDays * 86_400_000).toISOString() }
}

function stateOf(recorded: Recorded, driven: boolean, later?: LaterAct): Rotation['state'] {
  if (recorded.finished === 'done' || recorded.finished === 'superseded')
    return later?.undone ? 'undone' : recorded.finished
  if (recorded.finished) return recorded.finished
  if (driven) return recorded.begun ? 'running' : 'waiting'
  return recorded.halted ? 'failed' : 'interrupted'
}

function held(
  now: Now,
  profile: Spec['profiles'][number],
  spec: Spec,
  newKey?: string,
): 'old' | 'new' | 'other' {
  const id = now.holds.get(`${profile.file}:${profile.name}`)
  if (id !== undefined && id === newKey) return 'new'
  return id === spec.from ? 'old' : 'other'
}

const undoable: ReadonlySet<Rotation['state']> = new Set(['done', 'failed', 'superseded'])

/** An undo is offered only while it can work; the page shows no button that cannot. */
function undoOffers(
  spec: Spec,
  state: Rotation['state'],
  oldKey: Rotation['oldKeyState'],
  newKey: string | undefined,
  now: Now,
): Rotation['undo'] {
  if (spec.kind === 'remove')
    return state === 'done' && now.cuts.get(spec.from) === spec.id && spec.profiles.some(isEmpty(now))
      ? ['put-back']
      : []
  if (spec.kind !== 'rotate' || newKey === undefined || !undoable.has(state)) return []
  if (oldKey === 'deleted') return []
  // Wherever it stands now: a profile may have been renamed, or moved to the other file.
  const inFile = [...now.holds.values()].includes(newKey)
  const offers: Rotation['undo'] = []
  if (oldKey === 'inactive' && inFile) offers.push('reactivate')
  if (inFile && now.kept.has(spec.from)) offers.push('restore')
  return offers
}

function isEmpty({ holds }: Now): (profile: Spec['profiles'][number]) => boolean {
  return ({ file, name }) => !holds.has(placeName(file, name))
}

/** A whole run; its state follows from its rotations. */
export function viewRun(
  header: RunHeader,
  rotations: readonly Rotation[],
  recorded: Iterable<Recorded>,
  now: Now,
): Run {
  const state = runState(rotations)
  let finishedAt = ''
  if (state !== 'running' && state !== 'interrupted') {
    for (const { lastAt } of recorded) if (lastAt !== undefined && lastAt > finishedAt) finishedAt = lastAt
  }
  return {
    id: header.run,
    kind: header.kind,
    ...(header.undoes !== undefined && { undoes: header.undoes }),
    ...(header.by !== undefined && { by: header.by }),
    state,
    stopping: state === 'running' && now.stopping.has(header.run),
    startedAt: header.at,
    ...(finishedAt !== '' && { finishedAt }),
    oldKey: header.oldKey,
    rotations: [...rotations],
  }
}

function runState(rotations: readonly Rotation[]): Run['state'] {
  const states = new Set(rotations.map((rotation) => rotation.state))
  if (states.has('running') || states.has('waiting')) return 'running'
  if (states.has('interrupted')) return 'interrupted'
  const good = rotations.filter((rotation) => rotation.state === 'done' || rotation.state === 'undone').length
  if (good === rotations.length) return 'done'
  if (states.has('stopped') || states.has('superseded')) return 'stopped'
  return good > 0 ? 'partial' : 'failed'
}

/** A line of the history. */
export function viewHistory(run: Run, rotation: Rotation): HistoryRow {
  let finished = ''
  for (const { finishedAt = '' } of rotation.steps) if (finishedAt > finished) finished = finishedAt
  return {
    run: run.id,
    rotation: rotation.id,
    kind: run.kind,
    ...(run.by && { by: run.by }),
    startedAt: rotation.steps.find((step) => step.startedAt !== undefined)?.startedAt ?? run.startedAt,
    ...(finished !== '' && { finishedAt: finished }),
    oldKeyMode: run.oldKey,
    ...(rotation.account && { account: rotation.account.id }),
    ...(rotation.account?.alias !== undefined && { accountAlias: rotation.account.alias }),
    ...(rotation.user && { user: rotation.user.name }),
    profiles: rotation.profiles.map((profile) => profile.name),
    key: rotation.key,
    ...(rotation.newKey !== undefined && { newKey: rotation.newKey }),
    outcome: rotation.state,
    ...(rotation.problem && { problem: rotation.problem.detail }),
    ...(rotation.problem?.code !== undefined && { code: rotation.problem.code }),
    steps: rotation.steps.flatMap((step) =>
      step.startedAt !== undefined && step.finishedAt !== undefined
        ? [
            {
              name: step.name,
              milliseconds: Math.max(0, Date.parse(step.finishedAt) - Date.parse(step.startedAt)),
            },
          ]
        : [],
    ),
  }
}
