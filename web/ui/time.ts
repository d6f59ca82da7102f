export { ageWords as age } from '../../shared/age.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

// Its words stand in English sentences; dates and times of day are written as the browser's own.
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const formats = {
  exact: { dateStyle: 'full', timeStyle: 'long' },
  dateTime: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  date: { day: 'numeric', month: 'long' },
  shortDate: { day: 'numeric', month: 'short' },
  day: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  clock: { hour: '2-digit', minute: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>
const made = new Map<string, Intl.DateTimeFormat>()

/** A time in the browser's zone and locale; what is no time stays as it is. */
export function written(at: string | number, how: keyof typeof formats, locale?: string): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return String(at)
  const name = `${how} ${locale ?? ''}`
  const format = made.get(name) ?? new Intl.DateTimeFormat(locale, formats[how])
  made.set(name, format)
  return format.format(date)
}

/** The day from whose first moment on something is allowed: the day itself only where that is midnight. */
export function firstWholeDay(at: string | number): number {
  const date = new Date(at)
  const midnight = new Date(date)
  midnight.setHours(0, 0, 0, 0)
  if (midnight.getTime() < date.getTime()) midnight.setDate(midnight.getDate() + 1)
  return midnight.getTime()
}

/** Milliseconds of an RFC 3339 time; NaN where it is none. */
export const millis = (iso: string): number => Date.parse(iso)

/** '3 minutes ago', 'in 7 days', 'just now'. What was rounds towards now, so that nothing seems older than it is. */
export function relative(iso: string, now: number): string {
  const delta = millis(iso) - now
  if (Number.isNaN(delta)) return 'at an unknown time'
  const size = Math.abs(delta)
  // The page's clock may lag behind the server's event by some seconds: that is no future.
  if (size < 45 * second) return 'just now'
  const whole = delta > 0 ? Math.round : Math.trunc
  if (size < hour) return words.format(whole(delta / minute) || Math.sign(delta), 'minute')
  if (size < day) return words.format(whole(delta / hour), 'hour')
  if (size < 731 * day) return words.format(whole(delta / day), 'day')
  return words.format(Math.trunc(delta / (365.25 * day)), 'year')
}

/** The same time in full with its zone. */
export const absolute = (iso: string): string => written(iso, 'exact')

/** A span as a person says it: 0.4 s, 12 s, 3 min 20 s, 1 h 5 min. */
export function span(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 9_950) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`
  if (ms < minute) return `${Math.round(ms / second)} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min ${Math.floor((ms % minute) / second)} s`
  return `${Math.floor(ms / hour)} h ${Math.floor((ms % hour) / minute)} min`
}
