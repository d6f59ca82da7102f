import { describe, expect, it } from 'vitest'
import { beforeAppend, fullFrom } from '../testing/appends.ts'
import { lateWriter } from '../testing/lateWriter.ts'
import type { ModelKey } from '../testing/modelIam.ts'
import { Stage } from '../testing/stage.ts'

const done = (step: string) => `"phase":"done","step":"${step}"`
const section = (name: string, key: ModelKey, more = '') =>
  `[${name}]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n${more}`
const undoKeys = async (stage: Stage) => (await stage.room.undo.list()).map(({ key }) => key)

describe('the save', () => {
  it('is not made where another program has changed the file since the check, and keeps no secret then', async () => {
    const stage = await Stage.open()
    const stranger = stage.iam.addKey(stage.iam.addUser('zoe'))
    await beforeAppend(done('verify'), () => stage.puts(stranger, stage.keys[0]!))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'file-moved' } })
    expect(stage.held()).toEqual([`default ${stranger.id}`])
    expect(stage.keys.map(({ id }) => id)).toEqual([rotation.key])
    expect(await undoKeys(stage)).toEqual([])
  })

  it('is gone on from where the process ends right after it, though the journal does not know of it', async () => {
    const stage = await Stage.open()
    const mend = await fullFrom(done('save'))
    const rotation = await stage.rotate()
    mend()
    await stage.restart()
    expect(await stage.recover(rotation)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
    expect(stage.held()).toEqual([`default ${stage.keys[1]!.id}`])
  })

  it('that was cut in two is completed, and passes over what another program has changed meanwhile', async () => {
    const stage = await Stage.open('shared key')
    const mend = await fullFrom(done('save'))
    const rotation = await stage.rotate()
    mend()
    const [old, fresh] = stage.keys
    const stranger = stage.iam.addKey(stage.iam.addUser('zoe'))
    stage.puts(old!, fresh!, 'also')
    stage.puts(stranger, fresh!, 'third')
    await stage.restart()
    expect((await stage.recover(rotation)).state).toBe('done')
    expect(stage.held()).toEqual([`default ${fresh!.id}`, `also ${fresh!.id}`, `third ${stranger.id}`])
  })
})

describe('the proof after it', () => {
  it('never turns the old key off where no profile holds the new one any more', async () => {
    const stage = await Stage.open()
    const stranger = stage.iam.addKey(stage.iam.addUser('zoe'))
    const mend = await fullFrom('"phase":"started","step":"prove"')
    const begun = await stage.rotate()
    mend()
    stage.puts(stranger, stage.keys[1]!)
    await stage.restart()
    const rotation = await stage.recover(begun)
    expect(rotation).toMatchObject({ state: 'failed', step: 'prove', problem: { name: 'file-moved' } })
    expect(rotation.problem?.detail).toContain('Nothing was turned off')
    expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
  })

  it('merges what another program wrote to the file that was replaced, and tells it', async () => {
    const stage = await Stage.open()
    const write = lateWriter(stage.disk)
    const text = stage.disk.text('credentials')
    await beforeAppend(done('save'), () => write(`${text}[late]\nregion = eu-north-1\n`))
    const rotation = await stage.rotate()
    expect(rotation.state).toBe('done')
    expect(rotation.notes.join(' ')).toContain('merged')
    expect(stage.disk.text('credentials')).toContain('[late]\nregion = eu-north-1')
    expect(stage.held()[0]).toBe(`default ${rotation.newKey}`)
  })

  it('keeps the old key on where what another program wrote cannot be merged', async () => {
    const stage = await Stage.open()
    const write = lateWriter(stage.disk)
    const stranger = stage.iam.addKey(stage.iam.addUser('zoe'))
    await beforeAppend(done('save'), () => write(section('default', stranger)))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'prove', problem: { name: 'foreign-write' } })
    expect(rotation.problem?.detail).toContain('Nothing was turned off.')
    expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
  })

  it('saves again where the old key has come back, in a profile that is new as well', async () => {
    const stage = await Stage.open()
    const [old] = stage.keys
    await beforeAppend(done('save'), () => {
      stage.puts(old!, stage.keys[1]!)
      stage.disk.lay('credentials', `${stage.disk.text('credentials')}${section('appeared', old!)}`)
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
    expect(rotation.notes.join(' ')).toContain('Saved again in [appeared]')
    expect(stage.held()).toEqual([`default ${rotation.newKey}`, `appeared ${rotation.newKey}`])
  })

  it('keeps the old key on where it has come back in a form that is not written', async () => {
    const stage = await Stage.open()
    const [old] = stage.keys
    const form = section(
      'role',
      old!,
      'role_arn = arn:aws:iam::111122223333:role/r\nsource_profile = default\n',
    )
    await beforeAppend(done('save'), () =>
      stage.disk.lay('credentials', `${stage.disk.text('credentials')}${form}`),
    )
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'prove', problem: { name: 'still-in-use' } })
    expect(rotation.problem?.detail).toContain(`[role] holds ****${old!.id.slice(-4)}`)
    expect(rotation.problem?.remedy).toContain('move it to a profile of its own')
    expect(old!.status).toBe('Active')
    stage.disk.lay('credentials', stage.disk.text('credentials').replace(form, ''))
    expect((await stage.retry(rotation)).state).toBe('done')
  })
})
