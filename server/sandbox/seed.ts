import type { KeyLastUsed, PasswordPolicy } from './model.ts'
import type { Propagation } from './replica.ts'

/** Plain data to begin with; it also travels as JSON over the control endpoint. Times: milliseconds since the epoch. */
export interface AccountSeed {
  /** Twelve digits. */
  readonly id: string
  /** Default `aws`. */
  readonly partition?: string
  readonly alias?: string
  readonly users?: readonly UserSeed[]
  /** Its CloudTrail's history, beside what is called here. */
  readonly events?: readonly EventSeed[]
  /** Of the regions that have to be enabled first (`optInRegions`), those that are. */
  readonly regions?: readonly string[]
  readonly roles?: readonly RoleSeed[]
  readonly groups?: readonly GroupSeed[]
  /** Default: AWS's own rules. */
  readonly passwordPolicy?: PasswordPolicy
}

/** An event of CloudTrail's history. */
export interface EventSeed {
  readonly at: number
  /** Such as `CreateUser`. */
  readonly name: string
  /** Such as `iam.amazonaws.com`. */
  readonly source: string
  /** Default: the partition's main one, where IAM's events stand. */
  readonly region?: string
  /** The key or session that signed. */
  readonly keyId?: string
  readonly user?: string
  /** Absent: an AWS service's. */
  readonly address?: string
  readonly agent?: string
  readonly error?: string
  readonly request?: Readonly<Record<string, unknown>>
  readonly response?: Readonly<Record<string, unknown>>
  readonly readOnly?: boolean
  readonly id?: string
  readonly requestId?: string
  /** Stands in CloudTrailEvent's place, whatever it is. */
  readonly raw?: string
}

export interface UserSeed {
  readonly name: string
  /** Begins and ends with a slash; default `/`. */
  readonly path?: string
  readonly createdAt?: number
  /** The account's root user instead of an IAM user. */
  readonly root?: boolean
  /** Actions on itself, such as `iam:CreateAccessKey`; default: everything that this server knows. */
  readonly allow?: readonly string[]
  /** Allowed beside those. */
  readonly alsoAllow?: readonly string[]
  /** Denied explicitly. */
  readonly deny?: readonly string[]
  /** May do everything to every user of the account. */
  readonly admin?: boolean
  readonly quarantined?: 'v1' | 'v3'
  /** Base32 secret of its MFA device; absent: it has none. */
  readonly mfaSeed?: string
  readonly mfaRequired?: boolean
  /** Devices beside that of `mfaSeed`. */
  readonly mfaDevices?: readonly { readonly name: string; readonly enabledAt: number }[]
  /** For the console; absent: it has none. */
  readonly password?: { readonly text: string; readonly createdAt?: number; readonly lastUsed?: number }
  readonly serviceCredentials?: readonly ServiceCredentialSeed[]
  readonly sshKeys?: readonly SshKeySeed[]
  readonly certificates?: readonly CertificateSeed[]
  /** ARNs of managed policies, which are only listed. */
  readonly attached?: readonly string[]
  /** Sessions that somebody has made already. */
  readonly sessions?: readonly SessionSeed[]
  /** For this user's new keys alone. */
  readonly propagation?: Propagation
  readonly keys?: readonly KeySeed[]
}

export interface ServiceCredentialSeed {
  readonly service: string
  readonly status?: string
  readonly createdAt?: number
  readonly expiresAt?: number
}

export interface SshKeySeed {
  /** `ssh-rsa AAAA…`. */
  readonly body: string
  readonly status?: string
  readonly uploadedAt?: number
}

export interface CertificateSeed {
  /** PEM. */
  readonly body: string
  readonly status?: string
  readonly uploadedAt?: number
}

export interface SessionSeed {
  readonly kind?: 'session-token' | 'federation'
  readonly mfa?: boolean
  readonly name?: string
  readonly issuedAt: number
  readonly seconds: number
}

export interface RoleSeed {
  readonly name: string
  readonly maxSeconds?: number
  readonly trusts?: readonly string[]
  readonly allow?: readonly string[]
  readonly attached?: readonly string[]
  /** Inline ones: documents by name. */
  readonly policies?: Readonly<Record<string, string>>
}

export interface GroupSeed {
  readonly name: string
  readonly attached?: readonly string[]
  readonly policies?: Readonly<Record<string, string>>
}

export interface KeySeed {
  readonly id?: string
  readonly secret?: string
  readonly status?: string
  readonly createdAt?: number
  readonly lastUsed?: KeyLastUsed
}
