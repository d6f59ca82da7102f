import type { KeyWorth } from '../api/places.ts'
import type { ReplacedKey } from '../keys/ports.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import type { FoundProfile } from '../profiles/ports.ts'
import type { Wanted } from './forms.ts'

/** What is known of a key that is looked for. Holds secrets: it stays in memory. */
export interface KeyFacts {
  readonly id: string
  /** Undefined: neither a profile holds it nor did Keyturn replace it. */
  readonly worth?: KeyWorth
  /** All that were ever known for it: two profiles may hold one id with different secrets. */
  readonly pairs: readonly KeyPair[]
  /** The pair that a profile holds now in its place. */
  readonly to?: { readonly pair: KeyPair; readonly profile: string }
}

export interface KnownKeys {
  readonly profiles: readonly FoundProfile[]
  readonly replaced: readonly ReplacedKey[]
  /** As kept for an undo. */
  readonly kept: (id: string) => Promise<KeyPair | undefined>
  /** Ids of which a pair is kept. */
  readonly keptIds: readonly string[]
}

/** @param ids default: those of the profiles, those that Keyturn replaced, those that are kept */
export async function keyFacts(known: KnownKeys, ids?: readonly string[]): Promise<Map<string, KeyFacts>> {
  const held = new Map<string, FoundProfile[]>()
  for (const profile of known.profiles)
    if (profile.pair) held.set(profile.pair.id, [...(held.get(profile.pair.id) ?? []), profile])
  const replaced = new Map(known.replaced.map((key) => [key.id, key]))
  const all = ids ?? [...held.keys(), ...replaced.keys(), ...known.keptIds]
  const facts = new Map<string, KeyFacts>()
  for (const id of new Set(all)) {
    const own = held.get(id) ?? []
    const pairs = own.flatMap(({ pair }) => pair ?? [])
    const kept = await known.kept(id)
    if (kept && !pairs.some(({ secret }) => secret.equals(kept.secret))) pairs.push(kept)
    const worth = own.length > 0 ? 'held' : replaced.get(id)?.state
    const to = own.length > 0 ? undefined : successor(id, replaced, held)
    facts.set(id, { id, pairs, ...(worth && { worth }), ...(to && { to }) })
  }
  return facts
}

/** Replaced again and again: what a profile holds of the keys that came after. */
function successor(
  id: string,
  replaced: ReadonlyMap<string, ReplacedKey>,
  held: ReadonlyMap<string, readonly FoundProfile[]>,
): KeyFacts['to'] {
  const seen = new Set<string>()
  let each = replaced.get(id)?.replacedBy
  while (each !== undefined && !seen.has(each)) {
    const [profile] = held.get(each) ?? []
    if (profile?.pair) return { pair: profile.pair, profile: profile.name }
    seen.add(each)
    each = replaced.get(each)?.replacedBy
  }
  return undefined
}

/** What crosses to the threads that look. */
export function wantedOf(facts: ReadonlyMap<string, KeyFacts>): Wanted[] {
  return [...facts.values()].map(({ id, pairs }) => ({
    id,
    secrets: [...new Set(pairs.map(({ secret }) => secret.reveal()))],
  }))
}
