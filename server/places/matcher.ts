/** Bytes that are hashed together. Two would not do: ids use 32 letters, so that a few fill all pairs. */
const block = 3
const tableBits = 16
const mask = (1 << tableBits) - 1

/**
 * Looks for any number of byte strings in one pass (Wu and Manber). It looks at the end of a window as long as the shortest
 * pattern; the three bytes there say how far the window may go on without missing one, mostly nearly its whole length.
 * So 50 ids cost about what one costs, and a secret, which has no prefix that would give it away, costs what an id does.
 */
export class Matcher {
  readonly #patterns: readonly Uint8Array[]
  readonly #window: number
  readonly #shift = new Uint8Array(1 << tableBits)
  /** Patterns by the hash of the last block of their window, as chains: the newest, then `#next` of it. 0: the end. */
  readonly #first = new Int32Array(1 << tableBits)
  readonly #next: Int32Array
  /** Bytes of the longest pattern. */
  readonly longest: number

  /** @param patterns each of at least 3 bytes; a short one makes the search slow */
  constructor(patterns: readonly Uint8Array[]) {
    this.#patterns = patterns
    this.longest = Math.max(0, ...patterns.map(({ length }) => length))
    this.#window = Math.min(255, ...patterns.map(({ length }) => length))
    if (this.#window < block) throw new RangeError('a pattern is too short')
    this.#next = new Int32Array(patterns.length + 1)
    const last = this.#window - block
    this.#shift.fill(last + 1)
    for (const [at, pattern] of patterns.entries()) {
      for (let from = 0; from <= last; from++) {
        const hash = hashAt(pattern, from)
        this.#shift[hash] = Math.min(this.#shift[hash] ?? 0, last - from)
      }
      const hash = hashAt(pattern, last)
      this.#next[at + 1] = this.#first[hash] ?? 0
      this.#first[hash] = at + 1
    }
  }

  /**
   * Tells of every match, overlapping ones included.
   * @param length how many of the bytes are looked at
   * @param found is given the pattern's number in the list and the match's first byte
   */
  scan(bytes: Uint8Array, length: number, found: (pattern: number, start: number) => void): void {
    const patterns = this.#patterns
    const shift = this.#shift
    const window = this.#window
    let at = window - block
    const end = length - block
    while (at <= end) {
      const hash = hashAt(bytes, at)
      const step = shift[hash]!
      if (step > 0) {
        at += step
        continue
      }
      const start = at - (window - block)
      for (let each = this.#first[hash]!; each > 0; each = this.#next[each]!) {
        const pattern = patterns[each - 1]!
        if (start + pattern.length <= length && standsAt(bytes, pattern, start)) found(each - 1, start)
      }
      at += 1
    }
  }
}

function hashAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! ^ (bytes[at + 1]! << 4) ^ (bytes[at + 2]! << 8)) & mask
}

function standsAt(bytes: Uint8Array, pattern: Uint8Array, start: number): boolean {
  for (let at = 0; at < pattern.length; at++) if (bytes[start + at] !== pattern[at]) return false
  return true
}
