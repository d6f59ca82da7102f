import type { AwsFailureKind } from '../keys/iam.ts'

/** The API calls that Keyturn makes, as IAM policies name them. */
export type Action =
  | 'sts:GetCallerIdentity'
  | 'sts:GetSessionToken'
  | 'iam:ListAccessKeys'
  | 'iam:CreateAccessKey'
  | 'iam:UpdateAccessKey'
  | 'iam:DeleteAccessKey'
  | 'iam:GetAccessKeyLastUsed'
  | 'iam:ListAccountAliases'
  | 'iam:ListMFADevices'

/** Finer than `AwsFailureKind`, for the words. */
export type Nature =
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'tls'
  | 'proxy'
  | 'proxy-unreachable'
  | 'not-aws'
  | 'lost-reply'
  | 'server-error'
  | 'bad-reply'
  | 'explicit-deny'
  | 'named-quarantine'
  | 'organization'
  | 'boundary'
  | 'session-not-allowed'
  | 'opt-in'
  | 'user-name'
  | 'mfa-device'

/** What an SDK or network error says, with nothing of AWS's own text: that can hold a session token. */
export interface Classified {
  readonly kind: AwsFailureKind
  readonly nature?: Nature
  /** The wire's code, or the network's, such as ENOTFOUND. */
  readonly code?: string
  readonly requestId?: string
  readonly status?: number
  /** AWS's clock: the Date header in milliseconds since the epoch. */
  readonly date?: number
  /** How far our clock is before (+) or behind (-) AWS's, in milliseconds; for kind `clock-skew`. */
  readonly skew?: number
  /** Whether waiting can help: a name that cannot be resolved may be a lost network, a bad certificate is not. */
  readonly passing: boolean
}

const throttlingCodes =
  /^(Throttling|ThrottlingException|ThrottledException|RequestLimitExceeded|RequestThrottled|RequestThrottledException|TooManyRequests|TooManyRequestsException|SlowDown|BandwidthLimitExceeded|PriorRequestNotComplete)$/
const skewCodes = /^(RequestExpired|RequestInTheFuture|RequestTimeTooSkewed)$/
const unreachableCodes = /^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/
const tlsCodes =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|EPROTO$|PATH_LENGTH_EXCEEDED)/

/** SigV4 allows 5 minutes for most services, IAM and STS 15; below 4 a signature is not refused for its time. */
const skewThatMatters = 4 * 60_000

/**
 * @param now the machine's clock when the reply came, in milliseconds since the epoch
 * @param corrected by how much the signature's time was set off from it, in milliseconds
 */
export function classify(error: unknown, action: Action, now: number, corrected = 0): Classified {
  const seen = readError(error)
  if (seen.code !== undefined) return { ...ofAws(seen, action, now, corrected), ...seen.about }
  if (seen.status !== undefined) return { ...ofReply(seen.status, seen.systemCode), ...seen.about }
  return ofNetwork(seen)
}

interface Seen {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly systemCode?: string
  readonly syscall?: string
  readonly status?: number
  readonly date?: number
  readonly about: Pick<Classified, 'code' | 'requestId' | 'status' | 'date'>
}

function readError(error: unknown): Seen {
  const e = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const metadata = (e.$metadata ?? {}) as { httpStatusCode?: number; requestId?: string }
  const response = (e.$response ?? {}) as { headers?: Record<string, string> }
  const code = text(e.Code)
  const systemCode = text(e.code)
  const date = Date.parse(response.headers?.date ?? '')
  return {
    name: text(e.name) ?? '',
    message: text(e.message) ?? '',
    code,
    systemCode,
    // Node tries several addresses at once and then throws them together.
    syscall: text(e.syscall) ?? text((e.errors as { syscall?: unknown }[] | undefined)?.[0]?.syscall),
    status: metadata.httpStatusCode,
    ...(Number.isFinite(date) && { date }),
    about: {
      ...((code ?? systemCode) && { code: code ?? systemCode }),
      ...(text(metadata.requestId) && { requestId: metadata.requestId }),
      ...(metadata.httpStatusCode !== undefined && { status: metadata.httpStatusCode }),
      ...(Number.isFinite(date) && { date }),
    },
  }
}

function ofAws(
  { code = '', message, status = 0, date }: Seen,
  action: Action,
  now: number,
  corrected: number,
): Classified {
  const is = (kind: AwsFailureKind, nature?: Nature): Classified => ({
    kind,
    ...(nature && { nature }),
    passing: false,
  })
  if (/^LimitExceeded(Exception)?$/.test(code)) {
    // The SDK calls this throttling; most often it is the two-key quota, and once in a while the account's replication.
    return /awaiting replication|try again|large number/i.test(message)
      ? { kind: 'throttled', passing: true }
      : is('quota')
  }
  if (throttlingCodes.test(code) || status === 429) return { kind: 'throttled', passing: true }
  const skew = date === undefined ? undefined : now - date
  if (
    skewCodes.test(code) ||
    (code === 'SignatureDoesNotMatch' && /expired|not yet current/i.test(message))
  ) {
    return { kind: 'clock-skew', ...(skew !== undefined && { skew }), passing: false }
  }
  if (
    code === 'SignatureDoesNotMatch' &&
    skew !== undefined &&
    Math.abs(skew + corrected) >= skewThatMatters
  ) {
    return { kind: 'clock-skew', skew, passing: false }
  }
  if (code === 'SignatureDoesNotMatch' || code === 'IncompleteSignature') return is('bad-signature')
  if (/^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId)$/.test(code))
    return is('invalid-key')
  if (/^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired)$/.test(code)) return is('expired-session')
  if (code === 'OptInRequired' || code === 'RegionDisabledException') return is('other', 'opt-in')
  if (/^NoSuchEntity(Exception)?$/.test(code)) return is('not-found')
  if (action === 'sts:GetSessionToken' && /^(AccessDenied|ValidationError|InvalidInput)/.test(code))
    return ofSession(message)
  if (/^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/.test(code))
    return ofDenial(message, action)
  if (code === 'ValidationError' && /specify userName/i.test(message)) return is('other', 'user-name')
  if (status >= 500) return { kind: 'ambiguous', nature: 'server-error', passing: true }
  return is('other')
}

function ofSession(message: string): Classified {
  if (/cannot call GetSessionToken/i.test(message)) {
    return { kind: 'other', nature: 'session-not-allowed', passing: false }
  }
  const device = /serial ?number is valid|serial ?number is not valid|'serialNumber'|must provide both/i.test(
    message,
  )
  // Another code would not help a wrong device.
  return device
    ? { kind: 'other', nature: 'mfa-device', passing: false }
    : { kind: 'mfa-code', passing: false }
}

function ofDenial(message: string, action: Action): Classified {
  const is = (kind: AwsFailureKind, nature?: Nature): Classified => ({
    kind,
    ...(nature && { nature }),
    passing: false,
  })
  if (/AWSCompromisedKeyQuarantine/.test(message)) return is('quarantined', 'named-quarantine')
  if (/MultiFactorAuth/i.test(message)) return is('mfa-required')
  if (/(service|resource) control policy/i.test(message)) return is('denied', 'organization')
  if (/permissions boundary/i.test(message)) return is('denied', 'boundary')
  if (!/explicit deny/i.test(message)) return is('denied')
  // AWSCompromisedKeyQuarantine V1 to V3 deny creating and updating keys, and leave listing alone.
  const asQuarantineDoes = action === 'iam:CreateAccessKey' || action === 'iam:UpdateAccessKey'
  return is(asQuarantineDoes ? 'quarantined' : 'denied', 'explicit-deny')
}

/** A reply without an AWS code: something between us and AWS spoke, or the reply broke off. */
function ofReply(status: number, systemCode: string | undefined): Classified {
  if (status === 429) return { kind: 'throttled', passing: true }
  if (status === 407) return { kind: 'network', nature: 'proxy', passing: false }
  if (status >= 500) return { kind: 'ambiguous', nature: 'server-error', passing: true }
  // A refusal of AWS that broke off on the way is no page of another server.
  if (status >= 300 && !systemCode) return { kind: 'network', nature: 'not-aws', passing: true }
  return { kind: 'ambiguous', nature: systemCode ? 'lost-reply' : 'bad-reply', passing: true }
}

function ofNetwork({ name, message, systemCode: code = '', syscall }: Seen): Classified {
  const is = (kind: AwsFailureKind, nature: Nature, passing = true): Classified => ({
    kind,
    nature,
    ...(code && { code }),
    passing,
  })
  if (name === 'AbortError') return { kind: 'aborted', passing: false }
  if (code === 'EPROXY') return is('network', 'proxy', false)
  if (code === 'EPROXYCONNECT') return is('network', 'proxy-unreachable')
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_FAIL') return is('network', 'dns')
  if (code === 'ECONNREFUSED') return is('network', 'refused')
  if (unreachableCodes.test(code) || syscall === 'connect') return is('network', 'unreachable')
  if (tlsCodes.test(code)) return is('network', 'tls', false)
  // Node's own words; the code alone (ECONNRESET) would not tell that no request had gone out yet.
  if (/before secure TLS connection was established/.test(message)) return is('network', 'unreachable')
  if (name === 'TimeoutError' && /did not establish a connection/.test(message))
    return is('network', 'unreachable')
  return is('ambiguous', 'lost-reply')
}
