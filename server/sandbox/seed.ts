import type { KeyLastUsed } from './model.ts'
import type { Propagation } from './replica.ts'

/** Plain data to begin with; it also travels as JSON over the control endpoint. Times: milliseconds since the epoch. */
export interface AccountSeed {
  /** Twelve digits. */
  readonly id: string
  /** Default `aws`. */
  readonly partition?: string
  readonly alias?: string
  readonly users?: readonly UserSeed[]
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
  /** Denied explicitly. */
  readonly deny?: readonly string[]
  /** May do everything to every user of the account. */
  readonly admin?: boolean
  readonly quarantined?: boolean
  /** Base32 secret of its MFA device; absent: it has none. */
  readonly mfaSeed?: string
  readonly mfaRequired?: boolean
  /** For this user's new keys alone. */
  readonly propagation?: Propagation
  readonly keys?: readonly KeySeed[]
}

export interface KeySeed {
  readonly id?: string
  readonly secret?: string
  readonly status?: string
  readonly createdAt?: number
  readonly lastUsed?: KeyLastUsed
}
