import type { WentBack } from '../api/inventory.ts'
import type { Rotation, Run } from '../api/run.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'

/** What runs have written into the files. */
export interface Written {
  /** By file and profile: the key that was written there last. */
  readonly should: ReadonlyMap<
    string,
    { readonly key: string; readonly rotation: string; readonly at: string }
  >
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
 */
export function writtenBy(runs: readonly Run[], merged: readonly string[]): Written {
  const should = new Map<string, { readonly key: string; readonly rotation: string; readonly at: string }>()
  const replaced = new Set(merged)
  for (const run of runs) {
    if (!writing.has(run.kind)) continue
    for (const rotation of run.rotations) {
      const { newKey } = rotation
      const save = rotation.steps.find(({ name, state }) => name === 'save' && state === 'done')
      if (!save || newKey === undefined || !settled.has(rotation.state)) continue
      const at = save.finishedAt ?? run.startedAt
      replaced.add(rotation.key)
      for (const { name, file } of rotation.profiles)
        should.set(place(file, name), { key: newKey, rotation: rotation.id, at })
    }
  }
  for (const { key } of should.values()) replaced.delete(key)
  return { should, replaced }
}

/**
 * Pure: profiles that hold a key again which Keyturn has replaced, though another one should stand there: somebody
 * saved an old buffer, or put an old copy of the file back.
 */
export function wentBack({ should, replaced }: Written, { profiles }: FilesSnapshot): WentBack[] {
  return profiles.flatMap(({ name, file, pair }) => {
    const wanted = should.get(place(file, name))
    if (!pair || !wanted || !replaced.has(pair.id)) return []
    return [
      {
        profile: name,
        file,
        holds: pair.id,
        should: wanted.key,
        rotation: wanted.rotation,
        replacedAt: wanted.at,
      },
    ]
  })
}

function place(file: string, name: string): string {
  return `${file}:${name}`
}
