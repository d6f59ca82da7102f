import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { ServerEvent } from '../api/events.ts'
import type { KnownPlace, PlaceChanges, Places, PlacesRequest, PlacesUpdated } from '../api/places.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import { gathering } from '../platform/sharing.ts'
import type { Changes, Found, PlaceSearch } from './places.ts'

export interface PlacesDeskDeps {
  readonly clock: Clock
  readonly bus: Pick<Bus<ServerEvent>, 'publish'>
  readonly places: Pick<PlaceSearch, 'find' | 'changes' | 'update'>
  /** Whether a run is under way, which may be changing the same keys. */
  readonly busy: () => boolean
  readonly onDefect: (error: unknown) => void
}

/** From telling the pages of a search until the next time, in milliseconds. */
const pauseMs = 250
/** Places that are listed, and paths that stand for all that were passed over for one reason. */
const mostListed = 1_000
const mostSome = 5

interface Asked {
  readonly at: number
  readonly abort: AbortController
  state: Places['state']
  /** What it was given is right: from here on it fails for reasons of its own. */
  begun: boolean
  files: number
  bytes: number
  ms: number
  /** By file; once it is over, the newest first. */
  places: ReadonlyMap<string, readonly KnownPlace[]>
  passed: Found['passed']
  done: Promise<void>
  /** Reports come many times a second: the readers are told together. */
  readonly tell: () => void
}

/** The search that a page asked for last, its progress, and what was done of it. In memory alone. */
export class PlacesDesk {
  readonly #deps: PlacesDeskDeps
  #asked: Asked | undefined
  #shown: (Changes & { readonly id: string }) | undefined
  #updating = false
  #beginning: Promise<unknown> = Promise.resolve()

  constructor(deps: PlacesDeskDeps) {
    this.#deps = deps
  }

  /** Whether anything was looked for since Keyturn started. */
  get asked(): boolean {
    return this.#asked !== undefined
  }

  /** What was found, or has been so far. */
  view(): Places {
    const asked = this.#asked
    if (!asked) return { state: 'none', files: 0, bytes: 0, ms: 0, places: [], more: 0, passed: [] }
    const { state, at, files, bytes, ms, passed } = asked
    const places = [...asked.places.values()].flat()
    return {
      state,
      at: new Date(at).toISOString(),
      files,
      bytes,
      ms,
      places: places.slice(0, mostListed),
      more: Math.max(0, places.length - mostListed),
      passed: byReason(passed),
    }
  }

  /** All places that are known, also those that are not listed. */
  known(): readonly KnownPlace[] {
    return [...(this.#asked?.places.values() ?? [])].flat()
  }

  /**
   * Begins to look and returns at once; `places` events follow. A search that is under way is stopped.
   * @throws Failure `not-absolute`
   */
  async begin(request: PlacesRequest): Promise<Places> {
    if (request.in?.some((folder) => !path.isAbsolute(folder))) throw new Failure(notAbsolute)
    // Two requests at once must not leave a search behind that nobody can stop.
    const begun = this.#beginning.then(() => this.#begin(request))
    this.#beginning = begun.catch(() => undefined)
    return begun
  }

  async #begin(request: PlacesRequest): Promise<Places> {
    await this.close()
    const asked: Asked = {
      at: this.#deps.clock.now(),
      abort: new AbortController(),
      state: 'running',
      begun: false,
      files: 0,
      bytes: 0,
      ms: 0,
      places: new Map(),
      passed: [],
      done: Promise.resolve(),
      tell: gathering(this.#deps.clock, pauseMs, () => {
        if (asked.state === 'running' && asked === this.#asked) this.#publish()
      }),
    }
    const before = this.#asked
    this.#asked = asked
    this.#shown = undefined
    const begun = this.#search(asked, request)
    asked.done = begun.ended
    try {
      await begun.started
    } catch (error) {
      this.#asked = before
      throw error
    }
    return this.view()
  }

  /** What has been found is kept. */
  async stop(): Promise<Places> {
    await this.close()
    return this.view()
  }

  /** Ends a search that is under way, and waits for it. */
  async close(): Promise<void> {
    this.#asked?.abort.abort()
    await this.#asked?.done
  }

  /** What would change of what was found last: only what is shown here is ever done. */
  async changes(keys?: readonly string[]): Promise<PlaceChanges> {
    const places = this.known().filter(
      ({ key, updated }) => !updated && (keys === undefined || keys.includes(key)),
    )
    const changes = await this.#deps.places.changes(places)
    this.#shown = { id: randomUUID(), ...changes }
    return view(this.#shown)
  }

  /**
   * Puts the new pairs where they were shown to go. What changed since is left.
   * @throws Failure `places-not-shown`, `places-busy`
   */
  async update(id: string, only?: readonly number[]): Promise<PlacesUpdated> {
    const shown = this.#shown
    if (shown?.id !== id) throw new Failure(notShown)
    if (this.#updating || this.#deps.busy()) throw new Failure(busy)
    this.#updating = true
    this.#shown = undefined
    try {
      const changes = shown.can.filter((_, at) => only === undefined || only.includes(at))
      const written = await this.#deps.places.update(changes)
      written.forEach(({ path: file, why }, at) => this.#note(file, changes[at]?.key ?? '', why))
      return { written: [...written] }
    } finally {
      this.#updating = false
      this.#publish()
    }
  }

  #search(asked: Asked, request: PlacesRequest): { started: Promise<void>; ended: Promise<void> } {
    let begun = () => {}
    const first = new Promise<void>((resolve) => (begun = resolve))
    const places = new Map<string, readonly KnownPlace[]>()
    asked.places = places
    const found = this.#deps.places.find(request, {
      signal: asked.abort.signal,
      onProgress: ({ files, bytes }) => {
        begun()
        Object.assign(asked, { begun: true, files, bytes, ms: this.#deps.clock.now() - asked.at })
        asked.tell()
      },
      onPlaces: (file, own) => {
        places.set(file, own)
        asked.tell()
      },
    })
    // What it was given wrong is told before it began; what breaks later is no answer to a request any more.
    const started = Promise.race([first, found.then(() => undefined)])
    const ended = found.then(
      ({ places: all, passed, files, bytes, ms, stopped }) => {
        const state = stopped ? 'stopped' : 'done'
        Object.assign(asked, { state, files, bytes, ms, passed, places: byFile(all) })
        this.#publish()
      },
      (error: unknown) => {
        asked.state = 'failed'
        // The request that began it is answered with what it was given wrong, and what was known stays.
        if (!asked.begun) return
        this.#deps.onDefect(error)
        this.#publish()
      },
    )
    return { started, ended }
  }

  /** What stands at a place is known after a write, and is not looked for again. */
  #note(file: string, key: string, why: string | undefined): void {
    const asked = this.#asked
    const own = asked?.places.get(file)
    if (!asked || !own) return
    const noted = own.map((place): KnownPlace => {
      if (place.key !== key) return place
      return why === undefined ? { ...place, updated: true } : { ...place, can: 'list', why }
    })
    asked.places = new Map(asked.places).set(file, noted)
  }

  #publish(): void {
    if (this.#asked) this.#deps.bus.publish({ type: 'places', places: this.view() })
  }
}

/** Pure: of one key, in how many lines it was found, in how many the new pair stands now, and how many are left. */
export function placeCounts(
  places: readonly Pick<KnownPlace, 'key' | 'updated'>[],
): ReadonlyMap<string, { readonly found: number; readonly updated: number; readonly left: number }> {
  const counts = new Map<string, { found: number; updated: number; left: number }>()
  for (const { key, updated } of places) {
    const { found, updated: done, left } = counts.get(key) ?? { found: 0, updated: 0, left: 0 }
    counts.set(key, {
      found: found + 1,
      updated: done + (updated ? 1 : 0),
      left: left + (updated ? 0 : 1),
    })
  }
  return counts
}

function byFile(places: readonly KnownPlace[]): Map<string, readonly KnownPlace[]> {
  const files = new Map<string, KnownPlace[]>()
  for (const place of places) {
    const own = files.get(place.path)
    if (own) own.push(place)
    else files.set(place.path, [place])
  }
  return files
}

/** The most frequent first. */
function byReason(passed: Found['passed']): Places['passed'] {
  const reasons = new Map<string, { count: number; some: string[] }>()
  for (const { path: file, why } of passed) {
    const reason = reasons.get(why) ?? { count: 0, some: [] }
    reason.count += 1
    if (reason.some.length < mostSome) reason.some.push(file)
    reasons.set(why, reason)
  }
  return [...reasons]
    .map(([why, { count, some }]) => ({ why, count, some }))
    .sort((one, other) => other.count - one.count)
}

function view({ id, can, left }: Changes & { readonly id: string }): PlaceChanges {
  return { id, can: can.map((each) => ({ ...each, lines: [...each.lines] })), left: [...left] }
}

const notAbsolute = {
  name: 'not-absolute',
  title: 'Not a whole path',
  detail: 'A folder that is to be looked at must be named from the root on. Nothing was searched.',
  remedy: 'Begin it with / (on Windows, with a drive).',
}
const notShown = {
  name: 'places-not-shown',
  title: 'What would change is no longer known',
  detail:
    'Keyturn writes only what it has shown before, and this was shown too long ago. Nothing was written.',
  remedy: 'Look at what would change again.',
}
const busy = {
  name: 'places-busy',
  title: 'Keys are being changed now',
  detail: 'While a run or another update is under way, no other file is written. Nothing was written.',
  remedy: 'Try again once it has ended.',
}
