import { accessDenied } from './awsError.ts'
import { arnOf } from './model.ts'
import type { Session, User } from './model.ts'

export interface Caller {
  readonly user: User
  /** Undefined: a long-term key signs. */
  readonly session?: Pick<Session, 'mfa' | 'kind' | 'role' | 'name'>
  /** Whether an inline policy of the user, or of the role that signs, denies it. */
  readonly deniedInline: (action: string) => boolean
  /** Notes the use of a long-term key; after the act, since AWS's record lags: asking for it does not show the asking. */
  readonly recordUse?: () => void
}

/** What AWS's own 'deny all without MFA' policy leaves open. */
const openWithoutMfa = new Set(['iam:GetUser', 'iam:ListMFADevices', 'sts:GetSessionToken'])

/** What AWSCompromisedKeyQuarantine denies in its two forms, of what this server plays. V2 denies as V3 does. */
const quarantine = {
  v1: new Set([
    'iam:CreateAccessKey',
    'iam:UpdateAccessKey',
    'iam:ChangePassword',
    'iam:CreateLoginProfile',
    'iam:PutUserPolicy',
  ]),
  v3: new Set([
    'iam:CreateAccessKey',
    'iam:UpdateAccessKey',
    'iam:DeleteAccessKey',
    'iam:ChangePassword',
    'iam:CreateLoginProfile',
    'iam:UpdateLoginProfile',
    'iam:PutUserPolicy',
    'iam:PutRolePolicy',
    'iam:ListUsers',
    'sts:GetSessionToken',
    'sts:GetFederationToken',
    'cloudtrail:LookupEvents',
  ]),
} as const

/**
 * Evaluates as IAM does: an explicit deny wins, then an allow, else an implicit deny.
 *
 * @param own whether the resource is the caller itself, or the action has none
 * @throws AwsError AccessDenied
 */
export function permit(caller: Caller, action: string, own: boolean, resource?: string): void {
  permitUnlessDenied(caller, action, resource)
  const { user, session } = caller
  // Of a session of a role the role's rights count, and the user's no more.
  if (session?.role) {
    if (session.role.allow.has(action)) return
    throw accessDenied(arnOf(user), action, resource, false)
  }
  const { allow, admin } = user.policy
  if (user.root || admin) return
  if (!allow.has(action) || !own) throw accessDenied(arnOf(user), action, resource, false)
}

/** For what needs no permission and obeys a denial. @throws AwsError AccessDenied */
export function permitUnlessDenied(
  { user, session, deniedInline }: Caller,
  action: string,
  resource?: string,
): void {
  if (user.root) return
  const { denied, quarantined, mfaRequired } = user.policy
  const deny = (explicit: boolean) => accessDenied(arnOf(user), action, resource, explicit)
  if (deniedInline(action)) throw deny(true)
  if (session?.role) return
  if (quarantined && quarantine[quarantined].has(action)) throw deny(true)
  if (denied.has(action)) throw deny(denied.get(action) === 'explicit')
  if (mfaRequired && !session?.mfa && !openWithoutMfa.has(action)) throw deny(true)
}
