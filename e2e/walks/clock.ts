import { setImmediate as tick } from 'node:timers/promises'
import { systemClock } from '../../server/platform/clock.ts'
import type { Clock } from '../../server/platform/clock.ts'
import { QuickClock } from '../../server/rotation/testing/machineRoom.ts'
import { Life } from './life.ts'

/** The time of a walk, in whose waits a process may die. */
export class WalkClock extends QuickClock {
  constructor() {
    // Ahead of the files' own times, so that none of them counts as being written just now.
    super(Date.now() + 3_600_000)
  }

  protected override async asleep(): Promise<void> {
    await tick()
    await Life.current?.boundary('asleep')
  }

  /** Every part of the product tells the time by this one from now on. */
  rule(): void {
    Object.assign(systemClock, {
      now: () => this.now(),
      monotonic: () => this.monotonic(),
      sleep: (ms: number, signal?: AbortSignal) => this.sleep(ms, signal),
    } satisfies Clock)
  }
}
