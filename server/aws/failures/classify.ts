import { Failure } from '../../platform/failure.ts'
import { ForeignAnswer } from './authors.ts'
import type { Seen as SeenBefore } from '../history.ts'
import { Unanswered } from '../exchange.ts'
import { denialOf } from './denials.ts'
import type { WayName } from './ways.ts'

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
  | 'iam:GetLoginProfile'
  | 'iam:ListServiceSpecificCredentials'
  | 'iam:UpdateServiceSpecificCredential'
  | 'iam:DeleteServiceSpecificCredential'
  | 'iam:ListSSHPublicKeys'
  | 'iam:UpdateSSHPublicKey'
  | 'iam:DeleteSSHPublicKey'
  | 'iam:ListSigningCertificates'
  | 'iam:UpdateSigningCertificate'
  | 'iam:DeleteSigningCertificate'
  | 'iam:GetUserPolicy'
  | 'iam:PutUserPolicy'
  | 'iam:DeleteUserPolicy'
  | 'iam:ChangePassword'
  | 'iam:GetAccountPasswordPolicy'
  | 'iam:GetUser'
  | 'iam:GetRole'
  | 'iam:GetRolePolicy'
  | 'iam:GetGroupPolicy'
  | 'iam:ListAttachedUserPolicies'
  | 'iam:ListAttachedRolePolicies'
  | 'iam:ListAttachedGroupPolicies'
  | 'cloudtrail:LookupEvents'

/** What a failed call says, with nothing of AWS's own text: that can hold a session token. */
export interface Classified {
  readonly way: WayName
  /** AWS's code, from AWS's own answer. */
  readonly code?: string
  /** The system's or Node's code where no answer came, such as ENOTFOUND. */
  readonly localCode?: string
  readonly requestId?: string
  readonly status?: number
  /** AWS's clock: the Date header in milliseconds since the epoch. */
  readonly date?: number
  /** How far our clock is before (+) or behind (-) AWS's, in milliseconds; for the way `clock`. */
  readonly skew?: number
  /** The policy that AWS named as the one that denies: its ARN. */
  readonly policyArn?: string
}

/** What is known beside the error itself. */
export interface Around {
  readonly action: Action
  /** The machine's clock when the error came, in milliseconds since the epoch. */
  readonly now: number
  /** By how much the signature's time was set off from it, in milliseconds. */
  readonly corrected: number
  /** Whether somebody typed the address: then it may be no AWS at all. */
  readonly custom: boolean
  /** What AWS let this user do before. */
  readonly before?: SeenBefore
}

const throttlingCodes =
  /^(Throttling|ThrottlingException|ThrottledException|RequestLimitExceeded|RequestThrottled|RequestThrottledException|TooManyRequests|TooManyRequestsException|SlowDown|BandwidthLimitExceeded|PriorRequestNotComplete)$/
/** Of the Query protocol, and of the JSON protocol. */
const wrongSignature = /^(SignatureDoesNotMatch|InvalidSignatureException)$/
const skewCodes = /^(RequestExpired|RequestInTheFuture|RequestTimeTooSkewed)$/
const unsupportedCodes =
  /^(InvalidAction|MissingAction|UnknownOperation(Exception)?|UnsupportedOperation|NotImplemented|MethodNotAllowed)$/

/** SigV4 allows 5 minutes for most services, IAM and STS 15; below 4 a signature is not refused for its time. */
const skewThatMatters = 4 * 60_000

/** Which way a call failed: from how far it got and who answered, and by AWS's code where AWS did. */
export function classify(error: unknown, around: Around): Classified {
  // Of our own HTTP handler: a proxy or a certificate bundle that cannot be used.
  if (error instanceof Failure) return { way: 'setting' }
  if (error instanceof Unanswered)
    return { way: unansweredWay(error), ...(error.code && { localCode: error.code }) }
  if (error instanceof ForeignAnswer) return { way: foreignWay(error, around), status: error.status }
  const seen = readError(error)
  // Neither of these three, nor with a code of AWS's: what AWS answered, or whether, is not known.
  if (seen.code === undefined) return { way: 'unclear', ...seen.about }
  return { ...ofAws(seen, around), code: seen.code, ...seen.about }
}

function unansweredWay({ ended, sent, code }: Unanswered): WayName {
  if (ended === 'aborted') return 'aborted'
  if (ended === 'too-long') return 'too-long'
  if (sent || ended === 'lost') return 'lost-reply'
  if (ended === 'connect') return code === 'ECONNREFUSED' ? 'refused' : 'unreachable'
  return ended
}

function foreignWay({ author, status }: ForeignAnswer, { custom }: Around): WayName {
  if (author === 'unclear') return 'unclear'
  if (status === 407) return 'proxy-password'
  return custom ? 'not-iam' : 'not-aws'
}

interface Seen {
  readonly message: string
  readonly code?: string
  readonly status?: number
  readonly date?: number
  readonly about: Pick<Classified, 'requestId' | 'status' | 'date'>
}

function readError(error: unknown): Seen {
  const e = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const metadata = (e.$metadata ?? {}) as { httpStatusCode?: number; requestId?: string }
  const response = (e.$response ?? {}) as { headers?: Record<string, string> }
  const code = text(e.Code)
  const date = Date.parse(response.headers?.date ?? '')
  return {
    message: text(e.message) ?? '',
    ...(code && { code }),
    ...(metadata.httpStatusCode !== undefined && { status: metadata.httpStatusCode }),
    ...(Number.isFinite(date) && { date }),
    about: {
      ...(text(metadata.requestId) && { requestId: metadata.requestId }),
      ...(metadata.httpStatusCode !== undefined && { status: metadata.httpStatusCode }),
      ...(Number.isFinite(date) && { date }),
    },
  }
}

function ofAws({ code = '', message, status = 0, date }: Seen, around: Around): Classified {
  const { action, now, corrected, custom } = around
  if (/^LimitExceeded(Exception)?$/.test(code)) return { way: limitWay(message, action) }
  if (throttlingCodes.test(code) || status === 429) return { way: 'throttled' }
  const skew = date === undefined ? undefined : now - date
  if (skewCodes.test(code) || (wrongSignature.test(code) && /expired|not yet current/i.test(message))) {
    return { way: 'clock', ...(skew !== undefined && { skew }) }
  }
  if (wrongSignature.test(code) && skew !== undefined && Math.abs(skew + corrected) >= skewThatMatters) {
    return { way: 'clock', skew }
  }
  if (wrongSignature.test(code)) return { way: 'wrong-secret' }
  // The signature could not be taken apart: of the secret that says nothing.
  if (/^IncompleteSignature(Exception)?$/.test(code)) return { way: 'unreadable-signature' }
  if (/^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId)$/.test(code))
    return { way: 'unknown-key' }
  if (/^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired)$/.test(code)) return { way: 'session-over' }
  if (code === 'OptInRequired') return { way: 'not-subscribed' }
  if (code === 'RegionDisabledException') return { way: 'region-off' }
  if (/^NoSuchEntity(Exception)?$/.test(code)) return { way: 'not-found' }
  if (action === 'sts:GetSessionToken' && /^(AccessDenied|ValidationError|InvalidInput)/.test(code)) {
    // A policy's refusal is no wrong code: a quarantine denies it, and the person would be asked for codes without end.
    if (/not authorized to perform|explicit deny/i.test(message)) return denialOf(message, around)
    return { way: sessionWay(message) }
  }
  if (/^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/.test(code))
    return denialOf(message, around)
  if (code === 'ValidationError' && /specify userName/i.test(message)) return { way: 'user-name' }
  if (unsupportedCodes.test(code) || status === 501) return { way: custom ? 'unsupported' : 'other' }
  if (custom && /\b(unsupported|unknown) (action|operation|api)\b/i.test(message))
    return { way: 'unsupported' }
  if (status >= 500) return { way: 'server-error' }
  return { way: 'other' }
}

/** One code for three things: the two-key quota, another quota, and an account whose changes have not spread yet. */
function limitWay(message: string, action: Action): WayName {
  // The SDK calls this throttling; here it is.
  if (/awaiting replication|try again|large number/i.test(message)) return 'throttled'
  const ofKeys =
    action === 'iam:CreateAccessKey' && (!/quota for /i.test(message) || /AccessKeys/i.test(message))
  return ofKeys ? 'quota' : 'other-quota'
}

function sessionWay(message: string): WayName {
  if (/cannot call GetSessionToken/i.test(message)) return 'session-not-allowed'
  const device = /serial ?number is valid|serial ?number is not valid|'serialNumber'|must provide both/i.test(
    message,
  )
  // Another code would not help a wrong device.
  return device ? 'mfa-device' : 'mfa-code'
}
