import { describe, expect, it } from 'vitest'
import type { Rotation } from '../api/run.ts'
import { dies, holds } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

const day = 86_400_000
const kept = async (stage: Stage) => (await stage.room.undo.list()).map(({ key }) => key)

/** A rotation that ended after its save and before its old key was turned off: the undo store holds its pair. */
async function cutOff(): Promise<{ stage: Stage; rotation: Rotation }> {
  const stage = await Stage.open()
  dies(stage.iam, 'setKeyStatus', 'before')
  const rotation = await stage.rotate()
  await stage.restart()
  expect(stage.now(rotation).state).toBe('interrupted')
  expect(await kept(stage)).toEqual([rotation.key])
  return { stage, rotation }
}

describe('a kept pair is forgotten when the person says so', () => {
  it('and the undo that needs it is offered no more', async () => {
    const stage = await Stage.open()
    const { key, run } = await stage.rotate()
    expect(stage.now({ run }).undoUntil).toBe(new Date(stage.clock.now() + 7 * day).toISOString())
    stage.room.events.length = 0
    await stage.room.runs.forgetPair(key)
    expect(await kept(stage)).toEqual([])
    expect(stage.now({ run })).toMatchObject({ undo: ['reactivate'] })
    expect(stage.now({ run }).undoUntil).toBeUndefined()
    expect(stage.room.events.map(({ type }) => type)).toEqual(['rotation', 'run'])
    await expect(stage.room.runs.forgetPair(key)).rejects.toMatchObject({ trouble: { name: 'not-found' } })
  })

  it('but not while its rotation is under way', async () => {
    const stage = await Stage.open()
    const release = holds(stage.iam, 'setKeyStatus', () => true)
    const { key } = await stage.begin('retire')
    await expect(stage.room.runs.forgetPair(key)).rejects.toMatchObject({ trouble: { name: 'unfinished' } })
    release()
    await stage.room.runs.idle()
    expect(await kept(stage)).toEqual([key])
  })

  it('nor while its rotation waits to be finished', async () => {
    const { stage, rotation } = await cutOff()
    await expect(stage.room.runs.forgetPair(rotation.key)).rejects.toMatchObject({
      trouble: { name: 'unfinished' },
    })
    expect(await kept(stage)).toEqual([rotation.key])
    expect(await stage.recover(rotation)).toMatchObject({ state: 'done' })
    await stage.room.runs.forgetPair(rotation.key)
  })
})

describe('a kept pair expires', () => {
  it('after its days, and the page is told of the run whose undo it was', async () => {
    const stage = await Stage.open('two users at once')
    const rotation = await stage.rotate()
    await stage.restore(rotation)
    const other = stage.room.runs.existing(rotation.run).rotations[1]
    expect(await kept(stage)).toEqual([other?.key])
    stage.clock.advance(7 * day - 60_000)
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([other?.key])
    stage.clock.advance(60_000)
    stage.room.events.length = 0
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([])
    const told = stage.room.events.map((event) => (event.type === 'run' ? event.run.id : event.type))
    expect(told).toEqual(['rotation', rotation.run])
    expect(stage.room.runs.existing(rotation.run).rotations[1]?.undo).toEqual(['reactivate'])
  })

  it('never while its rotation is not finished, however old it is', async () => {
    const { stage, rotation } = await cutOff()
    stage.clock.advance(30 * day)
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([rotation.key])
    expect(await stage.recover(rotation)).toMatchObject({ state: 'done' })
    stage.clock.advance(8 * day)
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([])
  })

  it('of the finished rotations of a run, though another one of it is not', async () => {
    const stage = await Stage.open('two users at once')
    dies(stage.iam, 'setKeyStatus', 'before', 1)
    const { run } = await stage.rotate()
    const [first, second] = stage.room.runs.existing(run).rotations
    expect([first?.state, second?.state]).toEqual(['done', 'interrupted'])
    stage.clock.advance(30 * day)
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([second?.key])
  })
})
