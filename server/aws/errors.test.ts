import { describe, expect, it } from 'vitest'
import type { AwsFailureKind } from '../keys/iam.ts'
import type { Action } from './classify.ts'
import { awsFailure } from './errors.ts'
import { signerFor } from './testing/signer.ts'

const now = Date.UTC(2026, 5, 1, 12)
const pair = { id: 'AKIARZPUZDIKAAAAAAAA', secret: 'canary-secret' }
const target = (region: string) => ({ ...signerFor('https://iam.test', region)(pair), kind: 'own' as const })

const reply = (Code: string, message = '', status = 400, skewMs = 0) => ({
  name: Code,
  Code,
  message,
  $metadata: { httpStatusCode: status, requestId: 'request-1' },
  $response: { headers: { date: new Date(now - skewMs).toUTCString() } },
})
const network = (code: string, more: object = {}) =>
  Object.assign(new Error(`canary ${code}`), { code, ...more })

const failed = (
  error: unknown,
  action: Action = 'iam:CreateAccessKey',
  clockOffset = 0,
  region = 'us-east-1',
) => awsFailure(error, { action, signer: target(region), now, clockOffset })

const explicit = 'User: x is not authorized to perform: y with an explicit deny in an identity-based policy'
const rows: [kind: AwsFailureKind, name: string, passing: boolean, error: unknown, action?: Action][] = [
  ['quota', 'key-quota', false, reply('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2', 409)],
  [
    'throttled',
    'throttled',
    true,
    reply('LimitExceeded', 'Your account has a large number of updates awaiting replication.', 409),
  ],
  ['throttled', 'throttled', true, reply('Throttling', 'Rate exceeded')],
  ['throttled', 'throttled', true, reply('ThrottlingException')],
  ['throttled', 'throttled', true, reply('RequestLimitExceeded', '', 503)],
  ['throttled', 'throttled', true, reply('TooManyRequestsException', '', 429)],
  ['invalid-key', 'invalid-key', false, reply('InvalidClientTokenId', '', 403)],
  ['invalid-key', 'invalid-key', false, reply('UnrecognizedClientException', '', 403)],
  ['bad-signature', 'bad-signature', false, reply('SignatureDoesNotMatch', 'canary', 403)],
  [
    'clock-skew',
    'clock-skew',
    false,
    reply('SignatureDoesNotMatch', 'Signature expired: x is now earlier than y', 403),
  ],
  ['clock-skew', 'clock-skew', false, reply('SignatureDoesNotMatch', 'Signature not yet current: x', 403)],
  ['clock-skew', 'clock-skew', false, reply('RequestExpired')],
  ['expired-session', 'session-expired', false, reply('ExpiredToken', '', 403)],
  ['not-found', 'not-found', false, reply('NoSuchEntity', '', 404)],
  [
    'denied',
    'access-denied',
    false,
    reply('AccessDenied', 'because no identity-based policy allows it', 403),
  ],
  ['denied', 'access-denied', false, reply('AccessDenied', explicit, 403), 'iam:ListAccessKeys'],
  [
    'denied',
    'access-denied',
    false,
    reply('AccessDenied', 'with an explicit deny in a service control policy', 403),
  ],
  ['denied', 'access-denied', false, reply('AccessDenied', 'because no permissions boundary allows it', 403)],
  ['quarantined', 'quarantined', false, reply('AccessDenied', explicit, 403)],
  ['quarantined', 'quarantined', false, reply('AccessDenied', explicit, 403), 'iam:UpdateAccessKey'],
  [
    'quarantined',
    'quarantined',
    false,
    reply('AccessDenied', `${explicit}: arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3`, 403),
    'iam:DeleteAccessKey',
  ],
  [
    'mfa-required',
    'mfa-required',
    false,
    reply('AccessDenied', 'MultiFactorAuthentication is required', 403),
  ],
  [
    'mfa-code',
    'mfa-code',
    false,
    reply('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code.', 403),
    'sts:GetSessionToken',
  ],
  [
    'other',
    'mfa-device',
    false,
    reply('AccessDenied', 'unable to validate MFA code.  Please verify your MFA serial number is valid', 403),
    'sts:GetSessionToken',
  ],
  [
    'other',
    'session-not-allowed',
    false,
    reply('AccessDenied', 'Cannot call GetSessionToken with session credentials', 403),
    'sts:GetSessionToken',
  ],
  ['other', 'region-disabled', false, reply('OptInRequired', '', 403)],
  [
    'other',
    'user-name-needed',
    false,
    reply('ValidationError', 'Must specify userName when calling with non-User credentials'),
  ],
  ['other', 'aws-error', false, reply('MalformedInput')],
  ['ambiguous', 'outcome-unknown', true, reply('ServiceFailure', '', 500)],
  ['ambiguous', 'no-answer', true, reply('ServiceFailure', '', 500), 'iam:ListAccessKeys'],
  ['network', 'network-dns', true, network('ENOTFOUND', { syscall: 'getaddrinfo' })],
  ['network', 'network-dns', true, network('EAI_AGAIN')],
  ['network', 'network-refused', true, network('ECONNREFUSED', { syscall: 'connect' })],
  ['network', 'network-unreachable', true, network('ENETUNREACH', { syscall: 'connect' })],
  [
    'network',
    'network-unreachable',
    true,
    network('ETIMEDOUT', { syscall: 'connect', name: 'TimeoutError' }),
  ],
  [
    'network',
    'network-unreachable',
    true,
    network('ETIMEDOUT', { errors: [{ syscall: 'connect' }], name: 'TimeoutError' }),
  ],
  [
    'network',
    'network-unreachable',
    true,
    Object.assign(network('ECONNRESET'), {
      message: 'Client network socket disconnected before secure TLS connection was established',
    }),
  ],
  ['network', 'network-tls', false, network('CERT_HAS_EXPIRED')],
  ['network', 'network-tls', false, network('SELF_SIGNED_CERT_IN_CHAIN')],
  ['network', 'network-tls', false, network('UNABLE_TO_VERIFY_LEAF_SIGNATURE')],
  ['network', 'network-tls', false, network('EPROTO')],
  ['ambiguous', 'outcome-unknown', true, network('ECONNRESET', { name: 'TimeoutError', syscall: 'read' })],
  ['ambiguous', 'outcome-unknown', true, network('EPIPE', { syscall: 'write' })],
  ['ambiguous', 'outcome-unknown', true, network('ETIMEDOUT', { name: 'TimeoutError' })],
  ['ambiguous', 'outcome-unknown', true, new Error('canary: something new')],
  ['ambiguous', 'outcome-unknown', true, 'not even an error'],
  ['aborted', 'aborted', false, Object.assign(new Error(), { name: 'AbortError' })],
]

describe('awsFailure', () => {
  it.each(rows)('%s (%s), passing: %s', (kind, name, passing, error, action) => {
    const { failure, passing: wait } = failed(error, action)
    expect({ kind: failure.kind, name: failure.trouble.name, passing: wait }).toEqual({ kind, name, passing })
    expect(`${JSON.stringify(failure.trouble)} ${failure.stack} ${String(failure.cause)}`).not.toContain(
      'canary',
    )
    expect(failure.trouble.detail).toMatch(/\.$/)
    expect(Object.values(failure.trouble).join(' ')).not.toMatch(/undefined|!|Oops/)
  })

  it.each([
    [20 * 60_000, '20 minutes fast'],
    [-20 * 60_000, '20 minutes slow'],
    [-3 * 3_600_000, '180 minutes slow'],
  ])('names a clock that is %d ms off in minutes', (skew, words) => {
    const { failure } = failed(reply('SignatureDoesNotMatch', 'Signature expired: x', 403, skew))
    expect(failure.trouble.title).toBe(`This machine's clock is ${words}`)
    expect(failure.trouble.detail).toContain('The key itself was not judged')
  })

  it('takes a mismatch under a wrong clock for the clock’s, and under the corrected one for the secret’s', () => {
    const error = reply(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match',
      403,
      20 * 60_000,
    )
    expect(failed(error).failure.kind).toBe('clock-skew')
    expect(failed(error, undefined, -20 * 60_000).failure.kind).toBe('bad-signature')
  })

  it('carries AWS’s code, request id and date, and the action with the policy of the partition', () => {
    const { failure } = failed(reply('AccessDenied', 'no', 403), 'iam:DeleteAccessKey', 0, 'us-gov-west-1')
    expect(failure.date).toBe(now)
    expect(failure.trouble).toMatchObject({
      code: 'AccessDenied',
      requestId: 'request-1',
      action: 'iam:DeleteAccessKey',
    })
    expect(JSON.parse(failure.trouble.policy ?? '').Statement[0].Resource).toEqual([
      'arn:aws-us-gov:iam::*:user/${aws:username}',
      'arn:aws-us-gov:iam::*:user/*/${aws:username}',
    ])
  })

  it('offers an administrator the administrator’s policy, and nobody one that could not help', () => {
    const signer = { ...target('us-east-1'), kind: 'admin' as const }
    const { failure } = awsFailure(reply('AccessDenied', 'no', 403), {
      action: 'iam:CreateAccessKey',
      signer,
      now,
    })
    expect(failure.trouble.policy).toContain('"arn:aws:iam::*:user/*"')
    const denied = 'explicit deny in a service control policy'
    expect(failed(reply('AccessDenied', denied, 403)).failure.trouble).not.toHaveProperty('policy')
  })

  it('dates an unanswered call by AWS’s clock as far as it is known', () => {
    expect(failed(network('ECONNRESET'), 'iam:CreateAccessKey', 5_000).failure.date).toBe(now + 5_000)
    expect(failed(network('ENOTFOUND')).failure.date).toBeUndefined()
  })
})
