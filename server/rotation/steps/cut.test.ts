import { describe, expect, it } from 'vitest'
import { fullFrom } from '../testing/appends.ts'
import { AwsFailure } from '../../keys/iam.ts'
import { Stage } from '../testing/stage.ts'

const done = (step: string) => `"phase":"done","step":"${step}"`

async function dead(shape = 'single') {
  const stage = await Stage.open(shape)
  const [key] = stage.keys
  key!.status = 'Inactive'
  return { stage, key: key!, text: stage.disk.text('credentials') }
}

const remove = async (stage: Stage, id: string) => stage.run((await stage.room.undos.remove(id)).run)

describe('a key that AWS refuses, taken out of the file', () => {
  it.each(['single', 'shared key', 'two files', 'config file'])(
    'goes from each profile, and comes back byte for byte by an undo, also after a restart: %s',
    async (shape) => {
      const { stage, key, text } = await dead(shape)
      const config = stage.disk.text('config')
      const rotation = await remove(stage, key.id)
      expect(rotation).toMatchObject({ state: 'done' })
      expect(stage.held().join()).not.toContain(key.id)
      await stage.restart()
      stage.room.runs.sawFiles((await stage.room.readKeys()).snapshot)
      expect(stage.now(rotation).undo).toEqual(['put-back'])
      const run = await stage.room.undos.ofRotation(rotation.id, { how: 'put-back' })
      expect((await stage.run(run)).state).toBe('done')
      expect([stage.disk.text('credentials'), stage.disk.text('config')]).toEqual([text, config])
      expect(stage.now(rotation)).toMatchObject({ state: 'undone', undo: [] })
    },
  )

  it('shows the lines first, without the secret', async () => {
    const { stage, key } = await dead()
    const { lines } = await stage.room.undos.remove(key.id)
    const shown = lines.flatMap((each) => each.lines.map(({ text }) => text)).join('\n')
    expect(shown).toContain(key.id)
    expect(shown).not.toContain(key.secret)
    await expect(stage.room.undos.remove('AKIAXMPLNOBODYHASIT1')).rejects.toMatchObject({
      trouble: { name: 'unknown-key' },
    })
  })

  it('stays where AWS accepts it, and where it does by the moment of the act', async () => {
    const { stage, key, text } = await dead()
    key.status = 'Active'
    expect(await remove(stage, key.id)).toMatchObject({ state: 'rolledBack', problem: { name: 'key-works' } })
    key.status = 'Inactive'
    const who = stage.iam.whoAmI.bind(stage.iam)
    let asked = 0
    stage.iam.whoAmI = (signer) => {
      if (++asked > 3) key.status = 'Active'
      return who(signer)
    }
    expect(await remove(stage, key.id)).toMatchObject({ state: 'rolledBack', problem: { name: 'key-works' } })
    expect(stage.disk.text('credentials')).toBe(text)
  })

  it('is gone on with where the process ends between the first file and the second', async () => {
    const { stage, key, text } = await dead('two files')
    const config = stage.disk.text('config')
    const mend = await fullFrom(done('save'))
    const rotation = await remove(stage, key.id)
    mend()
    // As if the second file had not been written.
    stage.disk.lay('config', config)
    await stage.restart()
    expect((await stage.recover(rotation)).state).toBe('done')
    expect(stage.held().join()).not.toContain(key.id)
    const run = await stage.room.undos.ofRotation(rotation.id, { how: 'put-back' })
    const mendAgain = await fullFrom(done('save'))
    const back = await stage.run(run)
    mendAgain()
    await stage.restart()
    expect((await stage.recover(back)).state).toBe('done')
    expect([stage.disk.text('credentials'), stage.disk.text('config')]).toEqual([text, config])
  })

  it('is rolled back where the process ends before anything was written', async () => {
    const { stage, key, text } = await dead()
    const mend = await fullFrom('"phase":"started","step":"save"')
    const rotation = await remove(stage, key.id)
    mend()
    await stage.restart()
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect(stage.disk.text('credentials')).toBe(text)
  })

  it('comes back only into profiles that hold no other key, and not once it is forgotten', async () => {
    const { stage, key } = await dead('shared key')
    const rotation = await remove(stage, key.id)
    const zoe = stage.iam.addKey(stage.iam.addUser('zoe'))
    stage.disk.lay(
      'credentials',
      `${stage.disk.text('credentials')}[also]\naws_access_key_id = ${zoe.id}\naws_secret_access_key = ${zoe.secret}\n`,
    )
    const run = await stage.room.undos.ofRotation(rotation.id, { how: 'put-back' })
    expect(run.rotations[0]?.spec.profiles.map(({ name }) => name)).not.toContain('also')
    expect((await stage.run(run)).state).toBe('done')
    const again = await remove(stage, key.id)
    await stage.room.runs.forgetPair(key.id)
    await expect(stage.room.undos.ofRotation(again.id, { how: 'put-back' })).rejects.toMatchObject({
      trouble: { name: 'cannot-undo' },
    })
  })

  it('closes its row of the ledger, which a put-back opens again', async () => {
    const { stage, key } = await dead()
    stage.user.denied.add('CreateAccessKey')
    key.status = 'Active'
    const { id } = await stage.room.plans.begin({ keys: 'all', oldKey: 'deactivate', leak: true })
    await stage.room.plans.made(id)
    await stage.room.runs.start(await stage.room.plans.take(id))
    await stage.room.runs.idle()
    const open = () => stage.room.runs.ledger().open.map((row) => row.key)
    expect(open()).toEqual([key.id])
    key.status = 'Inactive'
    const rotation = await remove(stage, key.id)
    expect(open()).toEqual([])
    expect((await stage.run(await stage.room.undos.ofRotation(rotation.id, { how: 'put-back' }))).state).toBe(
      'done',
    )
    expect(open()).toEqual([key.id])
  })

  it('is put back by nothing else, and keeps the pair that had replaced it', async () => {
    const stage = await Stage.open()
    const [old] = stage.keys
    const rotated = await stage.rotate()
    // A stale editor saves.
    stage.puts(old!, stage.keys.at(-1)!)
    const rotation = await remove(stage, old!.id)
    await expect(stage.room.undos.ofRotation(rotation.id, { how: 'restore' })).rejects.toMatchObject({
      trouble: { name: 'cannot-undo', remedy: 'Put the lines back into the file instead.' },
    })
    expect(await stage.room.undo.entry(old!.id)).toMatchObject({ newKey: rotated.newKey, cut: true })
  })

  it('notes when AWS refused it, by AWS’s clock', async () => {
    const { stage, key } = await dead()
    const date = Date.UTC(2026, 10, 25, 4)
    const who = stage.iam.whoAmI.bind(stage.iam)
    stage.iam.whoAmI = (signer) =>
      who(signer).catch((error: AwsFailure) => {
        throw new AwsFailure(error.kind, error.trouble, { date })
      })
    expect((await remove(stage, key.id)).refusedAt).toBe('2026-11-25T04:00:00.000Z')
  })

  it('stays out where the process ends before anything was put back', async () => {
    const { stage, key } = await dead()
    const rotation = await remove(stage, key.id)
    const out = stage.disk.text('credentials')
    const mend = await fullFrom(done('save'))
    const back = await stage.run(await stage.room.undos.ofRotation(rotation.id, { how: 'put-back' }))
    mend()
    // As if it had not been written.
    stage.disk.lay('credentials', out)
    await stage.restart()
    expect((await stage.recover(back)).state).toBe('rolledBack')
    expect(stage.disk.text('credentials')).toBe(out)
  })

  it('is no profile that is missed, though a run had written it', async () => {
    const stage = await Stage.open()
    const rotated = await stage.rotate()
    for (const key of stage.keys) key.status = 'Inactive'
    expect((await remove(stage, rotated.newKey as string)).state).toBe('done')
    expect(stage.room.runs.wentBack((await stage.room.readKeys()).snapshot)).toEqual([])
  })
})
