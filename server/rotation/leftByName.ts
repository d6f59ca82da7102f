import path from 'node:path'
import { Type } from 'typebox'
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

  private constructor(journal: LineJournal<typeof Line>) {
    this.#journal = journal
  }

  /** One that cannot be read leaves every row open: that tells too much, never too little. */
  static async open(stateDirectory: string, clock: Clock): Promise<LeftByName> {
    const made = new LeftByName(new LineJournal(path.join(stateDirectory, 'ledger.jsonl'), Line, clock))
    for (const { key, left, why } of await made.#journal.lines().catch(() => [])) made.#note(key, left, why)
    return made
  }

  all(): ReadonlyMap<string, string | undefined> {
    return this.#keys
  }

  /** @throws the file system's error; what was written before it stands */
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
