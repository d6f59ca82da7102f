import { describe, expect, it } from 'vitest'
import type { Rotation } from '../api/run.ts'
import { answers, refusal } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

/** Rotates once, then plans to rotate the new key and to delete the old one, which fills the quota. */
async function again() {
  const stage = await Stage.open()
  const first = await stage.rotate()
  expect(first).toMatchObject({ oldKeyState: 'inactive', undo: ['reactivate', 'restore'] })
  expect(first).toHaveProperty('undoUntil')
  const wish = { keys: [first.newKey ?? ''], deleteSpares: [first.key] }
  return { stage, first, plan: await stage.planned('deactivate', wish) }
}

/** The key that the first run made is in the file, and the one that it replaced is deleted. */
async function expectGone(stage: Stage, first: Rotation) {
  for (const restarted of [false, true]) {
    if (restarted) await stage.restart()
    const now = stage.now(first)
    expect(now).toMatchObject({ oldKeyState: 'deleted', undo: [], profiles: [{ state: 'new' }] })
    expect(now).not.toHaveProperty('undoUntil')
    expect(stage.room.runs.replaced().find(({ id }) => id === first.key)?.state).toBe('deleted')
  }
}

describe('no undo is offered that needs a key which another run deleted to make room', () => {
  it('though that run was put back', async () => {
    const { stage, first, plan } = await again()
    const second = await stage.run(plan)
    expect(second.state).toBe('done')
    expect(stage.now(first)).not.toHaveProperty('undoUntil')
    expect((await stage.restore(second)).state).toBe('done')
    await expectGone(stage, first)
  })

  it('though that run came to nothing, and the page hears of it', async () => {
    const { stage, first, plan } = await again()
    answers(stage.iam, 'createKey', () => Promise.reject(refusal('denied')))
    expect((await stage.run(plan)).state).toBe('rolledBack')
    await expectGone(stage, first)
    const told = stage.room.events.flatMap((event) => (event.type === 'rotation' ? [event.rotation] : []))
    expect(told.findLast(({ id }) => id === first.id)).toMatchObject({ oldKeyState: 'deleted', undo: [] })
  })
})
