import { CreateAccessKeyCommand, ListAccessKeysCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import type { Sandbox } from './sandbox.ts'
import { clientsOf, codeOf, sandboxOf, testAccount, wentWell } from './testing/clients.ts'
import { ManualClock } from './testing/manualClock.ts'

const whoAmI = new GetCallerIdentityCommand()
const create = new CreateAccessKeyCommand()
const list = new ListAccessKeysCommand()

async function alice(options = {}) {
  const sandbox = await sandboxOf([{ name: 'alice' }], options)
  const pair = sandbox.control.addKey('alice')
  return { sandbox, control: sandbox.control, pair, ...clientsOf(sandbox, pair) }
}

const keyCount = ({ control }: Sandbox) => control.keys('alice').length

describe('lost and false replies', () => {
  it.each([
    ['drop-before', 'ECONNRESET', 1, 'dropped-before'],
    ['drop-after', 'ECONNRESET', 2, 'dropped-after'],
    ['cut', 'ECONNRESET', 2, 'cut'],
    ['error-before', 'ServiceFailure', 1, 'ServiceFailure'],
    ['error-after', 'ServiceFailure', 2, 'ServiceFailure'],
    ['throttle', 'Throttling', 1, 'Throttling'],
  ] as const)('%s: the client sees %s, and the user has %i keys', async (kind, code, keys, outcome) => {
    const { sandbox, control, iam, sts } = await alice()
    const fault = control.fault({ action: 'CreateAccessKey', times: 1 }, { kind })
    await sts.send(whoAmI)
    expect(await codeOf(iam.send(create))).toBe(code)
    expect(keyCount(sandbox)).toBe(keys)
    const call = sandbox.calls.find(({ action }) => action === 'CreateAccessKey')!
    expect(call).toMatchObject({ outcome, acted: keys === 2, user: 'alice', account: testAccount })
    expect(call.changed).toBe(control.keys('alice')[1]?.id)
    expect(fault.hits).toBe(1)
    expect(await codeOf(iam.send(create))).toBe(keys === 2 ? 'LimitExceeded' : wentWell)
  })

  it('answers with the error it is told to', async () => {
    const { control, iam } = await alice()
    control.fault({ times: 1 }, { kind: 'error-after', status: 503 })
    await expect(iam.send(list)).rejects.toMatchObject({
      Code: 'ServiceUnavailable',
      $metadata: { httpStatusCode: 503 },
    })
    control.fault({}, { kind: 'error-before', status: 403, code: 'OptInRequired', message: 'Sign up first' })
    await expect(iam.send(list)).rejects.toMatchObject({ Code: 'OptInRequired', message: 'Sign up first' })
    control.clearFaults()
    await iam.send(list)
  })
})

describe('whom a fault hits', () => {
  it('is told by service, user, signer, target and count', async () => {
    const sandbox = await sandboxOf([{ name: 'alice' }, { name: 'bob' }])
    const { control } = sandbox
    const [a, b] = [control.addKey('alice'), control.addKey('bob')]
    const spare = control.addKey('alice')
    const [alice, bob] = [clientsOf(sandbox, a), clientsOf(sandbox, b)]
    const off = (id: string) => new UpdateAccessKeyCommand({ AccessKeyId: id, Status: 'Inactive' })

    control.fault({ account: '210987654321' }, { kind: 'throttle' })
    const byUser = control.fault({ user: 'alice', service: 'iam' }, { kind: 'throttle' })
    expect(await codeOf(alice.iam.send(list))).toBe('Throttling')
    expect(await codeOf(alice.sts.send(whoAmI))).toBe(wentWell)
    expect(await codeOf(bob.iam.send(list))).toBe(wentWell)
    byUser.remove()

    control.fault({ target: spare.id }, { kind: 'throttle' })
    expect(await codeOf(alice.iam.send(off(spare.id)))).toBe('Throttling')
    expect(await codeOf(alice.iam.send(list))).toBe(wentWell)
    control.clearFaults()

    control.fault({ keyId: b.id, skip: 1, times: 2 }, { kind: 'throttle' })
    const outcomes: string[] = []
    for (let i = 0; i < 4; i++) outcomes.push(await codeOf(bob.iam.send(list)))
    expect(outcomes).toEqual([wentWell, 'Throttling', 'Throttling', wentWell])
    expect(await codeOf(alice.iam.send(list))).toBe(wentWell)
  })

  it('is all that an account calls beyond so many a second', async () => {
    const clock = new ManualClock(Date.now())
    const { control, sts } = await alice({ clock, behaviour: { callsPerSecond: 2 } })
    const three = async () => [
      await codeOf(sts.send(whoAmI)),
      await codeOf(sts.send(whoAmI)),
      await codeOf(sts.send(whoAmI)),
    ]
    expect(await three()).toEqual([wentWell, wentWell, 'Throttling'])
    clock.advance(500)
    expect(await three()).toEqual([wentWell, 'Throttling', 'Throttling'])
    clock.advance(60_000)
    expect(await three()).toEqual([wentWell, wentWell, 'Throttling'])
    control.behave({ callsPerSecond: 0 })
    expect(await three()).toEqual([wentWell, wentWell, wentWell])
  })

  it('may be a share of the calls, drawn from the seed', async () => {
    const { control, sts } = await alice({ seed: 1 })
    control.behave({ throttleRate: 0.3 })
    const outcomes: string[] = []
    for (let i = 0; i < 60; i++) outcomes.push(await codeOf(sts.send(whoAmI)))
    const share = outcomes.filter((code) => code === 'Throttling').length / 60
    expect(share).toBeGreaterThan(0.15)
    expect(share).toBeLessThan(0.45)
    control.behave({ throttleRate: 0 })
    control.throttleNext(1)
    expect(await codeOf(sts.send(whoAmI))).toBe('Throttling')
    expect(await codeOf(sts.send(whoAmI))).toBe(wentWell)
  })
})

describe('stopping the world', () => {
  it.each([
    ['hold-before', 1],
    ['hold-after', 2],
  ] as const)('%s: the call waits with %i keys made, until the fault is removed', async (kind, keys) => {
    const { sandbox, control, iam, sts } = await alice()
    const fault = control.fault({ action: 'CreateAccessKey', times: 1 }, { kind })
    const arrived = new Promise<void>((resolve) => control.onCall(() => resolve()))
    let answered = false
    const made = codeOf(iam.send(create)).finally(() => (answered = true))
    await arrived
    // Calls that come later are served meanwhile: by then an unheld one would have been answered.
    for (let i = 0; i < 5; i++) await sts.send(whoAmI)
    expect([answered, keyCount(sandbox)]).toEqual([false, keys])
    fault.remove()
    expect(await made).toBe(wentWell)
    expect(keyCount(sandbox)).toBe(2)
  })

  it('tells hooks of each call before and after, and waits for them', async () => {
    const { sandbox, control, iam } = await alice()
    const seen: string[] = []
    const off = control.onCall(async (call, phase) => {
      await Promise.resolve()
      seen.push(`${call.number} ${call.action} ${phase} ${keyCount(sandbox)}`)
    })
    await iam.send(create)
    expect(seen).toEqual(['1 CreateAccessKey before 1', '1 CreateAccessKey after 2'])
    off()
    await iam.send(list)
    expect(seen).toHaveLength(2)
  })

  it('waits by the injected clock: latency and a delay', async () => {
    const clock = new ManualClock(Date.now())
    const { control, sts } = await alice({ clock })
    control.behave({ latency: 200 })
    control.fault({ times: 1 }, { kind: 'delay', ms: 700 })
    const asleep = (n: number) =>
      new Promise<void>((resolve) => {
        const look = () => (clock.waiting === n ? resolve() : setImmediate(look))
        look()
      })
    let answered = false
    const call = sts.send(whoAmI).then(() => (answered = true))
    await asleep(1)
    clock.advance(200)
    await asleep(1)
    clock.advance(699)
    expect(answered).toBe(false)
    clock.advance(1)
    await call
  })

  it('goes away, refusing or resetting, and comes back at the same address', async () => {
    const { control, sts } = await alice()
    for (const [how, code] of [
      ['refuse', 'ECONNREFUSED'],
      ['reset', 'ECONNRESET'],
    ] as const) {
      await control.down(how)
      // The second finds no connection left over from before.
      for (let i = 0; i < 2; i++) expect(await codeOf(sts.send(whoAmI))).toBe(code)
      await control.up()
      expect(await codeOf(sts.send(whoAmI))).toBe(wentWell)
    }
  })
})

describe('behind our back', () => {
  it('keys come, go and expire, and users are renamed', async () => {
    const { control, pair, iam, sts } = await alice()
    const third = [control.addKey('alice'), control.addKey('alice')][1]!
    expect((await iam.send(list)).AccessKeyMetadata).toHaveLength(3)
    control.deleteKey(third.id)
    expect((await iam.send(list)).AccessKeyMetadata).toHaveLength(2)
    control.renameUser('alice', 'alicia', '/new/')
    expect((await sts.send(whoAmI)).Arn).toBe(`arn:aws:iam::${testAccount}:user/new/alicia`)
    const other = control.keys('alicia')[1]!.id
    control.setStatus(other, 'Expired')
    expect((await iam.send(list)).AccessKeyMetadata!.map(({ Status }) => Status)).toEqual([
      'Active',
      'Expired',
    ])
    control.setStatus(pair.id, 'Expired')
    expect(await codeOf(sts.send(whoAmI))).toBe('InvalidClientTokenId')
    expect(control.snapshot()).toMatchObject([
      { account: testAccount, user: 'alicia', keys: [{ status: 'Expired' }, { status: 'Expired' }] },
    ])
    expect(() => control.keys('alice')).toThrow('0 users are called alice')
  })
})
