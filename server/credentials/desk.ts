import { randomUUID } from 'node:crypto'
import type { After, AfterPlan, AfterPlanRequest, AfterRun } from '../api/after.ts'
import { Failure } from '../platform/failure.ts'
import { actView, performAll, planActs } from './acts.ts'
import type { ActRequest, PlannedAct } from './acts.ts'
import type { AfterRequest, Afterwards } from './afterwards.ts'

/** How long a plan may be carried out, in milliseconds, and how many are kept. */
const planLifeMs = 15 * 60_000
const mostPlans = 20

/** The page's way to plan and act: what it is shown is what is done, once. */
export class AfterDesk {
  readonly #afterwards: Afterwards
  readonly #plans = new Map<string, { readonly acts: readonly PlannedAct[]; readonly until: number }>()
  /** Two runs at once would each compare with what the other is about to change. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(afterwards: Afterwards) {
    this.#afterwards = afterwards
  }

  async look(request: AfterRequest): Promise<After> {
    return (await this.#afterwards.look(request)).after
  }

  /** @throws Failure in words about what cannot be planned */
  async plan(request: AfterPlanRequest): Promise<AfterPlan> {
    const { profiles = [], signer } = request
    const found = await this.#afterwards.look({ profiles, ...(signer !== undefined && { signer }) })
    const acts = await planActs(this.#afterwards, found, actOf(request))
    const id = randomUUID()
    const [oldest] = this.#plans.keys()
    if (this.#plans.size >= mostPlans && oldest !== undefined) this.#plans.delete(oldest)
    this.#plans.set(id, { acts, until: this.#afterwards.deps.clock.now() + planLifeMs })
    return { id, acts: acts.map((act) => actView(act, 'planned')) }
  }

  /**
   * @param confirm the last four characters of the id, where something is deleted
   * @throws Failure `unknown-after-plan`, `confirm-mismatch`: nothing was done
   */
  async run(plan: string, confirm?: string): Promise<AfterRun> {
    const { acts, until } = this.#plans.get(plan) ?? { acts: [], until: 0 }
    if (until <= this.#afterwards.deps.clock.now()) throw new Failure(unknownPlan)
    const deleted = acts.filter(({ act }) => act === 'delete')
    if (deleted.some(({ id = '' }) => id.slice(-4) !== confirm)) throw new Failure(mismatch)
    this.#plans.delete(plan)
    const run = this.#last.then(() => performAll(this.#afterwards, acts))
    this.#last = run.catch(() => undefined)
    return { acts: await run }
  }
}

function actOf({ act, ids = [] }: AfterPlanRequest): ActRequest {
  return act === 'end-sessions' || act === 'finish' ? { act } : { act, ids }
}

const unknownPlan = {
  name: 'unknown-after-plan',
  title: 'This is no longer planned',
  detail: 'It was carried out already, or asked for too long ago. Nothing was changed now.',
  remedy: 'Look again, and press the button anew.',
}
const mismatch = {
  name: 'confirm-mismatch',
  title: 'That is not what was asked for',
  detail: 'The last four characters of the id are wanted, to be sure. Nothing was changed.',
}
