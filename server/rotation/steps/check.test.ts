import { setImmediate as tick } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { answers, refusal, wantsCode } from '../testing/callEnds.ts'
import { Stage } from '../testing/stage.ts'

let stage: Stage
const calls = (action: string) => stage.iam.log.filter((call) => call.startsWith(action))

describe('before a key is made, a rotation goes back where', () => {
  afterEach(() => {
    expect(calls('CreateAccessKey')).toEqual([])
    expect(calls('DeleteAccessKey')).toEqual([])
    expect(calls('UpdateAccessKey')).toEqual([])
  })

  it.each(['single', 'merged'])('a profile holds another key since the plan: %s', async (shape) => {
    stage = await Stage.open(shape)
    const run = await stage.planned()
    const stranger = stage.iam.addKey(stage.iam.addUser('zoe'))
    stage.puts(stranger, stage.keys.at(-1)!)
    const text = stage.disk.text('credentials')
    const asked = stage.iam.log.length
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'file-moved' } })
    expect(rotation.problem?.detail).toContain(`no longer holds ****${stage.keys.at(-1)!.id.slice(-4)}`)
    expect(stage.disk.text('credentials')).toBe(text)
    expect(stage.iam.log).toHaveLength(asked)
  })

  it('the key turns out to be the root user’s', async () => {
    stage = await Stage.open()
    const run = await stage.planned()
    const root = { account: '111122223333', arn: 'arn:aws:iam::111122223333:root', kind: 'root' as const }
    Object.assign(stage.iam, { whoAmI: () => Promise.resolve(root) })
    expect(await stage.run(run)).toMatchObject({ state: 'rolledBack', problem: { name: 'root-key' } })
  })

  it('another account answers than the one that the plan showed', async () => {
    stage = await Stage.open()
    const run = await stage.planned()
    Object.assign(stage.user, { account: '999988887777' })
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'other-identity' } })
    expect(rotation.problem?.detail).toContain('account 999988887777, not to 111122223333')
  })

  it('the user’s keys cannot be listed for a reason that is no denial', async () => {
    stage = await Stage.open()
    const run = await stage.planned()
    answers(stage.iam, 'listKeys', () => Promise.reject(refusal('network')))
    expect(await stage.run(run)).toMatchObject({ state: 'rolledBack', problem: { name: 'network' } })
  })

  it('somebody has made a second key since the plan, and it is no flaw of the list', async () => {
    stage = await Stage.open()
    const run = await stage.planned()
    const other = stage.iam.addKey(stage.user)
    const begin = stage.clock.now()
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'no-room' } })
    expect(rotation.problem?.detail).toContain(`****${other.id.slice(-4)}`)
    expect(stage.clock.now() - begin).toBe(10_000)
  })
})

describe('a rotation goes on where', () => {
  it('the list only lags behind a deletion', async () => {
    stage = await Stage.open()
    const run = await stage.planned()
    const ghost = stage.iam.addKey(stage.user)
    answers(stage.iam, 'listKeys', async () => {
      const keys = stage.keys.map(({ id, status }) => ({ id, status }))
      ghost.deleted = true
      return { keys, date: stage.clock.now() }
    })
    expect((await stage.run(run)).state).toBe('done')
  })

  it('AWS sends no date: then our own clock tells which key is ours', async () => {
    stage = await Stage.open()
    const list = stage.iam.listKeys.bind(stage.iam)
    stage.iam.listKeys = async (signer) => ({ ...(await list(signer)), date: undefined as never })
    let lost = false
    stage.iam.fault = (action) => {
      if (action !== 'CreateAccessKey' || lost) return undefined
      lost = true
      return 'lost-after'
    }
    const rotation = await stage.rotate()
    expect(rotation.state).toBe('done')
    expect(rotation.notes.join()).toContain('reply was lost')
    expect(stage.keys).toHaveLength(2)
  })

  it('listing the keys is denied: the new pair is then taken to work though IAM denies it the same', async () => {
    stage = await Stage.open()
    const run = await stage.planned()
    stage.user.denied.add('ListAccessKeys')
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
    expect(rotation).not.toHaveProperty('alarm')
    expect(stage.held()).toEqual([`default ${rotation.newKey}`])
  })

  it('only a session with a code may list the keys', async () => {
    stage = await Stage.open()
    const device = 'arn:aws:iam::111122223333:mfa/ann'
    const run = await stage.planned('keep')
    const codes = wantsCode(stage, device, ['listKeys'])
    const { id } = await stage.room.runs.start(run)
    while (!stage.room.signers.waitsFor(device)) await tick()
    expect(stage.now({ run: id })).toMatchObject({ step: 'check', mfa: { device } })
    stage.room.signers.give(device, '123456')
    // The new pair is accepted though IAM wants the code for it too, as for the old one.
    expect(await stage.ended({ run: id })).toMatchObject({ state: 'done', oldKeyState: 'active' })
    expect(codes).toEqual(['123456'])
  })

  it('an administrator’s profile signs: its own key stays as it was', async () => {
    stage = await Stage.open('two users at once')
    const [ann, bob] = stage.iam.users
    const key = ann!.keys[0]!.id
    const run = await stage.planned('deactivate', { keys: [key], signers: [{ key, profile: 'two' }] })
    stage.iam.log.length = 0
    expect(await stage.run(run)).toMatchObject({ state: 'done', key })
    const admin = bob!.keys[0]!.id
    for (const action of ['CreateAccessKey', 'UpdateAccessKey'])
      expect(calls(action)).toEqual([`${action} ${admin}`])
    expect(bob!.keys).toMatchObject([{ status: 'Active', deleted: false }])
  })

  it('the administrator may not list the keys, though the user may: then nobody counts on a list', async () => {
    stage = await Stage.open('two users at once')
    const [ann, bob] = stage.iam.users
    const run = await stage.planned('deactivate', {
      keys: [ann!.keys[0]!.id],
      signers: [{ key: ann!.keys[0]!.id, profile: 'two' }],
    })
    bob!.denied.add('ListAccessKeys')
    expect(await stage.run(run)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  })

  it('no check has told whose key it is', async () => {
    stage = await Stage.open()
    const run = await stage.planned()
    const rotations = run.rotations.map(({ spec: { user: _, ...spec }, target }) => ({ spec, target }))
    expect((await stage.run({ ...run, rotations })).state).toBe('done')
  })
})
