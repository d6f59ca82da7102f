import { describe, expect, it } from 'vitest'
import type { Rotation } from '../api/run.ts'
import { Secret } from '../profiles/keyPair.ts'
import { answers, dies, holds, refusal } from './testing/callEnds.ts'
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

describe('what may be the last copy that works is not forgotten', () => {
  /** Another program has put a stranger's key in the place of the one that the rotation saved. */
  async function lost() {
    const stage = await Stage.open()
    const rotation = await stage.rotate()
    stage.puts(stage.iam.addKey(stage.iam.addUser('zoe')), stage.keys[1]!)
    return { stage, rotation }
  }

  it('at a press', async () => {
    const { stage, rotation } = await lost()
    await expect(stage.room.runs.forgetPair(rotation.key)).rejects.toMatchObject({
      trouble: { name: 'last-copy' },
    })
    expect(await kept(stage)).toEqual([rotation.key])
  })

  it('where AWS refuses the key that a file holds: somebody has turned it off since, or nobody can ask', async () => {
    const stage = await Stage.open()
    const rotation = await stage.rotate('keep')
    const inTheFile = stage.keys.at(-1)!
    const forget = () => stage.room.runs.forgetPair(rotation.key)
    inTheFile.status = 'Inactive'
    stage.clock.advance(60_000)
    await expect(forget()).rejects.toMatchObject({ trouble: { name: 'last-copy' } })
    inTheFile.status = 'Active'
    answers(stage.iam, 'whoAmI', () => Promise.reject(refusal('network')))
    await expect(forget()).rejects.toMatchObject({ trouble: { name: 'last-copy' } })
    await forget()
    expect(await kept(stage)).toEqual([])
  })

  it('where its run is not known, so that nobody can say which AWS to ask', async () => {
    const stage = await Stage.open()
    const inTheFile = stage.keys[0]!
    const pair = { id: inTheFile.id, secret: new Secret(inTheFile.secret) }
    await stage.room.undo.put(
      'of no run',
      { id: 'AKIAUNKNOWN000000000', secret: new Secret('unknown') },
      pair,
    )
    await expect(stage.room.runs.forgetPair('AKIAUNKNOWN000000000')).rejects.toMatchObject({
      trouble: { name: 'last-copy' },
    })
  })

  it('of the new key, where the old one alone is gone for good', async () => {
    const stage = await Stage.open()
    const first = await stage.rotate()
    const made = stage.keys.at(-1)!
    await stage.room.undo.removeOld(first.key)
    expect((await stage.room.undo.pair(made.id))?.secret.reveal()).toBe(made.secret)
  })

  it('after a mend, which turned nothing off', async () => {
    const stage = await Stage.open()
    const text = stage.disk.text('credentials')
    const rotation = await stage.rotate()
    stage.disk.lay('credentials', text)
    await stage.restart()
    const { run } = await stage.room.undos.mend()
    if (!run) throw new Error('nothing to mend')
    expect((await stage.run(run)).state).toBe('done')
    await stage.room.runs.forgetPair(rotation.key)
    expect(await stage.room.undo.pair(rotation.key)).toBeUndefined()
  })

  it('by its age, whether or not its run is known', async () => {
    const { stage, rotation } = await lost()
    const pair = { id: 'AKIAUNKNOWN000000000', secret: new Secret('unknown') }
    await stage.room.undo.put('of no run', pair, pair)
    const alone = { id: 'AKIAALONE00000000000', secret: new Secret('alone') }
    await stage.room.undo.put('of no run', alone)
    stage.clock.advance(100 * day)
    await stage.room.runs.expireUndo()
    expect((await kept(stage)).sort()).toEqual([rotation.key, pair.id, alone.id].sort())
  })

  it.each([
    ['AWS has not been asked yet', undefined],
    ['this machine’s clock is thirty days ahead of AWS’s', -30 * day],
  ])('by its age, where %s', async (_, offset) => {
    const stage = await Stage.open('single', {}, { awsOffset: () => offset })
    const { key } = await stage.rotate()
    stage.clock.advance(100 * day)
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([key])
  })

  it('where a file holds only a key that was turned off', async () => {
    const stage = await Stage.open()
    const { key } = await stage.rotate()
    stage.puts(stage.keys[0]!, stage.keys[1]!)
    stage.clock.advance(100 * day)
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([key])
    await expect(stage.room.runs.forgetPair(key)).rejects.toMatchObject({ trouble: { name: 'last-copy' } })
  })

  it('but is where the key was deleted, and a file holds the new one', async () => {
    const stage = await Stage.open()
    const rotation = await stage.rotate('delete')
    expect(await stage.room.undo.list()).toMatchObject([{ key: rotation.key, old: false }])
    await stage.room.runs.forgetPair(rotation.key)
    expect(await kept(stage)).toEqual([])
  })
})

describe('a kept pair expires', () => {
  it('after its days, and the page is told of the run whose undo it was', async () => {
    const stage = await Stage.open('two users at once')
    const rotation = await stage.rotate()
    const restored = await stage.restore(rotation)
    const other = stage.room.runs.existing(rotation.run).rotations[1]
    // Of the restored one the pair that works again is kept, under the key that gave way to it.
    const both = [other?.key, rotation.newKey].sort()
    expect((await kept(stage)).sort()).toEqual(both)
    stage.clock.advance(7 * day - 60_000)
    await stage.room.runs.expireUndo()
    expect((await kept(stage)).sort()).toEqual(both)
    stage.clock.advance(60_000)
    stage.room.events.length = 0
    await stage.room.runs.expireUndo()
    expect(await kept(stage)).toEqual([])
    const told = stage.room.events.map((event) => (event.type === 'run' ? event.run.id : event.type))
    expect(told.filter((each) => each !== 'rotation')).toEqual([rotation.run, restored.run])
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
