import type { OldKeyMode } from '../../server/api/plan.ts'
import { accountWords } from '../../shared/account.ts'
import type { Rotation, Run, RunKind, StepName } from '../../server/api/run.ts'
import type { Settings } from '../../server/api/settings.ts'
import { count, list } from '../ui/text.ts'

/** What a rotation is called: its profiles; an act on an old key, which has none, its user. */
export const nameOf = ({ profiles, user }: Rotation): string =>
  list(profiles.map(({ name }) => name)) || (user?.name ?? 'no profile')

/** Who began a run, where that was not this page. */
export const begunBy = ({ by }: Run): string =>
  by === 'timer' ? ' by a timer or a script' : by === 'terminal' ? ' in a terminal' : ''

/** What a step is called in a list. */
export function stepLabel(name: StepName, kind: RunKind, mode: OldKeyMode): string {
  switch (name) {
    case 'check':
      return 'Check the key and the files'
    case 'unify':
      return 'Bring both keys’ profiles together'
    case 'makeRoom':
      return 'Delete the spare key'
    case 'create':
      return 'Create the new key'
    case 'activate':
      return 'Activate the old key'
    case 'verify':
      return kind === 'restore' || kind === 'reactivate'
        ? 'Wait until the old key works'
        : 'Wait until the new key works'
    case 'save':
      return 'Write the file'
    case 'prove':
      return 'Prove what the file holds'
    case 'hook':
      return 'Run the deploy hooks'
    case 'retire':
      if (kind === 'restore') return 'Turn the new key off'
      if (kind === 'delete') return 'Delete the key'
      if (kind === 'deactivate') return 'Deactivate the key'
      return { deactivate: 'Deactivate the old key', delete: 'Delete the old key', keep: 'Keep the old key' }[
        mode
      ]
    case 'confirm':
      return kind === 'rotate' ? 'Confirm the old key is refused' : 'Confirm with AWS'
  }
}

/** The longest that a step waits for AWS before it gives up. */
export const patienceOf = (name: StepName, settings: Settings | undefined): number =>
  name === 'confirm'
    ? (settings?.verification.confirmPatienceMs ?? 30_000)
    : (settings?.verification.patienceMs ?? 90_000)

/** What goes on inside a step that is under way, for a person who waits. */
export function stepExplained(name: StepName, kind: RunKind, patienceMs: number): string {
  switch (name) {
    case 'check':
      return 'Asking AWS whose key this is, and trying that the files can be written, before anything is made.'
    case 'unify':
      return 'The user has two keys, both in profiles. Their profiles are pointed at one of them first.'
    case 'makeRoom':
      return 'AWS allows two keys for a user. The spare named in the plan goes first.'
    case 'create':
      return 'Asking AWS for the new key.'
    case 'activate':
      return 'Asking AWS to let the old key work again.'
    case 'verify':
      return `AWS is spreading the ${kind === 'rotate' ? 'new key' : 'change'}, usually 5–20 s, at most ${Math.round(patienceMs / 1_000)} s. It must pass several times in a row before the file is touched.`
    case 'save':
      return 'Replacing the two values in the file, in one stroke.'
    case 'prove':
      return 'Signing in with what the file now holds.'
    case 'hook':
      return 'Your hooks hand the new key on. The old key waits for them.'
    case 'retire':
      return 'The file is proved; now the other key is turned off.'
    case 'confirm':
      return 'A retired key lingers at AWS for a few seconds. Waiting until it is refused, then looking for keys that nobody here made.'
  }
}

export function kindTitle(kind: RunKind): { doing: string; done: string; noun: string } {
  switch (kind) {
    case 'rotate':
      return { doing: 'Rotating', done: 'rotated', noun: 'Rotation' }
    case 'reactivate':
      return { doing: 'Reactivating', done: 'reactivated', noun: 'Reactivation' }
    case 'restore':
      return { doing: 'Restoring', done: 'restored', noun: 'Restore' }
    case 'kill':
      return { doing: 'Turning off', done: 'turned off', noun: 'Turning off' }
    case 'remove':
      return { doing: 'Removing', done: 'removed', noun: 'Removal' }
    case 'put-back':
      return { doing: 'Putting back', done: 'put back', noun: 'Putting back' }
    case 'mend':
      return { doing: 'Putting back', done: 'put back', noun: 'Mending' }
    case 'activate':
      return { doing: 'Activating', done: 'activated', noun: 'Activation' }
    case 'deactivate':
      return { doing: 'Deactivating', done: 'deactivated', noun: 'Deactivation' }
    case 'delete':
      return { doing: 'Deleting', done: 'deleted', noun: 'Deletion' }
  }
}

/** 'Rotating 12 keys', '12 keys rotated', '6 of 11 keys replaced. 5 still work.' */
export function runTitle(run: Run): string {
  const words = kindTitle(run.kind)
  const total = run.rotations.length
  if (run.state === 'running') return `${words.doing} ${count(total, 'key')}`
  const done = run.rotations.filter(({ state }) => state === 'done' || state === 'undone').length
  if (run.state === 'interrupted') return `${words.noun} of ${count(total, 'key')} was interrupted`
  const account = accountWords(run)
  if (account !== undefined && (run.left?.length ?? 0) > 0) return account
  return done === total
    ? `${count(total, 'key')} ${words.done}`
    : `${done.toLocaleString()} of ${count(total, 'key')} ${words.done}`
}

/** What is true of one rotation, in a word or two. */
export function rotationWord(rotation: Rotation, kind: RunKind): string {
  switch (rotation.state) {
    case 'waiting':
      return rotation.mfa ? 'Waits for a code' : 'Waiting'
    case 'running':
      if (rotation.waitsFor) return rotation.waitsFor.title
      return rotation.mfa ? 'Waits for a code' : 'Under way'
    case 'done':
      return capital(kindTitle(kind).done)
    case 'rolledBack':
      return 'Rolled back'
    case 'failed':
      return 'Needs you'
    case 'stopped':
      return 'Stopped'
    case 'interrupted':
      return 'Interrupted'
    case 'undone':
      return 'Undone'
    case 'superseded':
      return 'Closed'
  }
}

/** Up to so many rotations explain themselves; more would say the same sentence over and over. */
export const few = 3

/** What is true of the old key now, or what the one press of recovery will do, beside the word. */
export function outlook({ state, alarm, oldKeyState, profiles }: Rotation, run: Run): string {
  if (run.kind !== 'rotate') return ''
  if (state === 'interrupted')
    // The rename is the pivot: whatever has the new key in a file goes forward, all else goes back.
    return profiles.some((profile) => profile.state === 'new') ? 'will be finished' : 'will be rolled back'
  if (state === 'rolledBack') return 'nothing is left of the attempt'
  if (state !== 'done' && state !== 'failed') return ''
  return `old key ${oldKeyState === 'active' ? 'still active' : oldKeyWord(oldKeyState)}${alarm ? '; see below' : ''}`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The old key's state in AWS's words. */
export function oldKeyWord(state: Rotation['oldKeyState']): string {
  return { active: 'active', inactive: 'inactive', deleted: 'deleted', unknown: 'in an unknown state' }[state]
}
