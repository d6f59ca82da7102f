import type { AfterCredential, AfterUser } from '../api/after.ts'
import type { Trouble } from '../api/problem.ts'
import { credentialKinds, listPermission } from './ports.ts'
import type { CredentialKind, Holding } from './ports.ts'

/** What asking for one kind brought: its holdings, or why there are none to tell of. */
export type Looked = { readonly holdings: readonly Holding[] } | { readonly trouble: Trouble }

export interface UserLook {
  readonly account: string
  readonly name: string
  readonly looks: Readonly<Record<CredentialKind, Looked>>
}

/**
 * Pure: what a user has beside keys, what of it is new, and what can be done.
 * @param since milliseconds since the epoch: what is made from then on is new; undefined: nothing is called new
 */
export function credentialsOf({ looks }: UserLook, since: number | undefined): AfterCredential[] {
  return credentialKinds.flatMap((kind): AfterCredential[] => {
    const looked = looks[kind]
    if ('trouble' in looked) {
      const { trouble } = looked
      return [
        {
          ...{ kind, new: false, can: [], trouble },
          ...(trouble.action === listPermission[kind] && { needs: listPermission[kind] }),
        },
      ]
    }
    return looked.holdings.map((holding) => ({
      kind,
      ...(holding.id !== undefined && { id: holding.id }),
      ...(holding.status !== undefined && { status: holding.status }),
      ...(holding.createdAt !== undefined && { createdAt: iso(holding.createdAt) }),
      ...(holding.expiresAt !== undefined && { expiresAt: iso(holding.expiresAt) }),
      ...(holding.what !== undefined && { what: holding.what }),
      new: since !== undefined && holding.createdAt !== undefined && holding.createdAt >= since,
      can: canOf(kind, holding),
    }))
  })
}

/** Deleting wants it off first, as with keys: what still uses it shows itself while it can be turned on again. */
function canOf(kind: CredentialKind, { status }: Holding): AfterCredential['can'] {
  if (kind === 'password' || kind === 'mfa') return []
  return status === 'Active' ? ['deactivate'] : ['activate', 'delete']
}

/** Whether it is left to deal with. A device is only where it came after the leak: the person's own goes on being used. */
export function isOpen({ kind, status, new: isNew, trouble }: AfterCredential): boolean {
  if (trouble) return true
  if (kind === 'password') return true
  return kind === 'mfa' ? isNew : status === 'Active'
}

/** How many things of these users are left to deal with. */
export function openOf(users: readonly AfterUser[]): number {
  return users.reduce(
    (sum, { credentials, sessions }) =>
      sum +
      credentials.filter(isOpen).length +
      (sessions.denyOlder || sessions.over ? 0 : 1) +
      sessions.signIns.filter(({ state }) => state === 'alive').length,
    0,
  )
}

const words: Readonly<Record<CredentialKind, string>> = {
  password: 'the console password (a new one, or delete the login profile)',
  'service-specific': 'service-specific credentials',
  ssh: 'SSH public keys',
  certificate: 'signing certificates',
  mfa: 'MFA devices',
}

/** What only an administrator can do or see, to hand over; undefined: nothing. */
export function handOver({ account, name, credentials }: AfterUser): string | undefined {
  const unseen = credentials.filter(({ needs }) => needs !== undefined)
  const devices = credentials.filter((each) => each.kind === 'mfa' && each.new)
  const hasPassword = credentials.some((each) => each.kind === 'password' && !each.trouble)
  const lines = [
    ...unseen.map(
      ({ kind, needs }) =>
        `- look at ${words[kind]}: the user may not (${needs ?? ''}); turn off what nobody needs`,
    ),
    ...(hasPassword
      ? [
          `- have the user set a new console password: aws iam update-login-profile --user-name ${shell(name)} --password-reset-required`,
        ]
      : []),
    ...devices.flatMap(({ id = '' }) => [
      `- MFA device ${id} came after the leak; where nobody here knows it:`,
      `  aws iam deactivate-mfa-device --user-name ${shell(name)} --serial-number ${shell(id)}`,
      ...(id.includes(':mfa/') ? [`  aws iam delete-virtual-mfa-device --serial-number ${shell(id)}`] : []),
    ]),
  ]
  if (lines.length === 0) return undefined
  return [`Account ${account}, user ${name}: an access key of this user leaked. Please`, ...lines].join('\n')
}

/** For a POSIX shell: names come from AWS and are no command. */
const shell = (text: string) => (/^[\w+=,.@:/-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`)
const iso = (ms: number) => new Date(ms).toISOString()
