import type { Answer, Source } from './answer.ts'

const day = 86_400_000

/** What the sentence says beside the answer itself. Times: milliseconds since the epoch. */
export interface Span {
  readonly from: number
  readonly to: number
  /** Pages are still to come. */
  readonly unfinished: boolean
}

/**
 * The answer in one sentence: 'Used 214 times in 90 days: 209 from this machine's address, 5 from 203.0.113.9 since 21
 * November.' Days are those of UTC, as in AWS's console.
 */
export function sentenceOf(answer: Answer, { from, to, unfinished }: Span): string {
  const days = Math.max(1, Math.round((to - from) / day))
  const within = days === 1 ? 'a day' : `${days} days`
  const { events, mine, own } = answer
  if (events === 0)
    return unfinished
      ? 'Nothing found so far.'
      : `Nothing found in ${within}. That is not to say that nothing was done.`
  const used = `${unfinished ? 'So far used' : 'Used'} ${times(events)} in ${within}`
  const parts = [
    ...(own > 0 ? [`${number(own)} from this machine's address`] : []),
    ...strangersIn(answer, to),
    ...(answer.services > 0 ? [`${number(answer.services)} by AWS services or without an address`] : []),
  ]
  const unknown = mine.size === 0 && answer.strangers > 0
  return `${used}: ${parts.join(', ')}.${unknown ? " Which address is this machine's is not known yet." : ''}`
}

/** Each address while they are two; else the one that was seen last, and how many others. */
function strangersIn({ sources }: Answer, to: number): string[] {
  const byAddress = new Map<string, Pick<Source, 'address' | 'events' | 'first'>>()
  for (const { address, events, first, mine, service } of sources) {
    if (mine || service) continue
    const known = byAddress.get(address)
    byAddress.set(address, {
      address,
      events: events + (known?.events ?? 0),
      first: Math.min(first, known?.first ?? first),
    })
  }
  const all = [...byAddress.values()]
  const shown = all.length <= 2 ? all : all.slice(0, 1)
  const rest = all.slice(shown.length)
  return [
    ...shown.map(
      ({ address, events, first }) => `${number(events)} from ${address} since ${dayOf(first, to)}`,
    ),
    ...(rest.length === 0
      ? []
      : [
          `${number(rest.reduce((sum, { events }) => sum + events, 0))} from ${number(rest.length)} other addresses since ${dayOf(Math.min(...rest.map(({ first }) => first)), to)}`,
        ]),
  ]
}

const times = (n: number) => (n === 1 ? 'once' : n === 2 ? 'twice' : `${number(n)} times`)
const number = (n: number) => n.toLocaleString('en')

/** '21 November'; with its year where that is not the year of `now`. */
export function dayOf(at: number, now: number): string {
  const other = new Date(at).getUTCFullYear() !== new Date(now).getUTCFullYear()
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
    ...(other && { year: 'numeric' }),
  }).format(at)
}
