import type { LastUsed, Sibling } from '../api/inventory.ts'
import type { Plan, PlanChoice, PlanLine, PlanRequest, PlanRoom, PlanRotate, PlanSkip } from '../api/plan.ts'
import type { Trouble } from '../api/problem.ts'
import type { Finding, HeldKey } from '../keys/ports.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import type { Spec } from './entries.ts'
import { mayMakeRoom, roomClassOf, roomLine, type RoomContext } from './room.ts'

/** A key that was asked for, with what its check found; no finding where it must not be asked about. */
export interface Checked {
  readonly held: HeldKey
  readonly finding?: Finding
  /** Why it is passed over without a look: excluded, or a canary without the second yes. */
  readonly passedOver?: Trouble
}

export interface Planned {
  readonly rows: Pick<Plan, 'rotate' | 'choose' | 'skip' | 'makeRoom'>
  /** In the order of `rows.rotate`; `id` is the position, made whole when the run begins. */
  readonly specs: readonly Omit<Spec, 'id'>[]
}

/** Everything else that planning looks at. */
export interface PlanContext extends RoomContext {
  readonly snapshot: FilesSnapshot
  /** All keys of the files, asked for or not: what a profile holds is never deleted. */
  readonly held: ReadonlyMap<string, HeldKey>
  /** Keys that Keyturn made or replaced. */
  readonly ours: ReadonlySet<string>
  /** Accounts of the profiles that the request lets sign for others, by profile, as far as they are known. */
  readonly signerAccounts: ReadonlyMap<string, string>
  /** Excluded, planted or left out: such a key is never deleted to make room for another. */
  readonly isSpared: (id: string) => boolean
}

/**
 * Pure: what a run would do with the keys asked for. Each ends in exactly one of rotate, choose and skip; of two
 * keys of one user at most one is rotated, since AWS allows a user two keys. A merged key is in its partner's row.
 */
export function plan(request: PlanRequest, keys: readonly Checked[], context: PlanContext): Planned {
  const rotate: PlanRotate[] = []
  const choose: PlanChoice[] = []
  const skip: PlanSkip[] = []
  const makeRoom: PlanRoom[] = []
  const specs: Omit<Spec, 'id'>[] = []
  const taken = new Map<string, string>()
  const spares = new Set(request.deleteSpares ?? [])
  const merges = new Set(request.merge ?? [])
  const merged = new Set<string>()
  const wishOf = wishes(request, context)

  for (const checked of keys) {
    const { held, finding } = checked
    const wish = wishOf(checked)
    const reason = checked.passedOver ?? held.problem ?? blocking(finding, wish.signer) ?? wish.outOfReach
    if (reason) {
      skip.push({ key: held.id, reason })
      continue
    }
    const user = finding?.user?.arn ?? held.id
    const first = taken.get(user)
    if (merged.has(held.id)) continue
    if (first !== undefined) {
      skip.push({ key: held.id, reason: sameUser(first) })
      continue
    }
    const siblings = (finding?.siblings ?? []).map((each) => siblingOf(each, context))
    if (siblings.length > 1) {
      skip.push({ key: held.id, reason: tooMany(siblings) })
      continue
    }
    const [other] = siblings
    if (other === undefined) {
      taken.set(user, held.id)
      rotate.push(rotateRow(checked, wish, context))
      specs.push(specOf(checked, wish))
      continue
    }
    const otherHeld = context.held.get(other.id)
    const room = roomClassOf(other, otherHeld !== undefined, finding, context)
    const tell = (decided: boolean) => makeRoom.push(roomLine(held.id, other, room, decided, context))
    const spared = context.isSpared(other.id)
    if (!otherHeld && !spared && (spares.has(other.id) || mayMakeRoom(request, room))) {
      tell(true)
      taken.set(user, held.id)
      rotate.push(rotateRow(checked, wish, context, { deletesSpare: other }))
      specs.push({ ...specOf(checked, wish), spare: other.id })
      continue
    }
    if (otherHeld && !otherHeld.problem && !spared && (merges.has(other.id) || merges.has(held.id))) {
      tell(true)
      taken.set(user, held.id)
      const row = rotateRow(checked, wish, context, { merges: other })
      rotate.push({
        ...row,
        profiles: [...row.profiles, ...otherHeld.profiles.map(({ name, file }) => ({ name, file }))],
        lines: [...row.lines, ...linesOf(otherHeld, context.snapshot)],
      })
      merged.add(other.id)
      const merge = { key: other.id, profiles: otherHeld.profiles.map(({ name, file }) => ({ name, file })) }
      specs.push({ ...specOf(checked, wish), merge })
      continue
    }
    tell(false)
    taken.set(user, held.id)
    choose.push(choiceRow(checked, other, otherHeld, spared))
  }
  // One that cannot be replaced by itself may still go with the other key of its user.
  const left = skip.filter(({ key }) => key === undefined || !merged.has(key))
  return { rows: { rotate, choose, skip: left, makeRoom }, specs }
}

/**
 * What a check found that makes a rotation pointless. Being denied the list is not: creating may be allowed. Nor is a user that
 * may do nothing where somebody else signs for it.
 */
export function blocking(finding: Finding | undefined, signer?: PlanRotate['signer']): Trouble | undefined {
  const problem = finding?.problem
  if (!problem || problem.name === 'mfa-required') return undefined
  if (problem.action === 'iam:ListAccessKeys' && (signer !== undefined || problem.name !== 'quarantined'))
    return undefined
  return problem
}

/** What the person wants of one key, be it of all. */
interface Wish {
  readonly oldKey: PlanRotate['oldKey']
  readonly keepDays?: number
  readonly signer?: NonNullable<PlanRotate['signer']>
  /** Whom the person named for it may not sign there. */
  readonly outOfReach?: Trouble
}

function wishes(
  { oldKey, keepActive, keepDays, signer, signers }: PlanRequest,
  { signerAccounts }: PlanContext,
): (checked: Checked) => Wish {
  const kept = new Set(keepActive)
  const named = new Map(signers?.map(({ key, profile }) => [key, profile]))
  return (checked) => {
    const { held, finding } = checked
    const mode = kept.has(held.id) ? 'keep' : oldKey
    const own = named.get(held.id)
    const who = signerOf(checked, own, signer, signerAccounts)
    const trouble = outOfReach(finding?.account?.id, own === undefined ? undefined : signerAccounts.get(own))
    return {
      oldKey: mode,
      ...(mode === 'keep' && keepDays !== undefined && { keepDays }),
      ...(who && { signer: who }),
      ...(trouble && { outOfReach: trouble }),
    }
  }
}

/** Who signs where it is not the user: whom the person named for this key, else the request's if it is refused. */
function signerOf(
  { held, finding }: Checked,
  named: string | undefined,
  signer: string | undefined,
  signerAccounts: PlanContext['signerAccounts'],
): PlanRotate['signer'] {
  // Without its user's name nobody else can sign for it.
  if (finding?.user === undefined) return undefined
  if (named !== undefined) return { profile: named, always: true }
  if (signer === undefined || held.profiles.some(({ name }) => name === signer)) return undefined
  const account = finding.account?.id
  if (account === undefined || signerAccounts.get(signer) !== account) return undefined
  // It is known to be refused already, so that its own try would only cost time.
  return { profile: signer, always: finding.problem?.action === 'iam:ListAccessKeys' }
}

/** An administrator acts in its own account alone. */
function outOfReach(account: string | undefined, theirs: string | undefined): Trouble | undefined {
  if (theirs === undefined || account === undefined || account === theirs) return undefined
  return {
    name: 'other-account',
    title: 'Another account',
    detail: `The key is of account ${account}; the administrator’s profile is of ${theirs}.`,
    remedy: 'Choose a profile of its own account.',
  }
}

function siblingOf(each: Finding['siblings'][number], context: PlanContext): Sibling {
  return {
    id: each.id,
    status: each.status,
    ...(each.createdAt !== undefined && { createdAt: each.createdAt }),
    ...(each.lastUsed && { lastUsed: each.lastUsed }),
    ours: context.ours.has(each.id),
    profiles: context.held.get(each.id)?.profiles.map((profile) => profile.name) ?? [],
  }
}

function specOf({ held, finding }: Checked, { oldKey, keepDays, signer }: Wish): Omit<Spec, 'id'> {
  const serial = held.profiles
    .map((profile) => profile.settings.values['mfa_serial'])
    .find((each) => each !== undefined)
  const lastUsed: LastUsed | undefined = finding?.lastUsed
  return {
    kind: 'rotate',
    from: held.id,
    profiles: held.profiles.map(({ name, file }) => ({ name, file })),
    retire: oldKey,
    ...(keepDays !== undefined && { keepDays }),
    ...(finding?.account && { account: finding.account }),
    ...(finding?.user && { user: finding.user }),
    ...(lastUsed && { lastUsed }),
    ...(signer && { [signer.always ? 'adminProfile' : 'adminIfRefused']: signer.profile }),
    ...(serial !== undefined && { mfaSerial: serial }),
  }
}

function rotateRow(
  { held, finding }: Checked,
  { oldKey, signer }: Wish,
  context: PlanContext,
  room: Pick<PlanRotate, 'deletesSpare' | 'merges'> = {},
): PlanRotate {
  const other = room.deletesSpare ?? room.merges
  const uses = [
    { id: held.id, lastUsed: finding?.lastUsed },
    ...(other ? [{ id: other.id, lastUsed: other.lastUsed }] : []),
  ]
  return {
    key: held.id,
    profiles: held.profiles.map(({ name, file }) => ({ name, file })),
    ...(finding?.account && { account: finding.account }),
    ...(finding?.user && { user: finding.user }),
    ...(finding?.createdAt !== undefined && { createdAt: finding.createdAt }),
    lines: linesOf(held, context.snapshot),
    ...room,
    oldKey,
    ...(signer && { signer }),
    ...(finding?.lastUsed && { lastUsed: finding.lastUsed }),
    inUse: uses.filter(({ lastUsed }) => isInUse(lastUsed, finding, context)).map(({ id }) => id),
    notes: notesOf(held, finding),
  }
}

/** By AWS's clock, where it is known. */
function isInUse(used: LastUsed | undefined, finding: Finding | undefined, { now }: PlanContext): boolean {
  if (used?.at === undefined) return false
  return now + (finding?.clockOffsetMs ?? 0) - Date.parse(used.at) <= inUseMs
}

/** Something that used a key within this time most likely goes on doing so. */
const inUseMs = 86_400_000

/** The lines that change, as the person would see them in a diff; ids whole, secrets never. */
function linesOf(held: HeldKey, snapshot: FilesSnapshot): PlanLine[] {
  return held.profiles.flatMap((profile) => {
    if (!profile.lines) return []
    const place = { file: profile.file, path: snapshot.files[profile.file].path, profile: profile.name }
    return [
      {
        ...place,
        line: profile.lines.id,
        before: `aws_access_key_id = ${held.id}`,
        after: 'aws_access_key_id = (new key id)',
      },
      {
        ...place,
        line: profile.lines.secret,
        before: 'aws_secret_access_key = ••••••••',
        after: 'aws_secret_access_key = (new secret)',
      },
    ]
  })
}

function notesOf(held: HeldKey, finding: Finding | undefined): string[] {
  const roles = [...new Set(held.profiles.flatMap((profile) => profile.usedByRoles))]
  const notes: string[] = []
  if (roles.length > 0)
    notes.push(
      `Also used by ${roles.length === 1 ? '1 role' : `${roles.length} roles`}: ${roles.join(', ')}.`,
    )
  if (finding?.problem?.name === 'mfa-required')
    notes.push('AWS asks for an MFA code for this user; the run will ask you.')
  if (finding?.problem?.action === 'iam:ListAccessKeys') {
    notes.push('AWS does not let this user list its keys, so that it may also refuse to make one.')
  }
  for (const { name, warning } of held.profiles)
    if (warning) notes.push([`[${name}]`, warning.detail, warning.remedy].filter(Boolean).join(' '))
  return notes
}

function choiceRow(
  { held, finding }: Checked,
  other: Sibling,
  otherHeld: HeldKey | undefined,
  spared: boolean,
): PlanChoice {
  const last4 = other.id.slice(-4)
  const row = {
    key: held.id,
    profiles: held.profiles.map((profile) => profile.name),
    ...(finding?.account && { account: finding.account }),
    ...(finding?.user && { user: finding.user }),
    ...(finding?.createdAt !== undefined && { createdAt: finding.createdAt }),
  }
  if (otherHeld) {
    const names = other.profiles.join(', ')
    return {
      ...row,
      reason: `The user also has ****${last4}, which ${names} ${other.profiles.length === 1 ? 'holds' : 'hold'}. AWS allows two keys per user, so that there is no room for a new one.`,
      choices:
        otherHeld.problem || spared
          ? []
          : [
              {
                kind: 'merge',
                spare: other,
                label: `Merge: one new key for ${[...row.profiles, ...other.profiles].join(', ')}`,
                caution: `****${last4} is deleted for good to make room; undo does not bring it back.`,
              },
            ],
    }
  }
  return {
    ...row,
    reason: `The user has a second key, ****${last4}, that no profile here holds. AWS allows two keys per user, so that there is no room for a new one.`,
    choices: spared
      ? []
      : [
          {
            kind: 'delete-spare',
            spare: other,
            label:
              other.ours && other.status === 'Inactive'
                ? `Delete ****${last4}, an old key that Keyturn turned off`
                : `Delete ****${last4} for good`,
            ...(other.status === 'Active' && {
              caution: 'It is active: something that Keyturn does not see may be using it.',
            }),
          },
        ],
  }
}

function sameUser(first: string): Trouble {
  return {
    name: 'same-user',
    title: 'The same user’s other key',
    detail: `Its user’s other key ****${first.slice(-4)} comes first in this plan; a user’s keys are replaced one at a time.`,
    remedy: 'Merge the two, or rotate this one afterwards.',
  }
}

function tooMany(siblings: readonly Sibling[]): Trouble {
  return {
    name: 'too-many-keys',
    title: 'More than two keys',
    detail: `The user has ${siblings.length + 1} keys, more than AWS’s limit of two, so that no new one can be made.`,
    remedy: `Delete those that nothing uses first: ${siblings.map((each) => `****${each.id.slice(-4)}`).join(', ')}.`,
  }
}
