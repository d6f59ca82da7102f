import type { ServerEvent } from '../server/api/events.ts'
import type { Plan } from '../server/api/plan.ts'
import type { Run } from '../server/api/run.ts'
import type { Api } from './api.ts'
import { ApiProblem } from './api.ts'
import { eventParser } from './eventStream.ts'
import { parsePrintably } from './ui/parsePrintably.ts'
import type { World } from './world.ts'
import { reduce } from './world.ts'

/**
 * signedOut: no session (never had, idle lock, ended) · connecting: first try · live · away: the stream broke, being
 * reopened · replaced: a newer tab took it · stopped: the server said goodbye.
 */
export type Connection = 'signedOut' | 'connecting' | 'live' | 'away' | 'replaced' | 'stopped'

/** Longer than three heartbeats of 15 s: the stream is dead though the socket looks open. */
const silenceMs = 50_000
/** After this long without the server, its data leaves the page: a screen must not show keys of a stopped program. */
const dropMs = 4_000

/** Between two redraws for events: ten in a second look live, and a run of a thousand keys leaves the page its frames. */
const redrawMs = 100

/** The page's copy of the server's state, fed by one event stream. The only door through which server data comes in. */
export class Live {
  world: World | undefined = $state.raw()
  connection: Connection = $state('signedOut')
  /** Why the session is over, where the server said so. */
  ended: 'locked' | 'unknown' | undefined = $state()
  plans = $derived([...(this.world?.plans.values() ?? [])])
  runs = $derived([...(this.world?.runs.values() ?? [])])
  inventory = $derived(this.world?.inventory)
  settings = $derived(this.world?.settings)

  readonly #api: Api
  #abort: AbortController | undefined
  #queue: ServerEvent[] = []
  #flushing = false
  #flushedAt = -Infinity
  #failures = 0
  #drop: ReturnType<typeof setTimeout> | undefined

  constructor(api: Api) {
    this.#api = api
  }

  run(id: string): Run | undefined {
    return this.world?.runs.get(id)
  }

  plan(id: string): Plan | undefined {
    return this.world?.plans.get(id)
  }

  /** What a reply brought; an event that came first is newer, and stays. */
  offer(item: { plan: Plan } | { run: Run }): void {
    if ('plan' in item) {
      if (!this.plan(item.plan.id)) this.apply([{ type: 'plan', plan: item.plan }])
    } else if (!this.run(item.run.id)) this.apply([{ type: 'run', run: item.run }])
  }

  apply(events: readonly ServerEvent[]): void {
    this.world = reduce(this.world, events)
  }

  /** Opens the stream, and reopens it until the session is over, the server stops or another tab takes it. */
  async open(): Promise<void> {
    this.close()
    const abort = new AbortController()
    this.#abort = abort
    this.ended = undefined
    if (this.connection !== 'away') this.connection = 'connecting'
    while (!abort.signal.aborted) {
      const verdict = await this.#listen(abort).catch((error: unknown) =>
        error instanceof ApiProblem && error.problem.status === 401 ? ('over' as const) : ('broken' as const),
      )
      if (abort.signal.aborted) return
      if (verdict === 'over') return this.end('unknown')
      if (verdict !== 'broken') return
      this.#lost()
      const pause = Math.min(5_000, 250 * 2 ** this.#failures++) * (0.75 + Math.random() / 2)
      await new Promise((done) => setTimeout(done, pause))
    }
  }

  close(): void {
    this.#abort?.abort()
    this.#abort = undefined
    this.#queue = []
  }

  /** The session is over: nothing of the server's stays on the page. */
  end(why: 'locked' | 'unknown'): void {
    this.close()
    this.#forget()
    this.#api.forgetSession()
    this.ended = why
    this.connection = 'signedOut'
  }

  #lost(): void {
    if (this.connection === 'live' || this.connection === 'connecting') this.connection = 'away'
    this.#drop ??= setTimeout(() => this.#forget(), dropMs)
  }

  #forget(): void {
    clearTimeout(this.#drop)
    this.#drop = undefined
    this.#queue = []
    this.world = undefined
  }

  async #listen(abort: AbortController): Promise<'broken' | 'closed'> {
    const reader = (await this.#api.events(abort.signal)).getReader()
    const decoder = new TextDecoder()
    const parse = eventParser()
    let watchdog: ReturnType<typeof setTimeout> | undefined
    try {
      for (;;) {
        clearTimeout(watchdog)
        watchdog = setTimeout(() => void reader.cancel().catch(() => {}), silenceMs)
        const { done, value } = await reader.read()
        if (done || abort.signal.aborted) return 'broken'
        for (const { data } of parse(decoder.decode(value, { stream: true }))) {
          const event = parsePrintably(data) as ServerEvent
          if (this.#farewell(event)) return 'closed'
          this.#enqueue(event)
        }
      }
    } finally {
      clearTimeout(watchdog)
    }
  }

  /** True when the event ends this stream for good. */
  #farewell(event: ServerEvent): boolean {
    if (event.type === 'locked') this.end('locked')
    else if (event.type === 'replaced') {
      this.close()
      this.#forget()
      this.connection = 'replaced'
    } else if (event.type === 'stopped') {
      this.close()
      this.#forget()
      this.connection = 'stopped'
    } else return false
    return true
  }

  /** The first event after a quiet time is applied in the next frame; those of a burst together. A hidden tab has no frames. */
  #enqueue(event: ServerEvent): void {
    // The server counts a run's events as use: nobody is locked out while watching one.
    if (event.type === 'rotation' || event.type === 'run') this.#api.onAnswered()
    this.#queue.push(event)
    if (this.#flushing) return
    this.#flushing = true
    const flush = (): void => {
      this.#flushing = false
      this.#flushedAt = performance.now()
      const events = this.#queue
      this.#queue = []
      if (events.length === 0) return
      if (events.some(({ type }) => type === 'snapshot')) {
        clearTimeout(this.#drop)
        this.#drop = undefined
        this.#failures = 0
        this.connection = 'live'
      }
      this.apply(events)
    }
    const rest = this.#flushedAt + redrawMs - performance.now()
    if (document.visibilityState === 'hidden') setTimeout(flush, redrawMs)
    else if (rest > 0) setTimeout(flush, rest)
    else requestAnimationFrame(flush)
  }
}
