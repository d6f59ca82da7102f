import { standsWords, worthWords } from '../../shared/placeWords.ts'
import type { KnownPlace, PlaceChanges } from '../../server/api/places.ts'
import { shortId } from '../ui/text.ts'

export interface PlaceFile {
  readonly path: string
  readonly places: readonly KnownPlace[]
}
export interface KindGroup {
  readonly kind: string
  readonly files: readonly PlaceFile[]
}

/** Pure: the places of these keys, by kind and file, in the order in which they come: the newest first. */
export function kindsOf(places: readonly KnownPlace[], keys: readonly string[]): KindGroup[] {
  const wanted = new Set(keys)
  const kinds = new Map<string, Map<string, KnownPlace[]>>()
  for (const place of places) {
    if (!wanted.has(place.key)) continue
    const files = kinds.get(place.kind) ?? new Map<string, KnownPlace[]>()
    files.set(place.path, [...(files.get(place.path) ?? []), place])
    kinds.set(place.kind, files)
  }
  return [...kinds].map(([kind, files]) => ({
    kind,
    files: [...files].map(([path, own]) => ({ path, places: own })),
  }))
}

/** How many files Keyturn can still put the new pair into. */
export function updatable(groups: readonly KindGroup[]): number {
  return groups
    .flatMap(({ files }) => files)
    .filter(({ places }) => places.some(({ can, updated }) => can === 'update' && !updated)).length
}

/** What stands on a line, and what it is worth. */
export function placeWords({ line, holds, worth, key }: KnownPlace): string {
  return `Line ${line}: ${standsWords[holds]} of ${shortId(key)}${worth ? `, ${worthWords[worth]}` : ''}.`
}

/** Only what may still open something: an id opens nothing, and a key that is off neither. */
export function isLive({ holds, worth, updated }: KnownPlace): boolean {
  return holds !== 'id' && !updated && (worth === 'held' || worth === 'active' || worth === 'unknown')
}

/** A line of the diff. */
export function changeWords(
  { key, newKey }: PlaceChanges['can'][number],
  what: PlaceChanges['can'][number]['lines'][number]['what'],
): { before: string; after: string } {
  if (what === 'secret') return { before: 'the old secret', after: 'the new secret' }
  const more = what === 'id' ? '' : ' and its secret'
  return { before: `${key}${more}`, after: `${newKey}${more}` }
}

export function sizeWords(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`
}
