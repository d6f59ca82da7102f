import path from 'node:path'
import type { KeyWorth, Place, PlacesRequest } from '../api/places.ts'
import type { HeldKey, ReplacedKeys } from '../keys/ports.ts'
import type { Environment } from '../platform/environment.ts'
import { Failure } from '../platform/failure.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import { judge, type JudgeContext, placesOf } from './judge.ts'
import { keyFacts, wantedOf } from './keyFacts.ts'
import { search, type SearchProgress } from './search.ts'
import { groundOf } from './searchGround.ts'
import type { SwappedLine } from './swapPair.ts'
import type { PlaceUpdates, Written } from './updates.ts'
import type { FoundFile, Passed } from './walker.ts'

export interface PlacesDeps {
  readonly env: Environment
  readonly home: string
  readonly stateDirectory: string
  readonly readKeys: () => Promise<{
    readonly snapshot: FilesSnapshot
    readonly keys: readonly Pick<HeldKey, 'id'>[]
  }>
  readonly replaced: Pick<ReplacedKeys, 'replaced'>
  readonly kept: {
    pair(id: string): Promise<KeyPair | undefined>
    list(): Promise<readonly { readonly key: string; readonly newKey?: string }[]>
  }
  readonly updates: PlaceUpdates
  /** What was found and written is kept there, so that plans and the ledger know. */
  readonly noted: {
    places(found: readonly Place[], keys?: readonly string[]): Promise<void>
    placed(path: string, key: string, updated: boolean): Promise<void>
  }
}

export type FoundPlace = Place & { readonly worth?: KeyWorth }

/** What a search found, of everything that it went over. No content, and no secret. */
export interface Found {
  readonly places: readonly FoundPlace[]
  readonly passed: readonly Passed[]
  readonly files: number
  readonly bytes: number
  readonly ms: number
  readonly stopped: boolean
}

/** Of one file and one key. No content. */
export interface Change {
  readonly path: string
  readonly key: string
  readonly newKey: string
  readonly lines: readonly SwappedLine[]
}

export interface Changes {
  readonly can: readonly Change[]
  readonly left: readonly { readonly path: string; readonly why: string }[]
}

export interface FindOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SearchProgress) => void
  /** Told of the places of each file once they are judged, while the search goes on. */
  readonly onPlaces?: (path: string, places: readonly FoundPlace[]) => void
}

/** Looks where else on this machine keys stand. Asks nobody and writes nothing. */
export class PlaceSearch {
  readonly #deps: PlacesDeps

  constructor(deps: PlacesDeps) {
    this.#deps = deps
  }

  /**
   * @throws Failure `not-a-key-id`, `nothing-to-find`, `no-such-folder`
   */
  async find({ keys = 'all', in: folders }: PlacesRequest, options: FindOptions = {}): Promise<Found> {
    const context = await this.#context(keys)
    if (context.facts.size === 0) throw new Failure(nothingToFind)
    const { home, env, stateDirectory } = this.#deps
    const ground = { home, env, stateDirectory, platform: process.platform, awsFiles: context.awsFiles }
    const setup = await groundOf(ground, wantedOf(context.facts), folders).catch((error: unknown) => {
      throw noSuchFolder(error)
    })
    const judged = new Map<string, readonly FoundPlace[]>()
    let judging: Promise<unknown> = Promise.resolve()
    const onFound = (file: FoundFile) => {
      // One after the other: each may ask git.
      judging = judging.then(async () => {
        const places = judged.get(file.path) ?? (await placesIn(file, context))
        judged.set(file.path, places)
        options.onPlaces?.(file.path, places)
      })
      judging.catch(() => undefined)
    }
    const { found, passed, ...counts } = await search(setup, { ...options, onFound })
    await judging
    const places = found.flatMap(({ path: file }) => judged.get(file) ?? [])
    // A look at some folders, or one that was ended, says nothing of the rest.
    if (!folders && !counts.stopped)
      await this.#deps.noted.places(places, keys === 'all' ? undefined : [...context.facts.keys()])
    return {
      ...counts,
      places,
      passed: [...passed, ...found.flatMap(moreOf)],
    }
  }

  /** What would change, file by file: judged afresh, since files move. Nothing is written. */
  async changes(places: readonly Place[]): Promise<Changes> {
    const context = await this.#context()
    const can: Change[] = []
    const left: { path: string; why: string }[] = []
    const wanted = new Map(
      places.filter((each) => each.can === 'update').map((each) => [`${each.key} ${each.path}`, each]),
    )
    for (const { path: file, key } of wanted.values()) {
      const verdict = await judge(file, key, context)
      if (verdict.can === 'list') left.push({ path: file, why: verdict.why })
      else can.push({ path: file, key, newKey: verdict.to.id, lines: verdict.lines })
    }
    return { can, left }
  }

  /** Writes what was shown. A place that has changed since is judged afresh. @returns why each was left that was */
  async update(changes: readonly Change[]): Promise<readonly Written[]> {
    const context = await this.#context()
    const written: Written[] = []
    for (const { path: file, key, lines } of changes) {
      const verdict = await judge(file, key, context)
      const same = verdict.can === 'update' && JSON.stringify(verdict.lines) === JSON.stringify(lines)
      if (verdict.can === 'list' || !same) {
        written.push({ path: file, why: verdict.can === 'list' ? verdict.why : changed })
        continue
      }
      await this.#deps.updates.write(file, verdict).then(
        async () => {
          written.push({ path: file })
          await this.#deps.noted.placed(file, key, true)
        },
        (error: unknown) => {
          if (!(error instanceof Failure)) throw error
          written.push({ path: file, why: error.trouble.detail })
        },
      )
    }
    return written
  }

  /** What a crash left half done. */
  recover(): Promise<void> {
    return this.#deps.updates.recover()
  }

  /** What is known of the keys now: it changes with every run. */
  async #context(keys: readonly string[] | 'all' = 'all'): Promise<JudgeContext> {
    const { readKeys, replaced, kept, env } = this.#deps
    const ids = keys === 'all' ? undefined : keys.map(idOf)
    const { snapshot } = await readKeys()
    const facts = await keyFacts(
      {
        profiles: snapshot.profiles,
        replaced: replaced.replaced(),
        kept: (id) => kept.pair(id),
        keptIds: (await kept.list()).flatMap(({ key, newKey }) => [key, ...(newKey ? [newKey] : [])]),
      },
      ids,
    )
    return { facts, env, awsFiles: Object.values(snapshot.files).map((file) => path.resolve(file.path)) }
  }
}

async function placesIn(file: FoundFile, context: JudgeContext): Promise<FoundPlace[]> {
  return (await placesOf(file, context)).map((place) => {
    const worth = context.facts.get(place.key)?.worth
    return { ...place, ...(worth && { worth }) }
  })
}

const changed = 'It changed since it was shown: look for the keys again.'

function moreOf({ path: file, more }: FoundFile): Passed[] {
  return more > 0
    ? [{ path: file, why: `${more} more times what is looked for stands there: not listed` }]
    : []
}

/** What is no id may be the secret itself: it is not said again. */
function idOf(text: string): string {
  const id = parseKeyId(text)
  if (id) return id
  throw new Failure({
    name: 'not-a-key-id',
    title: 'Not an access key id',
    detail: 'What is looked for must be whole access key ids, such as AKIA and 16 letters and digits.',
    remedy: 'Leave it out to look for every key of the files and every key that Keyturn replaced.',
  })
}

const nothingToFind = {
  name: 'nothing-to-find',
  title: 'No key to look for',
  detail: 'No profile holds a key, and Keyturn has replaced none.',
  remedy: 'Name the access key id that is to be looked for.',
}

function noSuchFolder(error: unknown): unknown {
  const { code, path: where } = error as NodeJS.ErrnoException
  if (code === undefined || where === undefined) return error
  return new Failure({
    name: 'no-such-folder',
    title: 'It cannot be looked at',
    detail: `${where}: ${code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such folder or file' : code === 'EACCES' ? 'you may not look there' : `the system says ${code}`}. Nothing was searched.`,
    remedy: 'Name another one.',
  })
}
