import type { Changed } from '../api/inventory.ts'
import { daysSince } from '../../shared/age.ts'
import { changeWords } from '../../shared/changeWords.ts'
import { exposedLines } from './ledgerText.ts'
import { restLines } from './restText.ts'
import { isDue, type Due } from './due.ts'
import { hint } from './hints.ts'
import { count, left, places, sentence, short, when } from './wording.ts'

/** What is due, each with the command that sees to it. */
export function statusText(due: Due): string {
  const now = Date.parse(due.now)
  const lines: string[] = []
  const section = (title: string, rows: readonly string[], hint?: string) => {
    if (rows.length === 0) return
    lines.push(title, ...rows.map((row) => `  ${row}`), ...(hint ? [`  ${hint}`] : []))
  }
  section(
    'Changed at AWS, and not by Keyturn:',
    due.changed.map((each) => changedText(each, now)),
    `Where it was you: ${hint(`keyturn status --mine ${due.changed[0]?.key.slice(-4)}`)}`,
  )
  lines.push(...exposedLines(due.ledger.open, due.ledger.asked), ...restLines(due.ledger.rest))
  const back = due.wentBack.filter(({ holds }) => holds !== null)
  section(
    `${count(back.length, 'profile')} went back to a key that was replaced:`,
    back.map(
      ({ profile, file, holds, should }) =>
        `[${profile}] of the ${file} file holds ${short(holds ?? '')}, where ${short(should)} was written`,
    ),
    `To put the new pairs back: ${hint('keyturn mend')}`,
  )
  const gone = due.wentBack.filter(({ holds }) => holds === null)
  section(
    `${count(gone.length, 'profile')} gone from a file:`,
    gone.map(({ profile, should, replacedAt, anew }) => {
      const where = anew === undefined ? '' : ` of ${anew.path}`
      return `[${profile}]${where} held ${short(should)}, written ${when(replacedAt, now)}`
    }),
    `To write them anew: ${hint('keyturn mend')}. Where you took them out: ${hint('keyturn mend --taken-out NAME')}`,
  )
  section(
    `${count(due.interrupted.length, 'run')} interrupted:`,
    due.interrupted.map((run) => `${run.id}, begun ${when(run.startedAt, now)}`),
    `To finish or roll back: ${hint('keyturn recover')}`,
  )
  section(
    'Under way in another Keyturn:',
    due.running.map((run) => `${run.id}, begun ${when(run.startedAt, now)}`),
  )
  section(
    `${count(due.standing.length, 'run')} that needs you:`.replace(/s that needs/, 's that need'),
    due.standing.flatMap(({ id, rotations }) =>
      rotations
        .filter(({ state }) => state === 'failed')
        .map(({ profiles, key, problem }) =>
          [id, places(profiles), short(key), problem && `${problem.title}. ${sentence(problem)}`]
            .filter(Boolean)
            .join('  '),
        ),
    ),
    `To retry, on the page: ${hint('keyturn')}`,
  )
  section(
    `${count(due.overdue.length, 'key')} older than ${count(due.agePolicyDays, 'day')}:`,
    due.overdue.map(
      ({ profiles, id, createdAt = due.now }) =>
        `${places(profiles)}  ${short(id)}  ${count(daysSince(createdAt, now), 'day')} old`,
    ),
    `To rotate: ${hint(`keyturn rotate --older-than ${due.agePolicyDays}d`)}`,
  )
  section(
    `${count(due.unchecked.length, 'key')} never checked:`,
    due.unchecked.map(({ profiles, id }) => `${places(profiles)}  ${short(id)}`),
    `To ask AWS about them: ${hint('keyturn status --check')}`,
  )
  section(
    `${count(due.oldKeys.length, 'old key')} waiting:`,
    due.oldKeys.map(({ id, status, ours, safe, user, lastUsed, overGrace }) => {
      const what = safe
        ? 'safe to delete'
        : overGrace
          ? 'due to be turned off'
          : ours
            ? `still ${status}`
            : `${status}, in no profile here and not made by Keyturn`
      const used = lastUsed?.at === undefined ? '' : `, last used ${when(lastUsed.at, now)}`
      return `${short(id)}${user ? `  of ${user.name}` : ''}  ${what}${used}`
    }),
    due.oldKeys.some(({ ours, safe, overGrace }) => ours && (safe || overGrace))
      ? `To turn off what is due, and delete what is safe to: ${hint('keyturn tidy')}`
      : `To deactivate or delete them, on the page: ${hint('keyturn')}`,
  )
  if (!isDue(due)) lines.push(`Nothing is due. ${count(due.keys.length, 'key')}, none over its age.`)
  section(
    'With a problem when last checked:',
    due.troubled.map(
      ({ profiles, id, problem }) => `${places(profiles)}  ${short(id)}  ${problem?.title ?? ''}`,
    ),
  )
  const on = due.quiet.later.map(({ safeOn }) => safeOn.slice(0, 10)).sort()
  if (due.quiet.count + on.length > 0)
    lines.push(`Old keys that are off: ${[`${due.quiet.count} quiet`, ...rest(on)].join(', ')}.`)
  section(
    'Can be undone:',
    due.undoable.map(({ run, keys, until }) => {
      const limit = until === undefined ? '' : `, ${left(until, now)}`
      return `${hint(`keyturn undo ${run}`)}  (${count(keys.length, 'key')}${limit})`
    }),
  )
  for (const notice of due.notices) lines.push(`${notice.title}. ${sentence(notice)}`)
  const oldest = due.keys.flatMap(({ asOf }) => asOf ?? []).sort()[0]
  if (oldest !== undefined)
    lines.push(`As AWS said ${when(oldest, now)}${due.keys.length > 1 ? ' or later' : ''}.`)
  return lines.join('\n')
}

/** When those that are not quiet yet will have been, as one span. */
function rest(on: readonly string[]): string[] {
  const [first] = on
  const last = on.at(-1)
  if (first === undefined) return []
  return [`${on.length} more ${first === last ? `on ${first}` : `from ${first} to ${last}`}`]
}

/** What was found, since when at most, what it may mean, and the one act. */
function changedText({ key, thing, user, profiles, what, after, before }: Changed, now: number): string {
  const whose = [thing ?? short(key), user && `of ${user}`, places(profiles)].filter(Boolean).join(' ')
  const span =
    after === undefined ? when(before, now) : `between ${when(after, now)}, and ${when(before, now)}`
  const { is, act } = changeWords[what]
  return `${whose} ${is} ${act} (${span})`
}
