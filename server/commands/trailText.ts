import type { Trail, TrailKey, TrailRegion, TrailSource } from '../api/trail.ts'
import type { Clock } from '../platform/clock.ts'
import { printable } from '../../shared/printable.ts'
import { dayOf } from '../trail/sentence.ts'
import { verbatim } from './layout.ts'
import type { Screen } from './terminal.ts'
import { count, sentence } from './wording.ts'

const mostSources = 20
const mostDoors = 40

/** One key's answer: the sentence, what gives lasting access, who used it, and what is not known. */
export function trailText(found: TrailKey): string {
  const { key, account, user, signer, says, doors, sources, limits, trouble, handOver, consoleUrl } = found
  const whose = [user, account !== undefined && `in ${account}`].filter(Boolean).join(' ')
  const asked = signer === undefined || trouble ? '' : `, asked by [${signer}]`
  const lines = [`${key}${whose === '' ? '' : `  ${whose}`}${asked}`, `  ${says}`]
  if (trouble) lines.push(`  ${sentence(trouble)}`)
  if (doors.length > 0) lines.push('  Gives lasting access:')
  for (const { at, address, mine, words, todo } of doors.slice(0, mostDoors)) {
    lines.push(`    ${minute(at)}  ${fromOf({ address, mine, service: false })}  ${words}`, `      ${todo}`)
  }
  if (doors.length > mostDoors) lines.push(`    and ${doors.length - mostDoors} more: --csv has them all`)
  if (sources.length > 0) lines.push('  Used from:')
  for (const source of sources.slice(0, mostSources)) {
    const { agent, events, first, last, acts } = source
    const to = Date.parse(found.to)
    const days = [...new Set([dayOf(Date.parse(first), to), dayOf(Date.parse(last), to)])].join(' to ')
    lines.push(
      `    ${fromOf(source)}  ${cut(agent, 60) || 'no program named'}  ${count(events, 'event')}, ${days}: ${acts.map((act) => cut(act, 40)).join(', ')}`,
    )
  }
  if (sources.length > mostSources) lines.push(`    and ${sources.length - mostSources} more`)
  for (const limit of limits) lines.push(`  ${limit}`)
  const unread = found.regions.filter(({ trouble: why }) => why && why.title !== trouble?.title)
  for (const { region, trouble: why } of unread) if (why) lines.push(`  ${region}: ${sentence(why)}`)
  if (handOver !== undefined)
    lines.push('  For the administrator:', verbatim(handOver.replace(/^(?=.)/gm, '    ')))
  if (handOver !== undefined && consoleUrl !== undefined) lines.push(`  In the console: ${consoleUrl}`)
  return lines.join('\n')
}

function fromOf({ address, mine, service }: Pick<TrailSource, 'address' | 'mine' | 'service'>): string {
  if (mine) return `${address} (this machine)`
  return address === '' ? 'no address' : service ? `${address} (AWS)` : cut(address, 60)
}

const minute = (time: string) => `${time.slice(0, 16).replace('T', ' ')} UTC`
const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text)

/** `us-east-1 page 7, back to 3 November`, drawn anew on a terminal; elsewhere nothing is said meanwhile. */
export class TrailProgress {
  readonly #terminal: Screen
  readonly #clock: Clock
  #drawn = false

  constructor(terminal: Screen, clock: Clock) {
    this.#terminal = terminal
    this.#clock = clock
  }

  show({ keys }: Trail): void {
    if (!this.#terminal.draws) return
    const events = keys.reduce((sum, key) => sum + key.events, 0)
    const asking = keys
      .flatMap(({ regions }) => regions)
      .filter(({ state }) => state === 'asking' || state === 'slowed')
    const line = `${count(events, 'event')}  ${asking.map((region) => this.#region(region)).join(' · ')}`
    this.end()
    this.#terminal.draw(`${printable(cut(line, this.#terminal.columns - 2))}\n`)
    this.#drawn = true
  }

  end(): void {
    if (this.#drawn) this.#terminal.draw('\u001b[1A\u001b[0J')
    this.#drawn = false
  }

  #region({ region, pages, back, state }: TrailRegion): string {
    const where = back === undefined ? '' : `, back to ${dayOf(Date.parse(back), this.#clock.now())}`
    return `${region} page ${pages + 1}${where}${state === 'slowed' ? ', AWS asks us to slow down' : ''}`
  }
}
