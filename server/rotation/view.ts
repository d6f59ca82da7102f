import type { HistoryRow, Rotation, Run, StepView } from '../api/run.ts'
import type { Trouble } from '../api/problem.ts'
import type { Entry, Spec } from './entries.ts'
import type { RunHeader } from './journal.ts'
import { stand, type Standing } from './machine.ts'
import { stepsFor } from './sagas.ts'

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
  /** Rotations that a later, finished run has put back or reactivated, or whose old key it changed. */
  readonly later: ReadonlyMap<string, LaterAct>
  readonly stopping: ReadonlySet<string>
}

export interface LaterAct {
  readonly undone: boolean
  readonly oldKey: Rotation['oldKeyState']
}

/** One rotation as the page shows it: its journal entries, and what is true now. */
export function viewRotation(run: string, spec: Spec, entries: readonly Entry[], now: Now): Rotation {
  const steps = stepsFor(spec)
  const standing = stand(steps, entries)
  const driven = now.driven.has(spec.id)
  const newKey =
    spec.to ?? (typeof standing.facts['newKey'] === 'string' ? standing.facts['newKey'] : undefined)
  const later = now.later.get(spec.id)
  const state = stateOf(standing, driven, later)
  const oldKeyState = later?.oldKey ?? oldKeyOf(spec, standing)
  const problem =
    state === 'done' || state === 'undone' || state === 'running' ? undefined : problemOf(standing, entries)
  const alarm = entries.findLast((entry) => entry.phase === 'alarm')
  const account = accountOf(spec, standing)
  const views = steps.map((step) =>
    viewStep(step.name, standing, entries, driven ? now.notes.get(spec.id) : undefined),
  )
  const current =
    views.find((view) => view.state === 'running') ?? views.find((view) => view.state === 'failed')
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
    steps: views,
    oldKeyState,
    undo: undoOffers(spec, state, oldKeyState, newKey, now),
    ...(undoUntil !== undefined && { undoUntil }),
    ...(device !== undefined && { mfa: { device } }),
    ...(alarm?.phase === 'alarm' && { alarm: alarm.trouble }),
    ...(problem && { problem }),
    notes: notesOf(spec, standing),
    ...(spec.lastUsed && { lastUsed: spec.lastUsed }),
  }
}

function stateOf(standing: Standing, driven: boolean, later?: LaterAct): Rotation['state'] {
  if (standing.finished === 'done') return later?.undone ? 'undone' : 'done'
  if (standing.finished) return standing.finished
  if (driven) return standing.begun ? 'running' : 'waiting'
  return standing.halted ? 'failed' : 'interrupted'
}

/** A failure that was rolled back keeps its reason; a crash that was rolled back has none. */
function problemOf(standing: Standing, entries: readonly Entry[]): Trouble | undefined {
  if (standing.stuck) return standing.stuck
  if (standing.finished === 'rolledBack') return standing.trouble ?? interruptedWords
  const failed = entries.findLast((entry) => entry.phase === 'failed' || entry.phase === 'undoFailed')
  return failed && 'trouble' in failed && standing.finished === undefined ? failed.trouble : undefined
}

const interruptedWords: Trouble = {
  name: 'interrupted',
  title: 'Interrupted, and rolled back',
  detail:
    'Keyturn ended in the middle of this rotation. The unused new key is deleted; the file and the old key are as before.',
  remedy: 'Rotate the key again.',
}

function oldKeyOf(spec: Spec, standing: Standing): Rotation['oldKeyState'] {
  const fact = standing.facts['oldKey']
  if (fact === 'active' || fact === 'inactive' || fact === 'deleted' || fact === 'unknown') return fact
  return spec.kind === 'rotate' || spec.kind === 'restore' ? 'active' : 'unknown'
}

function accountOf(spec: Spec, standing: Standing): Rotation['account'] {
  const confirmed = standing.facts['account']
  if (typeof confirmed !== 'string') return spec.account
  return {
    ...(spec.account?.alias !== undefined && { alias: spec.account.alias }),
    id: confirmed,
    derived: false,
  }
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

/** An undo is offered only while it can work; the page shows no button that cannot. */
function undoOffers(
  spec: Spec,
  state: Rotation['state'],
  oldKey: Rotation['oldKeyState'],
  newKey: string | undefined,
  now: Now,
): Rotation['undo'] {
  if (spec.kind !== 'rotate' || newKey === undefined || (state !== 'done' && state !== 'failed')) return []
  if (oldKey === 'deleted') return []
  const inFile = [...spec.profiles, ...(spec.merge?.profiles ?? [])].some(
    (profile) => held(now, profile, spec, newKey) === 'new',
  )
  const offers: Rotation['undo'] = []
  if (oldKey === 'inactive' && inFile) offers.push('reactivate')
  if (inFile && now.kept.has(spec.from)) offers.push('restore')
  return offers
}

function notesOf(spec: Spec, standing: Standing): string[] {
  const notes: string[] = []
  const { facts } = standing
  const spare = spec.spare ?? spec.merge?.key
  if (spare !== undefined && facts['spareDeleted'] === true)
    notes.push(`The spare key ****${spare.slice(-4)} was deleted, as planned.`)
  if (facts['leftUnified'] === true)
    notes.push('The profiles of the deleted key now hold the key that stayed.')
  if (Array.isArray(facts['strays']) && facts['strays'].length > 0) {
    notes.push('AWS’s first reply was lost; the key it had made was deleted and another one made.')
  }
  if (Array.isArray(facts['foreignWrites'])) notes.push(...facts['foreignWrites'].map(String))
  return notes
}

function viewStep(
  name: StepView['name'],
  standing: Standing,
  entries: readonly Entry[],
  note?: string,
): StepView {
  const mark = standing.marks.get(name)
  const since = entries.findLastIndex((entry) => entry.phase === 'retried')
  const own = entries.slice(since + 1).filter((entry) => 'step' in entry && entry.step === name)
  const started =
    own.find((entry) => entry.phase === 'started') ?? own.find((entry) => entry.phase === 'undoing')
  const finished = own.findLast(
    (entry) => entry.phase === 'done' || entry.phase === 'failed' || entry.phase === 'undone',
  )
  const state = stepState(mark, own, standing)
  return {
    name,
    state,
    ...(started && { startedAt: started.at }),
    ...(finished && state !== 'running' && { finishedAt: finished.at }),
    ...(note !== undefined && state === 'running' && { note }),
  }
}

function stepState(mark: string | undefined, own: readonly Entry[], standing: Standing): StepView['state'] {
  switch (mark) {
    case 'started':
    case 'undoing':
      return standing.halted ? 'failed' : 'running'
    case 'failed':
    case 'unclear':
    case 'undoFailed':
      return 'failed'
    case 'out':
      return own.some((entry) => entry.phase === 'failed')
        ? 'failed'
        : standing.finished
          ? 'undone'
          : 'running'
    case 'done':
      return 'done'
    case 'undone':
      return 'undone'
    default:
      return standing.finished && standing.finished !== 'done' ? 'skipped' : 'pending'
  }
}

/** A whole run; its state follows from its rotations. */
export function viewRun(
  header: RunHeader,
  rotations: readonly Rotation[],
  entries: Iterable<readonly Entry[]>,
  now: Now,
): Run {
  const state = runState(rotations)
  let finishedAt = ''
  if (state !== 'running' && state !== 'interrupted') {
    for (const list of entries) finishedAt = [finishedAt, list.at(-1)?.at ?? ''].sort().at(-1) ?? finishedAt
  }
  return {
    id: header.run,
    kind: header.kind,
    ...(header.undoes !== undefined && { undoes: header.undoes }),
    state,
    stopping: now.stopping.has(header.run),
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
  if (states.has('stopped')) return 'stopped'
  return good > 0 ? 'partial' : 'failed'
}

/** A line of the history. */
export function viewHistory(run: Run, rotation: Rotation): HistoryRow {
  const finished = rotation.steps
    .map((step) => step.finishedAt ?? '')
    .sort()
    .at(-1)
  return {
    run: run.id,
    rotation: rotation.id,
    kind: run.kind,
    startedAt: rotation.steps.find((step) => step.startedAt !== undefined)?.startedAt ?? run.startedAt,
    ...(finished && { finishedAt: finished }),
    oldKeyMode: run.oldKey,
    ...(rotation.account && { account: rotation.account.id }),
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
