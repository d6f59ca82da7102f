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
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
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

  it('tell of a use only after a while, and of the one before it until then', async () => {
    const clock = new ManualClock(Date.now())
    const sandbox = await start([{ name: 'alice' }], { clock, behaviour: { lastUsedLagMs: 60_000 } })
    const pair = sandbox.control.addKey('alice', {
      lastUsed: { at: clock.now() - 86_400_000, service: 's3', region: 'eu-west-1' },
    })
    const { iam } = clients(sandbox, pair)
    const service = async () =>
      (await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: pair.id }))).AccessKeyLastUsed
        ?.ServiceName
    expect(await service()).toBe('s3')
    clock.advance(59_000)
    expect(await service()).toBe('s3')
    clock.advance(2_000)
    expect(await service()).toBe('iam')
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
