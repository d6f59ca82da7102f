import type { FilesSnapshot } from '../../profiles/ports.ts'
import type { Spec } from '../entries.ts'
import type { LaterAct, Now } from '../view.ts'
import { placeName } from '../wrote.ts'

/** What the journals do not tell, as this process knows it; data alone, for `view.ts` to read. */
export class Present implements Now {
  readonly driven = new Set<string>()
  readonly notes = new Map<string, string>()
  readonly codes = new Map<string, string>()
  readonly holds = new Map<string, string>()
  readonly kept = new Map<string, string>()
  /** By key: the rotation whose lines are kept, which it took out of the files. */
  readonly cuts = new Map<string, string>()
  /** Of every pair that is kept, by its id: see `sumOf`. */
  readonly sums = new Map<string, string>()
  readonly later = new Map<string, LaterAct>()
  readonly gone = new Set<string>()
  readonly stopping = new Set<string>()
  hooks = false

  /** What the profiles hold, as just read. @returns the keys that came or went */
  sawFiles({ profiles }: FilesSnapshot): ReadonlySet<string> {
    const before = new Map(this.holds)
    this.holds.clear()
    for (const { file, name, pair } of profiles) if (pair) this.holds.set(placeName(file, name), pair.id)
    const changed = new Set<string>()
    for (const [place, id] of [...before, ...this.holds]) {
      if (this.holds.get(place) !== before.get(place)) changed.add(id).add(before.get(place) ?? id)
    }
    return changed
  }

  /** A rotation has just written its new key. */
  saved(spec: Spec, newKey: string): void {
    for (const { file, name } of [...spec.profiles, ...(spec.merge?.profiles ?? [])])
      this.holds.set(placeName(file, name), newKey)
  }
}
