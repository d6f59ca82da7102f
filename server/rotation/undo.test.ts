import { describe, expect, it } from 'vitest'
import type { Rotation, UndoHow } from '../api/run.ts'
import type { Failure } from '../platform/failure.ts'
import { holds } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'
import { Undos } from './undo.ts'

const day = 86_400_000
const ofRotation = (stage: Stage, { id }: Pick<Rotation, 'id'>, how: UndoHow = 'restore') =>
  stage.room.undos.ofRotation(id, { how })
const cannot = (because: string) => ({
  trouble: {
    name: 'cannot-undo',
    detail: expect.stringContaining(`since ${because}. Nothing was done.`) as string,
  },
})

describe('an undo is refused', () => {
  it('of what nobody knows', async () => {
    const stage = await Stage.open()
    await expect(ofRotation(stage, { id: 'none' })).rejects.toThrow('no rotation with this id')
    await expect(stage.room.undos.ofRun('none', { how: 'restore' })).rejects.toThrow('no run with this id')
  })

  it('where nothing was replaced', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('CreateAccessKey')
    await expect(ofRotation(stage, await stage.rotate())).rejects.toMatchObject(
      cannot('nothing was replaced'),
    )
    const begun = await stage.begin('check')
    stage.room.runs.stop(begun.run)
    const stopped = await stage.ended(begun)
    expect(stopped.state).toBe('stopped')
    await expect(ofRotation(stage, stopped)).rejects.toMatchObject(cannot('nothing was replaced'))
  })

  it('while the rotation is under way', async () => {
    const stage = await Stage.open()
    const release = holds(stage.iam, 'whoAmI', (id) => id === stage.keys[1]?.id)
    const begun = await stage.begin('verify')
    await expect(ofRotation(stage, begun)).rejects.toMatchObject(cannot('it is not finished'))
    release()
    await stage.room.runs.idle()
  })

  it('where the old key works anyway, or the new key has left the files', async () => {
    const stage = await Stage.open()
    const rotation = await stage.rotate('keep')
    const active = cannot(`the old key ****${rotation.key.slice(-4)} is active`)
    await expect(ofRotation(stage, rotation, 'reactivate')).rejects.toMatchObject(active)
    stage.puts(stage.keys[0]!, stage.keys[1]!)
    const gone = cannot('no profile holds its new key any more')
    await expect(ofRotation(stage, rotation)).rejects.toMatchObject(gone)
  })

  it('where the file changes in the very moment: no run begins that would only turn the new key off', async () => {
    const stage = await Stage.open()
    const rotation = await stage.rotate()
    const { runs, readKeys } = stage.room
    const [old, fresh] = stage.keys
    const held = await readKeys()
    stage.puts(old!, fresh!)
    const stale = await readKeys()
    const undos = new Undos({
      runs,
      store: { lookAtCut: () => Promise.resolve([]) },
      readKeys: () => {
        // The watcher of the files is told of what they held a moment ago, after this look began.
        queueMicrotask(() => queueMicrotask(() => runs.sawFiles(held.snapshot)))
        return Promise.resolve(stale)
      },
      putAway: () => Promise.resolve(),
      oldKeys: () => Promise.resolve([]),
      kept: { pair: () => Promise.resolve(undefined) },
      findings: {
        get: () => undefined,
        all: () => [],
        put: () => Promise.resolve(),
        forget: () => Promise.resolve(),
      },
    })
    const gone = cannot('no profile holds its new key any more')
    await expect(undos.ofRotation(rotation.id, { how: 'restore' })).rejects.toMatchObject(gone)
    expect(stage.now(rotation).undo).toContain('restore')
  })
})

describe('a profile that is no longer where it was', () => {
  it.each(['renamed', 'moved to the other file'])('is undone right there: %s', async (how) => {
    const stage = await Stage.open()
    const rotation = await stage.rotate()
    const text = stage.disk.text('credentials')
    if (how === 'renamed') stage.disk.lay('credentials', text.replace('[default]', '[renamed]'))
    else {
      stage.disk.lay('config', text)
      stage.disk.lay('credentials', '# it moved\n')
    }
    const back = await stage.restore(rotation)
    expect(back.state).toBe('done')
    expect(stage.held().join()).toContain(rotation.key)
    expect(stage.held().join()).not.toContain(rotation.newKey)
  })
})

describe('an undo is signed', () => {
  it('by the administrator’s profile that signed the rotation', async () => {
    const stage = await Stage.open('two users at once')
    const [ann, bob] = stage.iam.users
    const run = await stage.planned('deactivate', {
      keys: [ann!.keys[0]!.id],
      signers: [{ key: ann!.keys[0]!.id, profile: 'two' }],
    })
    const rotation = await stage.run(run)
    stage.iam.log.length = 0
    expect((await stage.restore(rotation)).state).toBe('done')
    const changes = stage.iam.log.filter((call) => call.startsWith('UpdateAccessKey'))
    expect(changes).toEqual(Array(2).fill(`UpdateAccessKey ${bob!.keys[0]!.id}`))
  })

  it('with the device that the profile names', async () => {
    const stage = await Stage.open()
    const serial = 'arn:aws:iam::111122223333:mfa/ann'
    stage.disk.lay('credentials', `${stage.disk.text('credentials')}mfa_serial = ${serial}\n`)
    const rotation = await stage.rotate()
    for (const how of ['reactivate', 'restore'] as const) {
      const { rotations } = await ofRotation(stage, rotation, how)
      expect(rotations[0]?.spec).toMatchObject({ mfaSerial: serial, user: { name: 'ann' } })
    }
  })
})

describe('an undo that is refused says why, and names no other way but one that is offered', () => {
  const refusal = (stage: Stage, rotation: Rotation, how: 'reactivate' | 'restore') =>
    ofRotation(stage, rotation, how).then(
      () => expect.unreachable(),
      (error: Failure) => error.trouble,
    )

  it.each<[string, 'reactivate' | 'restore', string, string, (stage: Stage, of: Rotation) => unknown]>([
    [
      'the secret is no longer kept',
      'restore',
      'is no longer kept',
      'Reactivate the old key instead',
      (stage, { key }) => stage.room.undo.remove(key),
    ],
    [
      'the old key is on again',
      'reactivate',
      'is active',
      'Restore the old pair instead',
      async (stage, of) => stage.run(await ofRotation(stage, of, 'reactivate')),
    ],
    [
      'it is undone',
      'restore',
      'it is undone already',
      'what is left',
      async (stage, of) => stage.run(await ofRotation(stage, of, 'restore')),
    ],
    [
      'the old key is deleted',
      'restore',
      'is deleted',
      'A deleted key cannot come back.',
      async (stage, { key }) => stage.run(await stage.room.undos.ofKey(key, 'delete', key.slice(-4))),
    ],
    [
      'the profile holds another key',
      'restore',
      'no profile holds its new key any more',
      'what is left',
      (stage, { newKey }) =>
        stage.disk.lay('credentials', stage.disk.text('credentials').replace(newKey!, 'AKIAOTHEROTHER00')),
    ],
  ])('%s: %s', async (_, how, why, remedy, happens) => {
    const stage = await Stage.open()
    const rotation = await stage.rotate()
    await happens(stage, rotation)
    const trouble = await refusal(stage, rotation, how)
    expect(trouble.detail).toContain(why)
    expect(trouble.remedy).toContain(remedy)
  })
})

describe('an old key', () => {
  it('is turned on again by itself, and its rotation still offers to restore it', async () => {
    const stage = await Stage.open()
    const rotation = await stage.rotate()
    const run = await stage.room.undos.ofKey(rotation.key, 'activate')
    expect(await stage.run(run)).toMatchObject({ state: 'done', oldKeyState: 'active' })
    expect(stage.now(rotation)).toMatchObject({ state: 'done', oldKeyState: 'active', undo: ['restore'] })
    expect(stage.held()).toEqual([`default ${rotation.newKey}`])
  })

  it('that a profile holds is neither turned off nor deleted, and no run begins', async () => {
    const stage = await Stage.open()
    const { newKey = '' } = await stage.rotate()
    for (const kind of ['deactivate', 'delete'] as const)
      await expect(stage.room.undos.ofKey(newKey, kind, newKey.slice(-4))).rejects.toMatchObject({
        trouble: { name: 'key-in-use', detail: expect.stringContaining('[default] holds') as string },
      })
  })

  it('that is deleted already is none that a clean-up could delete', async () => {
    const stage = await Stage.open()
    const { key } = await stage.rotate()
    stage.clock.advance(8 * day)
    const cleanUp = () => stage.room.undos.ofSafeKeys([key], '1')
    await stage.run(await cleanUp())
    expect(stage.iam.key(key)?.deleted).toBe(true)
    await expect(cleanUp()).rejects.toMatchObject({
      trouble: {
        name: 'not-safe',
        detail: `****${key.slice(-4)} is no old key that is known here. Nothing was deleted.`,
        remedy: 'Look at the old keys’ page for what is left.',
      },
    })
  })
})

it('turns an old key off whose days of grace are over, from when it is off since then', async () => {
  const stage = await Stage.open()
  const rotated = await stage.run(await stage.planned('keep', { keepDays: 7 }))
  expect(rotated).toMatchObject({ oldKeyState: 'active', keptUntil: expect.any(String) })
  stage.clock.advance(8 * 86_400_000)
  const off = await stage.run(await stage.room.undos.ofKeysOverGrace([rotated.key]))
  expect(off).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  await stage.restart()
  const [old] = stage.room.runs.replaced()
  expect(old).toMatchObject({ id: rotated.key, state: 'inactive', replacedBy: rotated.newKey })
  expect(old?.keptUntil).toBeUndefined()
  expect(Date.parse(old?.retiredAt ?? '')).toBeGreaterThan(stage.clock.now() - 3_600_000)
})
