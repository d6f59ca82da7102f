import type { Rotation, Run } from '../api/run.ts'
import { accountWords } from '../../shared/account.ts'
import { exposedLines } from './ledgerText.ts'
import { hint } from './hints.ts'
import { count, left, places, sentence, short } from './wording.ts'

/** What is true now, what to do next, and how to undo. @param undoable false where nothing of it outlives this command */
export function resultText(run: Run, now: number, undoable: boolean): string {
  const good = run.rotations.filter((each) => each.state === 'done' || each.state === 'undone')
  const untouched = run.rotations.filter((each) => leftAlone.has(each.state))
  const stuck = run.rotations.filter((each) => !good.includes(each) && !untouched.includes(each))
  const account = accountWords(run)
  const lines: string[] = account === undefined ? [] : [account]
  if (good.length > 0) {
    if (lines.length === 0) lines.push(`${verbs[run.kind]} ${count(good.length, 'key')}.`)
    for (const each of good) lines.push(`  ${place(each)}  ${became(run, each)}`, ...asides(each))
  }
  if (untouched.length > 0) {
    lines.push(`Left as before: ${count(untouched.length, 'key')}.`)
    for (const each of untouched)
      lines.push(`  ${place(each)}  ${short(each.key)}${why(each)}`, ...asides(each))
  }
  if (stuck.length > 0) {
    lines.push(`Needs you: ${count(stuck.length, 'key')}.`)
    for (const each of stuck)
      lines.push(`  ${place(each)}  ${became(run, each)}${why(each)}`, ...asides(each))
  }
  if (stuck.some((each) => each.state === 'interrupted')) {
    lines.push(`To finish it or roll it back: ${hint('keyturn recover')}`)
  }
  if (undoable) {
    const open = run.left?.filter(({ state }) => state === 'open') ?? []
    lines.push(...exposedLines(open), ...undoLines(run, now))
  }
  return lines.join('\n')
}

const leftAlone: ReadonlySet<Rotation['state']> = new Set(['rolledBack', 'stopped', 'superseded'])

const verbs: Readonly<Record<Run['kind'], string>> = {
  rotate: 'Rotated',
  restore: 'Put back',
  mend: 'Put the new pair back of',
  reactivate: 'Reactivated',
  activate: 'Activated',
  deactivate: 'Deactivated',
  delete: 'Deleted',
  kill: 'Turned off',
  remove: 'Removed from the file',
  'put-back': 'Put back into the file',
}

const states: Readonly<Record<Rotation['oldKeyState'], string>> = {
  active: 'still active',
  inactive: 'inactive',
  deleted: 'deleted',
  unknown: 'in a state that is not known',
}

function place(rotation: Rotation): string {
  return places(rotation.profiles) || short(rotation.key)
}

function became(run: Run, { key, newKey, oldKeyState, profiles }: Rotation): string {
  if (run.kind === 'remove' || run.kind === 'put-back') return short(key)
  if (run.kind === 'reactivate' || newKey === undefined) return `${short(key)} is ${states[oldKeyState]}`
  if (key === newKey) return `${short(newKey)}, written anew`
  if (profiles.some((profile) => profile.state === 'old')) return short(key)
  return `${short(key)} → ${short(newKey)}; ${short(key)} is ${states[oldKeyState]}`
}

function why({ problem }: Rotation): string {
  return problem ? `: ${problem.title}. ${sentence(problem)}` : ''
}

function asides({ alarm, notes }: Rotation): string[] {
  return [
    ...(alarm ? [`      ALARM: ${alarm.title}. ${sentence(alarm)}`] : []),
    ...notes.map((note) => `      ${note}`),
  ]
}

function undoLines(run: Run, now: number): string[] {
  if (run.kind !== 'rotate') return []
  const restorable = run.rotations.filter((each) => each.undo.includes('restore'))
  if (restorable.length > 0) {
    const until = restorable.flatMap(({ undoUntil }) => undoUntil ?? []).sort()[0]
    const limit = until === undefined ? '' : ` (possible ${left(until, now)})`
    return [`To put the old keys back: ${hint(`keyturn undo ${run.id}`)}${limit}`]
  }
  if (run.rotations.some((each) => each.undo.includes('reactivate'))) {
    return [`To let the old keys work again: ${hint(`keyturn undo ${run.id} --how reactivate`)}`]
  }
  return run.rotations.some((each) => each.oldKeyState === 'deleted')
    ? ['The old keys are deleted, so that this cannot be undone.']
    : []
}
