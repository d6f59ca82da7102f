import { accessDenied } from './awsError.ts'
import { arnOf } from './model.ts'
import type { User } from './model.ts'

export interface Caller {
  readonly user: User
  /** Undefined: a long-term key signs. */
  readonly session?: { readonly mfa: boolean }
  /** Notes the use of a long-term key; after the act, since AWS's record lags: asking for it does not show the asking. */
  readonly recordUse?: () => void
}

/** What AWS's own 'deny all without MFA' policy leaves open. */
const openWithoutMfa = new Set(['iam:GetUser', 'iam:ListMFADevices'])
const quarantine = new Set(['iam:CreateAccessKey', 'iam:UpdateAccessKey'])

/**
 * Evaluates as IAM does: an explicit deny wins, then an allow, else an implicit deny.
 *
 * @param own whether the resource is the caller itself, or the action has none
 * @throws AwsError AccessDenied
 */
export function permit({ user, session }: Caller, action: string, own: boolean, resource: string): void {
  if (user.root) return
  const { allow, admin, denied, quarantined, mfaRequired } = user.policy
  const deny = (explicit: boolean) => accessDenied(arnOf(user), action, resource, explicit)
  if (quarantined && quarantine.has(action)) throw deny(true)
  if (denied.has(action)) throw deny(denied.get(action) === 'explicit')
  if (mfaRequired && !session?.mfa && !openWithoutMfa.has(action)) throw deny(true)
  if (admin) return
  if (!allow.has(action) || !own) throw deny(false)
}
