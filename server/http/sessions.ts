import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'

const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest()

/** The longest nap between two looks at the clock, so that a lock that fell due while the machine slept is prompt. */
const longestNap = 30_000

export interface Session {
  /** In the cookie, which other ports of 127.0.0.1 may see: worth nothing without the token. */
  readonly cookie: string
  /** In the page's localStorage, which is per origin, and from there in a header of each request. */
  readonly token: string
  /** When it locks if nothing is asked; milliseconds since the epoch. */
  readonly idleAt: number
}

interface Live {
  session: Session
  readonly ended: AbortController
}

/** Who may use the API: in memory only, so that every session dies with the process. */
export class Sessions {
  readonly #clock: Clock
  readonly #idleMinutes: () => number
  readonly #live = new Map<string, Live>()
  readonly #listeners = new Set<(cookie: string) => void>()
  #held: (cookie: string) => boolean = () => false

  /** @param idleMinutes how long a session lives without a request, asked anew each time it is extended */
  constructor(clock: Clock, idleMinutes: () => number) {
    this.#clock = clock
    this.#idleMinutes = idleMinutes
  }

  /** While `held` is true of a session it does not lock: someone is watching a run. */
  holdWhile(held: (cookie: string) => boolean): void {
    this.#held = held
  }

  start(): Session {
    const cookie = randomBytes(32).toString('base64url')
    const live: Live = {
      session: { cookie, token: randomBytes(32).toString('base64url'), idleAt: this.#nextIdle() },
      ended: new AbortController(),
    }
    this.#live.set(cookie, live)
    void this.#lockWhenIdle(cookie, live)
    return live.session
  }

  /** The live session of a cookie's value. Found by a map of 256-bit random values: no comparison to time. */
  find(cookie: string | undefined): Session | undefined {
    const live = cookie === undefined ? undefined : this.#live.get(cookie)
    if (!live) return undefined
    if (!this.#isIdle(live.session)) return live.session
    this.end(live.session.cookie)
    return undefined
  }

  /** A request came, or a run that is being watched went on. */
  extend(cookie: string): void {
    const live = this.#live.get(cookie)
    if (live) live.session = { ...live.session, idleAt: this.#nextIdle() }
  }

  end(cookie: string): void {
    const live = this.#live.get(cookie)
    if (!live) return
    this.#live.delete(cookie)
    live.ended.abort()
    for (const listener of this.#listeners) listener(cookie)
  }

  endAll(): void {
    for (const cookie of [...this.#live.keys()]) this.end(cookie)
  }

  /** Told the cookie of each session that ends: locked, closed, or the server stops. */
  onEnd(listener: (cookie: string) => void): void {
    this.#listeners.add(listener)
  }

  #nextIdle(): number {
    return this.#clock.now() + this.#idleMinutes() * 60_000
  }

  #isIdle(session: Session): boolean {
    return this.#clock.now() >= session.idleAt && !this.#held(session.cookie)
  }

  async #lockWhenIdle(cookie: string, live: Live): Promise<void> {
    while (!live.ended.signal.aborted) {
      if (this.#isIdle(live.session)) return this.end(cookie)
      const left = live.session.idleAt - this.#clock.now()
      if (left <= 0) this.extend(cookie)
      const nap = Math.min(live.session.idleAt - this.#clock.now(), longestNap)
      await this.#clock.sleep(Math.max(1, nap), live.ended.signal).catch(() => undefined)
    }
  }
}

/** Compares in constant time, whatever the lengths. */
export function sameToken(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}
