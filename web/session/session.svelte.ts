import type { Trouble } from '../../server/api/problem.ts'
import { troubleOf } from '../api.ts'
import type { Context } from '../context.svelte.ts'
import { foreignWorkers } from './foreignWorkers.ts'
import { secretIn } from './launch.ts'

/** How this tab came to its session, and when that session locks. */
export class Session {
  /** Why the link did not open the door. */
  trouble: Trouble | undefined = $state.raw()
  entering: boolean = $state(false)
  /** Where service workers of another program stand between this page and Keyturn; none: nowhere. */
  planted: readonly string[] = $state.raw([])
  /** Local estimate, renewed with each answer; the server's own word arrives with a snapshot. */
  idleAt: number | undefined = $state()
  readonly #context: Context
  #answered = 0

  constructor(context: Context) {
    this.#context = context
  }

  start(): void {
    const { api, live } = this.#context
    api.onSessionOver = () => live.end('unknown')
    api.onAnswered = () => this.#renew()
    addEventListener('hashchange', () => void this.arrive())
    // A page kept by the back button must show nothing of a session that has ended since.
    addEventListener('pagehide', () => live.close())
    addEventListener('pageshow', (event) => {
      if (event.persisted) location.reload()
    })
    for (const type of ['pointerdown', 'keydown'] as const) addEventListener(type, () => this.#active())
    void this.arrive()
  }

  /** Reads the address: a launch secret is exchanged and wiped from it, anything else is a place on the page. */
  async arrive(): Promise<void> {
    const { live, route, api } = this.#context
    const secret = secretIn(location.hash)
    if (secret !== undefined) {
      // Before the request, and replacing the entry, so that neither the address bar nor the history keeps the secret.
      history.replaceState(null, '', '#/keys')
      route.read()
      this.entering = true
    } else route.read()
    this.planted = await foreignWorkers()
    if (this.planted.length > 0) return live.close()
    if (secret !== undefined) return this.enter(secret)
    if (live.connection === 'signedOut' && api.hasSession) void live.open()
  }

  async enter(secret: string): Promise<void> {
    const { api, live } = this.#context
    this.trouble = undefined
    this.entering = true
    try {
      await api.signIn(secret)
      void live.open()
    } catch (error) {
      // A spent link opened again in a browser whose session still lives: that session is good enough.
      if (api.hasSession && live.connection !== 'live') void live.open()
      this.trouble = troubleOf(error)
    } finally {
      this.entering = false
    }
  }

  /** Asks for something small, so that the server's idle clock begins anew. */
  async extend(): Promise<void> {
    await this.#context.act(() => this.#context.api.settings())
  }

  #renew(): void {
    this.#answered = Date.now()
    const minutes = this.#context.live.settings?.idleLockMinutes
    if (minutes !== undefined) this.idleAt = this.#answered + minutes * 60_000
  }

  /** Reading and clicking is use, though it sends nothing: tell the server at most once a minute. */
  #active(): void {
    if (this.#context.live.connection !== 'live' || Date.now() - this.#answered < 60_000) return
    this.#answered = Date.now()
    void this.#context.api.settings().catch(() => {})
  }
}
