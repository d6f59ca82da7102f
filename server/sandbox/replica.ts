/**
 * A stretch of time in which a service's data plane knows a key or does not. It ends after `forMs` milliseconds,
 * or after it was asked `calls` times; one with neither lasts for good.
 */
export interface Phase {
  readonly works: boolean
  readonly forMs?: number
  readonly calls?: number
}

/**
 * How long a new key takes to be known: a number of milliseconds; a range to draw from, in which case it may also
 * flap (works, fails, works again) up to `flaps` times; or the very phases, for STS and IAM apart, since the two
 * are known to disagree.
 */
export type Propagation =
  | number
  | { readonly minMs: number; readonly maxMs: number; readonly flaps?: number }
  | { readonly sts: readonly Phase[]; readonly iam: readonly Phase[] }

/** One service's late view of whether a key works: IAM has one control plane and each data plane a copy of it. */
export class Replica {
  readonly #phases: Phase[]
  #startedAt: number
  #asked = 0

  /** @param phases in order; the last one lasts for good whatever it says */
  constructor(phases: readonly Phase[], now: number) {
    this.#phases = phases.length > 0 ? [...phases] : [{ works: true }]
    this.#startedAt = now
  }

  /** Whether the key works now, without counting as a call. */
  peek(now: number): boolean {
    this.#advance(now)
    return this.#phases[0]!.works
  }

  /** The same, asked by a real call. */
  ask(now: number): boolean {
    const works = this.peek(now)
    this.#asked++
    return works
  }

  #advance(now: number) {
    while (this.#phases.length > 1) {
      const { forMs, calls } = this.#phases[0]!
      const timeUp = forMs !== undefined && now >= this.#startedAt + forMs
      const askedEnough = calls !== undefined && this.#asked >= calls
      if (!timeUp && !askedEnough) return
      this.#startedAt = timeUp ? this.#startedAt + forMs : now
      this.#asked = 0
      this.#phases.shift()
    }
  }
}

/** Phases for one service of one new key. @param random a number in [0, 1) */
export function spread(propagation: Propagation, service: 'iam' | 'sts', random: () => number): Phase[] {
  if (typeof propagation === 'number')
    return propagation > 0 ? [{ works: false, forMs: propagation }, { works: true }] : [{ works: true }]
  if ('sts' in propagation) return [...propagation[service]]
  const between = (min: number, max: number) => Math.round(min + random() * (max - min))
  const phases: Phase[] = [{ works: false, forMs: between(propagation.minMs, propagation.maxMs) }]
  const flaps = Math.floor(random() * ((propagation.flaps ?? 0) + 1))
  for (let i = 0; i < flaps; i++)
    phases.push({ works: true, forMs: between(200, 1200) }, { works: false, forMs: between(200, 1200) })
  return [...phases, { works: true }]
}
