import type { LastUsed, OldKey } from '../api/inventory.ts'
import type { Settings } from '../api/settings.ts'
import { daysSince } from '../../shared/age.ts'
import { trustedOffsetMs } from './ports.ts'
import type { Finding, HeldKey, ReplacedKey } from './ports.ts'

export interface OldKeyParts {
  readonly now: number
  readonly held: readonly HeldKey[]
  readonly findings: readonly Finding[]
  readonly settings: Pick<Settings, 'quietDays'>
  readonly replaced: readonly ReplacedKey[]
  readonly ours: ReadonlySet<string>
}

/**
 * Pure: the keys of our users that no profile holds: those that Keyturn replaced, and those that nobody here knows. The newest look
 * tells the state; a key that a later listing of its user lacks is gone.
 */
export function oldKeysOf(parts: OldKeyParts): OldKey[] {
  const held = new Set(parts.held.map(({ id }) => id))
  const rows: OldKey[] = []
  const seen = new Set<string>()
  const looks = looksBySubject(parts.findings)
  const agreed = clocksAgree(parts.findings)
  for (const replaced of parts.replaced) {
    seen.add(replaced.id)
    const state = stateOf(replaced, looks)
    if (state.status === 'deleted' || held.has(replaced.id)) continue
    rows.push(row(withUse(replaced, state), state, parts, agreed))
  }
  for (const finding of parts.findings) {
    // Of a key that is in no file any more, what its check found is history.
    if (!held.has(finding.id)) continue
    for (const sibling of finding.siblings) {
      if (seen.has(sibling.id) || held.has(sibling.id)) continue
      seen.add(sibling.id)
      const { account, user, asOf } = finding
      const stranger = {
        id: sibling.id,
        account,
        user,
        createdAt: sibling.createdAt,
        lastUsed: sibling.lastUsed,
      }
      rows.push(row(stranger, { status: statusOf(sibling.status), asOf }, parts, agreed))
    }
  }
  return rows
}

/** A key that the files hold, of the same user as this old one: only such a one can sign for what is done with it. */
export function keyThatSigns<Held extends { readonly id: string }>(
  id: string,
  replacedBy: string | undefined,
  held: readonly Held[],
  findings: readonly Finding[],
): Held | undefined {
  const replacement = held.find((key) => key.id === replacedBy)
  if (replacement) return replacement
  const users = new Set(
    findings.filter(({ siblings }) => siblings.some((each) => each.id === id)).map((finding) => finding.id),
  )
  return held.find((key) => users.has(key.id))
}

interface State {
  readonly status: OldKey['status'] | 'deleted'
  readonly asOf: string
  readonly lastUsed?: LastUsed
}

/** A use after the day on which Keyturn was at it last, whose own calls were on that day, is another's. */
function withUse(key: ReplacedKey, { lastUsed }: State): ReplacedKey & { usedSince?: true } {
  if (lastUsed?.at === undefined) return key
  if (lastUsed.at.slice(0, 10) > key.asOf.slice(0, 10)) return { ...key, lastUsed, usedSince: true }
  return key.lastUsed ? key : { ...key, lastUsed }
}

function statusOf(status: string): OldKey['status'] {
  return status === 'Active' ? 'active' : status === 'Inactive' ? 'inactive' : 'unknown'
}

/** The findings that tell of a key, under its id, and of a user, under its ARN: a long history asks for thousands. */
function looksBySubject(findings: readonly Finding[]): ReadonlyMap<string, Finding[]> {
  const looks = new Map<string, Finding[]>()
  for (const finding of findings) {
    for (const subject of [...finding.siblings.map(({ id }) => id), finding.user?.arn ?? '']) {
      const known = looks.get(subject)
      if (known) known.push(finding)
      else looks.set(subject, [finding])
    }
  }
  return looks
}

function stateOf(replaced: ReplacedKey, looks: ReadonlyMap<string, readonly Finding[]>): State {
  let newest: State = { status: replaced.state, asOf: replaced.asOf }
  const arn = replaced.user?.arn
  for (const finding of [...(looks.get(replaced.id) ?? []), ...((arn && looks.get(arn)) || [])]) {
    if (finding.asOf <= newest.asOf || finding.id === replaced.id) continue
    const sibling = finding.siblings.find(({ id }) => id === replaced.id)
    if (sibling)
      newest = {
        status: statusOf(sibling.status),
        asOf: finding.asOf,
        ...(sibling.lastUsed && { lastUsed: sibling.lastUsed }),
      }
    // A listing that came through, of the same user: only such a one proves that the key is gone.
    else if (finding.status && arn !== undefined && finding.user?.arn === arn) {
      newest = { status: 'deleted', asOf: finding.asOf }
    }
  }
  return newest
}

function row(
  key: Omit<ReplacedKey, 'state' | 'asOf'> & { readonly usedSince?: true },
  state: State,
  { now, settings, ours, held, findings }: OldKeyParts,
  agreed: boolean,
): OldKey {
  const status = state.status === 'deleted' ? 'unknown' : state.status
  const since = unusedSince(key)
  const quietDays = since === undefined ? undefined : daysSince(since, now)
  const quietly = quietSince(key)
  const quiet = agreed && quietly !== undefined && daysSince(quietly, now) >= settings.quietDays
  const signed = keyThatSigns(key.id, key.replacedBy, held, findings) !== undefined
  const deletable = status === 'inactive' && signed
  const safe = deletable && quiet
  const safeAt = agreed && deletable ? safeOn({ ...key, status, safe }, settings.quietDays) : undefined
  const graceEnds = key.keptUntil === undefined ? Infinity : Date.parse(key.keptUntil)
  const overGrace = agreed && signed && status === 'active' && graceEnds <= now
  const reason = signed
    ? reasonOf(status, safe, key.lastUsed !== undefined, settings.quietDays, agreed)
    : unsigned
  return {
    id: key.id,
    status,
    ours: ours.has(key.id),
    ...(key.account && { account: key.account }),
    ...(key.user && { user: key.user }),
    ...(key.createdAt && { createdAt: key.createdAt }),
    ...(key.lastUsed && { lastUsed: key.lastUsed }),
    asOf: state.asOf,
    ...(key.retiredAt && { retiredAt: key.retiredAt }),
    ...(key.keptUntil !== undefined && status === 'active' && { keptUntil: key.keptUntil }),
    ...(overGrace && { overGrace }),
    ...(key.usedSince && { usedSince: true }),
    ...(quietDays !== undefined && { quietDays }),
    ...(safeAt !== undefined && { safeAt }),
    ...(key.replacedBy && { replacedBy: key.replacedBy }),
    ...(key.rotation && { rotation: key.rotation }),
    profiles: [],
    ...(key.undoUntil && { undoUntil: key.undoUntil }),
    deletable,
    safe,
    ...(reason && { reason }),
  }
}

type Used = Pick<OldKey, 'lastUsed' | 'createdAt' | 'retiredAt'>

/**
 * One that AWS had never seen used, and whose age no check has told, has been quiet at least since it was turned off. Where
 * AWS did not say when it was used last, nothing is known.
 */
function unusedSince({ lastUsed, createdAt, retiredAt }: Used): string | undefined {
  return lastUsed && (lastUsed.at ?? createdAt ?? retiredAt)
}

/** Since when it is known to have been both off and unused; undefined where nothing is known. */
function quietSince(key: Used): string | undefined {
  const unused = unusedSince(key)
  const off = key.retiredAt ?? unused
  if (unused === undefined || off === undefined) return undefined
  return Date.parse(off) > Date.parse(unused) ? off : unused
}

/** Pure: AWS's clock minus this machine's, in milliseconds, by the newest list that told it. */
export function newestOffset(findings: readonly Finding[]): number | undefined {
  let newest: Finding | undefined
  for (const each of findings)
    if (each.clockOffsetMs !== undefined && (newest === undefined || newest.asOf < each.asOf)) newest = each
  return newest?.clockOffsetMs
}

/** Where no list told AWS's clock, no date is believed. */
function clocksAgree(findings: readonly Finding[]): boolean {
  const offset = newestOffset(findings)
  return offset !== undefined && Math.abs(offset) <= trustedOffsetMs
}

/** Pure: when an old key of ours that is off will have been quiet for long enough, if nobody uses it; undefined where it is, or nobody knows. */
export function safeOn(key: Used & Pick<OldKey, 'status' | 'safe'>, quietDays: number): string | undefined {
  // One that was turned off by others has no day on which that was.
  if (key.status !== 'inactive' || key.safe || key.retiredAt === undefined) return undefined
  const since = quietSince(key)
  return since && new Date(Date.parse(since) + quietDays * 86_400_000).toISOString()
}

const unsigned =
  'No profile here holds a key of its user, so that nothing can be signed for it: change it in the AWS console.'

function reasonOf(
  status: OldKey['status'],
  safe: boolean,
  useIsKnown: boolean,
  quietDays: number,
  agreed: boolean,
): string | undefined {
  if (status === 'active') return 'It is active: deactivate it first, and see that nothing breaks.'
  if (status === 'unknown') return 'Its state is not known: check its user first.'
  if (safe) return undefined
  if (!agreed)
    return 'AWS’s clock is not known, or differs from this machine’s, so that no date says that it is quiet.'
  if (!useIsKnown)
    return 'When it was last used is not known, since AWS did not say (iam:GetAccessKeyLastUsed): something may still need it.'
  return `Something may still need it: wait until it has been off and unused for ${quietDays} ${quietDays === 1 ? 'day' : 'days'}.`
}
