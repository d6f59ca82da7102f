import type { Clock } from './clock.ts'

/** How long is waited in all, by a clock that nobody sets and that stands still while the machine sleeps. */
export class Patience {
  readonly #clock: Clock
  readonly #until: number

  /** @param ms how long, in milliseconds, counted from now */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#until = clock.monotonic() + ms
  }

  get over(): boolean {
    return this.#clock.monotonic() >= this.#until
  }
}
