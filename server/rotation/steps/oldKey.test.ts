import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { KeyPair } from '../../profiles/keyPair.ts'
import type { Rotation, UndoHow } from '../../api/run.ts'
import { answers, dies, refusal, wantsCode } from '../testing/callEnds.ts'
import { Stage } from '../testing/stage.ts'

/** A stage after a rotation that left the old key so. */
async function rotated(oldKey: 'deactivate' | 'keep' = 'deactivate', name?: string) {
  const stage = await Stage.open(name)
  const rotation = await stage.rotate(oldKey)
  const old = stage.iam.key(rotation.key)!
  const undo = async (how: UndoHow) => stage.run(await stage.room.undos.ofRotation(rotation.id, { how }))
  const act = async (kind: 'activate' | 'deactivate' | 'delete') =>
    stage.run(await stage.room.undos.ofKey(old.id, kind, old.id.slice(-4)))
  return { stage, rotation, old, undo, act }
}

async function afterRestart(stage: Stage, run: Rotation): Promise<Rotation> {
  await stage.restart()
  expect(stage.now(run).state).toBe('interrupted')
  return stage.recover(run)
}

describe('a restore that goes back', () => {
  it('turns the old key off again, which it had turned on', async () => {
    const { stage, rotation, old, undo } = await rotated()
    dies(stage.iam, 'setKeyStatus', 'after')
    const run = await undo('restore')
    expect(old.status).toBe('Active')
    expect((await afterRestart(stage, run)).state).toBe('rolledBack')
    expect(old.status).toBe('Inactive')
    expect(stage.held()).toEqual([`default ${rotation.newKey}`])
  })

  it('has nothing to turn off where it ended before', async () => {
    const { stage, old, undo } = await rotated()
    dies(stage.iam, 'setKeyStatus', 'before')
    const run = await undo('restore')
    stage.iam.log.length = 0
    expect((await afterRestart(stage, run)).state).toBe('rolledBack')
    expect(stage.iam.log.filter((call) => call.startsWith('UpdateAccessKey'))).toEqual([])
    expect(old.status).toBe('Inactive')
  })

  it('leaves a key on that was on before it', async () => {
    const { stage, old, undo } = await rotated('keep')
    dies(stage.iam, 'setKeyStatus', 'after')
    const run = await undo('restore')
    expect((await afterRestart(stage, run)).state).toBe('rolledBack')
    expect(old.status).toBe('Active')
  })
})

describe('a restore', () => {
  it('has the places follow while both keys work, and tells of each', async () => {
    const told: unknown[] = []
    const follow = (key: string, from: KeyPair | undefined, to: KeyPair) => {
      const states = stage.keys.map(({ id, status }) => `${id} ${status}`)
      told.push([key, from?.id, to.id, states])
      return Promise.resolve(['/x/.env holds the old pair again.'])
    }
    const stage: Stage = await Stage.open('single', {}, { places: { follow } })
    const rotation = await stage.rotate()
    expect(told).toEqual([])
    const restored = await stage.restore(rotation)
    expect(restored).toMatchObject({ state: 'done', notes: ['/x/.env holds the old pair again.'] })
    const { key, newKey } = rotation
    expect(told).toEqual([[newKey, newKey, key, [`${key} Active`, `${newKey} Active`]]])
  })
})

describe('a look before an act on an old key', () => {
  it('goes back where AWS cannot be asked', async () => {
    const { stage, old, undo } = await rotated()
    answers(stage.iam, 'listKeys', () => Promise.reject(refusal('network')), 1)
    expect(await undo('restore')).toMatchObject({ state: 'rolledBack', problem: { name: 'network' } })
    expect(old.status).toBe('Inactive')
  })

  it('takes a pair for working that may not list its keys, where an administrator may', async () => {
    const stage = await Stage.open('two users at once')
    const [ann] = stage.iam.users
    const run = await stage.planned('deactivate', {
      keys: [ann!.keys[0]!.id],
      signers: [{ key: ann!.keys[0]!.id, profile: 'two' }],
    })
    ann!.denied.add('ListAccessKeys')
    const rotation = await stage.run(run)
    expect(rotation.state).toBe('done')
    expect(await stage.restore(rotation)).toMatchObject({ state: 'done' })
    expect(stage.held()[0]).toBe(`one ${rotation.key}`)
  })

  it('takes a pair for working that may list its keys with a code alone', async () => {
    const { stage, rotation, old } = await rotated()
    const device = 'arn:aws:iam::111122223333:mfa/ann'
    wantsCode(stage, device, ['listKeys'])
    const run = await stage.room.undos.ofRotation(rotation.id, { how: 'reactivate' })
    const { id } = await stage.room.runs.start(run)
    while (!stage.room.signers.waitsFor(device)) await tick()
    stage.room.signers.give(device, '123456')
    expect((await stage.ended({ run: id })).state).toBe('done')
    expect(old.status).toBe('Active')
  })
})

describe('reactivating', () => {
  it.each([
    ['after', 'done', 'Active'],
    ['before', 'rolledBack', 'Inactive'],
  ] as const)(
    'where the process ends %s AWS acted: the recovery says what is true',
    async (when, state, status) => {
      const { stage, rotation, old, undo } = await rotated()
      dies(stage.iam, 'setKeyStatus', when)
      const run = await undo('reactivate')
      expect((await afterRestart(stage, run)).state).toBe(state)
      expect(old.status).toBe(status)
      expect(stage.now(rotation)).toMatchObject({
        state: 'done',
        oldKeyState: when === 'after' ? 'active' : 'inactive',
      })
    },
  )

  it('is told by the list alone where the old secret is no longer kept', async () => {
    const { stage, rotation, old, undo } = await rotated()
    await stage.room.runs.forgetPair(old.id)
    stage.iam.log.length = 0
    expect(await undo('reactivate')).toMatchObject({ state: 'done', oldKeyState: 'active' })
    expect(stage.iam.log.some((call) => call.includes(old.id))).toBe(false)
    expect(stage.now(rotation)).toMatchObject({ state: 'done', oldKeyState: 'active', undo: [] })
  })

  it('does not fail because the page’s list could not be made anew, but a mistake of Keyturn’s is told', async () => {
    const { stage, undo, act } = await rotated()
    rmSync(join(stage.disk.state, 'undo'), { recursive: true })
    answers(stage.iam, 'listKeys', () => Promise.reject(refusal('network')), 2)
    expect((await undo('reactivate')).state).toBe('done')
    answers(stage.iam, 'listKeys', () => Promise.reject(new TypeError('a mistake')), 2)
    expect(await act('deactivate')).toMatchObject({ state: 'failed', problem: { name: 'defect' } })
    expect(stage.room.defects).toHaveLength(1)
  })
})

describe('putting an old key away', () => {
  it.each([
    ['deactivate', 'setKeyStatus', 'keep', 'inactive'],
    ['delete', 'deleteKey', 'deactivate', 'deleted'],
  ] as const)('%s: a recovery goes on from what AWS has done', async (kind, call, oldKey, state) => {
    const { stage, rotation, act } = await rotated(oldKey)
    dies(stage.iam, call, 'after')
    const run = await act(kind)
    expect(await afterRestart(stage, run)).toMatchObject({ state: 'done', oldKeyState: state })
    expect(stage.now(rotation).oldKeyState).toBe(state)
  })

  it.each([
    ['deactivate', 'setKeyStatus', 'keep'],
    ['delete', 'deleteKey', 'deactivate'],
  ] as const)('%s: where AWS has done nothing it is as if never begun', async (kind, call, oldKey) => {
    const { stage, rotation, old, act } = await rotated(oldKey)
    const before = { ...old }
    dies(stage.iam, call, 'before')
    const run = await act(kind)
    expect((await afterRestart(stage, run)).state).toBe('rolledBack')
    expect(old).toEqual(before)
    expect(stage.now(rotation).oldKeyState).toBe(oldKey === 'keep' ? 'active' : 'inactive')
  })
})
