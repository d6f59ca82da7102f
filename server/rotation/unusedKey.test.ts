import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../api/settings.ts'
import { answers, dies, refusal } from './testing/callEnds.ts'
import type { ModelKey } from './testing/modelIam.ts'
import { Stage } from './testing/stage.ts'

const shown = (key: ModelKey) => `****${key.id.slice(-4)}`

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

  it('is never believed gone while a list shows it', async () => {
    const verification = { ...defaultSettings.verification, orphanPatienceMs: 0 }
    const stage = await Stage.open('single', { verification })
    stage.iam.spread = 1_000
    const deletes = stage.iam.deleteKey.bind(stage.iam)
    let tries = 0
    stage.iam.deleteKey = (...call) => (++tries < 6 ? Promise.reject(refusal('not-found')) : deletes(...call))
    const rotation = await stage.rotate()
    expect(rotation.state).toBe('rolledBack')
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
