import { describe, expect, it } from 'vitest'
import type { AwsFailureKind } from '../../keys/iam.ts'
import type { Action } from './classify.ts'
import { awsFailure } from './errors.ts'
import { ForeignAnswer } from './authors.ts'
import { Unanswered } from '../exchange.ts'
import type { Ended } from '../exchange.ts'
import type { Seen } from '../history.ts'
import { signerFor } from '../testing/signer.ts'
import { ways } from './ways.ts'

const now = Date.UTC(2026, 5, 1, 12)
const pair = { id: 'AKIARZPUZDIKAAAAAAAA', secret: 'canary-secret' }
const target = (region: string) => {
  const signer = signerFor('https://iam.test', region)(pair)
  const { target: at } = signer
  // As where nobody typed an address.
  const plain = { ...at, iam: { ...at.iam, custom: false }, sts: { ...at.sts, custom: false } }
  return { ...signer, kind: 'own' as const, target: plain }
}

const reply = (Code: string, message = '', status = 400, skewMs = 0) => ({
  name: Code,
  Code,
  message,
  $metadata: { httpStatusCode: status, requestId: 'request-1' },
  $response: { headers: { date: new Date(now - skewMs).toUTCString() } },
})
const unsent = (ended: Ended, code?: string) => new Unanswered(ended, false, code)
const lost = (code?: string) => new Unanswered('lost', true, code)

const failed = (
  error: unknown,
  action: Action = 'iam:CreateAccessKey',
  {
    clockOffset = 0,
    region = 'us-east-1',
    before,
  }: { clockOffset?: number; region?: string; before?: Seen } = {},
) => {
  const context = { action, signer: target(region), now, clockOffset, ...(before && { before }) }
  const { failure, again } = awsFailure(error, context)
  return { failure, passing: again === 'wait' || again === 'slower' }
}

const explicit = 'User: x is not authorized to perform: y with an explicit deny in an identity-based policy'
type Row = [
  kind: AwsFailureKind,
  name: string,
  passing: boolean,
  error: unknown,
  action?: Action,
  before?: Seen,
]
const allowed: Seen = { listed: true }
const rows: Row[] = [
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
  ['quarantined', 'quarantined', false, reply('AccessDenied', explicit, 403), 'iam:CreateAccessKey', allowed],
  ['quarantined', 'quarantined', false, reply('AccessDenied', explicit, 403), 'iam:UpdateAccessKey', allowed],
  ['quarantined', 'quarantined', false, reply('AccessDenied', explicit, 403), 'iam:DeleteAccessKey', allowed],
  ['quarantined', 'quarantined', false, reply('AccessDenied', explicit, 403), 'sts:GetSessionToken', allowed],
  // No code helps whoever may make no session.
  ['denied', 'access-denied', false, reply('AccessDenied', explicit, 403), 'sts:GetSessionToken'],
  [
    'denied',
    'access-denied',
    false,
    reply('AccessDenied', 'User: u is not authorized to perform: sts:GetSessionToken', 403),
    'sts:GetSessionToken',
  ],
  // Only listing tells a quarantine from a user who may nothing; who has just made a key is in none.
  [
    'denied',
    'access-denied',
    false,
    reply('AccessDenied', explicit, 403),
    'iam:UpdateAccessKey',
    { listed: false },
  ],
  [
    'denied',
    'access-denied',
    false,
    reply('AccessDenied', explicit, 403),
    'iam:UpdateAccessKey',
    { listed: true, created: true },
  ],
  ...['VPC endpoint policy', 'resource-based policy', 'session policy', 'permissions boundary'].map(
    (policy): Row => [
      'denied',
      'access-denied',
      false,
      reply('AccessDenied', `with an explicit deny in a ${policy}`, 403),
      'iam:CreateAccessKey',
      allowed,
    ],
  ),
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
  ['other', 'not-subscribed', false, reply('OptInRequired', '', 403)],
  ['other', 'region-disabled', false, reply('RegionDisabledException', '', 403), 'sts:GetCallerIdentity'],
  ['other', 'bad-request', false, reply('IncompleteSignature', 'canary', 400)],
  ['other', 'quota', false, reply('LimitExceeded', 'Cannot exceed quota for UsersPerAccount: 5000', 409)],
  [
    'other',
    'user-name-needed',
    false,
    reply('ValidationError', 'Must specify userName when calling with non-User credentials'),
  ],
  ['other', 'aws-error', false, reply('MalformedInput')],
  ['ambiguous', 'outcome-unknown', true, reply('ServiceFailure', '', 500)],
  ['ambiguous', 'no-answer', true, reply('ServiceFailure', '', 500), 'iam:ListAccessKeys'],
  ['network', 'network-dns', true, unsent('lookup', 'ENOTFOUND')],
  ['network', 'network-dns', true, unsent('lookup', 'EAI_AGAIN')],
  ['network', 'network-refused', true, unsent('connect', 'ECONNREFUSED')],
  ['network', 'network-unreachable', true, unsent('connect', 'ENETUNREACH')],
  ['network', 'network-unreachable', true, unsent('connect', 'ETIMEDOUT')],
  ['network', 'network-unreachable', true, unsent('connect', 'ECONNRESET')],
  ['network', 'network-tls', false, unsent('certificate', 'CERT_HAS_EXPIRED')],
  ['network', 'network-tls', false, unsent('certificate', 'SELF_SIGNED_CERT_IN_CHAIN')],
  ['network', 'network-tls-handshake', false, unsent('handshake', 'EPROTO')],
  ['network', 'network-proxy', false, unsent('proxy-refused', 'status 403')],
  ['network', 'network-proxy', true, unsent('proxy-unreachable', 'ENOTFOUND')],
  // What would be 'not sent' by its name: none of these is, once the request has gone out.
  ...[
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EPROTO',
    'ERR_SSL_BAD_RECORD_TYPE',
    'EHOSTUNREACH',
    'ENETDOWN',
  ].map((code): Row => ['ambiguous', 'outcome-unknown', true, lost(code)]),
  ['ambiguous', 'outcome-unknown', false, new Unanswered('too-long', true)],
  ['ambiguous', 'outcome-unknown', true, new ForeignAnswer('somebody else', 302)],
  ['ambiguous', 'network-not-aws', true, new ForeignAnswer('somebody else', 429), 'iam:ListAccessKeys'],
  ['ambiguous', 'outcome-unknown', false, new ForeignAnswer('somebody else', 407)],
  ['ambiguous', 'outcome-unknown', true, new ForeignAnswer('unclear', 403)],
  ['ambiguous', 'outcome-unknown', true, new Error('canary: something new')],
  ['ambiguous', 'outcome-unknown', true, 'not even an error'],
  ['aborted', 'aborted', false, unsent('aborted')],
]

describe('awsFailure', () => {
  it.each(rows)('%s (%s), passing: %s', (kind, name, passing, error, action, before) => {
    const { failure, passing: wait } = failed(error, action, { ...(before && { before }) })
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
    expect(failed(error, undefined, { clockOffset: -20 * 60_000 }).failure.kind).toBe('bad-signature')
  })

  it('carries AWS’s code, request id and date, and the action with the policy of the partition', () => {
    const { failure } = failed(reply('AccessDenied', 'no', 403), 'iam:DeleteAccessKey', {
      region: 'us-gov-west-1',
    })
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
    expect(failed(lost('ECONNRESET'), 'iam:CreateAccessKey', { clockOffset: 5_000 }).failure.date).toBe(
      now + 5_000,
    )
    expect(failed(unsent('lookup', 'ENOTFOUND')).failure.date).toBeUndefined()
  })

  it('names the policy that AWS names, and takes no company policy for a quarantine', () => {
    const arn = 'arn:aws:iam::123456789012:policy/team/No-Keys.v2'
    const { failure } = failed(reply('AccessDenied', `${explicit}: ${arn}.`, 403), undefined, {
      before: allowed,
    })
    expect(failure).toMatchObject({ kind: 'denied', mfaMayHelp: true })
    expect(failure.trouble.detail).toContain(`The policy ${arn} denies iam:CreateAccessKey`)
  })

  it('offers no code where none would help', () => {
    const denied = [
      `${explicit}: arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3`,
      'with an explicit deny in a service control policy',
      'with an explicit deny in a permissions boundary',
      'because no VPC endpoint policy allows the iam:CreateAccessKey action',
    ]
    for (const message of denied)
      expect(failed(reply('AccessDenied', message, 403)).failure.mfaMayHelp).toBe(false)
    expect(failed(reply('AccessDenied', explicit, 403)).failure.mfaMayHelp).toBe(true)
    const session = failed(reply('AccessDenied', explicit, 403), 'sts:GetSessionToken').failure
    expect(session.mfaMayHelp).toBe(false)
  })

  it('says of an address that somebody typed that it is no IAM, and waits but briefly', () => {
    const signer = signerFor('https://iam.test')(pair)
    for (const status of [200, 302, 404, 429, 502, 511]) {
      const read = awsFailure(new ForeignAnswer('somebody else', status), {
        action: 'iam:ListAccessKeys',
        signer,
        now,
      })
      expect(read.again).toBe('briefly')
      expect(read.failure.trouble).toMatchObject({
        name: 'network-not-aws',
        title: 'iam.test does not speak IAM',
        detail: expect.stringContaining(`status ${status}`),
      })
      expect(Object.values(read.failure.trouble).join(' ')).not.toMatch(/console|amazon/)
    }
    const unsupported = awsFailure(reply('InvalidAction'), { action: 'iam:ListAccessKeys', signer, now })
    expect(unsupported.failure.trouble.title).toBe('iam.test does not speak IAM')
    const refused = awsFailure(reply('MalformedInput'), { action: 'iam:ListAccessKeys', signer, now })
    expect(Object.values(refused.failure.trouble).join(' ')).not.toMatch(/AWS refused|AWS's/)
  })

  it('does not advise to allow what a boundary denies outright', () => {
    const { trouble } = failed(reply('AccessDenied', 'explicit deny in a permissions boundary', 403)).failure
    expect(trouble).not.toHaveProperty('policy')
    expect(trouble.remedy).toContain('take the denial out of the boundary')
  })

  it('shows a code as AWS’s only where it is', () => {
    const { trouble } = failed(unsent('lookup', 'ENOTFOUND')).failure
    expect(trouble).not.toHaveProperty('code')
    expect(trouble.detail).toContain('(ENOTFOUND)')
  })
})

describe('ways', () => {
  it.each(Object.entries(ways))('%s: its kind follows from how far it got and who answered', (_, way) => {
    if (!way.sent) return expect(['network', 'aborted']).toContain(way.kind)
    if (way.answer !== 'AWS') return expect(way.kind).toBe('ambiguous')
    expect(['network', 'aborted']).not.toContain(way.kind)
  })
})
