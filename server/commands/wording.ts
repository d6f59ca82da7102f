import { utcMinute } from '../../shared/age.ts'
import { speaker } from '../../shared/speaker.ts'
import type { Trouble } from '../api/problem.ts'
import type { Rotation, StepName } from '../api/run.ts'
import { hinted } from './hints.ts'

/** `1 key`, `3 keys`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** As everywhere: the last four characters. */
export function short(id: string): string {
  return `****${id.slice(-4)}`
}

/** `[a]`, `[a] [b]`. */
export function places(profiles: readonly (string | { readonly name: string })[]): string {
  const names = profiles.map((profile) => (typeof profile === 'string' ? profile : profile.name))
  return [...new Set(names)].map((name) => `[${name}]`).join(' ')
}

/** What is true, what to do, and the words of AWS or of the system to search for. */
export function sentence({ detail, remedy, code, requestId }: Trouble): string {
  const said = code && (speaker(code) === 'AWS' ? `AWS: ${code}` : code)
  const own = [said, requestId && `request ${requestId}`].filter(Boolean).join(', ')
  return [hinted(detail), remedy && hinted(remedy), own && `(${own})`].filter(Boolean).join(' ')
}

/** A key by whose it is: `sam in acme-production`. */
export function owner({ user, account }: Pick<Rotation, 'user' | 'account'>): string {
  const where = account?.alias ?? account?.id
  return [user?.name, where && `in ${where}`].filter(Boolean).join(' ')
}

const day = 86_400_000

/** Both relative and absolute: `12 days ago, 2026-03-01 10:00 UTC`. */
export function when(time: string, now: number): string {
  const at = Date.parse(time)
  return at > now
    ? `in ${amount(at - now, Math.round)}, ${utcMinute(at)}`
    : `${amount(now - at)} ago, ${utcMinute(at)}`
}

/** How long something stays possible: `for 7 days, until 2026-03-08 10:00 UTC`. */
export function left(until: string, now: number): string {
  const at = Date.parse(until)
  return at > now ? `for ${amount(at - now, Math.round)}, until ${utcMinute(at)}` : `until ${utcMinute(at)}`
}

/** @param days how days are rounded: an age down, since a key is no older than it is; seven days less a second are seven */
function amount(distance: number, days: (number: number) => number = Math.floor): string {
  if (distance < 3_600_000) return count(Math.round(distance / 60_000), 'minute')
  if (distance < 2 * day) return count(Math.round(distance / 3_600_000), 'hour')
  return count(days(distance / day), 'day')
}

/** What a step does, as it is said while it is under way. */
export const doing: Readonly<Record<StepName, string>> = {
  check: 'checking',
  unify: 'giving both profiles one key',
  makeRoom: 'deleting the spare key',
  create: 'making the new key',
  activate: 'activating',
  verify: 'waiting until AWS knows the key',
  save: 'saving',
  prove: 'proving what was saved',
  hook: 'running hooks',
  retire: 'turning the old key off',
  confirm: 'seeing the old key refused',
}
