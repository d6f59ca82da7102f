import { describe, expect, it } from 'vitest'
import { fullFrom } from '../testing/appends.ts'
import { target } from '../testing/target.ts'
import { answers, dies, refusal } from '../testing/callEnds.ts'
import { Stage } from '../testing/stage.ts'

const states = (stage: Stage) => stage.keys.map(({ id, status }) => `${id} ${status}`)

describe('merging', () => {
  it('changes nothing where another program has changed one of the profiles since the check', async () => {
    const stage = await Stage.open('merged')
    const [first, second] = stage.keys
    const before = states(stage)
    const stranger = stage.iam.addKey(stage.iam.addUser('zoe'))
    const run = await stage.planned()
    stage.iam.log.length = 0
    const list = stage.iam.listKeys.bind(stage.iam)
    answers(stage.iam, 'listKeys', async () => {
      stage.puts(stranger, second!, 'two')
      return list({ kind: 'own', pair: (await stage.room.readKeys()).keys[0]!.pair, target })
    })
    expect(await stage.run(run)).toMatchObject({ state: 'rolledBack', problem: { name: 'file-moved' } })
    expect(stage.held()).toEqual([`one ${first!.id}`, `two ${stranger.id}`, `also-two ${second!.id}`])
    expect(states(stage)).toEqual(before)
    // Nothing was to be put back, so that the other key was not tried either.
    expect(stage.iam.log.filter((call) => call.includes(second!.id))).toEqual([])
  })

  it('is put back where the process ends before the other key is gone', async () => {
    const stage = await Stage.open('merged')
    const [held, keys] = [stage.held(), states(stage)]
    const mend = await fullFrom('"phase":"done","step":"unify"')
    const rotation = await stage.rotate()
    mend()
    expect(stage.held()).not.toEqual(held)
    await stage.restart()
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect([stage.held(), states(stage)]).toEqual([held, keys])
    expect(await stage.room.undo.list()).toEqual([])
  })

  it('is put back only where no other program has written since', async () => {
    const stage = await Stage.open('merged')
    const [first, second] = stage.keys
    const stranger = stage.iam.addKey(stage.iam.addUser('zoe'))
    answers(stage.iam, 'deleteKey', () => {
      stage.puts(stranger, first!)
      stage.puts(first!, stranger, 'one')
      return Promise.reject(refusal('denied'))
    })
    expect(await stage.rotate()).toMatchObject({ state: 'rolledBack', problem: { name: 'denied' } })
    expect(stage.held()).toEqual([`one ${first!.id}`, `two ${stranger.id}`, `also-two ${stranger.id}`])
    expect(second!.status).toBe('Active')
  })
})

describe('the key that makes room', () => {
  it('goes on being deleted where somebody else does the same', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    const spare = stage.keys[1]!
    const run = await stage.planned()
    answers(stage.iam, 'setKeyStatus', () => {
      spare.deleted = true
      return Promise.reject(refusal('not-found'))
    })
    const rotation = await stage.run(run)
    expect(rotation.state).toBe('done')
    expect(rotation.notes.join()).toContain(`****${spare.id.slice(-4)} was deleted, as planned`)
  })

  it('is turned on again where it cannot be deleted', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    stage.user.denied.add('DeleteAccessKey')
    const before = states(stage)
    expect(await stage.rotate()).toMatchObject({ state: 'rolledBack', problem: { name: 'denied' } })
    expect(states(stage)).toEqual(before)
  })

  it('stays where it cannot even be turned off', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    stage.user.denied.add('UpdateAccessKey')
    const before = states(stage)
    expect(await stage.rotate()).toMatchObject({ state: 'rolledBack', problem: { name: 'denied' } })
    expect(states(stage)).toEqual(before)
  })

  it('waits for the person where it is off and may not be turned on again', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    const spare = stage.keys[1]!
    answers(stage.iam, 'deleteKey', () => {
      stage.user.denied.add('UpdateAccessKey')
      return Promise.reject(refusal('denied'))
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'denied' } })
    expect(spare.status).toBe('Inactive')
    stage.user.denied.clear()
    answers(stage.iam, 'setKeyStatus', () => Promise.reject(refusal('network')))
    expect(await stage.retry(rotation)).toMatchObject({ state: 'failed', problem: { name: 'network' } })
    expect((await stage.retry(rotation)).state).toBe('rolledBack')
    expect(spare.status).toBe('Active')
  })

  it('stays off where it was off before', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    stage.keys[1]!.status = 'Inactive'
    stage.user.denied.add('DeleteAccessKey')
    const before = states(stage)
    expect((await stage.rotate()).state).toBe('rolledBack')
    expect(states(stage)).toEqual(before)
  })

  it.each([
    ['before it is turned off', 'setKeyStatus', 'before'],
    ['when it is off and not yet deleted', 'setKeyStatus', 'after'],
  ] as const)('is as it was after a recovery where the process ends %s', async (_, act, when) => {
    const stage = await Stage.open('two keys, spare deleted')
    const before = states(stage)
    dies(stage.iam, act, when)
    const rotation = await stage.rotate()
    await stage.restart()
    const recovered = await stage.recover(rotation)
    expect(recovered).toMatchObject({ state: 'rolledBack', notes: [] })
    expect(states(stage)).toEqual(before)
  })

  it('is gone where the process ends once it is deleted, and the rotation that went back says so', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    const spare = stage.keys[1]!
    dies(stage.iam, 'deleteKey', 'after')
    const rotation = await stage.rotate()
    await stage.restart()
    const recovered = await stage.recover(rotation)
    expect(recovered.state).toBe('rolledBack')
    expect(recovered.notes).toEqual([`The spare key ****${spare.id.slice(-4)} was deleted, as planned.`])
    expect(stage.keys.map(({ id }) => id)).toEqual([rotation.key])
  })

  it('is left alone where a profile holds it since the plan', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    const spare = stage.keys[1]!
    const run = await stage.planned()
    const text = stage.disk.text('credentials')
    stage.disk.lay(
      'credentials',
      `${text}\n[late]\naws_access_key_id = ${spare.id}\naws_secret_access_key = ${spare.secret}\n`,
    )
    const before = states(stage)
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'spare-in-use' } })
    expect(rotation.problem?.detail).toContain(`[late] now holds ****${spare.id.slice(-4)}`)
    expect(states(stage)).toEqual(before)
  })
})
