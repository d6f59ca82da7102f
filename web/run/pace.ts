import type { Run, StepName } from '../../server/api/run.ts'

/** How long each step usually takes here, in milliseconds. */
export type Pace = Partial<Record<StepName, number>>

/** The middle of what each step took in these runs. */
export function paceOf(runs: readonly Run[]): Pace {
  const taken = new Map<StepName, number[]>()
  for (const { rotations } of runs)
    for (const { steps } of rotations)
      for (const { name, state, startedAt, finishedAt } of steps) {
        const ms = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')
        if (state === 'done' && ms >= 0) taken.set(name, [...(taken.get(name) ?? []), ms])
      }
  return Object.fromEntries(
    [...taken].map(([name, all]) => [name, all.sort((a, b) => a - b)[Math.floor(all.length / 2)]]),
  )
}

/**
 * Until the last rotation ends, if each of its steps takes as long as usual; undefined where one of them was never
 * seen, Infinity where one takes far longer than it does. What this run itself has shown goes before what others have.
 */
export function timeLeft(run: Run, before: Pace, now: number): number | undefined {
  const pace = { ...before, ...paceOf([run]) }
  let longest = 0
  for (const { state, steps } of run.rotations) {
    if (state !== 'running') continue
    let left = 0
    for (const step of steps) {
      if (step.state !== 'running' && step.state !== 'pending') continue
      const usual = pace[step.name]
      if (usual === undefined) return undefined
      const gone = step.startedAt === undefined ? 0 : now - Date.parse(step.startedAt)
      if (gone > 2 * usual + 5_000) return Infinity
      left += Math.max(0, usual - gone)
    }
    longest = Math.max(longest, left)
  }
  return longest
}
