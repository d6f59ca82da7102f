import { isService, programOf } from './address.ts'
import type { TrailEvent } from './event.ts'

/** Everything from one address by one program. Times: milliseconds since the epoch. */
export interface Source {
  readonly address: string
  readonly agent: string
  readonly mine: boolean
  readonly service: boolean
  readonly events: number
  readonly first: number
  readonly last: number
  /** What was done most. */
  readonly acts: readonly string[]
}

export interface Day {
  /** `2026-11-21`, in UTC. */
  readonly day: string
  readonly mine: number
  readonly strangers: number
  readonly services: number
}

/** Who used a key, and when. */
export interface Answer {
  /** Addresses that Keyturn's own calls came from. */
  readonly mine: ReadonlySet<string>
  readonly events: number
  readonly own: number
  readonly strangers: number
  readonly services: number
  /** Strangers first, then services, then this machine; within each, the one that was seen last. */
  readonly sources: readonly Source[]
  /** Days with events, the earliest first. */
  readonly days: readonly Day[]
}

const mostActs = 4

/**
 * Pure: what events tell of who used a key.
 *
 * @param isOwn whether Keyturn made the call: by such a call an address is known as this machine's
 */
export function answerOf(events: readonly TrailEvent[], isOwn: (event: TrailEvent) => boolean): Answer {
  const mine = new Set<string>()
  for (const event of events) if (!isService(event.address) && isOwn(event)) mine.add(event.address)
  const groups = new Map<string, Group>()
  const days = new Map<string, { mine: number; strangers: number; services: number }>()
  const counts = { mine: 0, strangers: 0, services: 0 }
  for (const event of events) {
    const whose = mine.has(event.address) ? 'mine' : isService(event.address) ? 'services' : 'strangers'
    counts[whose] += 1
    const day = new Date(event.at).toISOString().slice(0, 10)
    const at = days.get(day) ?? { mine: 0, strangers: 0, services: 0 }
    at[whose] += 1
    days.set(day, at)
    addTo(groups, event)
  }
  const sources = [...groups.values()].map((group) => sourceOf(group, mine))
  sources.sort((a, b) => rank(a) - rank(b) || b.last - a.last || b.events - a.events)
  return {
    mine,
    events: events.length,
    own: counts.mine,
    strangers: counts.strangers,
    services: counts.services,
    sources,
    days: [...days].map(([day, each]) => ({ day, ...each })).sort((a, b) => (a.day < b.day ? -1 : 1)),
  }
}

interface Group {
  readonly address: string
  readonly program: string
  /** The whole user agent, where all have the same. */
  agent: string | undefined
  events: number
  first: number
  last: number
  readonly acts: Map<string, number>
}

function addTo(groups: Map<string, Group>, { address, agent, act, at }: TrailEvent): void {
  const program = programOf(agent)
  const name = `${address}\n${program}`
  const group = groups.get(name) ?? {
    ...{ address, program, agent, events: 0, first: at, last: at },
    acts: new Map<string, number>(),
  }
  groups.set(name, group)
  if (group.agent !== agent) group.agent = undefined
  group.events += 1
  group.first = Math.min(group.first, at)
  group.last = Math.max(group.last, at)
  group.acts.set(act, (group.acts.get(act) ?? 0) + 1)
}

function sourceOf({ address, agent, program, acts, ...group }: Group, mine: ReadonlySet<string>): Source {
  return {
    address,
    agent: agent ?? program,
    mine: mine.has(address),
    service: isService(address),
    events: group.events,
    first: group.first,
    last: group.last,
    acts: [...acts]
      .sort(([, a], [, b]) => b - a)
      .slice(0, mostActs)
      .map(([act]) => act),
  }
}

const rank = ({ mine, service }: Source) => (mine ? 2 : service ? 1 : 0)
