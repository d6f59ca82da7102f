import type { Trouble } from '../api/problem.ts'
import type { Signer } from '../keys/iam.ts'
import { isService } from './address.ts'
import { readEvent } from './event.ts'
import type { TrailEvent } from './event.ts'
import { newLookup } from './lookup.ts'
import type { Lookup } from './lookup.ts'

export interface TrailSigner {
  readonly profile: string
  /** @throws Failure where the region is none of the key's */
  for(region: string): Signer
  /** For IAM, which is asked whether a door is still there. */
  readonly iam: Signer
}

/** What is to be found out about one key. Times: milliseconds since the epoch. */
export interface Subject {
  readonly key: string
  readonly account?: string
  readonly user?: string
  /** Who may be asked to sign, one after the other where AWS refuses the one before. */
  readonly signers: readonly TrailSigner[]
  /** Other profiles of the account, which sign where the person names one. */
  readonly others: readonly string[]
  readonly regions: readonly string[]
  /** Regions of the partition that are not asked. */
  readonly unasked: number
  readonly from: number
  readonly to: number
  /** Absent: `from` is as far back as CloudTrail goes. */
  readonly since?: number
  readonly consoleUrl?: string
  /** Why nothing can be asked. */
  readonly trouble?: Trouble
  /** Whether Keyturn made the call. */
  readonly isOwn: (event: TrailEvent) => boolean
}

export interface Session {
  readonly id: string
  readonly by: string
  readonly at: number
  readonly until?: number
  readonly mine: boolean
  readonly followed: 'yes' | 'other-account' | 'too-deep' | 'too-many'
}

/** Sessions of sessions, and no further: a chain of roles can be renewed without end. */
const deepest = 2
/** A machine that assumes a role every hour has made 2,160 sessions in ninety days: more than can be asked for. */
const mostSessions = 500
/** Before a session's first call, in milliseconds: what CloudTrail says of the time has whole seconds. */
const slack = 60_000

/** What has been found out about a key so far. Memory alone holds it. */
export class KeyTrail {
  readonly subject: Subject
  readonly events: TrailEvent[] = []
  readonly lookups: Lookup[]
  readonly sessions = new Map<string, Session>()
  /** Events that could not be read, or not whole. */
  passedOver = 0
  /** Profiles that AWS has answered. */
  readonly answered = new Set<string>()
  /** Which of the signers a region has come to. */
  readonly #turns = new Map<string, number>()
  readonly #seen = new Set<string>()
  readonly #perRegion = new Map<string, number>()
  readonly #mine = new Set<string>()
  readonly #share: <T extends string>(text: T) => T

  /** @param share gives one string for all that are alike: ten thousand events hold a handful of addresses */
  constructor(subject: Subject, share: <T extends string>(text: T) => T = (text) => text) {
    this.subject = subject
    this.#share = share
    const { key, regions, since, trouble } = subject
    this.lookups = trouble
      ? []
      : regions.map((region) => newLookup({ id: key, depth: 0, region, urgent: false, start: since }))
  }

  countIn(region: string): number {
    return this.#perRegion.get(region) ?? 0
  }

  lookupsIn(region: string): Lookup[] {
    return this.lookups.filter((lookup) => lookup.region === region)
  }

  signerIn(region: string): TrailSigner | undefined {
    return this.subject.signers[this.#turns.get(region) ?? 0]
  }

  /** AWS refused who signs in a region. @returns whether there is another who might be let */
  nextSignerIn(region: string): boolean {
    const next = (this.#turns.get(region) ?? 0) + 1
    if (next >= this.subject.signers.length) return false
    this.#turns.set(region, next)
    return true
  }

  /**
   * Takes a page in, as it came.
   *
   * @param most events of this key and region
   * @returns whether all of it had room
   */
  take(lookup: Lookup, page: readonly unknown[], most = Infinity): boolean {
    const { region, id } = lookup
    for (const raw of page) {
      const { event, broken } = readEvent(raw, region, id)
      if (event && this.#seen.has(event.id)) continue
      if (event && this.countIn(region) >= most) return false
      if (broken) this.passedOver += 1
      if (!event) continue
      lookup.back = Math.min(event.at, lookup.back ?? event.at)
      this.#add(event, lookup)
    }
    return true
  }

  #add(event: TrailEvent, lookup: Lookup): void {
    const { region } = lookup
    const kept = this.#compact(event)
    this.#seen.add(kept.id)
    this.events.push(kept)
    this.#perRegion.set(region, this.countIn(region) + 1)
    if (!isService(kept.address) && this.subject.isOwn(kept)) this.#mine.add(kept.address)
    if (kept.session) this.#follow(kept, kept.session, lookup)
  }

  #follow(event: TrailEvent, made: NonNullable<TrailEvent['session']>, { depth }: Lookup): void {
    if (this.sessions.has(made.id)) return
    const { account, regions, since } = this.subject
    const mine = this.#mine.has(event.address)
    const followed =
      made.account !== undefined && account !== undefined && made.account !== account
        ? 'other-account'
        : depth >= deepest
          ? 'too-deep'
          : this.#followed() >= mostSessions
            ? 'too-many'
            : 'yes'
    this.sessions.set(made.id, {
      id: made.id,
      by: event.by,
      at: event.at,
      ...(made.until !== undefined && { until: made.until }),
      mine,
      followed,
    })
    if (followed !== 'yes') return
    const start = Math.max(event.at - slack, since ?? 0)
    for (const region of regions) {
      this.lookups.push(newLookup({ id: made.id, depth: depth + 1, region, urgent: !mine, start }))
    }
  }

  #followed(): number {
    let count = 0
    for (const { followed } of this.sessions.values()) if (followed === 'yes') count += 1
    return count
  }

  #compact(event: TrailEvent): TrailEvent {
    const share = this.#share
    return {
      ...event,
      act: share(event.act),
      service: share(event.service),
      region: share(event.region),
      by: share(event.by),
      address: share(event.address),
      agent: share(event.agent),
    }
  }
}
