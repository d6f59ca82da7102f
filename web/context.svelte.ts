import { createContext } from 'svelte'
import type { PlanRequest } from '../server/api/plan.ts'
import type { Trouble } from '../server/api/problem.ts'
import type { Run } from '../server/api/run.ts'
import type { Settings } from '../server/api/settings.ts'
import { Attention } from './attention/attention.svelte.ts'
import type { Api } from './api.ts'
import { troubleOf } from './api.ts'
import type { Clock } from './clock.svelte.ts'
import { KeysView } from './keys/view.svelte.ts'
import type { Live } from './live.svelte.ts'
import type { Route } from './route.svelte.ts'

/** What every screen may use: the calls, the server's state, the address, the time. */
export class Context {
  readonly api: Api
  readonly live: Live
  readonly route: Route
  readonly clock: Clock
  readonly keysView = new KeysView()
  readonly attention: Attention
  /** What the last act met, shown above the page until the next act or until it is closed. */
  trouble: Trouble | undefined = $state.raw()
  /** A line for screen readers: what an act has brought about. */
  said: string = $state('')
  #led: object | undefined
  #settled: Promise<unknown> = Promise.resolve()

  constructor(api: Api, live: Live, route: Route, clock: Clock, attention = new Attention()) {
    this.api = api
    this.live = live
    this.route = route
    this.clock = clock
    this.attention = attention
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
    await this.act(() => this.openRun(work))
  }

  /** The same for a dialog, which shows itself what went wrong. */
  async openRun(work: () => Promise<Run>): Promise<void> {
    const may = this.#lead()
    const run = await work()
    this.live.offer({ run })
    if (may()) this.route.go('run', run.id)
  }

  /** Asks for a plan and opens its page; `replace`: in the place of the one that is open. */
  async makePlan(request: PlanRequest, replace = false): Promise<void> {
    const may = this.#lead()
    await this.act(async () => {
      const plan = await this.api.plan(request)
      this.live.offer({ plan })
      if (!may()) return
      if (replace) this.route.replace('plan', plan.id)
      else this.route.go('plan', plan.id)
    })
  }

  /**
   * Changes of the settings one after the other, each of what the server has now: it takes them as a whole, and of
   * two quick ones the second must not take back the first.
   * @returns whether it is saved
   */
  async changeSettings(change: (settings: Settings) => Settings): Promise<boolean> {
    const before = this.#settled
    const saved = this.act(async () => {
      await before
      const settings = await this.api.saveSettings(change(await this.api.settings()))
      this.live.apply([{ type: 'settings', settings }])
      return true
    })
    this.#settled = saved
    return (await saved) ?? false
  }

  /** @returns whether an answer may still open a page: not where the person has gone or asked for another since */
  #lead(): () => boolean {
    const mine = {}
    const from = this.route.place
    this.#led = mine
    return () => this.#led === mine && this.route.place === from
  }
}

export const [getContext, setContext] = createContext<Context>()
