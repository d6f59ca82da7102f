import type { Rotation, Run } from '../api/run.ts'

const verbs: Readonly<Record<Run['kind'], string>> = {
  rotate: 'rotated',
  restore: 'put back',
  mend: 'put back',
  reactivate: 'reactivated',
  activate: 'activated',
  deactivate: 'deactivated',
  delete: 'deleted',
  kill: 'turned off',
  remove: 'removed',
  'put-back': 'put back',
}

/** Of a trouble that is somebody's no, not a failure. */
const refusals = new Set(['access-denied'])

/**
 * Pure: what became of every key, in one line: `6 rotated · 1 refused · 4 left as they were · 19 s`.
 * @param stayed how many keys were asked for and were no part of the runs
 */
export function totalsText(runs: readonly Run[], stayed: number): string {
  const counts = new Map<string, number>()
  const add = (what: string, number = 1) => counts.set(what, (counts.get(what) ?? 0) + number)
  for (const { kind, rotations } of runs) for (const each of rotations) add(endOf(each, kind))
  if (stayed > 0) add(`left as ${stayed === 1 ? 'it was' : 'they were'}`, stayed)
  const parts = [...counts].map(([what, number]) => `${number} ${what}`)
  const took = seconds(runs)
  return [...parts, ...(took === undefined ? [] : [took])].join(' · ')
}

function endOf({ state, problem }: Rotation, kind: Run['kind']): string {
  switch (state) {
    case 'done':
    case 'undone':
      return verbs[kind]
    case 'rolledBack':
      return problem && refusals.has(problem.name) ? 'refused' : 'rolled back'
    case 'stopped':
    case 'interrupted':
      return state
    case 'failed':
      return 'not finished'
    case 'superseded':
      return 'closed'
    case 'waiting':
    case 'running':
      return 'not over'
  }
}

/** From the first start to the last end; unknown while one is not over. */
function seconds(runs: readonly Run[]): string | undefined {
  const starts = runs.map(({ startedAt }) => Date.parse(startedAt))
  const ends = runs.map(({ finishedAt }) => Date.parse(finishedAt ?? ''))
  const took = Math.max(...ends) - Math.min(...starts)
  if (!Number.isFinite(took)) return undefined
  if (took < 60_000) return `${Math.max(1, Math.round(took / 1_000))} s`
  const whole = Math.round(took / 1_000)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
