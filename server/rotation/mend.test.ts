import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Stage } from './testing/stage.ts'

// An older copy of a file comes back: a stale buffer is saved, a sync or a backup puts yesterday's file in its place.

const snapshot = async (stage: Stage) => (await stage.room.readKeys()).snapshot
const wentBack = async (stage: Stage) => stage.room.runs.wentBack(await snapshot(stage))

async function mended(stage: Stage, names?: readonly string[]) {
  const { run, left } = await stage.room.undos.mend(names)
  if (!run) throw new Error(`nothing to run: ${left.map(({ profile }) => profile).join()}`)
  return stage.run(run)
}

describe('a file that went back', () => {
  it.each(['single', 'shared key', 'two files', 'config file', 'merged', 'two keys, spare deleted'])(
    'is seen and mended, also after a restart: %s',
    async (shape) => {
      const stage = await Stage.open(shape)
      const texts = { credentials: stage.disk.text('credentials'), config: stage.disk.text('config') }
      const before = [...stage.disk.pairs()]
      expect((await stage.rotate()).state).toBe('done')
      const after = [...stage.disk.pairs()]
      expect(await wentBack(stage)).toEqual([])
      for (const file of ['credentials', 'config'] as const)
        if (texts[file] !== '') stage.disk.lay(file, texts[file])
      await stage.restart()
      const changed = after.filter(([name, { id }]) =>
        before.every(([at, pair]) => at !== name || pair.id !== id),
      )
      expect(
        (await wentBack(stage)).map(({ file, profile, should }) => [`${file}:${profile}`, should]),
      ).toEqual(changed.map(([name, { id }]) => [name.replace('config:profile ', 'config:'), id]))
      expect((await mended(stage)).state).toBe('done')
      expect([...stage.disk.pairs()]).toEqual(after)
      expect(await wentBack(stage)).toEqual([])
    },
  )

  it('after a restore: the old key is the one that works', async () => {
    const stage = await Stage.open()
    const rotated = await stage.rotate()
    const rotatedText = stage.disk.text('credentials')
    const restored = await stage.restore(rotated)
    expect(restored.state).toBe('done')
    const [old] = stage.keys
    stage.disk.lay('credentials', rotatedText)
    expect(await wentBack(stage)).toMatchObject([{ holds: rotated.newKey, should: old?.id }])
    expect((await mended(stage)).state).toBe('done')
    expect(stage.held()).toEqual([expect.stringContaining(old?.id as string)])
  })

  it('is mended where the old key was deleted for good', async () => {
    const stage = await Stage.open()
    const text = stage.disk.text('credentials')
    const rotated = await stage.rotate('delete')
    stage.disk.lay('credentials', text)
    await stage.restart()
    expect((await mended(stage)).state).toBe('done')
    expect(stage.held()).toEqual([expect.stringContaining(rotated.newKey as string)])
  })

  it('mends only the profiles that are named', async () => {
    const stage = await Stage.open('shared key')
    const text = stage.disk.text('credentials')
    await stage.rotate()
    stage.disk.lay('credentials', text)
    await stage.restart()
    const [first, ...rest] = await wentBack(stage)
    expect(rest.length).toBeGreaterThan(0)
    expect((await mended(stage, [first?.profile as string])).state).toBe('done')
    expect(await wentBack(stage)).toEqual(rest)
  })

  it('says where the pair is kept nowhere, and does nothing', async () => {
    const stage = await Stage.open()
    const text = stage.disk.text('credentials')
    await stage.rotate()
    rmSync(join(stage.disk.state, 'undo'), { recursive: true })
    stage.disk.lay('credentials', text)
    await stage.restart()
    const { run, left, wanted } = await stage.room.undos.mend()
    expect([run, wanted, left.length]).toEqual([undefined, [], 1])
  })

  it('is not mended with a key that somebody deleted meanwhile', async () => {
    const stage = await Stage.open()
    const text = stage.disk.text('credentials')
    const rotated = await stage.rotate()
    stage.disk.lay('credentials', text)
    for (const key of stage.user.keys) if (key.id === rotated.newKey) key.deleted = true
    const ended = await mended(stage)
    expect(ended.state).toBe('rolledBack')
    expect(stage.disk.text('credentials')).toBe(text)
  })

  it('that holds what nobody replaced there is let be', async () => {
    const stage = await Stage.open()
    await expect(stage.room.undos.mend()).rejects.toThrow('No profile holds a key that Keyturn has replaced')
    await stage.rotate()
    const [, fresh] = stage.keys
    stage.disk.lay(
      'credentials',
      stage.disk.text('credentials').replaceAll(fresh?.id as string, 'AKIAQQQQQQQQQQQQQQQQ'),
    )
    expect(await wentBack(stage)).toEqual([])
  })
})
