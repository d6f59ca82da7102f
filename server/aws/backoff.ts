/** In milliseconds: the first wait at most, and the longest. */
const throttled = { first: 500, longest: 20_000 }
const unreached = { first: 250, longest: 5_000 }

/**
 * Exponential backoff with full jitter: a wait between nothing and a bound that doubles, so that a thousand rotations turned
 * away together do not come back together ('Exponential Backoff And Jitter', AWS Architecture Blog).
 *
 * @param waits how many went before
 * @param random from 0 up to, not including, 1
 * @returns milliseconds, at least 1
 */
export function waitBefore(waits: number, isThrottled: boolean, random: () => number): number {
  const { first, longest } = isThrottled ? throttled : unreached
  return Math.max(1, Math.floor(random() * Math.min(longest, first * 2 ** Math.min(waits, 20))))
}
