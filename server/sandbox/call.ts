export type Service = 'iam' | 'sts' | 'cloudtrail'

/** One call as it came in; never a secret, a token or a code. */
export interface Call {
  /** 1 is the first since the start. */
  readonly number: number
  readonly requestId: string
  readonly service: Service
  readonly action: string
  /** The Host header. */
  readonly host: string
  /** The User-Agent header. */
  readonly agent: string
  /** The signer's key id, as it claims. */
  readonly keyId?: string
  /** Name of the user whose key that is. */
  readonly user?: string
  readonly account?: string
  readonly region?: string
  readonly params: Readonly<Record<string, string>>
  /** By the injected clock, milliseconds since the epoch. */
  readonly at: number
  /** `pending`, `ok`, AWS's error code, or how the reply was lost: `dropped-before`, `dropped-after`, `cut`. */
  outcome: string
  /** Whether the act itself was done, whatever became of the reply. */
  acted: boolean
  /** The key that the act made, changed or deleted, or the session that it made. */
  changed?: string
}

const secretParams = new Set([
  'TokenCode',
  'SecretAccessKey',
  'SessionToken',
  'OldPassword',
  'NewPassword',
  'Password',
])

/** Parameters for the log: those that would let a reader sign in are left out. */
export function publicParams(params: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    [...params].filter(([name]) => !secretParams.has(name) && name !== 'Action' && name !== 'Version'),
  )
}
