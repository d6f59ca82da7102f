import { describe, expect, it } from 'vitest'
import { credentialKinds } from '../credentials/ports.ts'
import { AwsFailure } from '../keys/iam.ts'
import { oldCertificate } from '../sandbox/oldCertificate.ts'
import type { UserSeed } from '../sandbox/seed.ts'
import { sshPublicKey } from '../sandbox/testing/sshKey.ts'
import { withSandbox } from './testing/adapter.ts'

const made = Date.UTC(2026, 0, 1)
const ann: UserSeed = {
  name: 'ann',
  password: { text: 'Correct-Horse-9', createdAt: made },
  serviceCredentials: [
    { service: 'bedrock.amazonaws.com', createdAt: made, expiresAt: made + 86_400_000 },
    { service: 'codecommit.amazonaws.com', createdAt: made, status: 'Inactive' },
  ],
  sshKeys: [{ body: sshPublicKey, uploadedAt: made }],
  certificates: [{ body: oldCertificate, uploadedAt: made }],
  mfaDevices: [{ name: 'phone-2', enabledAt: made }],
}

async function lay(user: UserSeed = ann) {
  const room = await withSandbox([user, { name: 'boss', admin: true }])
  const [own, boss] = [room.sandbox.control.addKey(user.name), room.sandbox.control.addKey('boss')]
  const signer = { ...room.sign(own), userName: user.name }
  const admin = { ...room.sign(boss), kind: 'admin' as const, userName: user.name }
  return { ...room, credentials: room.iam.credentials, signer, admin }
}

const failureOf = (call: Promise<unknown>): Promise<AwsFailure> =>
  call.then(
    () => Promise.reject(new Error('it went well')),
    (error: unknown) => error as AwsFailure,
  )

describe('what a user has beside keys', () => {
  it.each(['the user', 'an administrator'])('is listed for %s without a secret', async (who) => {
    const { credentials, signer, admin, sandbox } = await lay()
    const by = who === 'the user' ? signer : admin
    sandbox.control.behave({ maxPage: 1 })
    const told: Record<string, unknown> = {}
    for (const kind of credentialKinds) told[kind] = await credentials.list(by, kind)
    expect(told).toEqual({
      password: [{ createdAt: made }],
      'service-specific': [
        {
          id: expect.stringMatching(/^ACCA/),
          status: 'Active',
          createdAt: made,
          expiresAt: made + 86_400_000,
          what: 'bedrock.amazonaws.com ann-at-123456789012',
        },
        expect.objectContaining({ status: 'Inactive' }),
      ],
      ssh: [{ id: expect.stringMatching(/^APKA/), status: 'Active', createdAt: made }],
      certificate: [
        expect.objectContaining({ status: 'Active', what: expect.stringContaining('CN=ec2-tools-2014') }),
      ],
      mfa: [{ id: 'arn:aws:iam::123456789012:mfa/phone-2', createdAt: made }],
    })
    const { serviceCredentials } = sandbox.control.others('ann')
    for (const { secret } of serviceCredentials) expect(JSON.stringify(told)).not.toContain(secret)
  })

  it('is nothing of a user without any', async () => {
    const { credentials, signer } = await lay({ name: 'ann' })
    for (const kind of credentialKinds) expect(await credentials.list(signer, kind)).toEqual([])
  })

  it('says which permission is missing, and prints a policy that has it', async () => {
    const { credentials, signer, sandbox } = await lay()
    sandbox.control.deny('ann', 'iam:ListSSHPublicKeys', 'implicit')
    const { kind, trouble } = await failureOf(credentials.list(signer, 'ssh'))
    expect([kind, trouble.action]).toEqual(['denied', 'iam:ListSSHPublicKeys'])
    expect(trouble.policy).toContain('iam:ListSSHPublicKeys')
    expect(trouble.policy).not.toContain('PutUserPolicy')
  })

  it.each(['service-specific', 'ssh', 'certificate'] as const)(
    'is turned off, on and deleted: %s',
    async (kind) => {
      const { credentials, signer } = await lay()
      const all = await credentials.list(signer, kind)
      const id = all[0]?.id ?? ''
      const status = async () => (await credentials.list(signer, kind)).find((each) => each.id === id)?.status
      await credentials.setStatus(signer, kind, id, 'Inactive')
      expect(await status()).toBe('Inactive')
      await credentials.setStatus(signer, kind, id, 'Active')
      expect(await status()).toBe('Active')
      await credentials.remove(signer, kind, id)
      expect(await status()).toBeUndefined()
      expect((await failureOf(credentials.remove(signer, kind, id))).kind).toBe('not-found')
    },
  )

  it('believes no reply without the list, and no API that the partition lacks', async () => {
    const { credentials, signer, sandbox } = await lay()
    sandbox.control.fault(
      { action: 'ListSSHPublicKeys' },
      { kind: 'error-before', status: 400, code: 'InvalidAction', message: 'Could not find operation' },
    )
    const { trouble } = await failureOf(credentials.list(signer, 'ssh'))
    expect(trouble.detail).toContain('InvalidAction')
    const gone = await failureOf(credentials.list({ ...signer, kind: 'admin', userName: 'nobody' }, 'mfa'))
    expect(gone).toBeInstanceOf(AwsFailure)
  })
})

describe('an inline policy', () => {
  const name = 'AWSRevokeOlderSessions'
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Sid: 'ä%20' }] })

  it('is read as it was put, and taken off', async () => {
    const { credentials, admin } = await lay()
    expect(await credentials.policy(admin, name)).toBeUndefined()
    await credentials.putPolicy(admin, name, text)
    expect(await credentials.policy(admin, name)).toBe(text)
    await credentials.removePolicy(admin, name)
    expect(await credentials.policy(admin, name)).toBeUndefined()
  })

  it('is put once: a lost reply is for the look that follows', async () => {
    const { credentials, admin, sandbox } = await lay()
    sandbox.control.fault({ action: 'PutUserPolicy', times: 1 }, { kind: 'drop-after' })
    expect((await failureOf(credentials.putPolicy(admin, name, text))).kind).toBe('ambiguous')
    expect(await credentials.policy(admin, name)).toBe(text)
    expect(sandbox.calls.filter(({ action }) => action === 'PutUserPolicy')).toHaveLength(1)
  })

  it('says that there is no room, or that the permission is an administrator’s', async () => {
    const { credentials, admin, signer } = await lay()
    const full = JSON.stringify({ Statement: [{ Sid: 'x'.repeat(3_000) }] })
    const { trouble } = await failureOf(credentials.putPolicy(admin, name, full))
    expect(trouble.detail).toContain('2,048 characters')
    const denied = await failureOf(credentials.putPolicy(signer, name, text))
    expect(denied.trouble).toMatchObject({ title: 'Not allowed: iam:PutUserPolicy' })
    expect(denied.trouble).not.toHaveProperty('policy')
  })
})
