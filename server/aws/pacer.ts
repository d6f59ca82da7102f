import type { Clock } from '../platform/clock.ts'

/** From one call to the next, in milliseconds: CloudTrail takes two LookupEvents a second, for an account and region. */
const spacing = 500

/** Lets the calls of a lane begin one after the other, never sooner than {@link spacing}. */
export class Pacer {
  readonly #clock: Clock
  readonly #lanes = new Map<string, { turn: Promise<unknown>; begun: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when the next call of the lane may begin. @throws the signal's reason */
  async turn(name: string, signal?: AbortSignal): Promise<void> {
    const lane = this.#lanes.get(name) ?? { turn: Promise.resolve(), begun: -Infinity }
    this.#lanes.set(name, lane)
    const turn = lane.turn.then(async () => {
      const now = this.#clock.now()
      // A clock that was set back must not stop the lane until it has caught up.
      const wait = Math.min(spacing, lane.begun + spacing - now)
      if (wait > 0) await this.#clock.sleep(wait, signal)
      signal?.throwIfAborted()
      lane.begun = this.#clock.now()
    })
    lane.turn = turn.catch(() => undefined)
    return turn
  }
}
