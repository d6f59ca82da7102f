import type { OldKey } from '../api/inventory.ts'
import type { Settings } from '../api/settings.ts'
import { daysSince } from './age.ts'
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
  for (const replaced of parts.replaced) {
    seen.add(replaced.id)
    const state = stateOf(replaced, parts.findings)
    if (state.status === 'deleted' || held.has(replaced.id)) continue
    rows.push(row(replaced, state, parts))
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
      rows.push(row(stranger, { status: statusOf(sibling.status), asOf }, parts))
    }
  }
  return rows
}

interface State {
  readonly status: OldKey['status'] | 'deleted'
  readonly asOf: string
}

function statusOf(status: string): OldKey['status'] {
  return status === 'Active' ? 'active' : status === 'Inactive' ? 'inactive' : 'unknown'
}

function stateOf(replaced: ReplacedKey, findings: readonly Finding[]): State {
  let newest: State = { status: replaced.state, asOf: replaced.asOf }
  for (const finding of findings) {
    if (finding.asOf <= newest.asOf || finding.id === replaced.id) continue
    const sibling = finding.siblings.find(({ id }) => id === replaced.id)
    if (sibling) newest = { status: statusOf(sibling.status), asOf: finding.asOf }
    // A listing that came through, of the same user: only such a one proves that the key is gone.
    else if (finding.status && replaced.user && finding.user?.arn === replaced.user.arn) {
      newest = { status: 'deleted', asOf: finding.asOf }
    }
  }
  return newest
}

function row(
  key: Omit<ReplacedKey, 'state' | 'asOf'>,
  state: State,
  { now, settings, ours }: OldKeyParts,
): OldKey {
  const status = state.status === 'deleted' ? 'unknown' : state.status
  const since = key.lastUsed?.at ?? key.createdAt
  const quietDays = since === undefined ? undefined : daysSince(since, now)
  const offDays = key.retiredAt === undefined ? undefined : daysSince(key.retiredAt, now)
  const quiet = Math.min(quietDays ?? 0, offDays ?? quietDays ?? 0) >= settings.quietDays
  const deletable = status === 'inactive'
  const safe = deletable && quiet
  const reason = reasonOf(status, safe, settings.quietDays)
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
    ...(quietDays !== undefined && { quietDays }),
    ...(key.replacedBy && { replacedBy: key.replacedBy }),
    ...(key.rotation && { rotation: key.rotation }),
    profiles: [],
    ...(key.undoUntil && { undoUntil: key.undoUntil }),
    deletable,
    safe,
    ...(reason && { reason }),
  }
}

function reasonOf(status: OldKey['status'], safe: boolean, quietDays: number): string | undefined {
  if (status === 'active') return 'It is active: deactivate it first, and see that nothing breaks.'
  if (status === 'unknown') return 'Its state is not known: check its user first.'
  if (safe) return undefined
  return `Something may still need it: wait until it has been off and unused for ${quietDays} ${quietDays === 1 ? 'day' : 'days'}.`
}
