import fc from 'fast-check'
import type { SharedConfigReader } from '../agreement/reading.ts'
import { objection } from '../agreement/agreement.ts'
import { Secret } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import { splicePairs } from '../store/pairs.ts'
import { readWithAll } from '../agreement/reading.ts'
import type { Reading } from '../agreement/reading.ts'
import { awkwardFile } from './generateFiles.ts'

/** A generated file; where Keyturn says 'writable', also what it would write for one profile of it. */
export interface Case {
  readonly which: 'credentials' | 'config'
  readonly before: Reading
  readonly write?: {
    readonly profile: string
    /** The header of its section, as `ini` knows it. */
    readonly header: string
    readonly pair: KeyPair
    readonly bytes: Buffer
  }
}

/** The same files for the same seed. */
export async function* generateCases(
  count: number,
  seed: number,
  reader: SharedConfigReader,
): AsyncGenerator<Case> {
  const perFile = Math.ceil(count / 2)
  for (const which of ['credentials', 'config'] as const) {
    const files = fc.sample(fc.tuple(awkwardFile(which), fc.nat()), {
      numRuns: perFile,
      seed: seed + (which === 'config' ? 1 : 0),
    })
    for (const [index, [bytes, pick]] of files.entries()) {
      const before = await readWithAll(bytes, which, reader)
      const writable = [...before.profiles.keys()].filter((name) => isWritable(before, name))
      const profile = writable[pick % Math.max(1, writable.length)]
      if (profile === undefined) {
        yield { which, before }
        continue
      }
      const pair = {
        id: `AKIANEW${String(index).padStart(13, 'Q')}`,
        secret: new Secret(`new+/${'='.repeat(index % 3)}${index}`.padEnd(40, 'n')),
      }
      const header = before.profiles.get(profile)?.at(-1)?.name ?? ''
      yield {
        which,
        before,
        write: { profile, header, pair, bytes: splicePairs(before, new Map([[profile, pair]])).bytes },
      }
    }
  }
}

/** Our verdict on the form alone; what kind of profile it is does not matter for how readers read it. */
function isWritable(reading: Reading, name: string): boolean {
  return objection(reading, name, 'file') === undefined
}

/** What a reader makes of a file: sections, each with its settings; or the name of its error. */
export type Seen =
  | { readonly error: string }
  | { readonly sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> }

/**
 * Whether a reader that saw `before` now sees the new pair for `name` and all else as before, or the same failure.
 * @returns what is wrong; undefined where nothing is
 */
export function disagreement(before: Seen, after: Seen, name: string, pair: KeyPair): string | undefined {
  if ('error' in before || 'error' in after) {
    const [a, b] = [before, after].map((seen) => ('error' in seen ? seen.error : 'none'))
    // A reader that cannot read the file does not read the new pair either: then it was not writable.
    return `error before: ${a}, after: ${b}`
  }
  const expected = structuredClone(before.sections) as Record<string, Record<string, unknown>>
  const section = Object.hasOwn(expected, name) ? expected[name] : undefined
  if (!section) return `does not know [${name}]`
  section['aws_access_key_id'] = pair.id
  section['aws_secret_access_key'] = pair.secret.reveal()
  return stable(expected) === stable(after.sections)
    ? undefined
    : `[${name}] or another section is read differently`
}

function stable(sections: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string {
  const sorted = (value: object) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(sorted(sections).map(([name, section]) => [name, sorted(section as object)]))
}
