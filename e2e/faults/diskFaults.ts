import { ApiError } from '../client.ts'
import { flapping, Ground } from './ground.ts'
import { Lives, recoverAll } from './lives.ts'
import type { Made } from './lives.ts'
import { Promises, unfinished } from './promises.ts'
import type { Shape } from './shapes.ts'

export interface DiskCount {
  readonly acts: number
  readonly plays: number
  readonly outcomes: ReadonlyMap<string, number>
}

/**
 * The disk refuses the n-th act of a kind and all that follow, for each n or each `step`-th; then it takes them
 * again, and the person presses 'Finish or roll back'.
 * @param what kind of file, as failpoints.mjs names it; '' is every file
 */
export async function refuseEach(
  shape: Shape,
  what: string,
  code: 'ENOSPC' | 'EIO',
  step = 1,
  made?: Made,
): Promise<DiskCount> {
  const ground = await Ground.open({
    behaviour: { propagation: flapping, deactivationLagMs: 40, listLagMs: 30 },
  })
  const lives = new Lives(ground, made)
  const outcomes = new Map<string, number>()
  try {
    await lives.begin()
    let acts = Infinity
    let plays = 0
    for (let nth = 0; nth <= acts; nth += nth === 0 ? 1 : step) {
      const laid = shape.lay(ground)
      const promises = new Promises(ground, laid)
      const plan = await lives.client.plan({ ...laid.wish, oldKey: 'deactivate' })
      lives.order(nth === 0 ? {} : { refuse: { what, nth, code } })
      const end = await rotateBadly(lives, plan.id)
      if (nth === 0) {
        acts = lives.boundaries().filter((label) => label.startsWith(`before ${what}`)).length
        if (end !== 'done') throw new Error(`undisturbed, and yet ${end}`)
        continue
      }
      const refusals = lives.refusals()
      const when = `(${shape.name}: ${code} from ${what} ${nth} on: ${refusals[0] ?? 'never'})`
      promises.atEveryInstant(when)
      if (refusals.length > 0) {
        plays += 1
        outcomes.set(end, (outcomes.get(end) ?? 0) + 1)
        if (end === 'defect') throw new Error(`no words of its own ${when}`)
      }
      lives.pardon()
      await recoverAll(lives.client)
      // What waits for the person, such as an old key that could not be turned off, goes on with a retry.
      for (const run of (await lives.client.runs()).runs.filter((each) => unfinished([each]) !== undefined)) {
        await lives.client.call('POST', `/api/runs/${run.id}/retry`)
        await lives.client.finishedRun(run.id)
      }
      const { runs } = await lives.client.runs()
      const open = unfinished(runs)
      if (open !== undefined) throw new Error(`P5: ${open} ${when}`)
      await promises.atTheEnd(when, runs, lives.output)
    }
    return { acts, plays, outcomes }
  } finally {
    await lives.kill()
    await ground.close()
  }
}

/** @returns how it ended in a word: the state, or the name of the trouble */
async function rotateBadly(lives: Lives, plan: string): Promise<string> {
  try {
    const { id } = await lives.client.startRun(plan)
    const run = await lives.client.finishedRun(id)
    const [rotation] = run.rotations
    return rotation?.state === 'done'
      ? 'done'
      : `${rotation?.state}: ${rotation?.problem?.name ?? 'no words'}`
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return `not begun: ${error.problem?.title ?? error.message}`
  }
}
