import type { Spec } from '../entries.ts'
import type { LiveRun } from './liveRun.ts'

/** One rotation of a user after the other, in the order in which they were asked for: two at once would burst the two-key quota. */
export class Turns {
  readonly #lastOf = new Map<string, Promise<unknown>>()
  readonly #underway = new Set<Promise<unknown>>()

  take({ underway }: LiveRun, spec: Spec, act: () => Promise<void>): void {
    const before = spec.last ? [...underway] : []
    const inTurn = async () => {
      await Promise.allSettled(before)
      await act()
    }
    const promise = this.#after(spec.user?.arn ?? spec.from, inTurn).finally(() => {
      underway.delete(promise)
      this.#underway.delete(promise)
    })
    underway.add(promise)
    this.#underway.add(promise)
  }

  /** Resolves when none is under way any more. */
  async over(): Promise<void> {
    while (this.#underway.size > 0) await Promise.allSettled([...this.#underway])
  }

  #after(user: string, act: () => Promise<void>): Promise<void> {
    const next = (this.#lastOf.get(user) ?? Promise.resolve()).then(act, act)
    this.#lastOf.set(user, next)
    void next.finally(() => {
      if (this.#lastOf.get(user) === next) this.#lastOf.delete(user)
    })
    return next
  }
}
