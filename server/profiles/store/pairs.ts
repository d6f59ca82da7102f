import type { Which } from '../../api/inventory.ts'
import { idKey, secretKey } from '../agreement/agreement.ts'
import { samePair, Secret } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import type { PairChange } from '../ports.ts'
import type { Changed, Reading } from '../agreement/reading.ts'
import { splice } from '../ini/splice.ts'
import type { Edit } from '../ini/splice.ts'

/** A profile in one of the files, as a key for maps. */
export type Place = `${Which}\0${string}`

export function placeOf({ file, profile }: { readonly file: Which; readonly profile: string }): Place {
  return `${file}\0${profile}`
}

/** The file with the pairs of some profiles replaced: exactly the bytes of their two values. */
export function splicePairs(
  reading: Reading,
  pairs: ReadonlyMap<string, KeyPair>,
): { readonly bytes: Buffer; readonly changed: readonly Changed[] } {
  const edits: Edit[] = []
  const changed: Changed[] = []
  for (const [profile, pair] of pairs) {
    const header = reading.profiles.get(profile)?.at(-1)?.name ?? ''
    for (const [key, value] of [
      [idKey, pair.id],
      [secretKey, pair.secret.reveal()],
    ] as const) {
      const entry = reading.document.entry(header, key)
      if (!entry) throw new Error(`no ${key} to replace`)
      edits.push({ start: entry.start, end: entry.end, text: value })
      changed.push({ header, profile, key, value })
    }
  }
  return { bytes: splice(reading.document.bytes, edits), changed }
}

/** What each profile held and should hold since the replaced files were last let go: the last pair is the wanted one. */
export class PairTrail {
  readonly #trails = new Map<
    Place,
    { readonly file: Which; readonly profile: string; readonly pairs: KeyPair[] }
  >()
  /** Whether a wanted pair may be written again: one that AWS turned off meanwhile would lock the profile out. */
  readonly mayRestore: (id: string) => boolean

  constructor(mayRestore: (id: string) => boolean) {
    this.mayRestore = mayRestore
  }

  record(change: PairChange): void {
    const place = placeOf(change)
    const known = this.#trails.get(place)
    const pairs = (known?.pairs ?? [change.from]).filter((pair) => !samePair(pair, change.to))
    this.#trails.set(place, { file: change.file, profile: change.profile, pairs: [...pairs, change.to] })
  }

  /** For one file: the profile, the pair that it should hold, and those that it held before. */
  *of(
    file: Which,
  ): Generator<{ readonly profile: string; readonly wanted: KeyPair; readonly earlier: readonly KeyPair[] }> {
    for (const trail of this.#trails.values())
      if (trail.file === file)
        yield {
          profile: trail.profile,
          wanted: trail.pairs.at(-1) as KeyPair,
          earlier: trail.pairs.slice(0, -1),
        }
  }

  touches(file: Which): boolean {
    return !this.of(file).next().done
  }

  /** They need hold nothing any more: the person wants their pair out of the file. */
  forget(places: readonly { readonly file: Which; readonly profile: string }[]): void {
    for (const each of places) this.#trails.delete(placeOf(each))
  }

  clear(): void {
    this.#trails.clear()
  }
}

/** The pair that a profile holds, as the document reads it; undefined where it has no whole one. */
export function heldPair(reading: Reading, profile: string): KeyPair | undefined {
  const header = reading.profiles.get(profile)?.at(-1)?.name
  if (header === undefined) return undefined
  const values = reading.document.values(header)
  const [id, secret] = [values.get(idKey), values.get(secretKey)]
  return typeof id === 'string' && typeof secret === 'string' ? { id, secret: new Secret(secret) } : undefined
}
