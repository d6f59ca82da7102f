import type { Trouble } from '../api/problem.ts'
import type { Which } from '../api/inventory.ts'
import type { FileSeen } from '../profiles/store/seenFiles.ts'

/** What an act is judged by: looked at just now, never remembered. */
export interface WorldSeen {
  /** Every file that is configured now, and every other one in which a key of the act was ever seen. */
  readonly files: readonly FileSeen[]
  /** Ids whose pair STS and IAM accepted a moment ago, IAM's list showing them active where it may be asked. */
  readonly proved: { has(key: string): boolean }
  /** Keys that other open runs need, each with the run. */
  readonly needed: ReadonlyMap<string, string>
}

/** Something that changes a key, a file or what is kept. */
export type Act =
  | { readonly kind: 'create'; readonly from: string; readonly profiles: readonly Place[] }
  | { readonly kind: 'turn-on'; readonly key: string }
  /** @property stays the key whose pair goes on working for the user: it must have been proved */
  | { readonly kind: 'turn-off'; readonly key: string; readonly stays: string }
  | { readonly kind: 'delete'; readonly key: string; readonly stays: string }
  /** A key that Keyturn made and nobody was given. */
  | { readonly kind: 'take-back'; readonly key: string; readonly attributed: boolean }
  /** A key that profiles hold: the person named it, and wants it dead more than working. */
  | { readonly kind: 'kill'; readonly key: string; readonly named: boolean }
  | { readonly kind: 'write'; readonly to: string; readonly changes: readonly Change[] }
  /** A pair that AWS refuses is taken out of the files. */
  | {
      readonly kind: 'cut'
      readonly key: string
      readonly changes: readonly Change[]
      readonly refused: boolean
    }
  /** What was taken out comes back. */
  | { readonly kind: 'put-back'; readonly key: string; readonly changes: readonly Change[] }
  /** The new pair goes to the person's own programs. */
  | { readonly kind: 'hand-over'; readonly key: string }
  /** @property gone AWS has no such key any more; @property active the user's keys that are on, as far as is known */
  | {
      readonly kind: 'drop-secret'
      readonly key: string
      readonly gone: boolean
      readonly active: ReadonlySet<string>
    }

export interface Place {
  readonly name: string
  readonly file: Which
  readonly id: string
}

export interface Change {
  readonly profile: string
  readonly file: Which
  readonly path: string
  /** Undefined: it is gone, and written anew. */
  readonly from?: string
}

export type Answer =
  | { readonly say: 'go' }
  | { readonly say: 'wait'; readonly why: Trouble }
  | { readonly say: 'never'; readonly why: Trouble }

type Rule<K extends Act['kind']> = (act: Extract<Act, { kind: K }>, world: WorldSeen) => Answer

interface Row<K extends Act['kind']> {
  readonly promise: 'P1' | 'P2' | 'P3'
  readonly says: string
  readonly rule: Rule<K>
}

function row<K extends Act['kind']>(promise: Row<K>['promise'], says: string, rule: Rule<K>): Row<K> {
  return { promise, says, rule }
}

/** The rules, by act. An act goes only where all of its rows say so; 'never' goes before 'wait'. */
export const rules: { readonly [K in Act['kind']]: readonly Row<K>[] } = {
  create: [
    row('P1', 'every file is known: one that is not may hold the key that is to go', ({ from }, world) =>
      everyFileKnown(world, from),
    ),
    row('P3', 'each profile holds what the plan said', ({ profiles }, world) =>
      holdsWhatWasPlanned(world, profiles),
    ),
    row('P1', 'no other open run holds the key', ({ from }, world) => noOtherRun(world, from)),
  ],
  'turn-on': [],
  'turn-off': [
    row('P1', 'no profile holds it', ({ key }, world) => noProfileHolds(world, key)),
    row('P1', 'every file is known not to hold it', ({ key }, world) => everyFileKnown(world, key)),
    row('P1', 'the pair that stays passed a moment ago', ({ stays }, world) => proved(world, stays)),
    row('P1', 'no other open run needs it', ({ key }, world) => noOtherRun(world, key)),
  ],
  delete: [
    row('P1', 'no profile holds it', ({ key }, world) => noProfileHolds(world, key)),
    row('P1', 'every file is known not to hold it', ({ key }, world) => everyFileKnown(world, key)),
    row('P1', 'the pair that stays passed a moment ago', ({ stays }, world) => proved(world, stays)),
    row('P1', 'no other open run needs it', ({ key }, world) => noOtherRun(world, key)),
  ],
  'take-back': [
    row('P3', 'it is known to be ours', ({ key, attributed }) => (attributed ? go : never(notOurs(key)))),
    row('P1', 'no profile holds it', ({ key }, world) => noProfileHolds(world, key)),
    row('P1', 'every file is known not to hold it', ({ key }, world) => everyFileKnown(world, key)),
    row('P1', 'no other open run needs it', ({ key }, world) => noOtherRun(world, key)),
  ],
  kill: [
    row('P1', 'the person named this very key', ({ key, named }) => (named ? go : never(notNamed(key)))),
    row('P1', 'no other open run needs it', ({ key }, world) => noOtherRun(world, key)),
  ],
  write: [
    row('P3', 'each profile holds what was expected', ({ to, changes }, world) =>
      holdsWhatWasExpected(world, to, changes),
    ),
    row('P1', 'the pair passed a moment ago', ({ to }, world) => proved(world, to)),
  ],
  cut: [
    row('P1', 'AWS refused it a moment ago', ({ key, refused }) => (refused ? go : never(keyWorks(key)))),
    row('P1', 'no other open run needs it', ({ key }, world) => noOtherRun(world, key)),
    row('P3', 'each profile holds it, or nothing', ({ key, changes }, world) =>
      holdsWhatWasExpected(world, key, changes),
    ),
  ],
  'put-back': [
    row('P3', 'no profile holds another', ({ key, changes }, world) => holdsNoOther(world, key, changes)),
  ],
  'hand-over': [
    row('P1', 'a profile holds it', ({ key }, world) => aProfileHolds(world, key)),
    row('P1', 'the pair passed a moment ago', ({ key }, world) => proved(world, key)),
  ],
  'drop-secret': [
    row(
      'P1',
      'the key is gone, or a file that was just read holds an active key of the user',
      ({ key, gone, active }, world) =>
        gone || heldIds(world).some((id) => active.has(id)) ? go : never(lastCopy(key)),
    ),
  ],
}

/** Pure: whether an act may be done in the world as it was just looked at. */
export function interlock(act: Act, world: WorldSeen): Answer {
  const rows = rules[act.kind] as unknown as readonly Row<Act['kind']>[]
  const answers = rows.map(({ rule }) => rule(act, world))
  return (
    answers.find(({ say }) => say === 'never') ?? answers.find(({ say }) => say === 'wait') ?? { say: 'go' }
  )
}

/** Why nobody can say whether a file holds one of these keys; undefined where all files tell. */
export function unknownAbout(files: readonly FileSeen[], keys: readonly string[]): Trouble | undefined {
  for (const file of files) {
    if (file.seen === 'unknown') return unreadable(file.path, file.why, keys[0])
    if (file.seen === 'absent') {
      const held = keys.find((key) => file.held.has(key))
      if (held !== undefined) return away(file.path, held)
    }
  }
  return undefined
}

const go: Answer = { say: 'go' }
const wait = (why: Trouble): Answer => ({ say: 'wait', why })
const never = (why: Trouble): Answer => ({ say: 'never', why })

function everyFileKnown({ files }: WorldSeen, key: string): Answer {
  const why = unknownAbout(files, [key])
  return why ? wait(why) : go
}

function noProfileHolds({ files }: WorldSeen, key: string): Answer {
  for (const file of files) {
    if (file.seen !== 'known') continue
    const holder = file.holds.find(({ id }) => id === key)
    if (holder) return never(inUse(key, holder.profile, file.path))
  }
  return go
}

function aProfileHolds(world: WorldSeen, key: string): Answer {
  if (heldIds(world).includes(key)) return go
  const why = unknownAbout(world.files, [key])
  return why ? wait(why) : never(moved(key))
}

function holdsWhatWasPlanned({ files }: WorldSeen, places: readonly Place[]): Answer {
  for (const place of places) {
    const held = files.flatMap((file) => (file.seen === 'known' ? file.holds : []))
    const found = held.find(({ profile, file }) => profile === place.name && file === place.file)
    if (found?.id === place.id) continue
    const silent = files.find((file) => file.seen !== 'known')
    // Whether it is the profile's own file that is silent is for 'every file is known' to say.
    if (!found && silent) continue
    return never(elsewhere(place.name, place.id))
  }
  return go
}

function holdsWhatWasExpected({ files }: WorldSeen, to: string, changes: readonly Change[]): Answer {
  for (const change of changes) {
    const file = files.find(({ path }) => path === change.path)
    if (file?.seen !== 'known') {
      const why =
        file?.seen === 'unknown'
          ? unreadable(file.path, file.why, change.from ?? to)
          : away(change.path, change.from ?? to)
      return wait(why)
    }
    const id = file.holds.find(({ profile }) => profile === change.profile)?.id
    if (id === change.from || id === to) continue
    return never(change.from === undefined ? again(change.profile) : elsewhere(change.profile, change.from))
  }
  return go
}

function holdsNoOther({ files }: WorldSeen, key: string, changes: readonly Change[]): Answer {
  for (const change of changes) {
    const file = files.find(({ path }) => path === change.path)
    if (file?.seen === 'unknown') return wait(unreadable(file.path, file.why, key))
    const holds = file?.seen === 'known' ? file.holds : []
    const id = holds.find(({ profile }) => profile === change.profile)?.id
    if (id !== undefined && id !== key) return never(again(change.profile))
  }
  return go
}

function proved({ proved }: WorldSeen, key: string): Answer {
  return proved.has(key) ? go : never(unproved(key))
}

function noOtherRun({ needed }: WorldSeen, key: string): Answer {
  const run = needed.get(key)
  return run === undefined ? go : never(neededBy(key, run))
}

function heldIds({ files }: WorldSeen): string[] {
  return files.flatMap((file) => (file.seen === 'known' ? file.holds.map(({ id }) => id) : []))
}

const shown = (key: string) => `****${key.slice(-4)}`

function unreadable(path: string, why: string, key: string | undefined): Trouble {
  return {
    name: 'waits-for-file',
    title: 'Waits for a file',
    detail: `Waits for ${path} to be readable again: ${why}${key === undefined ? '' : ` It may hold ${shown(key)} too.`}`,
    remedy: 'Make the file readable; this goes on by itself then. Or stop the run.',
  }
}

function away(path: string, key: string): Trouble {
  return {
    name: 'waits-for-file',
    title: 'Waits for a file',
    detail: `Waits for ${path} to be back: it is gone or empty, and it held ${shown(key)} when it was last read.`,
    remedy: 'Put the file back; this goes on by itself then. Or stop the run.',
  }
}

function inUse(key: string, profile: string, path: string): Trouble {
  return {
    name: 'key-in-use',
    title: 'A profile holds this key',
    detail: `[${profile}] in ${path} holds ${shown(key)}, so that turning it off would lock it out.`,
    remedy: 'Rotate the profile first.',
  }
}

function moved(key: string): Trouble {
  return {
    name: 'file-moved',
    title: 'The file changed',
    detail: `No profile holds the new key ${shown(key)} any more; another program changed the file.`,
    remedy: 'If the change was yours, nothing is left to do here; else undo this rotation with Restore.',
  }
}

function elsewhere(profile: string, key: string): Trouble {
  return {
    name: 'file-moved',
    title: 'The file changed',
    detail: `[${profile}] no longer holds ${shown(key)}; someone else changed it.`,
    remedy: 'Check the keys again and make a new plan.',
  }
}

function again(profile: string): Trouble {
  return {
    name: 'file-moved',
    title: 'The file changed',
    detail: `[${profile}] holds a key again; someone else wrote it.`,
    remedy: 'Look at what the file holds now.',
  }
}

function unproved(key: string): Trouble {
  return {
    name: 'not-proved',
    title: 'The key was not proved',
    detail: `AWS has not accepted ${shown(key)} just before this, so that nothing was changed.`,
    remedy: 'Try again.',
  }
}

export function keyWorks(key: string): Trouble {
  return {
    name: 'key-works',
    title: 'AWS accepts the key',
    detail: `AWS accepts ${shown(key)}, so that taking it out of the file would lock its profiles out. Nothing was written.`,
    remedy: 'Rotate it, or turn it off first.',
  }
}

function neededBy(key: string, run: string): Trouble {
  return {
    name: 'key-busy',
    title: 'Another run needs this key',
    detail: `${shown(key)} is part of the run ${run}, which is not finished.`,
    remedy: 'Finish or roll back that run first.',
  }
}

function notOurs(key: string): Trouble {
  return {
    name: 'stray-unclear',
    title: 'An unexplained key',
    detail: `It cannot be proved that Keyturn made ${shown(key)}, so that it was not touched.`,
    remedy: 'Look at the key in the AWS console; delete it if nobody knows it, then retry.',
  }
}

function notNamed(key: string): Trouble {
  return {
    name: 'key-in-use',
    title: 'Not named',
    detail: `Nobody asked for ${shown(key)} to be turned off while profiles hold it.`,
    remedy: 'Rotate the key, or name it to be turned off.',
  }
}

function lastCopy(key: string): Trouble {
  return {
    name: 'last-copy',
    title: 'Perhaps the last copy',
    detail: `The kept secret of ${shown(key)} may be the last one that works for its user, so that it stays kept.`,
    remedy: 'Check the keys; it can be forgotten once a file holds another active key of the user.',
  }
}
