/** Numbers that a seed repeats. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** @returns from 0 up to, not including, 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  /** So many different ones, in their order; all where there are fewer. */
  sample<T>(items: readonly T[], many: number): T[] {
    const left = items.map((_, index) => index)
    const chosen: number[] = []
    while (chosen.length < many && left.length > 0) chosen.push(...left.splice(this.below(left.length), 1))
    return chosen.sort((a, b) => a - b).map((index) => items[index] as T)
  }
}

/** KEYTURN_SEED tries others; without it every run is the same. */
export const seed = Number(process.env['KEYTURN_SEED'] ?? 20260301)
