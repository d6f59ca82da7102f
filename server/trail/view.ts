import type { TrailDoor, TrailKey, TrailRegion, TrailRow, TrailSession, TrailSource } from '../api/trail.ts'
import type { Trouble } from '../api/problem.ts'
import { meaningOf } from './acts.ts'
import { answerOf } from './answer.ts'
import type { Answer, Source } from './answer.ts'
import { doorsOf } from './doors.ts'
import type { Door } from './doors.ts'
import type { TrailEvent } from './event.ts'
import { handOverOf, limitsOf } from './limits.ts'
import type { KeyTrail, Session } from './keyTrail.ts'
import type { Lookup } from './lookup.ts'
import { sentenceOf } from './sentence.ts'

/** What was found when somebody looked whether a door is still there. */
export interface Still {
  readonly still: 'asking' | 'there' | 'gone' | 'unknown'
  readonly trouble?: Trouble
}

export interface ViewParts {
  /** Keys that Keyturn made. */
  readonly ours: ReadonlySet<string>
  /** By the id of a door's event. */
  readonly looks: ReadonlyMap<string, Still>
  /** Most rows of each list; what is beyond is counted. */
  readonly most: number
}

/** Pure: one key as the page and the commands show it. */
export function viewKey(trail: KeyTrail, { ours, looks, most }: ViewParts): TrailKey {
  const { subject, events, sessions, passedOver } = trail
  const answer = answerOf(events, subject.isOwn)
  const regions = subject.trouble ? [] : subject.regions.map((region) => regionOf(trail, region))
  const doors = doorsOf(events, { ours, isOwn: subject.isOwn }).map((door) => doorView(door, answer, looks))
  // What a stranger did stands before what this machine did.
  doors.sort((a, b) => Number(a.mine) - Number(b.mine))
  const unfinished = regions.some(
    ({ state }) => state === 'waiting' || state === 'asking' || state === 'slowed',
  )
  const denied = regions.find((region) => region.denied !== undefined)
  const trouble = subject.trouble ?? (regions.some(({ done }) => done) ? undefined : denied?.trouble)
  const listed = sessionsOf(sessions, trail)
  const signer = [...trail.answered].at(-1) ?? subject.signers[0]?.profile
  return {
    key: subject.key,
    ...(subject.account !== undefined && { account: subject.account }),
    ...(subject.user !== undefined && { user: subject.user }),
    ...(signer !== undefined && { signer }),
    signers: [...subject.others],
    from: iso(subject.from),
    to: iso(subject.to),
    says: saysOf(answer, trail, unfinished, trouble),
    mineKnown: answer.mine.size > 0,
    events: answer.events,
    strangers: answer.strangers,
    passedOver,
    sources: answer.sources.slice(0, most).map(sourceView),
    moreSources: Math.max(0, answer.sources.length - most),
    doors: doors.slice(0, most),
    moreDoors: Math.max(0, doors.length - most),
    sessions: listed.slice(0, most),
    moreSessions: Math.max(0, listed.length - most),
    regions,
    days: answer.days.map((each) => ({ ...each })),
    limits: limitsOf(trail, regions, unfinished),
    ...((denied || trouble) && { handOver: handOverOf(subject) }),
    ...(subject.consoleUrl !== undefined && { consoleUrl: subject.consoleUrl }),
    ...(trouble && { trouble }),
  }
}

function saysOf(
  answer: Answer,
  { subject }: KeyTrail,
  unfinished: boolean,
  trouble: Trouble | undefined,
): string {
  if (trouble && answer.events === 0) return `${trouble.title}.`
  return sentenceOf(answer, { from: subject.from, to: subject.to, unfinished })
}

/** What all lookups of a region amount to. */
function regionOf(trail: KeyTrail, region: string): TrailRegion {
  const lookups = trail.lookupsIn(region)
  const state = stateOf(lookups)
  const trouble = lookups.find((lookup) => lookup.trouble)?.trouble
  const back = Math.min(...lookups.map((lookup) => lookup.back ?? Infinity))
  return {
    region,
    events: trail.countIn(region),
    pages: lookups.reduce((sum, { pages }) => sum + pages, 0),
    ...(Number.isFinite(back) && { back: iso(back) }),
    done: state === 'done',
    state,
    ...(state === 'denied' && { denied: trouble?.action ?? 'cloudtrail:LookupEvents' }),
    ...(trouble && { trouble }),
  }
}

/** Of several the one that says most of what is still to come, or of what is missing. */
const order = ['slowed', 'asking', 'waiting', 'stopped', 'failed', 'denied', 'disabled', 'full'] as const

function stateOf(lookups: readonly Lookup[]): TrailRegion['state'] {
  const states = new Set(lookups.map(({ state }) => state))
  return order.find((state) => states.has(state)) ?? 'done'
}

function doorView(door: Door, { mine }: Answer, looks: ViewParts['looks']): TrailDoor {
  const { id, at, act, target, address, words, todo, look } = door
  return {
    ...{ id, at: iso(at), act, target, address, mine: mine.has(address), words, todo },
    canLook: look !== undefined,
    ...looks.get(id),
  }
}

function sessionsOf(sessions: ReadonlyMap<string, Session>, trail: KeyTrail): TrailSession[] {
  const counts = new Map<string, number>()
  for (const { by } of trail.events) counts.set(by, (counts.get(by) ?? 0) + 1)
  const waiting = new Set(
    trail.lookups.filter(({ state }) => state === 'waiting' || state === 'asking').map(({ id }) => id),
  )
  return [...sessions.values()]
    .map(({ at, until, followed, ...session }) => ({
      ...session,
      at: iso(at),
      ...(until !== undefined && { until: iso(until) }),
      events: counts.get(session.id) ?? 0,
      followed: followed === 'yes' && waiting.has(session.id) ? ('waiting' as const) : followed,
    }))
    .sort((a, b) => Number(a.mine) - Number(b.mine) || (a.at < b.at ? 1 : -1))
}

function sourceView({ first, last, acts, ...source }: Source): TrailSource {
  return { ...source, acts: [...acts], first: iso(first), last: iso(last) }
}

/** One event as a row of the list. @param mine addresses of this machine */
export function viewRow(event: TrailEvent, mine: ReadonlySet<string>, own: boolean): TrailRow {
  const { id, at, act, service, region, by, address, agent, error, requestId, facts } = event
  const meaning = meaningOf(event)
  const target = meaning?.target || facts?.userName || facts?.roleName || facts?.bucketName
  return {
    ...{ id, at: iso(at), act, service, region, by, address, agent, own },
    mine: mine.has(address),
    ...(error !== undefined && { error }),
    ...(requestId !== undefined && { requestId }),
    ...(target && { target }),
    ...(meaning && { words: meaning.words, weight: meaning.kind }),
  }
}

const iso = (ms: number) => new Date(ms).toISOString()
