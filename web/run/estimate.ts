import type { Rotation, Run } from '../../server/api/run.ts'
import type { Pace } from './pace.ts'
import { timeLeft } from './pace.ts'

export interface Tally {
  total: number
  /** Ended, well or not. */
  ended: number
  done: number
  failed: number
  rolledBack: number
  stopped: number
  undone: number
  running: number
  waiting: number
}

export function tally(rotations: readonly Rotation[]): Tally {
  const t: Tally = {
    total: rotations.length,
    ended: 0,
    done: 0,
    failed: 0,
    rolledBack: 0,
    stopped: 0,
    undone: 0,
    running: 0,
    waiting: 0,
  }
  for (const { state } of rotations) {
    if (state === 'running') t.running++
    else if (state === 'waiting') t.waiting++
    else {
      t.ended++
      if (state === 'done') t.done++
      else if (state === 'rolledBack') t.rolledBack++
      else if (state === 'undone') t.undone++
      else if (state === 'stopped') t.stopped++
      else t.failed++
    }
  }
  return t
}

/** Whether a person has to look at it. */
export const needs = ({ state, alarm, mfa }: Rotation): boolean =>
  alarm !== undefined ||
  mfa !== undefined ||
  ['failed', 'interrupted', 'stopped', 'rolledBack'].includes(state)

/** Of what a run was asked for, how many are neither replaced nor left by name. */
const openOf = (run: Run): number => run.left?.filter(({ state }) => state === 'open').length ?? 0

/** How many keys of a run need a person. */
export const needing = (run: Run): number => Math.max(openOf(run), run.rotations.filter(needs).length)

/**
 * How far a run is, from 0 to 1, by steps rather than by whole rotations: all go forward together, so that counting
 * only the ended ones would show nothing for long and then everything at once.
 */
export function progress(run: Run): number {
  let sum = 0
  let all = 0
  for (const { state, steps } of run.rotations) {
    all += 1
    if (state !== 'running' && state !== 'waiting') sum += 1
    else if (steps.length > 0) {
      const done = steps.filter((s) => s.state === 'done' || s.state === 'skipped').length
      sum += Math.min(done / steps.length, 0.99)
    }
  }
  return all === 0 ? 0 : sum / all
}

function took(rotation: Rotation): number | undefined {
  const started = rotation.steps.map((s) => s.startedAt).filter((at) => at !== undefined)
  const finished = rotation.steps.map((s) => s.finishedAt).filter((at) => at !== undefined)
  if (started.length === 0 || finished.length === 0) return undefined
  return Math.max(...finished.map(Date.parse)) - Math.min(...started.map(Date.parse))
}

/** How many rotations have written the file; undefined where none of the run does. */
export function inFile({ rotations }: Run): number | undefined {
  const saves = rotations.flatMap(({ steps }) => steps.filter(({ name }) => name === 'save'))
  return saves.length === 0 ? undefined : saves.filter(({ state }) => state === 'done').length
}

/** Seconds as an estimate deserves: 5 s steps below half a minute, 15 s below two, then minutes. */
function coarse(ms: number): string {
  const s = ms / 1_000
  if (s < 8) return 'A few seconds'
  if (s < 30) return `About ${Math.ceil(s / 5) * 5} s`
  if (s < 120) return `About ${Math.ceil(s / 15) * 15} s`
  const minutes = Math.ceil(s / 60)
  return `About ${minutes} minutes`
}

/**
 * What is left, in words and honestly. Before three rotations have ended it goes by the steps, as long as each usually
 * takes here; then the pace of those rotations is the measure. A run that is slower than its pace is said to be so
 * instead of counting on from a wrong number.
 * @param pace of earlier runs
 */
export function estimate(run: Run, now: number, pace: Pace = {}): string {
  const t = tally(run.rotations)
  const left = t.total - t.ended
  if (left === 0) return 'Finishing'
  if (run.rotations.some(({ mfa }) => mfa) && run.rotations.every((r) => r.mfa || isEnded(r)))
    return 'Waiting for a code from you'
  const elapsed = Math.max(0, now - Date.parse(run.startedAt))
  const times = run.rotations.flatMap((r) => (isEnded(r) ? [took(r) ?? []].flat() : [])).sort((a, b) => a - b)
  if (times.length < Math.min(3, t.total)) {
    if (elapsed > 90_000) return 'Longer than usual: AWS is slow to spread the new keys'
    const byStep = t.waiting === 0 ? timeLeft(run, pace, now) : undefined
    if (byStep === Infinity) return 'Longer than usual here'
    return byStep === undefined ? 'Usually 20 to 60 s for a key' : `${coarse(byStep)} left`
  }
  const slow = times[Math.floor(times.length * 0.9)] ?? 0
  const byPace = (elapsed / t.ended) * left
  const oldest = Math.min(
    ...run.rotations
      .filter((r) => r.state === 'running')
      .map((r) => Date.parse(r.steps.find((s) => s.startedAt)?.startedAt ?? run.startedAt)),
  )
  const byLongest = Number.isFinite(oldest) ? slow - (now - oldest) : slow
  if (t.waiting === 0 && byLongest <= 0) return 'Longer than usual: AWS is slow to spread the last keys'
  return `${coarse(t.waiting > 0 ? Math.max(byPace, byLongest) : byLongest)} left`
}

const isEnded = ({ state }: Rotation): boolean => state !== 'running' && state !== 'waiting'
