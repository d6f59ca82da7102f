import type { Changed } from '../api/inventory.ts'
import type { Settings } from '../api/settings.ts'
import type { Finding, HeldKey, ReplacedKey } from './ports.ts'

export interface ChangedParts {
  readonly held: readonly HeldKey[]
  readonly findings: readonly Finding[]
  readonly replaced: readonly ReplacedKey[]
  readonly ours: ReadonlySet<string>
  readonly settings: Pick<Settings, 'exclusions' | 'ownChanges'>
  /** Of what their users have beside keys. */
  readonly besideKeys: readonly Changed[]
}

/** What one look at AWS told of one key. */
interface Look {
  readonly status: string
  readonly asOf: string
  readonly lastUsed?: string
}

/** How a change that the person made is remembered. A new use of a key, or of one that Keyturn left anew, is another. */
export function changeName({ what, key, user, thing, used, after = '' }: Changed): string {
  // Which key signed the look is nothing to the thing.
  return thing === undefined ? `${what}:${key}@${used ?? after}` : `${what}:${thing}@${user ?? ''} ${after}`
}

const ofThing = /^(policy|device)-/
const keyOf = (name: string) => name.slice(name.indexOf(':') + 1, name.indexOf('@'))

/** Pure: what is told of `allChanges`: what the person did is not. */
export function changedOf(parts: ChangedParts): Changed[] {
  const own = new Set(parts.settings.ownChanges)
  return allChanges(parts).filter((each) => !own.has(changeName(each)))
}

/**
 * Pure: of the changes that the person made those that a look has not found to be over. One that comes about again after that
 * is a change anew.
 */
export function standingOwn(parts: ChangedParts): string[] {
  const standing = new Set(allChanges(parts).map(changeName))
  const looks = looksOf(parts.findings)
  return (parts.settings.ownChanges ?? []).filter(
    (name) => standing.has(name) || (!ofThing.test(name) && !looks.has(keyOf(name))),
  )
}

/**
 * Pure: what somebody else changed at AWS, as the newest checks tell it, held against what Keyturn left. An old key of ours that is
 * gone is only history. Keys that are excluded are not asked about, and nothing is told of them.
 */
function allChanges(parts: ChangedParts): Changed[] {
  const excluded = new Set(parts.settings.exclusions)
  const held = parts.held.filter(({ id }) => !excluded.has(id))
  const looks = looksOf(parts.findings)
  // A long history asks for thousands.
  const checked = new Map(parts.findings.map((finding) => [finding.id, finding]))
  const away = new Map(parts.replaced.map((each) => [each.id, each]))
  const inFiles = new Set(parts.held.map(({ id }) => id))
  const leftAt = new Map<string, string>()
  for (const { replacedBy = '', asOf } of parts.replaced)
    if (asOf > (leftAt.get(replacedBy) ?? '')) leftAt.set(replacedBy, asOf)
  return [
    ...parts.replaced.flatMap((each) => (inFiles.has(each.id) ? [] : ofOld(each, looks, checked))),
    // One that Keyturn itself turned off and that stands in a file again is for the file to mend: nobody changed it at AWS.
    ...held.flatMap((key) =>
      away.get(key.id)?.state === 'inactive' ? [] : ofHeld(key, looks, parts, leftAt.get(key.id)),
    ),
    ...appeared(parts, held, inFiles),
    ...parts.besideKeys.filter(({ key }) => !excluded.has(key)),
  ]
}

function ofOld(
  old: ReplacedKey,
  looks: ReadonlyMap<string, Look>,
  checked: ReadonlyMap<string, Finding>,
): Changed[] {
  const look = looks.get(old.id)
  if (old.state !== 'inactive' || !look || look.asOf <= old.asOf) return []
  const row = { key: old.id, ...userOf(old), profiles: [], after: old.asOf, before: look.asOf }
  const rows: Changed[] = []
  if (look.status === 'Active') rows.push({ ...row, what: 'turned-on' })
  const { lastUsed } = look
  const asked = checked.get(old.id)?.asOf
  // AWS notes uses late, and our own last calls were on the day when it was turned off; a check of ours with the key is no other's use.
  if (lastUsed !== undefined && day(lastUsed) > day(old.asOf) && (!asked || day(asked) < day(lastUsed))) {
    rows.push({ ...row, what: 'used', used: lastUsed })
  }
  return rows
}

/** @param left when Keyturn last put this key in the place of another */
function ofHeld(
  key: HeldKey,
  looks: ReadonlyMap<string, Look>,
  parts: ChangedParts,
  left: string | undefined,
): Changed[] {
  const own = parts.findings.find(({ id }) => id === key.id)
  const look = looks.get(key.id)
  const after = left ?? own?.createdAt
  const told = (what: Changed['what'], before: string): Changed[] =>
    after !== undefined && before <= after
      ? []
      : [
          {
            key: key.id,
            ...userOf(own ?? {}),
            profiles: [...new Set(key.profiles.map(({ name }) => name))],
            what,
            ...(after !== undefined && { after }),
            before,
          },
        ]
  const gone = listingWithout(key.id, own, parts)
  if (gone && gone.asOf > (look?.asOf ?? '')) return told('deleted', gone.asOf)
  if (look?.status === 'Inactive') return told('turned-off', look.asOf)
  // Whose it is was learnt while AWS accepted it: it is not one that never worked.
  if (own?.user && own.problem?.name === 'invalid-key') return told('refused', own.asOf)
  return []
}

/** A look through another key of the same user whose list came through and lacks this one: it is deleted. */
function listingWithout(
  id: string,
  own: Finding | undefined,
  { held, findings }: ChangedParts,
): Finding | undefined {
  const arn = own?.user?.arn
  if (arn === undefined || own?.problem?.name !== 'invalid-key') return undefined
  return findings
    .filter(
      (each) =>
        each.id !== id &&
        each.user?.arn === arn &&
        each.status === 'Active' &&
        held.some((key) => key.id === each.id) &&
        !each.siblings.some((sibling) => sibling.id === id),
    )
    .sort((a, b) => (a.asOf < b.asOf ? 1 : -1))[0]
}

/** Keys that were made after Keyturn was last at work on their user. What was there before is for the list of old keys to tell. */
function appeared(
  { findings, replaced, ours }: ChangedParts,
  held: readonly HeldKey[],
  inFiles: ReadonlySet<string>,
): Changed[] {
  const left = new Map<string, string>()
  for (const { user, asOf } of replaced) {
    if (user && asOf > (left.get(user.arn) ?? '')) left.set(user.arn, asOf)
  }
  const rows = new Map<string, Changed>()
  for (const finding of findings) {
    const after = left.get(finding.user?.arn ?? '')
    if (after === undefined || !held.some(({ id }) => id === finding.id)) continue
    for (const { id, createdAt } of finding.siblings) {
      if (ours.has(id) || inFiles.has(id) || createdAt === undefined) continue
      // By this machine's clock, as the time when Keyturn left it.
      if (Date.parse(createdAt) - (finding.clockOffsetMs ?? 0) <= Date.parse(after)) continue
      rows.set(id, {
        key: id,
        ...userOf(finding),
        profiles: [],
        what: 'appeared',
        after,
        before: finding.asOf,
      })
    }
  }
  return [...rows.values()]
}

/** The newest look at each key, by a check of its own or of its user's other key. */
function looksOf(findings: readonly Finding[]): ReadonlyMap<string, Look> {
  const looks = new Map<string, Look>()
  const note = (id: string, status: string, asOf: string, lastUsed: string | undefined) => {
    if (asOf < (looks.get(id)?.asOf ?? '')) return
    looks.set(id, { status, asOf, ...(lastUsed !== undefined && { lastUsed }) })
  }
  for (const { id, status, asOf, lastUsed, siblings, problem } of findings) {
    // A check that did not come through keeps what was known before, under the time of its own.
    if (status !== undefined && !problem) note(id, status, asOf, lastUsed?.at)
    if (problem) continue
    for (const each of siblings) note(each.id, each.status, asOf, each.lastUsed?.at)
  }
  return looks
}

function userOf({ user }: Pick<Finding, 'user'>): Pick<Changed, 'user'> {
  return user ? { user: user.name } : {}
}

function day(time: string): string {
  return time.slice(0, 10)
}
