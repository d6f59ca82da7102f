import type { Rotation, UndoHow, UndoRequest } from '../../server/api/run.ts'
import { count, list, shortId } from '../ui/text.ts'

/** Those of the rotations that can be undone in this way now. */
export const undoable = (rotations: readonly Rotation[], how: UndoHow): Rotation[] =>
  rotations.filter(({ undo }) => undo.includes(how))

/** What an undo does, as the words of its button: they name the keys, so that nobody presses blindly. */
export function undoLabel(
  rotations: readonly Rotation[],
  how: UndoHow,
  newKey: NonNullable<UndoRequest['newKey']>,
): string {
  const able = undoable(rotations, how)
  const [only] = able
  const one = able.length === 1 && only
  if (how === 'put-back')
    return one
      ? `Put ${shortId(one.key)} back into the file`
      : `Put ${count(able.length, 'key')} back into the file`
  if (how === 'reactivate')
    return one ? `Activate ${shortId(one.key)} again` : `Activate ${count(able.length, 'old key')} again`
  const off = newKey === 'delete' ? 'delete' : 'turn off'
  if (one)
    return `Put ${shortId(one.key)} back and ${off} ${one.newKey ? shortId(one.newKey) : 'the new key'}`
  return `Put ${count(able.length, 'old key')} back and ${off} the new ones`
}

/** What is true afterwards. */
export function undoWords(rotations: readonly Rotation[], how: UndoHow): string {
  const able = undoable(rotations, how)
  const one = able.length === 1
  if (how === 'put-back') return 'The lines come back where they stood. AWS goes on refusing the key.'
  if (how === 'reactivate')
    return one
      ? 'The old key works again beside the new one. The file keeps the new key.'
      : 'The old keys work again beside the new ones. The file keeps the new keys.'
  const profiles = [
    ...new Set(
      able.flatMap((r) => r.profiles.filter(({ state }) => state === 'new').map(({ name }) => name)),
    ),
  ]
  const where = profiles.length > 0 ? ` into ${list(profiles)}` : ''
  return one
    ? `The old key is proved, then written back${where}; only then is the new key turned off.`
    : `Each old key is proved, then written back${where}; only then is its new key turned off.`
}
