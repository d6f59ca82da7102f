import { describe, expect, it } from 'vitest'
import type { AfterUser } from '../api/after.ts'
import { parseLines } from '../platform/lineJournal.ts'
import { ActLine, standingActs } from './actLines.ts'
import { credentialsOf, handOver, openOf } from './after.ts'
import type { UserLook } from './after.ts'
import { cutAfter, cutOf, revokePolicy } from './revoke.ts'
import { readSignIn } from './signIns.ts'

const day = (number: number) => Date.UTC(2026, 0, number)
const denied = {
  name: 'access-denied',
  title: 'Not allowed',
  detail: 'No.',
  action: 'iam:ListSSHPublicKeys',
}
const looks: UserLook['looks'] = {
  password: { holdings: [{ createdAt: day(1) }] },
  'service-specific': {
    holdings: [
      { id: 'ACCAACTIVE', status: 'Active', createdAt: day(20), what: 'bedrock.amazonaws.com' },
      { id: 'ACCAINACTIVE', status: 'Inactive', createdAt: day(1) },
    ],
  },
  ssh: { trouble: denied },
  certificate: { holdings: [{ id: 'CERT', status: 'Expired' }] },
  mfa: {
    holdings: [
      { id: 'arn:aws:iam::1:mfa/old', createdAt: day(1) },
      { id: 'arn:aws:iam::1:mfa/new phone', createdAt: day(20) },
    ],
  },
}
const credentials = (since?: number) => credentialsOf({ account: '1', name: 'ann', looks }, since)
const user = (since?: number): AfterUser => ({
  account: '1',
  name: 'ann',
  profile: 'ann',
  credentials: credentials(since),
  sessions: { over: false, signIns: [] },
  roles: 'not ended',
})

describe('what a user has beside keys', () => {
  it('can be turned off while it is on, and deleted only when it is off', () => {
    expect(credentials().map(({ id, kind, can }) => [id ?? kind, can.join(' ')])).toEqual([
      ['password', ''],
      ['ACCAACTIVE', 'deactivate'],
      ['ACCAINACTIVE', 'activate delete'],
      ['ssh', ''],
      ['CERT', 'activate delete'],
      ['arn:aws:iam::1:mfa/old', ''],
      ['arn:aws:iam::1:mfa/new phone', ''],
    ])
  })

  it('is new from the date that the person gives, and never without one', () => {
    const isNew = (since?: number) => credentials(since).flatMap((each) => (each.new ? [each.id] : []))
    expect(isNew()).toEqual([])
    expect(isNew(day(20))).toEqual(['ACCAACTIVE', 'arn:aws:iam::1:mfa/new phone'])
    expect(isNew(day(21))).toEqual([])
  })

  it('names the permission that a listing lacks', () => {
    expect(credentials().filter(({ needs }) => needs)).toEqual([
      { kind: 'ssh', new: false, can: [], needs: 'iam:ListSSHPublicKeys', trouble: denied },
    ])
    const other = { ...looks, ssh: { trouble: { name: 'network', title: 'N', detail: 'N.' } } }
    expect(credentialsOf({ account: '1', name: 'ann', looks: other }, undefined)[3]).not.toHaveProperty(
      'needs',
    )
  })

  it('counts what is open: what signs, what is not known, what came after the leak, and live sessions', () => {
    // Password, active key, denied listing, sessions.
    expect(openOf([user()])).toBe(4)
    expect(openOf([user(day(20))])).toBe(5)
    const over = { over: true, signIns: [] }
    expect(openOf([{ ...user(), sessions: over, credentials: [] }])).toBe(0)
    const signIns = (['alive', 'over', 'unreadable'] as const).map((state) => ({
      ...{ path: '/a', kind: 'sso' as const, state },
    }))
    expect(openOf([{ ...user(), sessions: { over: true, signIns }, credentials: [] }])).toBe(1)
  })

  it('hands over what only an administrator can do, quoted for a shell', () => {
    const text = handOver(user(day(20))) ?? ''
    expect(text).toContain('iam:ListSSHPublicKeys')
    expect(text).toContain("--serial-number 'arn:aws:iam::1:mfa/new phone'")
    expect(text).not.toContain('mfa/old')
    expect(handOver({ ...user(), credentials: [] })).toBeUndefined()
  })
})

describe('the policy that ends sessions', () => {
  it('cuts at the second after AWS refused the key', () => {
    expect(cutAfter(Date.UTC(2026, 10, 25, 4, 0, 6))).toBe('2026-11-25T04:00:07Z')
    expect(cutAfter(Date.UTC(2026, 10, 25, 4, 0, 6, 999))).toBe('2026-11-25T04:00:07Z')
  })

  it('is known by its form, whoever put it there, and nothing else is taken for one', () => {
    const cut = '2026-11-25T04:00:07Z'
    expect(cutOf(revokePolicy(cut))).toBe(cut)
    const policy = JSON.parse(revokePolicy(cut)) as { Statement: [Record<string, unknown>] }
    const [statement] = policy.Statement
    const console = { Version: '2012-10-17', Statement: { ...statement, Action: ['*'], Resource: ['*'] } }
    expect(cutOf(JSON.stringify(console))).toBe(cut)
    for (const other of [
      { Statement: [statement, statement] },
      { Statement: [{ ...statement, Action: 's3:*' }] },
      { Statement: [{ ...statement, Effect: 'Allow' }] },
      { Statement: [{ ...statement, Condition: undefined }] },
      { Statement: [{ ...statement, Condition: { ...(statement['Condition'] as object), Bool: {} } }] },
      { Statement: [{ ...statement, Condition: { DateLessThan: { 'aws:TokenIssueTime': 'soon' } } }] },
      {},
    ])
      expect(cutOf(JSON.stringify(other))).toBeUndefined()
    expect(cutOf('{')).toBeUndefined()
  })
})

describe('sign-ins on this machine', () => {
  const now = Date.UTC(2026, 0, 1)
  const read = (kind: 'sso' | 'login' | 'cli', value: unknown) =>
    readSignIn(kind, typeof value === 'string' ? value : JSON.stringify(value), now)

  it.each([
    ['sso', { accessToken: 'secret', expiresAt: '2026-01-01T01:00:00Z', startUrl: 'https://a' }, 'alive'],
    ['sso', { accessToken: 'secret', expiresAt: '2025-12-31T23:00:00UTC' }, 'over'],
    ['sso', { accessToken: 's', expiresAt: '2025-12-31T23:00:00Z', refreshToken: 'r' }, 'alive'],
    ['login', { accessToken: { expiresAt: '2026-01-01T00:10:00Z', secretAccessKey: 'secret' } }, 'alive'],
    ['cli', { Credentials: { Expiration: '2026-01-01T01:00:00UTC', SecretAccessKey: 's' } }, 'alive'],
    ['cli', { Credentials: { Expiration: '2025-01-01T01:00:00+00:00' } }, 'over'],
  ] as const)('of %s tell how long they live, and nothing that signs', (kind, value, state) => {
    const told = read(kind, value)
    expect(told).toMatchObject({ state })
    expect(JSON.stringify(told)).not.toContain('secret')
  })

  it('are none in a registration, and unreadable where they are no JSON or have no time', () => {
    expect(read('sso', { clientId: 'a', clientSecret: 'b' })).toBe('none')
    expect(read('login', {})).toBe('none')
    expect(read('cli', { Version: 1 })).toBe('none')
    expect(read('sso', '{')).toBeUndefined()
    expect(read('cli', '[]')).toBeUndefined()
    expect(read('sso', { accessToken: 'a' })).toBeUndefined()
  })
})

describe('the journal of acts', () => {
  const line = (phase: string, act: string, more: object = {}) =>
    JSON.stringify({ at: '2026-01-01T00:00:00Z', phase, act, account: '1', user: 'ann', ...more })
  const standing = (...lines: string[]) => standingActs(parseLines(ActLine, lines.join('\n')))
  const policy = { policy: 'AWSRevokeOlderSessions', cut: '2026-01-01T00:00:00Z' }

  it('knows what a crash cut off, until it is done again', () => {
    const begun = line('started', 'deactivate', { id: 'A', kind: 'ssh' })
    expect(standing(begun).open).toMatchObject([{ act: 'deactivate', id: 'A' }])
    expect(standing(begun, line('done', 'deactivate', { id: 'B', kind: 'ssh' })).open).toHaveLength(1)
    expect(standing(begun, line('done', 'deactivate', { id: 'A', kind: 'ssh' })).open).toEqual([])
    expect(standing(begun.slice(0, -4), 'junk', '{}').open).toEqual([])
  })

  it('knows which policy stands on whom', () => {
    const of = (...lines: string[]) => standing(...lines).denials.get('1/ann')
    expect(of(line('started', 'end-sessions', policy))).toBeUndefined()
    expect(of(line('done', 'end-sessions', policy))).toMatchObject({ ...policy, removed: false })
    expect(of(line('done', 'end-sessions', policy), line('done', 'finish', policy))).toMatchObject({
      removed: true,
    })
  })
})
