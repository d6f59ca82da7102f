import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import { clientsOf, codeOf, sandboxOf, wentWell } from './testing/clients.ts'
import { ManualClock } from './testing/manualClock.ts'

const whoAmI = new GetCallerIdentityCommand()
const create = new CreateAccessKeyCommand()
const list = new ListAccessKeysCommand()

async function alice(options = {}) {
  const sandbox = await sandboxOf([{ name: 'alice' }], options)
  const pair = sandbox.control.addKey('alice')
  return { sandbox, control: sandbox.control, pair, ...clientsOf(sandbox, pair) }
}

describe('late visibility', () => {
  it('hides a new key until its time has come, and lets the old one live on for its', async () => {
    const clock = new ManualClock(Date.now())
    const { sandbox, control, pair, iam, sts } = await alice({ clock })
    control.behave({ propagation: 5_000, deactivationLagMs: 3_000 })
    const { AccessKey } = await iam.send(create)
    const next = { id: AccessKey!.AccessKeyId!, secret: AccessKey!.SecretAccessKey! }
    const own = clientsOf(sandbox, next)
    expect(control.authenticates(next.id, next.secret)).toBe(true)
    expect(control.worksNow(next.id, next.secret)).toBe(false)
    expect(await codeOf(own.sts.send(whoAmI))).toBe('InvalidClientTokenId')
    clock.advance(4_999)
    expect(await codeOf(own.iam.send(list))).toBe('InvalidClientTokenId')
    clock.advance(1)
    expect(await codeOf(own.iam.send(list))).toBe(wentWell)
    expect(await codeOf(own.sts.send(whoAmI))).toBe(wentWell)
    expect(control.worksNow(next.id, next.secret)).toBe(true)

    await own.iam.send(new UpdateAccessKeyCommand({ AccessKeyId: pair.id, Status: 'Inactive' }))
    expect(control.authenticates(pair.id, pair.secret)).toBe(false)
    clock.advance(2_999)
    expect(await codeOf(sts.send(whoAmI))).toBe(wentWell)
    clock.advance(1)
    expect(await codeOf(sts.send(whoAmI))).toBe('InvalidClientTokenId')

    await own.iam.send(new UpdateAccessKeyCommand({ AccessKeyId: pair.id, Status: 'Active' }))
    expect(await codeOf(sts.send(whoAmI))).toBe('InvalidClientTokenId')
    clock.advance(5_000)
    expect(await codeOf(sts.send(whoAmI))).toBe(wentWell)
    await own.iam.send(new DeleteAccessKeyCommand({ AccessKeyId: pair.id }))
    expect(await codeOf(iam.send(list))).toBe(wentWell)
    clock.advance(3_000)
    expect(await codeOf(iam.send(list))).toBe('InvalidClientTokenId')
  })

  it('flaps as told, for STS and IAM apart', async () => {
    const { sandbox, control, iam } = await alice()
    control.setPropagation('alice', {
      sts: [
        { works: false, calls: 1 },
        { works: true, calls: 2 },
        { works: false, calls: 1 },
        { works: true },
      ],
      iam: [{ works: true, calls: 1 }, { works: false, calls: 2 }, { works: true }],
    })
    const { AccessKey } = await iam.send(create)
    const own = clientsOf(sandbox, { id: AccessKey!.AccessKeyId!, secret: AccessKey!.SecretAccessKey! })
    const seen = { sts: '', iam: '' }
    for (let i = 0; i < 6; i++) {
      seen.sts += (await codeOf(own.sts.send(whoAmI))) === wentWell ? '+' : '-'
      seen.iam += (await codeOf(own.iam.send(list))) === wentWell ? '+' : '-'
    }
    expect(seen).toEqual({ sts: '-++-++', iam: '+--+++' })
  })

  it('lists late, and counts a deleted key for a while', async () => {
    const clock = new ManualClock(Date.now())
    const { control, pair, iam } = await alice({ clock })
    control.behave({ listLagMs: 2_000, quotaLagMs: 1_000 })
    const listed = async () =>
      (await iam.send(list)).AccessKeyMetadata!.map(({ AccessKeyId, Status }) => [AccessKeyId, Status])
    const { AccessKey } = await iam.send(create)
    const id = AccessKey!.AccessKeyId!
    expect(await listed()).toEqual([[pair.id, 'Active']])
    clock.advance(2_000)
    expect(await listed()).toEqual([
      [pair.id, 'Active'],
      [id, 'Active'],
    ])
    await iam.send(new UpdateAccessKeyCommand({ AccessKeyId: id, Status: 'Inactive' }))
    expect(await listed()).toEqual([
      [pair.id, 'Active'],
      [id, 'Active'],
    ])
    clock.advance(2_000)
    expect(await listed()).toEqual([
      [pair.id, 'Active'],
      [id, 'Inactive'],
    ])
    await iam.send(new DeleteAccessKeyCommand({ AccessKeyId: id }))
    expect(await codeOf(iam.send(create))).toBe('LimitExceeded')
    clock.advance(1_000)
    expect(await codeOf(iam.send(create))).toBe(wentWell)
    expect(await listed()).toEqual([
      [pair.id, 'Active'],
      [id, 'Inactive'],
    ])
  })

  it('draws the same delays from the same seed', async () => {
    const visibleAfter = async () => {
      const clock = new ManualClock(1_800_000_000_000)
      const sandbox = await sandboxOf([{ name: 'alice' }], { clock, seed: 7 })
      const pair = sandbox.control.addKey('alice')
      sandbox.control.behave({
        propagation: { minMs: 3_000, maxMs: 8_000 },
        clockOffsetMs: Date.now() - clock.now(),
      })
      const { AccessKey } = await clientsOf(sandbox, pair).iam.send(create)
      const works = () => sandbox.control.worksNow(AccessKey!.AccessKeyId!, AccessKey!.SecretAccessKey!)
      let waited = 0
      for (; !works() && waited < 10_000; waited++) clock.advance(1)
      return waited
    }
    const first = await visibleAfter()
    expect(first).toBeGreaterThanOrEqual(3_000)
    expect(first).toBeLessThanOrEqual(8_000)
    expect(await visibleAfter()).toBe(first)
  })
})
