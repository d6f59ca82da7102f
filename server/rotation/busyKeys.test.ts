import { setImmediate as tick } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { dies, holds } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

it('a key whose rotation was interrupted is rotated anew once that is settled and closed', async () => {
  const stage = await Stage.open()
  dies(stage.iam, 'createKey', 'after')
  const rotation = await stage.rotate()
  await stage.restart()
  stage.iam.spread = 0
  const stray = stage.keys[1]!
  const plan = await stage.planned('deactivate', { deleteSpares: [stray.id] })
  const newer = await stage.run(plan)
  expect(newer.state).toBe('done')
  expect(stray.deleted).toBe(true)
  expect(stage.now(rotation)).toMatchObject({ state: 'superseded', problem: { name: 'superseded' } })
  expect(stage.now(rotation).problem?.detail).toContain(newer.run)
  expect(stage.room.runs.unfinished()).toEqual([])
  await expect(stage.retry(rotation)).resolves.toMatchObject({ state: 'superseded' })
})

it('a key whose rotation waits for the person may be put away from the old keys’ page', async () => {
  const stage = await Stage.open()
  stage.user.denied.add('UpdateAccessKey')
  const rotation = await stage.rotate()
  expect(rotation).toMatchObject({ state: 'failed', step: 'retire' })
  stage.user.denied.clear()
  expect(await stage.run(await stage.room.undos.ofKey(rotation.key, 'deactivate'))).toMatchObject({
    state: 'done',
  })
  expect(stage.iam.key(rotation.key)?.status).toBe('Inactive')
})

it('the new key of a rotation under way cannot be put away: that waits for the rotation, and finds a profile’s key', async () => {
  const stage = await Stage.open()
  const release = holds(stage.iam, 'whoAmI', (id) => id === stage.keys[1]?.id)
  const begun = await stage.begin('verify', 'keep')
  // A look at the user shows the new key as one that no profile holds.
  const { plans, runs, undos } = stage.room
  const { id } = await plans.begin({ keys: [begun.key], oldKey: 'keep' })
  while (plans.get(id).state === 'checking') await tick()
  const fresh = stage.keys[1]!
  const off = await runs.start(await undos.ofKey(fresh.id, 'deactivate'))
  expect(stage.now(begun).state).toBe('running')
  expect(stage.now({ run: off.id }).state).toBe('waiting')
  release()
  await runs.idle()
  expect(stage.now(begun).state).toBe('done')
  expect(stage.now({ run: off.id })).toMatchObject({ state: 'rolledBack', problem: { name: 'key-in-use' } })
  expect(fresh.status).toBe('Active')
})
