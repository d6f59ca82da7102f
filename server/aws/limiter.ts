/**
 * How many calls of one account may be in flight: additive increase, multiplicative decrease, as TCP does. AWS does not publish
 * IAM's token buckets, so the limit is found by asking.
 */
export interface Window {
  /** Calls allowed at once, from 1 to `max`. */
  readonly limit: number
  readonly max: number
  /** Successes since the limit last changed. */
  readonly run: number
  /** Counts the halvings: a throttled call halves only the limit that it was let in under. */
  readonly epoch: number
}

/** A run of this many successes for each call allowed raises the limit by one. */
const runPerCall = 4

export function openWindow(max: number): Window {
  return { limit: Math.max(1, Math.floor(max)), max: Math.max(1, Math.floor(max)), run: 0, epoch: 0 }
}

export function afterSuccess(window: Window): Window {
  if (window.limit >= window.max) return { ...window, run: 0 }
  const run = window.run + 1
  return run >= window.limit * runPerCall
    ? { ...window, limit: window.limit + 1, run: 0 }
    : { ...window, run }
}

/** @param epoch the window's epoch when the throttled call was let in */
export function afterThrottling(window: Window, epoch: number): Window {
  if (epoch < window.epoch) return { ...window, run: 0 }
  return { ...window, limit: Math.max(1, Math.floor(window.limit / 2)), run: 0, epoch: window.epoch + 1 }
}

/** The same window under a new maximum, when the setting changes. */
export function withMax(window: Window, max: number): Window {
  const capped = Math.max(1, Math.floor(max))
  if (capped === window.max) return window
  const limit = window.limit === window.max ? capped : Math.min(window.limit, capped)
  return { ...window, max: capped, limit }
}

export type Outcome = 'success' | 'throttled' | 'other'

interface Waiting {
  readonly start: () => void
}

interface Lane {
  window: Window
  inFlight: number
  /** Repeats stand before first sends: what was begun is finished first. */
  readonly repeats: Waiting[]
  readonly firsts: Waiting[]
}

/** Lets calls through, so many at once per account, the rest in turn. */
export class Limiter {
  readonly #lanes = new Map<string, Lane>()
  readonly #max: () => number

  /** @param max calls in flight per account, read at each call so that a changed setting holds at once */
  constructor(max: () => number) {
    this.#max = max
  }

  /**
   * Waits for a place, runs the call, and gives the place back.
   * @param judge tells from the result or error how the account took it
   * @throws the signal's reason, where it aborts before the call has begun; whatever the call throws
   */
  async run<T>(
    account: string,
    call: () => Promise<T>,
    judge: (error: unknown) => Outcome,
    options: { readonly repeat?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const lane = this.#lane(account)
    lane.window = withMax(lane.window, this.#max())
    await place(lane, options)
    const { epoch } = lane.window
    let outcome: Outcome = 'success'
    try {
      return await call()
    } catch (error) {
      outcome = judge(error)
      throw error
    } finally {
      lane.inFlight -= 1
      if (outcome === 'success') lane.window = afterSuccess(lane.window)
      if (outcome === 'throttled') lane.window = afterThrottling(lane.window, epoch)
      admit(lane)
      this.#forgetIdle(account, lane)
    }
  }

  #lane(account: string): Lane {
    let lane = this.#lanes.get(account)
    if (!lane) {
      lane = { window: openWindow(this.#max()), inFlight: 0, repeats: [], firsts: [] }
      this.#lanes.set(account, lane)
    }
    return lane
  }

  /** A lane that learnt nothing need not be remembered: a file of a thousand accounts is not a thousand lanes for ever. */
  #forgetIdle(account: string, lane: Lane): void {
    const idle = lane.inFlight === 0 && lane.repeats.length + lane.firsts.length === 0
    if (idle && lane.window.limit === lane.window.max) this.#lanes.delete(account)
  }
}

function place(
  lane: Lane,
  { repeat, signal }: { readonly repeat?: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const queue = repeat ? lane.repeats : lane.firsts
    const onAbort = () => {
      queue.splice(queue.indexOf(waiting), 1)
      reject(signal?.reason)
    }
    const waiting: Waiting = {
      start: () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      },
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    queue.push(waiting)
    admit(lane)
  })
}

function admit(lane: Lane): void {
  while (lane.inFlight < lane.window.limit) {
    const next = lane.repeats.shift() ?? lane.firsts.shift()
    if (!next) return
    lane.inFlight += 1
    next.start()
  }
}
