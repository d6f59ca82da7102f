import type { Rotation } from '../api/run.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import { profileIn } from './world.ts'

type Profile = Rotation['profiles'][number]

/**
 * Pure: the profiles of a rotation that an undo leaves as they are, because they do not hold the new key any more. One that
 * was renamed, or moved to the other file, is not left out: the undo finds the key where it stands now.
 * @returns each with the key that it holds instead, if any
 */
export function leftOut(
  { profiles, newKey }: Pick<Rotation, 'profiles' | 'newKey'>,
  snapshot: FilesSnapshot,
): (Pick<Profile, 'name' | 'file'> & { readonly holds?: string })[] {
  const keyIn = (profile: Profile) => profileIn(snapshot, profile)?.pair?.id
  const away = profiles.filter((profile) => keyIn(profile) !== newKey)
  const gone = away.filter((profile) => keyIn(profile) === undefined)
  const elsewhere = snapshot.profiles.filter(
    ({ name, file, pair }) =>
      pair?.id === newKey && !profiles.some((each) => each.name === name && each.file === file),
  )
  return away.flatMap((profile) => {
    const { name, file } = profile
    const holds = keyIn(profile)
    if (holds !== undefined) return [{ name, file, holds }]
    return gone.length > elsewhere.length ? [{ name, file }] : []
  })
}
