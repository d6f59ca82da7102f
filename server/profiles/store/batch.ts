import type { Which } from '../../api/inventory.ts'
import { Failure } from '../../platform/failure.ts'
import { isPlainValue } from '../agreement/agreement.ts'
import { samePair } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import { placeOf } from './pairs.ts'
import type { Place } from './pairs.ts'
import type { FoundProfile, PairChange } from '../ports.ts'

/** A call of `swap` that waits for its turn. */
export interface Request {
  readonly changes: readonly PairChange[]
}

export interface Batch<R extends Request> {
  readonly accepted: readonly R[]
  readonly rejected: readonly { readonly request: R; readonly failure: Failure }[]
  /** By file, then by profile: the pair that it gets. Without those that hold it already. */
  readonly pairs: Readonly<Record<Which, ReadonlyMap<string, KeyPair>>>
}

/**
 * Compares each request with what the profiles hold, in order: all changes of a request or none, and one that fails
 * leaves the others alone.
 */
export function planBatch<R extends Request>(
  profiles: readonly FoundProfile[],
  requests: readonly R[],
  paths: Readonly<Record<Which, string>>,
): Batch<R> {
  const found = new Map(
    profiles
      .filter(({ kind }) => kind !== 'ignored')
      .map((each) => [placeOf({ file: each.file, profile: each.name }), each]),
  )
  const next = new Map<Place, KeyPair>()
  const accepted: R[] = []
  const rejected: { request: R; failure: Failure }[] = []
  const pairs = { credentials: new Map<string, KeyPair>(), config: new Map<string, KeyPair>() }

  for (const request of requests) {
    const mine = new Map<Place, KeyPair>()
    const failure = request.changes
      .map((change) => {
        const place = placeOf(change)
        const profile = found.get(place)
        const held = mine.get(place) ?? next.get(place) ?? profile?.pair
        const refused = refusal(change, profile, held, paths[change.file])
        if (!refused) mine.set(place, change.to)
        return refused
      })
      .find((each) => each !== undefined)
    if (failure) {
      rejected.push({ request, failure })
      continue
    }
    accepted.push(request)
    for (const [place, pair] of mine) next.set(place, pair)
  }
  for (const [place, pair] of next) {
    const held = found.get(place)
    if (held?.pair && !samePair(held.pair, pair)) pairs[held.file].set(held.name, pair)
  }
  return { accepted, rejected, pairs }
}

function refusal(
  change: PairChange,
  profile: FoundProfile | undefined,
  held: KeyPair | undefined,
  path: string,
): Failure | undefined {
  if (!isPlainValue(change.to.id) || !isPlainValue(change.to.secret.reveal()))
    return new Failure({
      name: 'file-write',
      title: 'Not a pair that can be written',
      detail: `The pair for [${change.profile}] has characters that no AWS key has. ${path} was not changed.`,
      remedy: 'Nothing is wrong with the file. Check where this pair came from.',
    })
  if (!profile || !held || !(samePair(held, change.to) || samePair(held, change.from)))
    return moved(change, profile, held, path)
  if (samePair(held, change.to) && profile.pair && samePair(profile.pair, change.to)) return undefined
  return profile.rotatable
    ? undefined
    : new Failure(profile.reason ?? moved(change, profile, held, path).trouble)
}

function moved(
  change: PairChange,
  profile: FoundProfile | undefined,
  held: KeyPair | undefined,
  path: string,
): Failure {
  const now = !profile
    ? 'is no longer in the file'
    : !held
      ? 'no longer holds a pair'
      : held.id === change.from.id
        ? `still names ${held.id}, with another secret`
        : `now holds ${held.id}`
  return new Failure({
    name: 'file-moved',
    title: 'The file was changed by someone else',
    detail: `[${change.profile}] in ${path} ${now}, not ${change.from.id} as before. Nothing was written.`,
    remedy: 'Look at what the file holds now, then make a new plan.',
  })
}
