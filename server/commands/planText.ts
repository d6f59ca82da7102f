import type { Plan, PlanRotate, PlanSkip } from '../api/plan.ts'
import { notAsked } from '../rotation/ledger.ts'
import { daysSince } from '../../shared/age.ts'
import { choiceLines, withoutEffect } from './choiceText.ts'
import { count, owner, places, sentence, short, when } from './wording.ts'

/** Left on purpose, so that it is no failure: not asked for, or nothing that a rotation is for. */
const onPurpose = new Set([...notAsked, 'left-out'])

/** What was asked for and cannot be done, so that a person has to look. */
export function leftOver({ choose, skip }: Plan): number {
  return choose.length + skip.filter((each) => !isOnPurpose(each)).length
}

/** A profile without a key is nothing to rotate, save where a slip in the file keeps its key from being one. */
const slips = new Set(['id-and-secret-swapped', 'not-a-key-id', 'misnamed-key', 'file-ambiguous'])

function isOnPurpose({ key, reason }: PlanSkip): boolean {
  return key === undefined ? !slips.has(reason.name) : onPurpose.has(reason.name)
}

const fate = { deactivate: 'are turned off', delete: 'are deleted for good', keep: 'stay active' } as const

/** The plan in words: will rotate, needs a choice, skipped and why. */
export function planText(plan: Plan, now: number, profilesOf: (key: string) => readonly string[]): string {
  const lines: string[] = []
  if (plan.rotate.length > 0) {
    lines.push(
      `Will rotate ${count(plan.rotate.length, 'key')}. The old keys ${fate[plan.oldKey]}${grace(plan)}.`,
    )
    for (const row of plan.rotate) lines.push(...rotateLines(row, now))
    lines.push(...clearedLines(plan))
    lines.push(...inAll(plan))
  }
  if (plan.choose.length > 0) {
    lines.push(`Needs your choice: ${count(plan.choose.length, 'key')}. Without one it is left as it is.`)
    for (const row of plan.choose) lines.push(...choiceLines(row, now))
  }
  const left = plan.skip.filter((each) => !isOnPurpose(each))
  if (left.length > 0) {
    lines.push(`Cannot be rotated now: ${count(left.length, 'key')}.`)
    for (const { key, profile, reason } of left) {
      const what = key === undefined ? `[${profile}]` : `${places(profilesOf(key))}  ${short(key)}`
      lines.push(`  ${what}  ${reason.title}. ${sentence(reason)}`)
    }
  }
  lines.push(...withoutEffect(plan))
  lines.push(...passedOver(plan.skip.filter(isOnPurpose), profilesOf))
  return lines.join('\n')
}

function grace({ request: { keepDays }, oldKey }: Plan): string {
  return oldKey === 'keep' && keepDays !== undefined ? ` for ${count(keepDays, 'day')}` : ''
}

/** The sum, where it is more than the keys above: what is lost for good, and what was asked for and stays. */
function inAll({ rotate, consequences: { deleteForGood, keepActive, inUse, stay }, oldKey }: Plan): string[] {
  // Of two that become one both are replaced.
  const replaced = rotate.length + rotate.filter(({ merges }) => merges).length
  const kept = oldKey === 'keep' ? 0 : keepActive.length
  if (deleteForGood.length + stay.length + inUse.length + kept === 0) return []
  const parts = [
    `${replaced} of ${count(replaced + stay.length, 'key')} rotated`,
    deleteForGood.length > 0 && `${deleteForGood.length} deleted for good`,
    inUse.length > 0 && `${inUse.length} in use now`,
    kept > 0 && `${kept} kept active`,
    stay.length > 0 && `${stay.length} left as ${stay.length === 1 ? 'it is' : 'they are'}`,
  ]
  return [`In all: ${parts.filter(Boolean).join(' · ')}.`]
}

/** Said once for all, before the question: they are deleted though nobody named them. */
function clearedLines({ makeRoom }: Plan): string[] {
  const quiet = makeRoom.filter((each) => each.decided && each.class === 'ours-quiet')
  const since = quiet.flatMap(({ offSince }) => offSince ?? []).sort()[0]
  if (since === undefined) return []
  return [
    `${count(quiet.length, 'old key')} deleted for good: off since ${since.slice(0, 10)}, unused since.`,
  ]
}

/** `used 4 minutes ago by s3 in eu-central-1` */
function useWords({ at, service, region }: NonNullable<PlanRotate['lastUsed']>, now: number): string {
  const ago = at === undefined ? '' : ` ${when(at, now).replace(/,.*/, '')}`
  const where = region !== undefined && region !== 'N/A' ? ` in ${region}` : ''
  return `used${ago}${service === undefined ? '' : ` by ${service}`}${where}`
}

function rotateLines(row: PlanRotate, now: number): string[] {
  const age = row.createdAt === undefined ? undefined : count(daysSince(row.createdAt, now), 'day')
  const facts = [owner(row), age && `${age} old`].filter(Boolean).join(', ')
  const lines = [`  ${places(row.profiles)}  ${short(row.key)}${facts ? `  ${facts}` : ''}`]
  const byFile = new Map<string, number[]>()
  for (const { path, line } of row.lines) byFile.set(path, [...(byFile.get(path) ?? []), line])
  for (const [path, numbers] of byFile) lines.push(`      ~ ${path}: lines ${numbers.join(', ')}`)
  if (row.deletesSpare) lines.push(`      - deletes the spare key ${short(row.deletesSpare.id)} for good`)
  if (row.merges) {
    lines.push(`      + one new key instead of this one and ${short(row.merges.id)}`)
    lines.push(
      `      - ${short(row.merges.id)} is deleted for good to make room; undo does not bring it back`,
    )
  }
  if (row.signer) {
    const { profile, always } = row.signer
    lines.push(`      signed by [${profile}]${always ? '' : ' if its own rights are refused'}`)
  }
  if (row.oldKey === 'keep') lines.push(`      the old key stays active`)
  if (row.inUse.includes(row.key) && row.lastUsed)
    lines.push(
      `      ! ${useWords(row.lastUsed, now)}${row.oldKey === 'keep' ? '' : `: what does that must read the new key. To keep it active for now, add: --keep-active ${row.key}`}`,
    )
  for (const note of row.notes) lines.push(`      ${note}`)
  return lines
}

/** One line for each reason: of a hundred young keys nobody wants to read. A key that no tool finds is one of none. */
function passedOver(skip: readonly PlanSkip[], profilesOf: (key: string) => readonly string[]): string[] {
  const byReason = new Map<string, { title: string; names: string[] }>()
  for (const { key, profile, reason } of skip) {
    const group = byReason.get(reason.name) ?? { title: reason.title, names: [] }
    byReason.set(reason.name, group)
    group.names.push(
      profile === undefined ? places(profilesOf(key ?? '')) || short(key ?? '') : `[${profile}]`,
    )
  }
  const ignored = skip.flatMap(({ reason }) =>
    reason.name === 'section-ignored' ? [`  ${sentence(reason)}`] : [],
  )
  const lines = [...byReason].map(([reason, { title, names }]) => {
    const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
    const yes = reason === 'canary' ? '. To rotate it all the same: --profile and --include-canaries' : ''
    return `Skipped, ${title[0]?.toLowerCase() ?? ''}${title.slice(1)}: ${names.slice(0, 5).join(', ')}${more}${yes}`
  })
  return [...lines, ...ignored]
}
