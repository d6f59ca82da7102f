import type { WentBack } from '../api/inventory.ts'
import type { Rotation, Run } from '../api/run.ts'
import type { FilesSnapshot, FoundProfile } from '../profiles/ports.ts'
import { sectionLines } from '../profiles/ini/newSection.ts'
import { sumOf } from './undoStore.ts'
import { placeName, type Wrote } from './wrote.ts'

/** What a profile should hold, since a run wrote it there. */
export interface Wanted {
  readonly key: string
  readonly rotation: string
  readonly at: string
  readonly wrote?: Wrote
  /** It did not hold the key any more when that was replaced by this one elsewhere: where it is, somebody else decided. */
  readonly elsewhere?: true
}

/** What runs have written into the files. */
export interface Written {
  /** By file and profile: what was written there last. */
  readonly should: ReadonlyMap<string, Wanted>
  /** Keys that a run has taken out of the files and that should stand nowhere. */
  readonly replaced: ReadonlySet<string>
}

/** Runs that put a pair into profiles. */
const writing: ReadonlySet<Run['kind']> = new Set(['rotate', 'restore', 'mend'])
/** Whose save is known to stand: one that is under way or interrupted is for the run itself to see to. */
const settled: ReadonlySet<Rotation['state']> = new Set(['done', 'undone', 'superseded', 'failed'])

/**
 * Pure.
 * @param runs oldest first
 * @param merged keys that became one with another
 * @param wrote where a rotation wrote, by its id; undefined where its journal does not tell
 */
export function writtenBy(
  runs: readonly Run[],
  merged: readonly string[],
  wrote: (rotation: string) => Wrote | undefined = () => undefined,
): Written {
  const should = new Map<string, Wanted>()
  const replaced = new Set(merged)
  for (const run of runs) {
    if (run.kind === 'remove')
      for (const { profiles, state } of run.rotations)
        if (settled.has(state)) for (const { name, file } of profiles) should.delete(placeName(file, name))
    if (!writing.has(run.kind)) continue
    for (const rotation of run.rotations) {
      const { id, key, newKey } = rotation
      const save = rotation.steps.find(({ name, state }) => name === 'save' && state === 'done')
      if (!save || newKey === undefined || !settled.has(rotation.state)) continue
      const at = save.finishedAt ?? run.startedAt
      replaced.add(key).delete(newKey)
      for (const [where, wanted] of should)
        if (wanted.key === key && key !== newKey)
          should.set(where, { key: newKey, rotation: id, at, elsewhere: true })
      const its = wrote(id)
      for (const { name, file } of rotation.profiles)
        should.set(placeName(file, name), { key: newKey, rotation: id, at, ...(its && { wrote: its }) })
    }
  }
  return { should, replaced }
}

/** What speaks against telling of a profile that is gone. */
export interface Accounted {
  /** Keys that runs have turned off or deleted since. */
  readonly off: ReadonlySet<string>
  /** Profiles that the person took out, as `awayName` writes them. */
  readonly takenOut: ReadonlySet<string>
  /** Of every pair that is kept, by its id: see `sumOf`. */
  readonly sums: ReadonlyMap<string, string>
}

/**
 * Pure: profiles that hold a key again which Keyturn has replaced, though another one should stand there, and profiles that
 * hold none any more: somebody saved an old buffer, put an old copy of the file back, or emptied, cut or removed it.
 */
export function wentBack(written: Written, snapshot: FilesSnapshot, accounted: Accounted): WentBack[] {
  const { should, replaced } = written
  const back = snapshot.profiles.flatMap(({ name, file, pair }): WentBack[] => {
    const wanted = should.get(placeName(file, name))
    if (!pair || !wanted || !replaced.has(pair.id)) return []
    return [row(name, file, pair.id, wanted)]
  })
  return [...back, ...goneOf(written, snapshot, accounted)]
}

/** How a profile that the person took out is remembered: until a run writes it again. */
export function awayName({
  file,
  profile,
  rotation,
}: Pick<WentBack, 'file' | 'profile' | 'rotation'>): string {
  return `${placeName(file, profile)}@${rotation}`
}

function goneOf(
  { should }: Written,
  snapshot: FilesSnapshot,
  { off, takenOut, sums }: Accounted,
): WentBack[] {
  const { profiles, files } = snapshot
  const strangers = profiles.filter(({ file, name }) => !should.has(placeName(file, name)))
  const moved = new Set(strangers.flatMap(({ pair }) => pair?.id ?? []))
  const byName = new Map<string, FoundProfile[]>()
  for (const each of profiles) byName.set(each.name, [...(byName.get(each.name) ?? []), each])
  return [...should].flatMap(([where, wanted]): WentBack[] => {
    const { key, rotation, wrote, elsewhere } = wanted
    const [file, profile] = parts(where)
    const { path, state } = files[file]
    // Of another file than the one that was written, and of one that cannot be read, nothing is known.
    if (elsewhere || wrote?.paths[file] !== path || state === 'unreadable' || off.has(key)) return []
    const found = byName.get(profile) ?? []
    const held = found.find((each) => each.file === file)?.pair
    const sum = sums.get(key)
    const isCut = held?.id === key && sum !== undefined && sum !== sumOf(held)
    if (held && !isCut) return []
    const isAccounted = moved.has(key) || takenOut.has(awayName({ file, profile, rotation }))
    if (!held && (isAccounted || found.some((each) => isAnotherWay(each, should)))) return []
    const region = wrote.regions[where]
    const lines = sectionLines(file, { profile, id: key, secret: '••••••••', ...(region && { region }) })
    return [
      { ...row(profile, file, held?.id ?? null, wanted), anew: { path, lines, ...(region && { region }) } },
    ]
  })
}

/** The person gave it another kind of sign-in, or a pair in the other file. */
function isAnotherWay({ name, file, kind, pair }: FoundProfile, should: Written['should']): boolean {
  return pair ? !should.has(placeName(file, name)) : kind !== 'incomplete'
}

function row(profile: string, file: WentBack['file'], holds: string | null, wanted: Wanted): WentBack {
  return { profile, file, holds, should: wanted.key, rotation: wanted.rotation, replacedAt: wanted.at }
}

function parts(where: string): [WentBack['file'], string] {
  const colon = where.indexOf(':')
  return [where.slice(0, colon) as WentBack['file'], where.slice(colon + 1)]
}
