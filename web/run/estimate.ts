import type { Rotation, Run } from '../../server/api/run.ts'

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

/** Seconds as an estimate deserves: 5 s steps below half a minute, 15 s below two, then minutes. */
function coarse(ms: number): string {
  const s = ms / 1_000
  if (s < 8) return 'A few seconds'
  if (s < 30) return `About ${Math.ceil(s / 5) * 5} seconds`
  if (s < 120) return `About ${Math.ceil(s / 15) * 15} seconds`
  const minutes = Math.ceil(s / 60)
  return `About ${minutes} minutes`
}

/**
 * What is left, in words and honestly: nothing is promised before three rotations have ended, then their pace is the
 * measure; a run that is slower than its pace is said to be so instead of counting on from a wrong number.
 */
export function estimate(run: Run, now: number): string {
  const t = tally(run.rotations)
  const left = t.total - t.ended
  if (left === 0) return 'Finishing'
  if (run.rotations.some(({ mfa }) => mfa) && run.rotations.every((r) => r.mfa || isEnded(r)))
    return 'Waiting for a code from you'
  const elapsed = Math.max(0, now - Date.parse(run.startedAt))
  const times = run.rotations.flatMap((r) => (isEnded(r) ? [took(r) ?? []].flat() : [])).sort((a, b) => a - b)
  if (times.length < Math.min(3, t.total)) {
    return elapsed > 90_000
      ? 'Longer than usual: AWS is slow to spread the new keys'
      : 'Usually 20 to 60 seconds for a key'
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
