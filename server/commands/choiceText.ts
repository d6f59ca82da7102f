import type { Sibling } from '../api/inventory.ts'
import type { Plan, PlanChoice } from '../api/plan.ts'
import { daysSince } from '../../shared/age.ts'
import { hint } from './hints.ts'
import { count, owner, places, short, when } from './wording.ts'

/** A choice in words: both keys with what there is to judge them by, and the option that makes each choice. */
export function choiceLines(row: PlanChoice, now: number): string[] {
  const facts = [owner(row), aged(row.createdAt, now)].filter(Boolean).join(', ')
  const lines = [
    `  ${places(row.profiles)}  ${short(row.key)}${facts ? `  ${facts}` : ''}`,
    `      ${row.reason}`,
  ]
  for (const { kind, spare, label, caution } of row.choices) {
    lines.push(`      the other key: ${siblingText(spare, now)}`)
    lines.push(`      - ${label}.${caution ? ` ${caution}` : ''}`)
    lines.push(
      `        To choose this, add: ${hint(`--${kind === 'merge' ? 'merge' : 'delete-spare'} ${spare.id}`)}`,
    )
  }
  return lines
}

function siblingText({ id, status, createdAt, lastUsed, ours, profiles }: Sibling, now: number): string {
  const used = !lastUsed
    ? 'last use unknown'
    : lastUsed.at === undefined
      ? 'never used'
      : `last used ${when(lastUsed.at, now)}${lastUsed.service ? ` at ${lastUsed.service}` : ''}`
  const holders =
    profiles.length > 0
      ? `held by ${places(profiles)}`
      : `in no profile here, ${ours ? 'an old key of Keyturn’s' : 'and Keyturn did not make it'}`
  return [`${id}: ${status}`, aged(createdAt, now), used, holders].filter(Boolean).join(', ')
}

function aged(createdAt: string | undefined, now: number): string | undefined {
  return createdAt === undefined ? undefined : `${count(daysSince(createdAt, now), 'day')} old`
}

/** A key id with a slip in it must not look like a choice that was made. */
export function withoutEffect({ request, rotate }: Plan): string[] {
  const deleted = new Set(rotate.map(({ deletesSpare }) => deletesSpare?.id))
  const merged = new Set(rotate.flatMap(({ key, merges }) => (merges ? [key, merges.id] : [])))
  const idle = [
    ...(request.deleteSpares ?? []).filter((id) => !deleted.has(id)).map((id) => `--delete-spare ${id}`),
    ...(request.merge ?? []).filter((id) => !merged.has(id)).map((id) => `--merge ${id}`),
  ]
  return idle.map((choice) => `Without effect in this plan: ${choice}`)
}
