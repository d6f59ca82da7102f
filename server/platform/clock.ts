/** Time as a dependency, so that tests decide how long a wait takes. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Milliseconds that this process has been awake, by a clock that nobody sets: for how long something took, never for
   * when. Time asleep or stopped is no patience: nothing could be asked then.
   */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** How often the process looks whether it is awake, in milliseconds, and the gap that shows that it was not. */
const beatMs = 1_000
const asleepMs = 5_000

let asleep = 0
let lastBeat: number | undefined

function awake(): number {
  const now = performance.now()
  if (lastBeat === undefined) setInterval(awake, beatMs).unref()
  else if (now - lastBeat > asleepMs) asleep += now - lastBeat - beatMs
  lastBeat = now
  return now - asleep
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: awake,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}
