import type { Replica } from './replica.ts'
import type { EventSeed } from './seed.ts'

/** What a user may do, beside calls that need no permission. Actions are written as `iam:CreateAccessKey`. */
export interface Policy {
  /** Allowed on the user itself. */
  readonly allow: Set<string>
  /** Every action, on every user of the account. */
  admin: boolean
  readonly denied: Map<string, 'explicit' | 'implicit'>
  /** AWSCompromisedKeyQuarantine, which AWS attaches after a key has leaked, in this version; V2 is as V3. */
  quarantined?: 'v1' | 'v3'
  /** IAM calls need a session made with a code. */
  mfaRequired: boolean
}

export interface MfaDevice {
  readonly serial: string
  /** Base32, as the QR code has it. */
  readonly seed: string
  readonly enabledAt: number
  /** The step of the last code taken: a code works once. */
  lastStep: number
}

export interface KeyLastUsed {
  readonly at: number
  readonly service: string
  readonly region: string
}

/** What ListAccessKeys says of a key from an instant on; it may be late. */
export interface Listing {
  readonly from: number
  /** Absent: not listed. */
  readonly status?: string
}

export interface AccessKey {
  readonly id: string
  readonly secret: string
  readonly createdAt: number
  /** Active, Inactive, or anything else that AWS may come to say. */
  status: string
  deletedAt?: number
  /** Until then a deleted key still counts towards the quota. */
  countsUntil?: number
  lastUsed?: KeyLastUsed
  /** From when `lastUsed` is told, and what is told until then. */
  toldUse?: { readonly from: number; readonly before?: KeyLastUsed }
  replicas: { sts: Replica; iam: Replica }
  readonly listings: Listing[]
}

/** For the console. */
export interface Password {
  readonly text: string
  readonly createdAt: number
  readonly lastUsed?: number
  /** Those before it, newest first. */
  readonly before: readonly string[]
  resetRequired: boolean
}

/** Each that is true asks for one such character. */
export interface PasswordPolicy {
  readonly length: number
  readonly upper?: boolean
  readonly lower?: boolean
  readonly digits?: boolean
  readonly symbols?: boolean
  /** So many passwords before may not come again. */
  readonly reuse?: number
}

export interface ServiceCredential {
  readonly id: string
  /** Such as `bedrock.amazonaws.com`. */
  readonly service: string
  /** Its user name at the service, or the alias of an API key. */
  readonly alias: string
  secret: string
  status: string
  readonly createdAt: number
  readonly expiresAt?: number
}

export interface SshKey {
  readonly id: string
  readonly body: string
  status: string
  readonly uploadedAt: number
}

export interface Certificate {
  readonly id: string
  /** PEM. */
  readonly body: string
  status: string
  readonly uploadedAt: number
}

/** What each name holds and held, and from when by the injected clock it counts; without a document: nothing. */
export type InlinePolicies = Map<string, readonly { readonly from: number; readonly document?: string }[]>

export interface Role {
  readonly name: string
  readonly maxSeconds: number
  /** Names of users that may assume it. */
  readonly trusts: ReadonlySet<string>
  readonly allow: ReadonlySet<string>
  readonly attached: readonly string[]
  readonly inlinePolicies: InlinePolicies
}

/** Of policies alone: its members get no rights of it here. */
export interface Group {
  readonly name: string
  readonly attached: readonly string[]
  readonly inlinePolicies: InlinePolicies
}

export interface User {
  readonly uniqueId: string
  name: string
  path: string
  readonly root: boolean
  readonly createdAt: number
  readonly account: Account
  readonly policy: Policy
  readonly mfa: MfaDevice[]
  password?: Password
  readonly serviceCredentials: ServiceCredential[]
  readonly sshKeys: SshKey[]
  readonly certificates: Certificate[]
  /** ARNs of managed policies: only listed, what they allow is not played. */
  readonly attached: readonly string[]
  readonly inlinePolicies: InlinePolicies
  /** Deleted ones stay: they may live on for a moment, and a test asks after them. */
  readonly keys: AccessKey[]
}

export interface Session {
  readonly id: string
  readonly secret: string
  readonly token: string
  readonly user: User
  readonly kind: 'session-token' | 'federation' | 'role'
  readonly role?: Role
  /** Of a federated user, or of a role's session. */
  readonly name?: string
  readonly mfa: boolean
  /** `aws:TokenIssueTime`, by AWS's clock. */
  readonly issuedAt: number
  readonly expiresAt: number
}

export interface Account {
  readonly id: string
  readonly partition: string
  alias?: string
  readonly users: User[]
  readonly sessions: Session[]
  readonly roles: Role[]
  readonly groups: Group[]
  readonly passwordPolicy?: PasswordPolicy
  /** What its CloudTrail knew before anything was called here. */
  readonly events: EventSeed[]
  /** Regions that have to be enabled first, and are. */
  readonly regions: Set<string>
}

export const arnOf = (user: User) =>
  user.root
    ? `arn:${user.account.partition}:iam::${user.account.id}:root`
    : `arn:${user.account.partition}:iam::${user.account.id}:user${user.path}${user.name}`

/** The user's keys that are not deleted, oldest first. */
export const liveKeys = (user: User) => user.keys.filter((key) => key.deletedAt === undefined)

/** Finds whose long-term key an id is, deleted ones too. */
export function ownerOf(
  accounts: readonly Account[],
  keyId: string,
): { user: User; key: AccessKey } | undefined {
  for (const account of accounts)
    for (const user of account.users) {
      const key = user.keys.find(({ id }) => id === keyId)
      if (key) return { user, key }
    }
  return undefined
}

/** What ListAccessKeys says of a key now; undefined: not listed. */
export const listedStatus = (key: AccessKey, now: number) =>
  key.listings.findLast(({ from }) => from <= now)?.status
