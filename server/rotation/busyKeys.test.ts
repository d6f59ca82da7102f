import { setImmediate as tick } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { dies, holds } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

const busy = { trouble: { name: 'key-busy' } }

it('a key whose rotation was interrupted is not rotated anew until that is finished or rolled back', async () => {
  const stage = await Stage.open()
  dies(stage.iam, 'createKey', 'before')
  const rotation = await stage.rotate()
  await stage.restart()
  await expect(stage.rotate()).rejects.toMatchObject(busy)
  expect(stage.room.runs.unfinished().map(({ id }) => id)).toEqual([rotation.run])
  await stage.recover(rotation)
  expect(stage.room.runs.unfinished()).toEqual([])
  expect((await stage.rotate()).state).toBe('done')
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
