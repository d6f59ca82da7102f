import type { CallOptions, Signer } from '../keys/iam.ts'

/** Ways in that can be turned off and on, and deleted. */
export type Switchable = 'service-specific' | 'ssh' | 'certificate'
export type CredentialKind = 'password' | Switchable | 'mfa'

/** One thing that a user has beside access keys. No secret is ever in it. Times: milliseconds since the epoch. */
export interface Holding {
  /** Absent for a password. */
  readonly id?: string
  /** Active, Inactive, or whatever else AWS says; absent where the kind has none. */
  readonly status?: string
  readonly createdAt?: number
  readonly expiresAt?: number
  /** The service, the certificate's subject, or whatever else tells a person what it is. */
  readonly what?: string
}

/** Whose it is: `signer.userName` is always set for these calls. */
export interface UserCredentials {
  /**
   * All of one kind, every page.
   * @throws AwsFailure
   */
  list(signer: Signer, kind: CredentialKind, options?: CallOptions): Promise<readonly Holding[]>
  /** @throws AwsFailure */
  setStatus(
    signer: Signer,
    kind: Switchable,
    id: string,
    status: 'Active' | 'Inactive',
    options?: CallOptions,
  ): Promise<void>
  /** Fails as `not-found` too where a first send whose reply was lost has deleted it. @throws AwsFailure */
  remove(signer: Signer, kind: Switchable, id: string, options?: CallOptions): Promise<void>
  /** An inline policy's text; undefined: there is none of this name. @throws AwsFailure */
  policy(signer: Signer, name: string, options?: CallOptions): Promise<string | undefined>
  /** Sent once; where the reply was lost, `policy` tells. @throws AwsFailure */
  putPolicy(signer: Signer, name: string, document: string, options?: CallOptions): Promise<void>
  /** @throws AwsFailure */
  removePolicy(signer: Signer, name: string, options?: CallOptions): Promise<void>
}

/** The permission that each listing needs. */
export const listPermission = {
  password: 'iam:GetLoginProfile',
  'service-specific': 'iam:ListServiceSpecificCredentials',
  ssh: 'iam:ListSSHPublicKeys',
  certificate: 'iam:ListSigningCertificates',
  mfa: 'iam:ListMFADevices',
} as const satisfies Record<CredentialKind, string>

export const credentialKinds = Object.keys(listPermission) as readonly CredentialKind[]
