import { setImmediate as tick } from 'node:timers/promises'
import type { OldKeyMode } from '../../server/api/plan.ts'
import type { Run } from '../../server/api/run.ts'
import type { FaultEffect } from '../../server/sandbox/faults.ts'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { flapping } from './ground.ts'
import { Promises, unfinished } from './promises.ts'
import { Random, seed } from './random.ts'
import type { Shape } from './shapes.ts'

/** The ways in which a call fails, each once and for good. */
export const ways: Readonly<Record<string, FaultEffect>> = {
  'lost before it was sent': { kind: 'drop-before' },
  'lost after the act': { kind: 'drop-after' },
  'cut in the middle of the reply': { kind: 'cut' },
  'answered 500 after the act': { kind: 'error-after' },
  'answered by a sign-in page before it got there': { kind: 'page-before', status: 302 },
  'answered by a filter after the act': { kind: 'page-after', status: 403 },
  throttled: { kind: 'throttle' },
  denied: {
    kind: 'error-before',
    status: 403,
    code: 'AccessDenied',
    message: 'not authorized to perform this',
  },
}

interface Place {
  readonly action: string
  /** How many calls of the same action came before it. */
  readonly skip: number
}

export interface Counted {
  readonly calls: number
  readonly plays: number
  readonly outcomes: ReadonlyMap<string, number>
}

/**
 * Lets each API call of a rotation fail in each of these ways, once and for good from there on, and each time checks
 * the promises after every call that AWS saw; then mends the fault, retries, and checks again.
 * @param most plays so many of them, chosen by the seed; default all
 */
export async function failEveryCall(shape: Shape, oldKey: OldKeyMode, most = Infinity): Promise<Counted> {
  const bench = await openBench({
    behaviour: { propagation: flapping, deactivationLagMs: 2_500, listLagMs: 1_500 },
  })
  const outcomes = new Map<string, number>()
  try {
    const places = await placesOf(bench, shape, oldKey)
    const all = places.flatMap((place) =>
      Object.entries(ways).flatMap(([way, effect]) =>
        [1, undefined].map((times) => ({ place, way, effect, times })),
      ),
    )
    const chosen = new Random(seed).sample(all, most)
    for (const { place, way, effect, times } of chosen) {
      const outcome = await playFault(bench, shape, oldKey, place, effect, times).catch((error: unknown) => {
        const which = `${place.action} ${place.skip + 1} ${way}, ${times === 1 ? 'once' : 'for good'}`
        throw new Error(`${shape.name}, ${oldKey}: ${which}`, { cause: error })
      })
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    return { calls: places.length, plays: chosen.length, outcomes }
  } finally {
    await bench.close()
  }
}

/** The calls of a rotation that nobody disturbs. */
async function placesOf(bench: Bench, shape: Shape, oldKey: OldKeyMode): Promise<Place[]> {
  const laid = shape.lay(bench.ground)
  const promises = new Promises(bench.ground, laid)
  const plan = await bench.plan({ ...laid.wish, oldKey })
  if (plan.rotate.length === 0) throw new Error(`nothing to rotate: ${JSON.stringify(plan)}`)
  const from = bench.ground.sandbox.calls.length
  const { run } = await bench.rotate({ ...laid.wish, oldKey })
  await promises.atTheEnd('undisturbed', [run], '')
  if (run.state !== 'done') throw new Error(`undisturbed, and yet ${JSON.stringify(run.rotations)}`)
  const seen = new Map<string, number>()
  return bench.ground.sandbox.calls.slice(from).map(({ action }) => {
    const skip = seen.get(action) ?? 0
    seen.set(action, skip + 1)
    return { action, skip }
  })
}

async function playFault(
  bench: Bench,
  shape: Shape,
  oldKey: OldKeyMode,
  place: Place,
  effect: FaultEffect,
  times: number | undefined,
): Promise<string> {
  const { control } = bench.ground.sandbox
  const laid = shape.lay(bench.ground)
  const promises = new Promises(bench.ground, laid)
  // What a plan asks first is not what is tried here: the rotation's own calls are.
  await bench.plan({ ...laid.wish, oldKey })
  let broken: unknown
  const unhook = control.onCall(() => {
    try {
      promises.atEveryInstant('during the run')
    } catch (error) {
      broken ??= error
    }
  })
  control.fault({ ...place, ...(times !== undefined && { times }) }, effect)
  try {
    const { run } = await bench.rotate({ ...laid.wish, oldKey })
    const outcome = told(run)
    control.clearFaults()
    let last = run
    for (let tries = 0; tries < 3 && last.state !== 'done'; tries++) {
      await bench.runs.retry(run.id)
      await bench.runs.idle()
      last = bench.runs.existing(run.id)
    }
    if (broken !== undefined) throw broken
    if (bench.defects.length > 0) throw bench.defects[0]
    const open = unfinished([last])
    if (open !== undefined) throw new Error(`retrying does not end it: ${open}`)
    if (last.state !== 'done') throw new Error(`retrying does not do it: ${told(last)}`)
    await promises.atTheEnd('at the end', [last], '')
    await tick()
    return outcome
  } finally {
    control.clearFaults()
    unhook()
  }
}

/** The outcome of a run of one rotation. @throws Error where it is none that was designed */
export function told(run: Run): string {
  const [rotation] = run.rotations
  if (!rotation) throw new Error('a run without a rotation')
  const { state, problem } = rotation
  if (state === 'done') return 'done'
  if (state !== 'rolledBack' && state !== 'failed')
    throw new Error(`an outcome that nobody designed: ${state}`)
  if (!problem || problem.name === 'defect' || problem.name === 'unfinished')
    throw new Error(`no words of its own: ${JSON.stringify(problem)}`)
  if (!problem.title || !problem.detail || !problem.remedy)
    throw new Error(`words that say too little: ${JSON.stringify(problem)}`)
  return `${state}: ${problem.name}`
}
