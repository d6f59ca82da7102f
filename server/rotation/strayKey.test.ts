import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ModelKey } from './testing/modelIam.ts'
import { answers, dies, refusal, Stage } from './testing/stage.ts'

/** A stage whose first CreateAccessKey gets no reply; `meanwhile` happens to the user's keys before anybody looks. */
async function lost(
  meanwhile: (stage: Stage) => void,
  how: 'lost-before' | 'lost-after' = 'lost-before',
): Promise<Stage> {
  const stage = await Stage.open()
  let sent = false
  stage.iam.fault = (action) => {
    if (action === 'CreateAccessKey' && !sent) {
      sent = true
      return how
    }
    if (action === 'ListAccessKeys' && sent) {
      stage.iam.fault = () => undefined
      meanwhile(stage)
    }
    return undefined
  }
  return stage
}

const shown = (key: ModelKey) => `****${key.id.slice(-4)}`
const alive = (keys: readonly ModelKey[]) =>
  keys.every(({ status, deleted }) => status === 'Active' && !deleted)

describe('after a lost reply no key is touched that could be somebody else’s', () => {
  it('two new ones: which of them is ours cannot be told', async () => {
    const stage = await lost(({ iam, user }) => iam.addKey(user), 'lost-after')
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'stray-unclear' } })
    const [, ours, theirs] = stage.user.keys
    expect(rotation.problem?.detail).toContain(`${shown(ours!)}, ${shown(theirs!)}`)
    expect(rotation.problem?.detail).toContain('that Keyturn made them')
    expect(alive(stage.user.keys)).toBe(true)
  })

  it.each([
    ['before we asked', -6_000],
    ['after AWS could still have acted', 121_000],
  ])('one that was made %s by AWS’s clock', async (_, at) => {
    const stage = await lost(({ iam, user, clock }) => {
      Object.assign(iam.addKey(user), { createdAt: clock.now() + at })
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'stray-unclear' } })
    expect(rotation.problem?.detail).toContain('that Keyturn made it')
    expect(alive(stage.user.keys)).toBe(true)
  })

  it('one of which AWS does not say when it was made', async () => {
    const stage = await lost(() => undefined, 'lost-after')
    const list = stage.iam.listKeys.bind(stage.iam)
    stage.iam.listKeys = async (signer) => {
      const { keys, ...rest } = await list(signer)
      return { ...rest, keys: keys.map(({ createdAt: _, ...key }) => key) as never }
    }
    expect(await stage.rotate()).toMatchObject({ state: 'failed', problem: { name: 'stray-unclear' } })
    expect(alive(stage.user.keys)).toBe(true)
  })

  it('any, where the keys could not be listed before', async () => {
    const stage = await lost(() => undefined, 'lost-after')
    const run = await stage.planned()
    stage.user.denied.add('ListAccessKeys')
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'stray-unknown' } })
    expect(alive(stage.user.keys)).toBe(true)
    // Once the person has seen to it in the console, a retry may look again, and still does not guess.
    expect((await stage.retry(rotation)).problem?.name).toBe('stray-unknown')
  })

  it.each(['requestedAt', 'clockOffsetMs'])('any, where the journal has lost its %s', async (fact) => {
    const stage = await Stage.open()
    dies(stage.iam, 'createKey', 'after')
    const rotation = await stage.rotate()
    const text = readFileSync(stage.journal(rotation), 'utf8')
    expect(text).toContain(`"${fact}":`)
    writeFileSync(stage.journal(rotation), text.replaceAll(`"${fact}":`, '"lost":'))
    await stage.restart()
    expect(await stage.recover(rotation)).toMatchObject({
      state: 'failed',
      problem: { name: 'stray-unknown' },
    })
    expect(alive(stage.user.keys)).toBe(true)
  })
})

it('a key of a lost reply that the list still shows after its deletion is not taken for another one', async () => {
  const stage = await Stage.open()
  let sent = 0
  stage.iam.fault = (action) => (action === 'CreateAccessKey' && sent++ < 2 ? 'lost-after' : undefined)
  const list = stage.iam.listKeys.bind(stage.iam)
  stage.iam.listKeys = async (signer) => {
    const now = await list(signer)
    const gone = stage.user.keys.filter(({ deleted }) => deleted)
    return {
      ...now,
      keys: [...now.keys, ...gone.map(({ id, status, createdAt }) => ({ id, status, createdAt }))],
    }
  }
  const rotation = await stage.rotate()
  expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'ambiguous' } })
  expect(stage.keys.map(({ id }) => id)).toEqual([rotation.key])
})

describe('a new key that must go again', () => {
  /** A stage whose new key never works, so that it is deleted again. */
  async function doomed(): Promise<Stage> {
    const stage = await Stage.open()
    stage.iam.spread = 1_000
    return stage
  }

  it('is deleted once more where AWS does not know it yet', async () => {
    const stage = await doomed()
    answers(stage.iam, 'deleteKey', () => Promise.reject(refusal('not-found')))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'not-working' } })
    expect(stage.keys.map(({ id }) => id)).toEqual([rotation.key])
  })

  it('is believed gone after three lists without it, and no sooner than AWS would have shown it', async () => {
    const stage = await Stage.open()
    dies(stage.iam, 'deleteKey', 'after')
    stage.iam.spread = 1_000
    const rotation = await stage.rotate()
    await stage.restart()
    stage.iam.log.length = 0
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    const lists = stage.iam.log.filter((call) => call.startsWith('ListAccessKeys'))
    expect(lists.length).toBeGreaterThanOrEqual(3)
  })

  it('is waited for in such a case until the request could have come through', async () => {
    const stage = await Stage.open()
    stage.iam.fault = (action) => (action === 'CreateAccessKey' ? 'lost-after' : undefined)
    dies(stage.iam, 'deleteKey', 'after')
    const rotation = await stage.rotate()
    const asked = stage.clock.now()
    await stage.restart()
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect(stage.clock.now() - asked).toBeGreaterThan(80_000)
  })

  it.each(['denied', 'quarantined'] as const)(
    'is turned off and shown where deleting it is %s',
    async (kind) => {
      const stage = await doomed()
      answers(stage.iam, 'deleteKey', () => Promise.reject(refusal(kind)))
      const rotation = await stage.rotate()
      expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'key-left' } })
      expect(rotation.problem?.detail).toContain(`${shown(stage.keys[1]!)} but its secret`)
      expect(rotation.problem?.detail).toContain('It is inactive')
      expect(stage.keys[1]!.status).toBe('Inactive')
    },
  )

  it('is said to be active still where it can neither be deleted nor turned off', async () => {
    const stage = await doomed()
    for (const action of ['DeleteAccessKey', 'UpdateAccessKey']) stage.user.denied.add(action)
    const rotation = await stage.rotate()
    expect(rotation.problem).toMatchObject({ name: 'key-left' })
    expect(rotation.problem?.detail).toContain('It is still active')
    expect(rotation.problem?.remedy).toContain(stage.keys[1]!.id)
  })

  it('is named where AWS cannot be asked to delete it', async () => {
    const stage = await doomed()
    answers(stage.iam, 'deleteKey', () => Promise.reject(refusal('network')))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'network' } })
    expect(rotation.problem?.detail).toContain(
      `Keyturn made ${shown(stage.keys[1]!)}, which nothing uses yet`,
    )
    expect((await stage.retry(rotation)).state).toBe('rolledBack')
    expect(stage.keys).toHaveLength(1)
  })

  it('is not forgotten where Keyturn itself makes a mistake', async () => {
    const stage = await doomed()
    answers(stage.iam, 'deleteKey', () => Promise.reject(new TypeError('no such thing')))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'defect' } })
    expect((await stage.retry(rotation)).state).toBe('rolledBack')
    expect(stage.keys).toHaveLength(1)
  })
})
