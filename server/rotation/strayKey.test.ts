import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ModelKey } from './testing/modelIam.ts'
import { dies } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

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
