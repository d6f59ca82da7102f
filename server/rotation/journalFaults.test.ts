import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { fullFrom } from './testing/appends.ts'
import { dies, holds } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

describe('where the journal of a run cannot be made', () => {
  it('nothing is begun, and the next run of the same key starts', async () => {
    const stage = await Stage.open()
    const runs = join(stage.disk.state, 'runs')
    writeFileSync(runs, 'in the way')
    await expect(stage.rotate()).rejects.toMatchObject({ trouble: { name: 'journal-unwritable' } })
    expect(stage.room.runs.all()).toEqual([])
    expect(stage.room.runs.busy).toBe(false)
    expect(stage.keys).toHaveLength(1)
    rmSync(runs)
    expect((await stage.rotate()).state).toBe('done')
  })
})

describe('where the journal takes nothing more', () => {
  it('nothing is done that would not be remembered, and a recovery rolls back what was begun', async () => {
    const stage = await Stage.open('two users at once')
    const mend = await fullFrom('"phase":"done","step":"create"')
    const rotation = await stage.rotate()
    const run = stage.room.runs.existing(rotation.run)
    expect(run.state).toBe('interrupted')
    for (const each of run.rotations) {
      expect(each).toMatchObject({ state: 'interrupted', problem: { name: 'journal-unwritable' }, undo: [] })
      expect(each.problem?.remedy).toContain('press Finish or roll back')
    }
    expect(stage.room.runs.busy).toBe(false)
    const calls = stage.iam.log.length
    await expect(stage.room.runs.recover(rotation.run)).rejects.toMatchObject({
      trouble: { name: 'journal-unwritable' },
    })
    expect(stage.iam.log).toHaveLength(calls)
    mend()
    expect(await stage.recover(rotation)).toMatchObject({
      state: 'rolledBack',
      problem: { name: 'interrupted' },
    })
    for (const user of stage.iam.users) expect(user.keys.filter((key) => !key.deleted)).toHaveLength(1)
    expect((await stage.retry(rotation)).state).toBe('done')
  })

  it('a rotation of the same run that goes on is taken over into the journal that is read afresh', async () => {
    const stage = await Stage.open('two users at once')
    const mend = await fullFrom('"phase":"done","step":"check"')
    const run = await stage.planned()
    const release = holds(stage.iam, 'listKeys', (id) => id === stage.iam.users[1]!.keys[0]!.id)
    const { id } = await stage.room.runs.start(run)
    const states = () => stage.room.runs.existing(id).rotations.map(({ state }) => state)
    while (!states().includes('interrupted')) await tick()
    mend()
    await stage.room.runs.recover(id)
    release()
    await stage.room.runs.idle()
    expect(states()).toEqual(['rolledBack', 'done'])
  })
})

describe('a retry', () => {
  it('of one rotation leaves the others of the run alone that are under way', async () => {
    const stage = await Stage.open('two users at once')
    const [, bob] = stage.iam.users
    const release = holds(stage.iam, 'whoAmI', (id) => id === bob!.keys[1]?.id)
    stage.user.denied.add('CreateAccessKey')
    const begun = await stage.begin('create')
    while (stage.now(begun).state !== 'rolledBack' || bob!.keys.length === 1) await tick()
    stage.user.denied.clear()
    await stage.room.runs.retry(begun.run)
    while (stage.now(begun).state !== 'done') await tick()
    release()
    await stage.room.runs.idle()
    const run = stage.room.runs.existing(begun.run)
    expect(run.rotations.map(({ state }) => state)).toEqual(['done', 'done'])
    expect(stage.iam.users.map(({ keys }) => keys.length)).toEqual([2, 2])
    await stage.restart()
    expect(stage.room.runs.existing(begun.run).rotations).toEqual(run.rotations)
  })

  it('of a run with nothing to retry changes nothing', async () => {
    const stage = await Stage.open()
    const rotation = await stage.rotate()
    const calls = stage.iam.log.length
    expect(await stage.retry(rotation)).toEqual(rotation)
    expect(await stage.recover(rotation)).toEqual(rotation)
    expect(stage.iam.log).toHaveLength(calls)
  })
})

it('an undo whose rotation’s journal is damaged since is finished all the same', async () => {
  const stage = await Stage.open()
  const rotation = await stage.rotate()
  dies(stage.iam, 'setKeyStatus', 'before', 1)
  const undo = await stage.restore(rotation)
  writeFileSync(stage.journal(rotation), '{"version":1}\nno journal\n')
  await stage.restart()
  expect(stage.room.runs.damaged).toHaveLength(1)
  expect(stage.room.runs.interrupted().map(({ id }) => id)).toEqual([undo.run])
  expect(await stage.recover(undo)).toMatchObject({ state: 'done' })
  expect(stage.held()).toEqual([`default ${rotation.key}`])
  expect(stage.iam.key(rotation.newKey!)?.status).toBe('Inactive')
})
