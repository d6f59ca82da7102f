import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../profiles/keyPair.ts'
import { fullFrom } from '../testing/appends.ts'
import { answers, dies, refusal } from '../testing/callEnds.ts'
import { Stage } from '../testing/stage.ts'

const asked = (stage: Stage) => stage.iam.log.filter((call) => call.startsWith('CreateAccessKey')).length

/** The replies to the first `times` requests are lost, before or after AWS made the key. */
function loses(stage: Stage, how: 'lost-before' | 'lost-after', times: number): void {
  let lost = 0
  stage.iam.fault = (action) => (action === 'CreateAccessKey' && lost++ < times ? how : undefined)
}

it('is told as lost replies where every reply is lost, and what was made is gone', async () => {
  const stage = await Stage.open()
  loses(stage, 'lost-after', Infinity)
  const rotation = await stage.rotate()
  expect(rotation.state).toBe('rolledBack')
  expect(rotation.problem?.title).toBe('AWS’s replies are lost on the way')
  expect(rotation.notes.join(' ')).not.toContain('another one made')
  expect(stage.keys).toHaveLength(1)
})

describe('the quota', () => {
  it('lingers after the spare key was deleted, and is waited out', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    for (const skip of [0, 0]) answers(stage.iam, 'createKey', () => Promise.reject(refusal('quota')), skip)
    expect((await stage.rotate()).state).toBe('done')
  })

  it('that lingers for good ends it after half a minute', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    const run = await stage.planned()
    const begin = stage.clock.now()
    stage.iam.createKey = () => Promise.reject(refusal('quota'))
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'quota' } })
    expect(stage.clock.now() - begin).toBeGreaterThanOrEqual(30_000)
    expect(stage.clock.now() - begin).toBeLessThan(60_000)
  })

  it('that lingers after the key of a lost reply was deleted is waited out, and laid to nobody', async () => {
    const stage = await Stage.open()
    loses(stage, 'lost-after', 1)
    for (const skip of [1, 1]) answers(stage.iam, 'createKey', () => Promise.reject(refusal('quota')), skip)
    const rotation = await stage.rotate()
    expect([rotation.state, rotation.problem]).toEqual(['done', undefined])
    expect(stage.keys).toHaveLength(2)
  })

  it('that lingers after a rollback deleted the new key is waited out when it is retried', async () => {
    const stage = await Stage.open()
    stage.iam.spread = 1_000
    const rotation = await stage.rotate()
    expect(rotation.state).toBe('rolledBack')
    stage.iam.spread = 0
    answers(stage.iam, 'createKey', () => Promise.reject(refusal('quota')))
    expect((await stage.retry(rotation)).state).toBe('done')
  })

  it('that lingers though no other key is there ends in AWS’s own words, which name no other program', async () => {
    const stage = await Stage.open()
    stage.iam.createKey = () => Promise.reject(refusal('quota'))
    expect((await stage.rotate()).problem?.detail).toBe('AWS said quota.')
  })

  it('is told in AWS’s own words where nobody can look who took it', async () => {
    const stage = await Stage.open()
    answers(stage.iam, 'createKey', () => {
      stage.user.denied.add('ListAccessKeys')
      return Promise.reject(refusal('quota'))
    })
    expect((await stage.rotate()).problem?.detail).toBe('AWS said quota.')
  })

  it('that another program has used up since the check is told as that', async () => {
    const stage = await Stage.open()
    answers(stage.iam, 'createKey', () => {
      stage.iam.addKey(stage.user)
      return Promise.reject(refusal('quota'))
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'quota', code: 'quota' } })
    expect(rotation.problem?.detail).toContain('another program has made one')
    expect(rotation.problem?.remedy).not.toContain('elete')
    expect(stage.keys).toHaveLength(2)
  })

  it('is told in AWS’s own words where nobody could look before', async () => {
    const stage = await Stage.open()
    const run = await stage.planned()
    stage.user.denied.add('ListAccessKeys')
    answers(stage.iam, 'createKey', () => Promise.reject(refusal('quota')))
    expect((await stage.run(run)).problem?.detail).toBe('AWS said quota.')
  })
})

describe('a reply that is lost', () => {
  it('of a request that AWS never saw: after a look it is sent once more', async () => {
    const stage = await Stage.open()
    loses(stage, 'lost-before', 1)
    expect(await stage.rotate()).toMatchObject({ state: 'done', notes: [] })
    expect([asked(stage), stage.keys.length]).toEqual([2, 2])
  })

  it('twice ends it, and nothing is left behind', async () => {
    const stage = await Stage.open()
    loses(stage, 'lost-after', 2)
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'ambiguous' } })
    expect(stage.user.keys).toHaveLength(3)
    expect(stage.keys.map(({ id }) => id)).toEqual([rotation.key])
    expect(asked(stage)).toBe(2)
  })

  it.each(['aborted', 'other'] as const)(
    'may have made a key too where it was %s: nobody takes that for no',
    async (kind) => {
      const stage = await Stage.open()
      const create = stage.iam.createKey.bind(stage.iam)
      answers(stage.iam, 'createKey', async () => {
        await create({ kind: 'own', pair: (await stage.room.readKeys()).keys[0]!.pair } as never)
        throw refusal(kind)
      })
      const rotation = await stage.rotate()
      expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: kind } })
      expect(stage.user.keys).toHaveLength(2)
      expect(stage.keys).toHaveLength(1)
    },
  )
})

it('an answer that gives out a key that was there before is none: the list tells what is', async () => {
  const stage = await Stage.open('two keys, spare deleted')
  const [old] = stage.keys
  answers(stage.iam, 'createKey', () =>
    Promise.resolve({ pair: { id: old!.id, secret: new Secret('x'.repeat(40)) }, createdAt: 0 }),
  )
  const rotation = await stage.rotate()
  expect(rotation.newKey).not.toBe(old!.id)
  expect(stage.keys.map(({ status }) => status)).toContain('Active')
  expect(stage.disk.pairs().size).toBeGreaterThan(0)
})

describe('where the process ends', () => {
  it('after AWS made the key and before anybody was told: it is found and deleted again', async () => {
    const stage = await Stage.open()
    dies(stage.iam, 'createKey', 'after')
    const rotation = await stage.rotate()
    expect(stage.keys).toHaveLength(2)
    await stage.restart()
    expect(await stage.recover(rotation)).toMatchObject({
      state: 'rolledBack',
      problem: { name: 'interrupted' },
    })
    expect(stage.keys.map(({ id }) => id)).toEqual([rotation.key])
  })

  it('before AWS made one: none is looked for beyond the wait that it takes to know', async () => {
    const stage = await Stage.open()
    dies(stage.iam, 'createKey', 'before')
    const rotation = await stage.rotate()
    await stage.restart()
    const begin = stage.clock.now()
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect(stage.clock.now() - begin).toBeGreaterThanOrEqual(90_000)
    expect(stage.keys).toHaveLength(1)
  })

  it('while the key of a lost reply is deleted: the recovery knows whose it is, and deletes it', async () => {
    const stage = await Stage.open()
    loses(stage, 'lost-after', 1)
    dies(stage.iam, 'deleteKey', 'before')
    const rotation = await stage.rotate()
    expect(stage.keys).toHaveLength(2)
    // Nobody could prove any more that it is ours, were that not in the journal.
    Object.assign(stage.keys[1]!, { createdAt: 0 })
    await stage.restart()
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect(stage.keys.map(({ id }) => id)).toEqual([rotation.key])
  })
})

it('a journal that has lost which key was made is no licence to forget it', async () => {
  const stage = await Stage.open()
  const mend = await fullFrom('"phase":"started","step":"verify"')
  const rotation = await stage.rotate()
  mend()
  const text = readFileSync(stage.journal(rotation), 'utf8')
  const made = stage.keys[1]!.id
  expect(text).toContain(`"newKey":"${made}"`)
  writeFileSync(stage.journal(rotation), text.replace(`"newKey":"${made}"`, '"lost":true'))
  await stage.restart()
  const stuck = await stage.recover(rotation)
  expect(stuck).toMatchObject({ state: 'failed', problem: { name: 'defect' } })
  expect(stage.keys).toHaveLength(2)
})
