import type { LastUsed } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import { Failure } from '../platform/failure.ts'
import type { KeyPair, Secret } from '../profiles/keyPair.ts'

/** Where the calls for a key go: resolved by Keyturn, since the SDK's own `profile:` takes another profile's endpoint. */
export interface Target {
  readonly partition: string
  /** The profile's region, or the partition's default where it has none. */
  readonly region: string
  readonly regionSource: 'profile' | 'environment' | 'default'
  readonly iam: { readonly endpoint: string; readonly signingRegion: string; readonly custom: boolean }
  readonly sts: { readonly endpoint: string; readonly signingRegion: string; readonly custom: boolean }
  /** The STS of the partition's main region, where that is another one. */
  readonly mainSts?: { readonly endpoint: string; readonly signingRegion: string; readonly custom: boolean }
  /** CloudTrail of `region`; only where the target was made to look into its event history. */
  readonly cloudtrail?: {
    readonly endpoint: string
    readonly signingRegion: string
    readonly custom: boolean
  }
  /** Calls go to hosts with validated cryptography, as the profile or the environment asks. */
  readonly fips?: true
  /** The profile's `ca_bundle`: a file of the authorities to trust. */
  readonly caBundle?: string
  /** How the page links to the user's security credentials; absent where the partition has no known console, and behind a custom endpoint. */
  readonly consoleHost?: string
}

/** Who signs a call. `userName` is sent only where the signer is not the user's own long-term pair. */
export interface Signer {
  readonly kind: 'own' | 'mfa-session' | 'admin'
  readonly pair: KeyPair
  readonly sessionToken?: Secret
  readonly userName?: string
  readonly target: Target
}

export interface Identity {
  readonly account: string
  readonly arn: string
  readonly kind: 'user' | 'root' | 'assumed-role' | 'federated-user' | 'other'
  /** Friendly name, after the last slash of the ARN; only for kind `user`. */
  readonly userName?: string
}

export interface KeyRecord {
  readonly id: string
  /** Active, Inactive, or whatever else AWS says. */
  readonly status: string
  /** Milliseconds since the epoch. */
  readonly createdAt?: number
}

export interface KeyList {
  readonly keys: readonly KeyRecord[]
  readonly userName?: string
  /** AWS's own clock: the reply's Date header, in milliseconds since the epoch. */
  readonly date?: number
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Told when a call waits: AWS throttles, or the network is away. `undefined`: it goes on. */
  readonly onWait?: (why: 'throttled' | 'network' | undefined) => void
  /** Longest time that throttling or a lost network is waited out, in milliseconds; 0: never. Default 60 000. */
  readonly patienceMs?: number
}

/**
 * AWS, as Keyturn needs it. Each method is one logical call: paging, the per-account limit of calls in flight, and
 * waiting out throttling and a lost network happen inside, except for `createKey`, which is sent at most once where
 * AWS may have acted (a throttled or refused send is known not to have acted and may be repeated).
 * Every failure is an `AwsFailure`.
 */
export interface Iam {
  whoAmI(signer: Signer, options?: CallOptions): Promise<Identity>
  listKeys(signer: Signer, options?: CallOptions): Promise<KeyList>
  createKey(
    signer: Signer,
    options?: CallOptions,
  ): Promise<{ readonly pair: KeyPair; readonly createdAt?: number }>
  setKeyStatus(
    signer: Signer,
    keyId: string,
    status: 'Active' | 'Inactive',
    options?: CallOptions,
  ): Promise<void>
  /** Fails as `not-found` too where a first send whose reply was lost has deleted it: whether it is gone is for the lists to tell. */
  deleteKey(signer: Signer, keyId: string, options?: CallOptions): Promise<void>
  keyLastUsed(signer: Signer, keyId: string, options?: CallOptions): Promise<LastUsed>
  /** The account's alias; undefined where there is none or asking is denied. */
  accountAlias(signer: Signer, options?: CallOptions): Promise<string | undefined>
  /** Serials (ARNs) of the user's MFA devices; an empty list where asking is denied. */
  mfaDevices(signer: Signer, options?: CallOptions): Promise<readonly string[]>
  sessionWithMfa(
    signer: Signer,
    serial: string,
    code: string,
    options?: CallOptions,
  ): Promise<{ readonly pair: KeyPair; readonly sessionToken: Secret; readonly expiresAt: number }>
}

export type AwsFailureKind =
  /** Unknown, deleted, inactive or not yet spread key; also another partition's. */
  | 'invalid-key'
  /** Wrong secret for a known id. */
  | 'bad-signature'
  | 'denied'
  /** Denied while the quarantine policy is known or likely to be the cause. */
  | 'quarantined'
  | 'mfa-required'
  | 'mfa-code'
  /** Two keys (or more) already. Never throttling, whatever the SDK thinks. */
  | 'quota'
  | 'not-found'
  | 'throttled'
  /** Our clock is off; `trouble.detail` says by how many minutes. */
  | 'clock-skew'
  | 'expired-session'
  /** No connection, DNS, TLS, proxy: the call was not sent. */
  | 'network'
  /** It was sent, and no answer of AWS's came that says otherwise: AWS may have acted. */
  | 'ambiguous'
  | 'aborted'
  | 'other'

export class AwsFailure extends Failure {
  readonly kind: AwsFailureKind
  /** Milliseconds since the epoch, by AWS's Date header where a reply came. */
  readonly date?: number
  /** A denial that may only mean that the call was signed without MFA. */
  readonly mfaMayHelp: boolean

  constructor(
    kind: AwsFailureKind,
    trouble: Trouble,
    options?: { cause?: unknown; date?: number; mfaMayHelp?: boolean },
  ) {
    super(trouble, options)
    this.name = 'AwsFailure'
    this.kind = kind
    this.mfaMayHelp = options?.mfaMayHelp ?? kind === 'denied'
    if (options?.date !== undefined) this.date = options.date
  }
}
