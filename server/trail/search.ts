import type { Trouble } from '../api/problem.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { CallOptions } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import type { KeyTrail } from './keyTrail.ts'
import { beginAnew, nextOf, resume, turnPage } from './lookup.ts'
import type { Lookup } from './lookup.ts'
import type { EventHistory } from './ports.ts'

export interface SearchDeps {
  readonly history: EventHistory
  /** Told after each page, and whenever a lookup's state changes. */
  readonly onChange: (trail: KeyTrail) => void
  /** Whether an account has to enable the region first. */
  readonly isOptIn: (region: string) => boolean
  readonly limits?: Partial<Limits>
}

export interface Limits {
  /** Events of a key and region. */
  readonly region: number
  /** Events of all keys together: what memory bears. */
  readonly all: number
  /** How long throttling or a lost network is waited out, in milliseconds. */
  readonly patienceMs: number
}

const defaults: Limits = { region: 10_000, all: 200_000, patienceMs: 45_000 }

/** Policies do not let who signs. */
const denials: ReadonlySet<string> = new Set(['denied', 'quarantined', 'mfa-required'])
/** Another who signs might be let. */
const refusals: ReadonlySet<string> = new Set([...denials, 'invalid-key', 'bad-signature'])

/** What one account and region is asked, one page after the other. */
type Lane = { readonly trail: KeyTrail; readonly region: string }[]

/** Asks for all that is to be asked: accounts and regions side by side, each one page at a time. */
export class Search {
  readonly #deps: SearchDeps
  readonly #trails: readonly KeyTrail[]
  readonly #limits: Limits
  #stop = new AbortController()
  #wake: () => void = () => undefined

  constructor(deps: SearchDeps, trails: readonly KeyTrail[]) {
    this.#deps = deps
    this.#trails = trails
    this.#limits = { ...defaults, ...deps.limits }
  }

  /** Resolves when nothing is left to ask, or it was stopped. May be called again: what was stopped or failed goes on. */
  async run(): Promise<void> {
    this.#stop = new AbortController()
    const { signal } = this.#stop
    for (const { lookups } of this.#trails) for (const lookup of lookups) resume(lookup)
    const lanes = lanesOf(this.#trails)
    const drained = new Map<Lane, Promise<void>>()
    // A page of one region tells of sessions that are looked for in all: lanes that were drained begin again.
    this.#wake = () => {
      if (signal.aborted) return
      for (const lane of lanes) {
        if (drained.has(lane) || !lane.some(({ trail, region }) => nextOf(trail.lookupsIn(region)))) continue
        drained.set(
          lane,
          this.#drain(lane).finally(() => drained.delete(lane)),
        )
      }
    }
    for (this.#wake(); drained.size > 0; this.#wake()) await Promise.race(drained.values())
    for (const trail of this.#trails)
      for (const lookup of trail.lookups) if (lookup.state === 'waiting') lookup.state = 'stopped'
  }

  /** After the call that is under way, which is abandoned. */
  stop(): void {
    this.#stop.abort(new Error('stopped'))
  }

  /** Sessions that a page tells of are put into the lanes while these are drained. */
  async #drain(lane: Lane): Promise<void> {
    for (;;) {
      const waiting = lane.flatMap(({ trail, region }) => {
        const lookup = nextOf(trail.lookupsIn(region))
        return lookup ? [{ trail, lookup }] : []
      })
      // The keys themselves before the sessions of any of them.
      const next = waiting.reduce<(typeof waiting)[number] | undefined>(
        (best, each) => (!best || each.lookup.depth < best.lookup.depth ? each : best),
        undefined,
      )
      if (!next) return
      await this.#read(next.trail, next.lookup)
      if (this.#stop.signal.aborted) return
    }
  }

  async #read(trail: KeyTrail, lookup: Lookup): Promise<void> {
    const { history, onChange } = this.#deps
    const { signal } = this.#stop
    const options: CallOptions = {
      signal,
      patienceMs: this.#limits.patienceMs,
      onWait: (why) => {
        lookup.state = why === undefined ? 'asking' : 'slowed'
        onChange(trail)
      },
    }
    lookup.state = 'asking'
    onChange(trail)
    while (goesOn(lookup)) {
      if (this.#isFull(trail, lookup.region)) {
        lookup.state = 'full'
        break
      }
      try {
        const who = trail.signerIn(lookup.region)
        if (!who) throw new Error('nobody signs')
        const { id: keyId, start, end, token } = lookup
        const page = await history.page(
          who.for(lookup.region),
          {
            keyId,
            ...(start !== undefined && { start }),
            ...(end !== undefined && { end }),
            ...(token !== undefined && { token }),
          },
          options,
        )
        lookup.pages += 1
        trail.answered.add(who.profile)
        const before = trail.events.length
        const hadRoom = trail.take(lookup, page.events, this.#limits.region)
        lookup.barren = trail.events.length > before ? 0 : lookup.barren + 1
        if (!hadRoom) lookup.state = 'full'
        else turnPage(lookup, page.next)
        this.#wake()
      } catch (error) {
        this.#failed(trail, lookup, error)
      }
      onChange(trail)
    }
    onChange(trail)
  }

  #isFull(trail: KeyTrail, region: string): boolean {
    const all = this.#trails.reduce((sum, { events }) => sum + events.length, 0)
    return trail.countIn(region) >= this.#limits.region || all >= this.#limits.all
  }

  #failed(trail: KeyTrail, lookup: Lookup, error: unknown): void {
    if (!(error instanceof Failure)) throw error
    const kind = error instanceof AwsFailure ? error.kind : 'other'
    if (kind === 'aborted') {
      lookup.state = 'stopped'
    } else if (error.trouble.code === 'InvalidNextTokenException' && lookup.token !== undefined) {
      lookup.state = 'asking'
      beginAnew(lookup)
    } else if (kind === 'invalid-key' && this.#deps.isOptIn(lookup.region)) {
      this.#end(trail, lookup, 'disabled')
    } else if (refusals.has(kind) && trail.nextSignerIn(lookup.region)) {
      lookup.state = 'asking'
    } else if (denials.has(kind)) {
      this.#end(trail, lookup, 'denied', error.trouble)
    } else {
      this.#end(trail, lookup, 'failed', error.trouble)
    }
  }

  /** What was refused or not to be had for one id is so for its sessions, too: none of them waits for itself. */
  #end(trail: KeyTrail, lookup: Lookup, state: 'denied' | 'disabled' | 'failed', trouble?: Trouble): void {
    for (const each of trail.lookups) {
      if (each !== lookup && (each.region !== lookup.region || each.state !== 'waiting')) continue
      each.state = state
      if (trouble) each.trouble = trouble
    }
  }
}

const goesOn = ({ state }: Lookup) => state === 'asking' || state === 'slowed'

/** CloudTrail counts calls by account and region. */
function lanesOf(trails: readonly KeyTrail[]): Lane[] {
  const lanes = new Map<string, { trail: KeyTrail; region: string }[]>()
  for (const trail of trails) {
    for (const region of new Set(trail.lookups.map((lookup) => lookup.region))) {
      const name = `${trail.subject.account ?? trail.subject.key} ${region}`
      lanes.set(name, [...(lanes.get(name) ?? []), { trail, region }])
    }
  }
  return [...lanes.values()]
}
