import type { Changed, Inventory, Key, Profile, Sibling, WentBack } from '../api/inventory.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Settings } from '../api/settings.ts'
import type { Trouble } from '../api/problem.ts'
import type { FilesSnapshot, FoundProfile } from '../profiles/ports.ts'
import { accountIdOf } from './accountId.ts'
import { changedOf } from './changed.ts'
import { isCanaryAccount } from './canary.ts'
import { rootConsoleUrl } from './checkWords.ts'
import type { ResolveTarget } from './heldKeys.ts'
import type { Target } from './iam.ts'
import { newestOffset, oldKeysOf } from './oldKeys.ts'
import type { Finding, HeldKey, ReplacedKey } from './ports.ts'

/** Everything that the inventory is made of; no call to AWS is. */
export interface InventoryParts {
  readonly demo: boolean
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly snapshot: FilesSnapshot
  readonly held: readonly HeldKey[]
  readonly resolve: ResolveTarget
  readonly findings: readonly Finding[]
  readonly settings: Settings
  readonly isChecking: (id: string) => boolean
  readonly replaced: readonly ReplacedKey[]
  /** Ids that Keyturn made or replaced. */
  readonly ours: ReadonlySet<string>
  readonly wentBack: readonly WentBack[]
  readonly besideKeys: readonly Changed[]
  readonly ledger: Ledger
  readonly notices: readonly Trouble[]
}

/** Pure: what the page shows of files and keys. */
export function buildInventory(parts: InventoryParts): Inventory {
  const known = index(parts)
  return {
    demo: parts.demo,
    version: parts.version,
    now: new Date(parts.now).toISOString(),
    ...offset(parts.findings),
    files: parts.snapshot.files,
    keys: parts.held.map((key) => keyView(key, parts, known)),
    profiles: parts.snapshot.profiles.map((profile) => profileView(profile, parts.resolve)),
    oldKeys: oldKeysOf(parts),
    wentBack: [...parts.wentBack],
    changed: changedOf(parts),
    ledger: parts.ledger,
    notices: [...parts.notices],
  }
}

function offset(findings: readonly Finding[]): Pick<Inventory, 'awsOffsetMs'> {
  const awsOffsetMs = newestOffset(findings)
  return awsOffsetMs === undefined ? {} : { awsOffsetMs }
}

/** One row, as in the whole inventory. */
export function viewKey(key: HeldKey, parts: InventoryParts): Key {
  return keyView(key, parts, index(parts))
}

/** What is known of a key id: by a check of its own, and by checks of its user's other keys. */
interface Known {
  readonly findings: ReadonlyMap<string, Finding>
  readonly bySibling: ReadonlyMap<
    string,
    { readonly of: Finding; readonly record: Finding['siblings'][number] }
  >
  readonly profiles: ReadonlyMap<string, readonly string[]>
}

function index({ findings, held }: InventoryParts): Known {
  const bySibling = new Map<string, { of: Finding; record: Finding['siblings'][number] }>()
  for (const of of findings) {
    for (const record of of.siblings) {
      const other = bySibling.get(record.id)
      if (!other || other.of.asOf < of.asOf) bySibling.set(record.id, { of, record })
    }
  }
  return {
    findings: new Map(findings.map((finding) => [finding.id, finding])),
    bySibling,
    profiles: new Map(held.map(({ id, profiles }) => [id, [...new Set(profiles.map(({ name }) => name))]])),
  }
}

function keyView(key: HeldKey, parts: InventoryParts, known: Known): Key {
  const finding = known.findings.get(key.id)
  const seen = known.bySibling.get(key.id)
  const derived = accountIdOf(key.id)
  const account =
    finding?.account ?? seen?.of.account ?? (derived ? { id: derived, derived: true } : undefined)
  const user = finding?.user ?? seen?.of.user
  const createdAt = finding?.createdAt ?? seen?.record.createdAt
  const lastUsed = finding?.lastUsed ?? seen?.record.lastUsed
  const status = finding?.status ?? seen?.record.status
  const problem = key.problem ?? inactive(finding, status) ?? finding?.problem
  return {
    id: key.id,
    profiles: [...(known.profiles.get(key.id) ?? [])],
    ...(account && { account }),
    ...(user && { user }),
    ...(createdAt && { createdAt }),
    ...(lastUsed && { lastUsed }),
    ...(status && { status }),
    ...(finding && {
      siblings: finding.siblings.map((each) => siblingView(each, parts, known)),
      asOf: finding.asOf,
    }),
    checking: parts.isChecking(key.id),
    canary: isCanaryAccount(account?.id) || isCanaryAccount(derived),
    excluded: parts.settings.exclusions.includes(key.id),
    rotatable:
      !key.problem && finding?.problem?.name !== 'root-key' && finding?.problem?.name !== 'not-a-user',
    partition: key.target.partition,
    ...consoleUrl(key.target, user?.name, finding?.problem),
    ...(problem && { problem }),
  }
}

/** AWS refuses an inactive key as if it did not know it; the user's other key may tell the truth. */
function inactive(finding: Finding | undefined, status: string | undefined): Trouble | undefined {
  if (status !== 'Inactive' || finding?.problem?.name !== 'invalid-key') return undefined
  const { code, requestId } = finding.problem
  return {
    name: 'key-inactive',
    title: 'The key is turned off',
    detail: 'The key is inactive in AWS, so that the profiles that hold it do not work.',
    remedy: "Activate it in AWS's console, or take the pair out of the files.",
    ...(code && { code }),
    ...(requestId && { requestId }),
  }
}

function siblingView(each: Finding['siblings'][number], { ours }: InventoryParts, known: Known): Sibling {
  // Its own check asked before our calls touched it; this one may have come after.
  const lastUsed = known.findings.get(each.id)?.lastUsed ?? each.lastUsed
  return {
    id: each.id,
    status: each.status,
    ...(each.createdAt && { createdAt: each.createdAt }),
    ...(lastUsed && { lastUsed }),
    ours: ours.has(each.id),
    profiles: [...(known.profiles.get(each.id) ?? [])],
  }
}

function consoleUrl(
  target: Target,
  user: string | undefined,
  problem: Trouble | undefined,
): Pick<Key, 'consoleUrl'> {
  if (!target.consoleHost || target.iam.custom) return {}
  if (problem?.name === 'root-key') return { consoleUrl: rootConsoleUrl(target.consoleHost) }
  if (!user) return {}
  return {
    consoleUrl: `https://${target.consoleHost}/iam/home#/users/details/${encodeURIComponent(user)}?section=security_credentials`,
  }
}

function profileView(profile: FoundProfile, resolve: ResolveTarget): Profile {
  const { settings } = profile
  const target = targetOf(profile, resolve)
  const mfaSerial = settings.values.mfa_serial
  return {
    name: profile.name,
    file: profile.file,
    line: profile.line,
    kind: profile.kind,
    ...(profile.pair && { key: profile.pair.id }),
    ...(target && { region: target.region, partition: target.partition }),
    ...(target?.iam.custom && { endpoint: target.iam.endpoint }),
    ...(mfaSerial && { mfaSerial }),
    ...(profile.usedByRoles.length > 0 && { usedByRoles: [...profile.usedByRoles] }),
    rotatable: profile.rotatable,
    ...(profile.reason && { reason: profile.reason }),
    ...(profile.warning && { warning: profile.warning }),
  }
}

function targetOf(profile: FoundProfile, resolve: ResolveTarget): Target | undefined {
  try {
    return resolve(profile.settings)
  } catch {
    // Said on the key's row, where it keeps something from being done.
    return undefined
  }
}
