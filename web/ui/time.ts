const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'full',
  timeStyle: 'long',
})

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

/** The same time in full with its zone, for the title of a relative one. */
export function absolute(iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : exact.format(at)
}

/** An age in days up to two years, since policies are in days, and in years beyond: 12 days, 400 days, 3.4 years. */
export function age(days: number): string {
  if (days < 1) return 'today'
  if (days < 731) return `${days} ${days === 1 ? 'day' : 'days'}`
  return `${(Math.floor(days / 36.525) / 10).toFixed(1)} years`
}

/** A span as a person says it: 0.4 s, 12 s, 3 min 20 s, 1 h 5 min. */
export function span(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 9_950) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`
  if (ms < minute) return `${Math.round(ms / second)} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min ${Math.floor((ms % minute) / second)} s`
  return `${Math.floor(ms / hour)} h ${Math.floor((ms % hour) / minute)} min`
}
