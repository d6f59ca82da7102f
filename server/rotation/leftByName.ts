import path from 'node:path'
import { Type } from 'typebox'
import type { Trouble } from '../api/problem.ts'
import type { Clock } from '../platform/clock.ts'
import { LineJournal } from '../platform/lineJournal.ts'

const Line = Type.Object({
  at: Type.String(),
  key: Type.String(),
  left: Type.Boolean(),
  why: Type.Optional(Type.String()),
})

/** Keys that the person leaves as they are, by name: a line each time, so that it is known when and why. No secrets. */
export class LeftByName {
  readonly #journal: LineJournal<typeof Line>
  readonly #keys = new Map<string, string | undefined>()
  /** Why it could not be read. */
  readonly troubles: readonly Trouble[]

  private constructor(journal: LineJournal<typeof Line>, troubles: readonly Trouble[]) {
    this.#journal = journal
    this.troubles = troubles
  }

  /** One that cannot be read leaves every row open: that tells too much, never too little. */
  static async open(stateDirectory: string, clock: Clock): Promise<LeftByName> {
    const journal = new LineJournal(path.join(stateDirectory, 'ledger.jsonl'), Line, clock)
    const made = new LeftByName(journal, await journal.troubles())
    for (const { key, left, why } of await journal.lines().catch(() => [])) made.#note(key, left, why)
    return made
  }

  all(): ReadonlyMap<string, string | undefined> {
    return this.#keys
  }

  /** @throws Failure `notes-unwritable`; what was written before it stands */
  async put(keys: readonly string[], left: boolean, why?: string): Promise<void> {
    for (const key of keys) {
      await this.#journal.append({ key, left, ...(why !== undefined && { why }) })
      this.#note(key, left, why)
    }
  }

  #note(key: string, left: boolean, why: string | undefined): void {
    if (left) this.#keys.set(key, why)
    else this.#keys.delete(key)
  }
}
