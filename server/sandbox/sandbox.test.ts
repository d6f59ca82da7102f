import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListMFADevicesCommand,
  paginateListAccessKeys,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import { accountOf } from './accessKeyId.ts'
import { ManualClock } from './testing/manualClock.ts'
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

describe('the actions', () => {
  it('make, list, change and delete the signer’s own keys, UserName omitted', async () => {
    const sandbox = await start([{ name: 'alice', path: '/team/' }])
    const pair = sandbox.control.addKey('alice')
    const { iam, sts } = clients(sandbox, pair)

    const made = await iam.send(new CreateAccessKeyCommand())
    expect(made.AccessKey?.UserName).toBe('alice')
    expect(made.AccessKey?.Status).toBe('Active')
    expect(made.AccessKey?.SecretAccessKey).toHaveLength(40)
    expect(accountOf(made.AccessKey!.AccessKeyId!)).toBe(account)

    const next = { id: made.AccessKey!.AccessKeyId!, secret: made.AccessKey!.SecretAccessKey! }
    const own = clients(sandbox, next)
    await own.iam.send(new UpdateAccessKeyCommand({ AccessKeyId: pair.id, Status: 'Inactive' }))
    const list = await own.iam.send(new ListAccessKeysCommand())
    expect(list.IsTruncated).toBe(false)
    expect(list.AccessKeyMetadata?.map(({ AccessKeyId, Status }) => [AccessKeyId, Status])).toEqual([
      [pair.id, 'Inactive'],
      [next.id, 'Active'],
    ])
    expect(await codeOf(sts.send(whoAmI))).toBe('InvalidClientTokenId')
    await own.iam.send(new DeleteAccessKeyCommand({ AccessKeyId: pair.id }))
    expect(sandbox.control.keys('alice').map(({ id }) => id)).toEqual([next.id])
    expect(await codeOf(own.iam.send(new DeleteAccessKeyCommand({ AccessKeyId: pair.id })))).toBe(
      'NoSuchEntity',
    )
    const identity = await own.sts.send(whoAmI)
    expect(identity.Arn).toBe(`arn:aws:iam::${account}:user/team/alice`)
    expect(identity.Account).toBe(account)
    expect(identity.UserId).toMatch(/^AIDA/)
  })

  it('tell who the user is, its alias and its devices', async () => {
    const sandbox = await start([{ name: 'alice', mfaSeed }])
    const { iam } = clients(sandbox, sandbox.control.addKey('alice'))
    expect((await iam.send(new GetUserCommand())).User?.Arn).toBe(`arn:aws:iam::${account}:user/alice`)
    expect((await iam.send(new ListAccountAliasesCommand())).AccountAliases).toEqual(['acme'])
    const devices = await iam.send(new ListMFADevicesCommand())
    expect(devices.MFADevices?.map(({ SerialNumber }) => SerialNumber)).toEqual([
      `arn:aws:iam::${account}:mfa/alice`,
    ])
  })

  it('page through the keys, also in pages shorter than asked for', async () => {
    const sandbox = await start([{ name: 'alice' }])
    const pairs = [0, 1, 2, 3, 4].map(() => sandbox.control.addKey('alice'))
    const { iam } = clients(sandbox, pairs[0]!)
    sandbox.control.behave({ maxPage: 2 })
    const pages: (string | undefined)[][] = []
    for await (const page of paginateListAccessKeys({ client: iam, pageSize: 4 }, {}))
      pages.push((page.AccessKeyMetadata ?? []).map(({ AccessKeyId }) => AccessKeyId))
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1])
    expect(pages.flat()).toEqual(pairs.map(({ id }) => id))
    expect(await codeOf(iam.send(new ListAccessKeysCommand({ Marker: 'nonsense' })))).toBe('ValidationError')
    expect(await codeOf(iam.send(new ListAccessKeysCommand({ MaxItems: 1001 })))).toBe('ValidationError')
  })

  it('hold the quota of two, inactive ones included, under concurrent creates', async () => {
    const sandbox = await start([{ name: 'alice' }])
    const { iam } = clients(sandbox, sandbox.control.addKey('alice'))
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => codeOf(iam.send(new CreateAccessKeyCommand()))),
    )
    expect(outcomes.filter((code) => code === wentWell)).toHaveLength(1)
    expect(outcomes.filter((code) => code === 'LimitExceeded')).toHaveLength(11)
    sandbox.control.setStatus(sandbox.control.keys('alice')[1]!.id, 'Inactive')
    await expect(iam.send(new CreateAccessKeyCommand())).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
      $metadata: { httpStatusCode: 409 },
    })
  })

  it('record the first use in fifteen minutes, and none before it', async () => {
    const clock = new ManualClock(Date.now())
    const sandbox = await start([{ name: 'alice' }], { clock })
    const pair = sandbox.control.addKey('alice')
    const fresh = sandbox.control.addKey('alice')
    const { iam, sts } = clients(sandbox, pair)
    const lastUsed = async (id: string) =>
      (await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: id }))).AccessKeyLastUsed
    expect(await lastUsed(fresh.id)).toEqual({ ServiceName: 'N/A', Region: 'N/A' })
    const first = await lastUsed(pair.id)
    expect(first).toMatchObject({ ServiceName: 'iam', Region: 'us-east-1' })
    await sts.send(whoAmI)
    expect(await lastUsed(pair.id)).toEqual(first)
    clock.advance(14 * 60_000)
    expect(await lastUsed(pair.id)).toEqual(first)
    sandbox.control.behave({ lastUsedGrainMs: 14 * 60_000 })
    await sts.send(whoAmI)
    const later = await lastUsed(pair.id)
    expect(later?.ServiceName).toBe('sts')
    expect(later!.LastUsedDate!.getTime() - first!.LastUsedDate!.getTime()).toBe(14 * 60_000)
  })

  it('refuse malformed parameters', async () => {
    const sandbox = await start([{ name: 'alice' }])
    const pair = sandbox.control.addKey('alice')
    const { iam } = clients(sandbox, pair)
    const bogus = { AccessKeyId: pair.id, Status: 'Bogus' as 'Active' }
    expect(await codeOf(iam.send(new UpdateAccessKeyCommand(bogus)))).toBe('ValidationError')
    expect(await codeOf(iam.send(new DeleteAccessKeyCommand({ AccessKeyId: 'short' })))).toBe(
      'ValidationError',
    )
    expect(await codeOf(iam.send(new ListAccessKeysCommand({ UserName: 'a b' })))).toBe('ValidationError')
    expect(sandbox.control.keys('alice')).toHaveLength(1)
  })
})

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
