import type { Trouble } from '../api/problem.ts'

/** One id in one region: a row of pages, newest first. Times: milliseconds since the epoch. */
export interface Lookup {
  /** The key, or a session that it made. */
  readonly id: string
  /** 0: the key itself; 1: a session that it made; 2: a session of such a session. */
  readonly depth: number
  readonly region: string
  /** Its session was made from elsewhere: asked for before the others. */
  readonly urgent: boolean
  readonly start?: number
  /** Set where the pages had to be begun anew from the oldest event seen. */
  end?: number
  state: 'waiting' | 'asking' | 'slowed' | 'stopped' | 'done' | 'denied' | 'disabled' | 'full' | 'failed'
  token?: string
  /** Tokens that were followed: one that comes again leads in a circle. */
  readonly tokens: Set<string>
  pages: number
  /** Pages in a row that told nothing new. */
  barren: number
  /** How far back its pages reach by now. */
  back?: number
  trouble?: Trouble
}

/** AWS may send a page without events and go on; one that goes on for ever leads nowhere. */
const mostBarren = 200

export function newLookup(
  of: Pick<Lookup, 'id' | 'depth' | 'region' | 'urgent'> & { readonly start?: number | undefined },
): Lookup {
  const { start, ...rest } = of
  return {
    ...rest,
    ...(start !== undefined && { start }),
    state: 'waiting',
    tokens: new Set(),
    pages: 0,
    barren: 0,
  }
}

/** What comes after a page: which one is next, if any. Pure but for the lookup that it moves on. */
export function turnPage(lookup: Lookup, next: string | undefined): void {
  if (next === undefined) {
    delete lookup.token
    lookup.state = 'done'
  } else if (lookup.tokens.has(next) || lookup.barren >= mostBarren) {
    beginAnew(lookup)
  } else {
    lookup.tokens.add(next)
    lookup.token = next
  }
}

/**
 * AWS does not take the token, or leads in a circle: the pages begin again at the oldest event that was seen, whose
 * repetition is known by its id. Where that was tried from the same event before, it would go on for ever.
 */
export function beginAnew(lookup: Lookup): void {
  delete lookup.token
  lookup.barren = 0
  if (lookup.back === undefined || lookup.back === lookup.end) {
    lookup.state = 'failed'
    lookup.trouble = {
      name: 'pages-repeat',
      title: 'CloudTrail repeats a page',
      detail: `The pages of ${lookup.region} lead back to where they came from: what lies before them is not known.`,
      remedy: 'Look again later.',
    }
    return
  }
  lookup.end = lookup.back
}

/** Which of those that wait is asked for first: the key itself, then sessions made from elsewhere. */
export function nextOf(lookups: readonly Lookup[]): Lookup | undefined {
  let best: Lookup | undefined
  for (const lookup of lookups) {
    if (lookup.state !== 'waiting') continue
    if (!best || lookup.depth < best.depth || (lookup.depth === best.depth && lookup.urgent && !best.urgent))
      best = lookup
  }
  return best
}

/** Stopped and failed ones wait again, each from the page that it had come to. */
export function resume(lookup: Lookup): void {
  if (lookup.state !== 'stopped' && lookup.state !== 'failed') return
  lookup.state = 'waiting'
  lookup.tokens.clear()
  delete lookup.trouble
}
