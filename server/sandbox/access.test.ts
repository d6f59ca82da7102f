import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import {
  clientsOf as clients,
  codeOf,
  sandboxOf as start,
  testAccount as account,
  wentWell,
} from './testing/clients.ts'
import type { TestPair as Pair } from './testing/clients.ts'

const mfaSeed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const whoAmI = new GetCallerIdentityCommand()

describe('who may', () => {
  it('keeps users from each other’s keys, an administrator excepted', async () => {
    const sandbox = await start([{ name: 'alice' }, { name: 'bob' }, { name: 'root', admin: true }])
    const [alice, bob, admin] = ['alice', 'bob', 'root'].map((name) => sandbox.control.addKey(name))
    const { iam } = clients(sandbox, alice!)
    const change = { AccessKeyId: bob!.id, Status: 'Inactive' as const }
    expect(await codeOf(iam.send(new UpdateAccessKeyCommand(change)))).toBe('NoSuchEntity')
    expect(await codeOf(iam.send(new DeleteAccessKeyCommand({ AccessKeyId: bob!.id })))).toBe('NoSuchEntity')
    const named = iam.send(new UpdateAccessKeyCommand({ ...change, UserName: 'bob' }))
    await expect(named).rejects.toMatchObject({
      Code: 'AccessDenied',
      message: `User: arn:aws:iam::${account}:user/alice is not authorized to perform: iam:UpdateAccessKey on resource: user bob because no identity-based policy allows the iam:UpdateAccessKey action`,
    })
    expect(await codeOf(iam.send(new ListAccessKeysCommand({ UserName: 'nobody' })))).toBe('AccessDenied')
    const asked = iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: bob!.id }))
    expect(await codeOf(asked)).toBe('AccessDenied')
    expect(sandbox.control.keys('bob')[0]!.status).toBe('Active')

    const master = clients(sandbox, admin!).iam
    expect(await codeOf(master.send(new ListAccessKeysCommand({ UserName: 'nobody' })))).toBe('NoSuchEntity')
    await master.send(new UpdateAccessKeyCommand({ ...change, UserName: 'bob' }))
    expect(sandbox.control.keys('bob')[0]!.status).toBe('Inactive')
  })

  it('denies and allows single actions while it runs, quarantine too', async () => {
    const sandbox = await start([{ name: 'alice' }])
    const { control } = sandbox
    const pair = control.addKey('alice')
    const { iam, sts } = clients(sandbox, pair)
    control.deny('alice', 'iam:CreateAccessKey', 'implicit')
    await expect(iam.send(new CreateAccessKeyCommand())).rejects.toThrow('because no identity-based policy')
    control.allow('alice', 'iam:CreateAccessKey')
    await iam.send(new CreateAccessKeyCommand())
    control.quarantine('alice')
    await expect(iam.send(new CreateAccessKeyCommand())).rejects.toThrow('with an explicit deny')
    const off = new UpdateAccessKeyCommand({ AccessKeyId: pair.id, Status: 'Inactive' })
    await expect(iam.send(off)).rejects.toThrow('with an explicit deny')
    await iam.send(new ListAccessKeysCommand())
    await sts.send(whoAmI)
    const gone = new DeleteAccessKeyCommand({ AccessKeyId: pair.id })
    await expect(iam.send(gone)).rejects.toThrow('with an explicit deny')
    await expect(sts.send(new GetSessionTokenCommand())).rejects.toThrow('with an explicit deny')
    control.quarantine('alice', true, 'v1')
    await expect(iam.send(off)).rejects.toThrow('with an explicit deny')
    await sts.send(new GetSessionTokenCommand())
    control.quarantine('alice', false)
    await iam.send(off)
  })

  it('answers root with its own ARN', async () => {
    const sandbox = await start([{ name: 'root', root: true }])
    const { sts } = clients(sandbox, sandbox.control.addKey('root'))
    expect(await sts.send(whoAmI)).toMatchObject({ Arn: `arn:aws:iam::${account}:root`, UserId: account })
  })
})

describe('MFA', () => {
  it('asks for a session, takes each code once, and has the session name its user', async () => {
    const sandbox = await start([{ name: 'alice', mfaSeed, mfaRequired: true }])
    const { control } = sandbox
    const { iam, sts } = clients(sandbox, control.addKey('alice'))
    expect(await codeOf(iam.send(new ListAccessKeysCommand()))).toBe('AccessDenied')
    const SerialNumber = control.mfaSerial('alice')!
    const sign = (TokenCode: string) => sts.send(new GetSessionTokenCommand({ SerialNumber, TokenCode }))
    const right = control.mfaCode('alice')
    const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0')
    await expect(sign(wrong)).rejects.toMatchObject({
      Code: 'AccessDenied',
      message: expect.stringContaining(
        'MultiFactorAuthentication failed with invalid MFA one time pass code.',
      ),
    })
    const { Credentials } = await sign(right)
    expect(await codeOf(sign(right))).toBe('AccessDenied')
    const session = clients(sandbox, {
      id: Credentials!.AccessKeyId!,
      secret: Credentials!.SecretAccessKey!,
      token: Credentials!.SessionToken!,
    })
    expect((await session.sts.send(whoAmI)).Arn).toBe(`arn:aws:iam::${account}:user/alice`)
    await expect(session.iam.send(new ListAccessKeysCommand())).rejects.toMatchObject({
      Code: 'ValidationError',
      message: 'Must specify userName when calling with non-User credentials',
    })
    await session.iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }))
    expect(control.keys('alice')).toHaveLength(2)
    expect(JSON.stringify(sandbox.calls)).not.toContain(right)
  })

  it('gives sessions without a code that IAM does not take, and sessions that end', async () => {
    const sandbox = await start([{ name: 'alice' }])
    const { sts } = clients(sandbox, sandbox.control.addKey('alice'))
    const { Credentials } = await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }))
    const pair = {
      id: Credentials!.AccessKeyId!,
      secret: Credentials!.SecretAccessKey!,
      token: Credentials!.SessionToken!,
    }
    const session = clients(sandbox, pair)
    await session.sts.send(whoAmI)
    const list = new ListAccessKeysCommand({ UserName: 'alice' })
    expect(await codeOf(session.iam.send(list))).toBe('InvalidClientTokenId')
    expect(await codeOf(session.sts.send(new GetSessionTokenCommand()))).toBe('AccessDenied')
    expect(await codeOf(clients(sandbox, { ...pair, token: 'other' }).sts.send(whoAmI))).toBe(
      'InvalidClientTokenId',
    )
    sandbox.control.behave({ clockOffsetMs: 900_000 })
    expect(await codeOf(session.sts.send(whoAmI))).toBe('ExpiredToken')
  })
})

describe('signatures', () => {
  it('must be made with the right secret, for the right partition', async () => {
    const sandbox = await start([{ name: 'alice' }])
    sandbox.control.addAccount({ id: '210987654321', partition: 'aws-cn', users: [{ name: 'chen' }] })
    const pair = sandbox.control.addKey('alice')
    const chinese = sandbox.control.addKey('chen')
    const as = (who: Pair, region: string) => codeOf(clients(sandbox, who, region).sts.send(whoAmI))
    expect(await as({ ...pair, secret: `${pair.secret}x` }, 'us-east-1')).toBe('SignatureDoesNotMatch')
    expect(await as({ id: 'AKIAIOSFODNN7EXAMPLE', secret: 'x' }, 'us-east-1')).toBe('InvalidClientTokenId')
    expect(await as(pair, 'eu-central-1')).toBe(wentWell)
    expect(await as(pair, 'cn-north-1')).toBe('InvalidClientTokenId')
    expect(await as(pair, 'us-gov-west-1')).toBe('InvalidClientTokenId')
    expect(await as(chinese, 'us-east-1')).toBe('InvalidClientTokenId')
    const { sts } = clients(sandbox, chinese, 'cn-northwest-1')
    expect((await sts.send(whoAmI)).Arn).toBe('arn:aws-cn:iam::210987654321:user/chen')
  })

  it('must be of the last fifteen minutes by the server’s own clock', async () => {
    const sandbox = await start([{ name: 'alice' }])
    const pair = sandbox.control.addKey('alice')
    for (const [minutes, words] of [
      [20, /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/],
      [-20, /^Signature not yet current: \d{8}T\d{6}Z is still later than /],
    ] as const) {
      sandbox.control.behave({ clockOffsetMs: minutes * 60_000 })
      await expect(clients(sandbox, pair).sts.send(whoAmI)).rejects.toMatchObject({
        Code: 'SignatureDoesNotMatch',
        message: expect.stringMatching(words),
      })
    }
    sandbox.control.behave({ clockOffsetMs: 10 * 60_000 })
    await clients(sandbox, pair).sts.send(whoAmI)
  })
})
