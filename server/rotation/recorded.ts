import type { Trouble } from '../api/problem.ts'
import type { Rotation, StepView } from '../api/run.ts'
import { type Entry, spareOf, type Spec } from './entries.ts'
import { stand, type Standing } from './machine.ts'
import { stepsFor } from './sagas.ts'
import { wroteOf, type Wrote } from './wrote.ts'

/**
 * What the journal alone tells of a rotation. Once it is finished this never changes, so that it is worked out once
 * and its entries need not stay in memory.
 */
export interface Recorded extends Pick<Standing, 'begun' | 'halted' | 'waiting' | 'finished'> {
  readonly newKey?: string
  readonly account?: Rotation['account']
  readonly steps: readonly StepView[]
  readonly oldKeyState: Rotation['oldKeyState']
  /** When AWS was last seen to refuse the old key, by AWS's own clock; ISO 8601. */
  readonly refusedAt?: string
  /** Keys that are deleted since: the old one, and one that made room. Such a key never comes back. */
  readonly deleted: readonly string[]
  /** Where its save wrote. */
  readonly wrote?: Wrote
  readonly alarm?: Trouble
  readonly problem?: Trouble
  readonly notes: readonly string[]
  readonly ranHooks: boolean
  /** When its last entry was written. */
  readonly lastAt?: string
}

export function recordedOf(spec: Spec, entries: readonly Entry[]): Recorded {
  const steps = stepsFor(spec)
  const standing = stand(steps, entries)
  const { begun, halted, waiting, finished } = standing
  const made = standing.facts['newKey']
  const newKey = spec.to ?? (typeof made === 'string' ? made : undefined)
  const account = accountOf(spec, standing)
  const alarm = entries.findLast((entry) => entry.phase === 'alarm')
  const problem = problemOf(standing, entries)
  const oldKeyState = oldKeyOf(spec, standing)
  const refusedAt = standing.facts['refusedAt']
  const oldKeyGone = finished === 'done' && oldKeyState === 'deleted'
  const spare = spareDeleted(spec, standing)
  const lastAt = entries.at(-1)?.at
  const wrote = wroteOf(standing.facts)
  return {
    begun,
    halted,
    ...(waiting && { waiting }),
    ...(finished && { finished }),
    ...(newKey !== undefined && { newKey }),
    ...(account && { account }),
    steps: steps.map((step) => viewStep(step.name, standing, entries)),
    oldKeyState,
    ...(typeof refusedAt === 'string' && { refusedAt }),
    deleted: [...(oldKeyGone ? [spec.from] : []), ...(spare === undefined ? [] : [spare])],
    ...(wrote && { wrote }),
    ...(alarm?.phase === 'alarm' && { alarm: alarm.trouble }),
    ...(problem && { problem }),
    notes: notesOf(spec, standing),
    ranHooks: Array.isArray(standing.facts['hooks']) && standing.facts['hooks'].length > 0,
    ...(lastAt !== undefined && { lastAt }),
  }
}

/** A failure that was rolled back keeps its reason; a crash that was rolled back has none. */
function problemOf(standing: Standing, entries: readonly Entry[]): Trouble | undefined {
  if (standing.finished === 'superseded') return supersededWords(standing)
  if (standing.stuck) return standing.stuck
  if (standing.waiting && standing.finished === undefined) return standing.waiting
  if (standing.finished === 'rolledBack') return standing.trouble ?? interruptedWords
  const failed = entries.findLast((entry) => entry.phase === 'failed' || entry.phase === 'undoFailed')
  return failed && 'trouble' in failed && standing.finished === undefined ? failed.trouble : undefined
}

function supersededWords({ supersededBy, closing, trouble, stuck, committed }: Standing): Trouble {
  const why = stuck ?? (closing && committed ? trouble : undefined)
  const left = why ? ` What stood in its way: ${why.detail}` : ''
  if (supersededBy === undefined && closing) return closedWords(committed, left)
  if (supersededBy === undefined && trouble) return trouble
  return {
    name: 'superseded',
    title: 'Taken over by a newer run',
    detail: `Continued by run ${supersededBy}. ${committed ? 'Its new key had been saved by then.' : 'The files were as before it.'}${left}`,
  }
}

function closedWords(committed: boolean, left: string): Trouble {
  return {
    name: 'closed',
    title: 'Closed as it stood',
    detail: `You closed this; nothing of it is tried again. ${committed ? 'Its new key had been saved by then.' : 'The files were as before it.'}${left}`,
    remedy: 'Check the keys, and look in the AWS console for any of this user that nobody needs.',
  }
}

const interruptedWords: Trouble = {
  name: 'interrupted',
  title: 'Interrupted, and rolled back',
  detail:
    'Keyturn ended in the middle of this rotation. The unused new key is deleted; the file and the old key are as before.',
  remedy: 'Rotate the key again.',
}

/** Kinds whose old key works when they begin. */
const startsActive: ReadonlySet<Spec['kind']> = new Set(['rotate', 'restore', 'kill'])

function oldKeyOf(spec: Spec, standing: Standing): Rotation['oldKeyState'] {
  const fact = standing.facts['oldKey']
  if (fact === 'active' || fact === 'inactive' || fact === 'deleted' || fact === 'unknown') return fact
  return startsActive.has(spec.kind) ? 'active' : 'unknown'
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

function spareDeleted(spec: Spec, { facts }: Standing): string | undefined {
  return facts['spareDeleted'] === true ? spareOf(spec) : undefined
}

function notesOf(spec: Spec, standing: Standing): string[] {
  const notes: string[] = []
  const { facts } = standing
  const spare = spareDeleted(spec, standing)
  if (spare !== undefined) notes.push(`The spare key ****${spare.slice(-4)} was deleted, as planned.`)
  if (facts['leftUnified'] === true)
    notes.push('The profiles of the deleted key now hold the key that stayed.')
  if (Array.isArray(facts['strays']) && facts['strays'].length > 0) {
    const another = standing.finished === 'rolledBack' ? '' : ' and another one made'
    notes.push(`AWS’s first reply was lost; the key it had made was deleted${another}.`)
  }
  if (Array.isArray(facts['foreignWrites'])) notes.push(...facts['foreignWrites'].map(String))
  if (Array.isArray(facts['places'])) notes.push(...facts['places'].map(String))
  return notes
}

function viewStep(name: StepView['name'], standing: Standing, entries: readonly Entry[]): StepView {
  const mark = standing.marks.get(name)
  const its = (from: number) => entries.slice(from).filter((entry) => 'step' in entry && entry.step === name)
  const lately = its(entries.findLastIndex((entry) => entry.phase === 'retried') + 1)
  // A retry of the step that stood still leaves the others their times; one after a rollback begins anew.
  const anew = entries.findLastIndex(
    (entry, index) => entry.phase === 'retried' && entries[index - 1]?.phase === 'finished',
  )
  const own = lately.length > 0 ? lately : its(anew + 1)
  const started =
    own.find((entry) => entry.phase === 'started') ?? own.find((entry) => entry.phase === 'undoing')
  const finished = own.findLast(
    (entry) => entry.phase === 'done' || entry.phase === 'failed' || entry.phase === 'undone',
  )
  const state = stepState(mark, lately, standing)
  return {
    name,
    state,
    ...(started && { startedAt: started.at }),
    ...(finished && state !== 'running' && { finishedAt: finished.at }),
  }
}

function stepState(
  mark: string | undefined,
  lately: readonly Entry[],
  standing: Standing,
): StepView['state'] {
  switch (mark) {
    case 'started':
    case 'undoing':
      return standing.halted ? 'failed' : 'running'
    case 'failed':
    case 'unclear':
    case 'undoFailed':
      return 'failed'
    case 'out':
      return lately.some((entry) => entry.phase === 'failed')
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
