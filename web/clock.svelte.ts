/** The time as state: `second` for a run under way, `minute` for ages, so that idle pages redraw seldom. */
export class Clock {
  second: number = $state(0)
  minute: number = $state(0)
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
    this.tick()
  }

  tick(): void {
    this.second = this.#now()
    if (Math.abs(this.second - this.minute) >= 30_000) this.minute = this.second
  }

  /** Starts ticking; returns how to end it. */
  start(): () => void {
    const timer = setInterval(() => this.tick(), 1_000)
    return () => clearInterval(timer)
  }
}
