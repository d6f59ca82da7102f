import { isUtf8 } from 'node:buffer'
import type { KeyPair } from '../profiles/keyPair.ts'
import { contentOf } from './content.ts'
import { FileLook, Lookout, type Sighting } from './look.ts'

export type Swapped =
  | { readonly bytes: Buffer; readonly lines: readonly SwappedLine[]; readonly why?: undefined }
  | { readonly why: string }

/** What changes on a line. Never what else stands there. */
export interface SwappedLine {
  readonly line: number
  readonly what: 'id' | 'secret' | 'id and secret'
}

/** In bytes; a larger file is no settings of a tool. */
export const largestSwapped = 1024 * 1024

/**
 * Pure: puts a pair in the place of another, where nothing else can be meant. Old and new are as long as each other, of
 * letters and signs that no format quotes, so that the bytes round them stay where they are, whatever the format.
 */
export function swapPair(bytes: Buffer, from: KeyPair, to: KeyPair): Swapped {
  const [secret, next] = [from.secret.reveal(), to.secret.reveal()]
  if (bytes.length > largestSwapped) return { why: 'It is larger than 1 MiB: change it by hand.' }
  if (contentOf(bytes) !== 'text' || bytes.includes(0) || !isUtf8(bytes))
    return { why: 'It is not plain UTF-8 text: set the new pair with the program that wrote it.' }
  if (from.id.length !== to.id.length || secret.length !== next.length || !isPlain(secret) || !isPlain(next))
    return { why: 'The new pair is not written as the old one is: change it by hand.' }
  const look = new FileLook(new Lookout([{ id: from.id, secrets: [secret] }]), 'text', Infinity)
  look.take(bytes, true)
  const { sightings } = look
  if (sightings.some(({ form }) => form !== 'plain'))
    return { why: 'It also stands there encoded (in base64, or with escaped signs): change it by hand.' }
  const ids = sightings.filter(({ part }) => part === 'id').length
  const secrets = sightings.length - ids
  if (secrets === 0)
    return { why: 'Only the id stands there, which opens nothing by itself: change it by hand.' }
  if (ids === 0) return { why: 'The secret stands there without its id: change it by hand.' }
  if (ids !== secrets)
    return {
      why: `The id stands there ${times(ids)} and the secret ${times(secrets)}, so that it is not clear which belong together: change it by hand.`,
    }
  for (const sighting of sightings) {
    const length = sighting.part === 'id' ? from.id.length : secret.length
    const why = unsafeAt(bytes, sighting.at, sighting.at + length)
    if (why) return { why }
  }
  const after = Buffer.from(bytes)
  for (const { part, at } of sightings) after.write(part === 'id' ? to.id : next, at, 'latin1')
  return { bytes: after, lines: linesOf(sightings) }
}

/** What AWS makes secrets of; a sign beyond these may need quotes or escapes where it stands. */
const isPlain = (secret: string) => /^[A-Za-z0-9+/]+$/.test(secret)
const times = (count: number) => (count === 1 ? 'once' : `${count} times`)

/** Why the bytes there may not be the whole value, or may be written otherwise than they are meant. */
function unsafeAt(bytes: Buffer, start: number, end: number): string | undefined {
  const before = start === 0 ? '' : String.fromCharCode(bytes[start - 1] as number)
  const after = end === bytes.length ? '' : String.fromCharCode(bytes[end] as number)
  if (isInUrl(bytes, start, end))
    return 'It stands there inside a URL, where the new secret may need percent signs: change it by hand.'
  if (!isBound(before) || !isBound(after))
    return 'It stands there as a part of something longer: change it by hand.'
  return undefined
}

const isBound = (sign: string) => /^[\s"'=:,><;]?$/.test(sign)

/** Farther than this a URL does not go, in bytes. */
const reach = 2_048

function isInUrl(bytes: Buffer, start: number, end: number): boolean {
  const before = /[^\s"'<>]*$/.exec(bytes.toString('latin1', Math.max(0, start - reach), start))?.[0] ?? ''
  const after = /^[^\s"'<>]*/.exec(bytes.toString('latin1', end, end + reach))?.[0] ?? ''
  return before.includes('://') && after.includes('@')
}

function linesOf(sightings: readonly Sighting[]): SwappedLine[] {
  const parts = new Map<number, Set<'id' | 'secret'>>()
  for (const { line, part } of sightings) parts.set(line, (parts.get(line) ?? new Set()).add(part))
  return [...parts]
    .sort(([one], [other]) => one - other)
    .map(([line, set]) => ({
      line,
      what: set.size === 2 ? 'id and secret' : set.has('id') ? 'id' : 'secret',
    }))
}
