import { randomBytes } from 'node:crypto'

/** Gives ids that sort by time. */
export class RunIds {
  /** When the last one was given, in milliseconds since the epoch. */
  #newest = 0

  /** @param at when a run began, as its header tells */
  saw(at: string): void {
    const ms = Date.parse(at)
    if (ms > this.#newest) this.#newest = ms
  }

  next(now: number): string {
    // Two of the same millisecond would sort by chance, and which of two runs is the newer one decides what is acted on.
    this.#newest = Math.max(now, this.#newest + 1)
    const at = new Date(this.#newest).toISOString().replaceAll(/[-:.]/g, '')
    return `${at}-${randomBytes(3).toString('hex')}`
  }
}
