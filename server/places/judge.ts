import fs from 'node:fs/promises'
import type { Place } from '../api/places.ts'
import { Failure } from '../platform/failure.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import { writableTarget } from '../profiles/store/target.ts'
import { gitState, type GitState } from './git.ts'
import type { Environment } from '../platform/environment.ts'
import type { KeyFacts } from './keyFacts.ts'
import { kindOf } from './kinds.ts'
import type { Standing } from './standings.ts'
import { largestSwapped, swapPair, type SwappedLine } from './swapPair.ts'
import type { FoundFile } from './walker.ts'

export interface JudgeContext {
  readonly facts: ReadonlyMap<string, KeyFacts>
  readonly awsFiles: readonly string[]
  readonly env: Environment
}

/** What would change of one file, for one key. */
export type Verdict =
  | {
      readonly can: 'update'
      readonly from: KeyPair
      readonly to: KeyPair
      readonly before: Buffer
      readonly after: Buffer
      readonly lines: readonly SwappedLine[]
    }
  | { readonly can: 'list'; readonly why: string }

/** The places of a file, a line and a key each, with what can be done there. */
export async function placesOf(file: FoundFile, context: JudgeContext): Promise<Place[]> {
  const { name: kind } = kindOf(file.path, context.awsFiles)
  const verdicts = new Map<string, Verdict>()
  for (const key of new Set(file.standings.map((each) => each.key))) {
    const whole = file.standings.some((each) => each.key === key && each.holds === 'pair')
    verdicts.set(key, await judge(file.path, key, context, whole ? undefined : file.standings))
  }
  return file.standings.map(({ key, line, holds }) => {
    const verdict = verdicts.get(key) as Verdict
    return {
      path: file.path,
      line,
      kind,
      key,
      holds,
      can: verdict.can,
      ...(verdict.can === 'list' && { why: verdict.why }),
    }
  })
}

/**
 * Whether the pair of a key can be replaced in a file byte for byte. Reads; writes nothing.
 * @param seen what stands there, where that is no whole pair; undefined: a pair, or not known yet
 */
export async function judge(
  file: string,
  key: string,
  { facts, awsFiles, env }: JudgeContext,
  seen?: readonly Standing[],
): Promise<Verdict> {
  const known = facts.get(key)
  const { listed } = kindOf(file, awsFiles)
  if (listed !== undefined) return list(listed)
  const never = known && whyNever(known)
  if (!known || never !== undefined) return list(never ?? unknownKey)
  if (seen)
    return list(
      seen.some((each) => each.key === key && each.holds === 'secret')
        ? 'The secret stands there without its id: change it by hand.'
        : 'Only the id stands there, which opens nothing by itself: change it by hand.',
    )
  const { to } = known
  if (!to) return list(unknownKey)
  const before = await read(file)
  if ('why' in before) return list(before.why)
  let why = ''
  for (const from of known.pairs) {
    const swapped = swapPair(before.bytes, from, to.pair)
    if (swapped.why !== undefined) {
      why ||= swapped.why
      continue
    }
    const unwritable = await whyUnwritable(file, env)
    if (unwritable !== undefined) return list(unwritable)
    return {
      can: 'update',
      from,
      to: to.pair,
      before: before.bytes,
      after: swapped.bytes,
      lines: swapped.lines,
    }
  }
  return list(why)
}

const list = (why: string): Verdict => ({ can: 'list', why })

const unknownKey =
  'Keyturn did not replace this key, and no profile holds it: it has no new pair to put there.'

function whyNever({ worth, pairs, to }: KeyFacts): string | undefined {
  if (worth === 'held')
    return 'The profiles use this key now. Once it is rotated, the new pair can be put there.'
  if (worth === undefined) return unknownKey
  if (!to) return 'No profile holds the key that replaced this one: put there what the tool should use now.'
  if (pairs.length === 0)
    return `The old secret is not kept any more, so that it was not looked for and cannot be replaced. The new pair is in the profile [${to.profile}]: change it by hand.`
  return undefined
}

async function read(file: string): Promise<{ readonly bytes: Buffer } | { readonly why: string }> {
  try {
    const stat = await fs.lstat(file)
    if (!stat.isFile()) return { why: 'It is no ordinary file any more.' }
    if (stat.size > largestSwapped) return { why: 'It is larger than 1 MiB: change it by hand.' }
    if (stat.nlink > 1)
      return { why: 'It has a second name (a hard link), which would keep the old pair: change it by hand.' }
    return { bytes: await fs.readFile(file) }
  } catch {
    return { why: 'It cannot be read any more.' }
  }
}

async function whyUnwritable(file: string, env: Environment): Promise<string | undefined> {
  try {
    await writableTarget(file)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.trouble.detail.replace(' Nothing was changed.', '')
  }
  return byGit[await gitState(file, env)]
}

/** A new secret in a repository would be the next leak. */
const byGit: Readonly<Record<GitState, string | undefined>> = {
  outside: undefined,
  ignored: undefined,
  tracked:
    'git tracks it, and its history keeps what stood there: rotating the key is what ends it. Take the pair out of the file.',
  untracked:
    'It is in a git work tree that does not ignore it, so that a new secret might be committed: take the pair out, or let git ignore the file.',
  unknown: 'It is in a git work tree, and git could not be asked whether it is ignored: change it by hand.',
}
