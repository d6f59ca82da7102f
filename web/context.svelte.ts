import { createContext } from 'svelte'
import type { PlanRequest } from '../server/api/plan.ts'
import type { Trouble } from '../server/api/problem.ts'
import type { Run } from '../server/api/run.ts'
import type { Api } from './api.ts'
import { troubleOf } from './api.ts'
import type { Clock } from './clock.svelte.ts'
import type { Live } from './live.svelte.ts'
import type { Route } from './route.svelte.ts'

/** What every screen may use: the calls, the server's state, the address, the time. */
export class Context {
  readonly api: Api
  readonly live: Live
  readonly route: Route
  readonly clock: Clock
  /** What the last act met, shown above the page until the next act or until it is closed. */
  trouble: Trouble | undefined = $state.raw()
  /** A line for screen readers: what an act has brought about. */
  said: string = $state('')

  constructor(api: Api, live: Live, route: Route, clock: Clock) {
    this.api = api
    this.live = live
    this.route = route
    this.clock = clock
  }

  /** Does what a button says; what goes wrong is shown, never thrown away. */
  async act<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.trouble = undefined
    try {
      return await work()
    } catch (error) {
      this.trouble = troubleOf(error)
      return undefined
    }
  }

  /** Starts a run and opens its page, where its steps and its end are told. */
  async follow(work: () => Promise<Run>): Promise<void> {
    await this.act(async () => {
      const run = await work()
      this.live.offer({ run })
      this.route.go('run', run.id)
    })
  }

  /** Asks for a plan and opens its page; one that takes another's place does so only where that is still open. */
  async makePlan(request: PlanRequest, replace = false): Promise<void> {
    await this.act(async () => {
      const plan = await this.api.plan(request)
      this.live.offer({ plan })
      if (!replace) this.route.go('plan', plan.id)
      else if (this.route.place.screen === 'plan') this.route.replace('plan', plan.id)
    })
  }
}

export const [getContext, setContext] = createContext<Context>()
