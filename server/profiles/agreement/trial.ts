import type { Trouble } from '../../api/problem.ts'
import { objection } from './agreement.ts'
import { invisibleIn, nearMiss } from './cures.ts'
import { Secret } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import { heldPair, splicePairs } from '../store/pairs.ts'
import { differenceAfter } from './reading.ts'
import type { Reading } from './reading.ts'
import { ambiguous } from './wording.ts'

/** Reads bytes with all readers, as a save does before it renames. */
export type Parse = (bytes: Buffer) => Promise<Reading>

/**
 * Saves each profile's pair on trial, in memory: a made-up pair of the real form is spliced in, and all readers are
 * asked as before a save. What would keep a save from happening is so known before a key is made.
 * @param path as the person knows the file, for the words
 * @returns by profile, why its pair could not be saved; a profile that can, or that is refused already, is absent
 */
export async function trySplice(
  reading: Reading,
  path: string,
  parse: Parse,
): Promise<ReadonlyMap<string, Trouble>> {
  const names = [...reading.profiles.keys()].filter(
    (name) => heldPair(reading, name) !== undefined && !objection(reading, name, path),
  )
  const refused = new Map<string, Trouble>()
  // All at once, since nearly always all can; halves of those that cannot find the ones to blame.
  const attempt = async (some: readonly string[], offset: number): Promise<void> => {
    if (some.length === 0) return
    const pairs = new Map(some.map((name, at) => [name, madeUp(offset + at)]))
    const { bytes, changed } = splicePairs(reading, pairs)
    const after = await parse(bytes)
    const difference = differenceAfter(reading, after, changed)
    const objecting = some.find((name) => objection(after, name, path))
    if (difference === undefined && objecting === undefined) return
    const [only] = some
    if (some.length === 1 && only !== undefined) {
      refused.set(only, whyNot(reading, only, path, difference, objection(after, only, path)))
      return
    }
    const middle = Math.ceil(some.length / 2)
    await attempt(some.slice(0, middle), offset)
    await attempt(some.slice(middle), offset + middle)
  }
  await attempt(names, 0)
  return refused
}

/** Twenty and forty characters, as AWS makes them, with all that a secret may hold; no two alike. */
function madeUp(number: number): KeyPair {
  const digits = number.toString(36).toUpperCase().padStart(6, '0')
  return { id: `AKIATRIAL0${digits}TRYX`, secret: new Secret(`try/+${digits}`.padEnd(40, 'aZ9+/')) }
}

function whyNot(
  reading: Reading,
  profile: string,
  path: string,
  difference: string | undefined,
  objected: Trouble | undefined,
): Trouble {
  const section = reading.profiles.get(profile)?.at(-1)
  const hidden = section?.entries
    .map((entry) => nearMiss(reading.document, entry))
    .find((found) => found && invisibleIn(reading.document.text(found.entry.line)) !== undefined)
  if (hidden)
    return ambiguous(
      path,
      hidden.cure.line,
      hidden.cure.what,
      'The AWS SDK for JavaScript passes over it and takes this line for the setting, other tools do not: with a new pair they would differ.',
      `Remove line ${hidden.cure.line}, or type it anew.`,
    )
  if (objected) return objected
  const line = section?.line ?? 1
  return ambiguous(
    path,
    line,
    `tools would not agree on [${profile}] with a new pair`,
    `It would be read differently by ${difference ?? 'one of them'}.`,
    `Write the section that begins on line ${line} plainly: its header, then "aws_access_key_id = …" and "aws_secret_access_key = …", each once.`,
  )
}
