import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { answers, holds, refusal } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

/** Stops the one run. */
function stop(stage: Stage): void {
  for (const { id } of stage.room.runs.all()) stage.room.runs.stop(id)
}

describe('a stop', () => {
  it('puts a merge back, though proving its key takes waits', async () => {
    const stage = await Stage.open('merged')
    const held = stage.held()
    answers(stage.iam, 'deleteKey', () => {
      stop(stage)
      return Promise.reject(refusal('denied'))
    })
    expect(await stage.rotate()).toMatchObject({
      state: 'rolledBack',
      problem: { name: 'denied' },
      oldKeyState: 'active',
    })
    expect(stage.held()).toEqual(held)
    expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
  })

  it.each(['deactivate', 'delete'] as const)(
    'finishes what is committed, though the new key is not accepted at once: %s',
    async (oldKey) => {
      const stage = await Stage.open()
      const begun = await stage.begin('prove', oldKey)
      stage.room.runs.stop(begun.run)
      stage.keys[1]!.hidden = 2
      const rotation = await stage.ended(begun)
      expect([rotation.state, rotation.problem]).toEqual(['done', undefined])
      expect(rotation.oldKeyState).toBe(oldKey === 'delete' ? 'deleted' : 'inactive')
    },
  )

  it('changes nothing when it is asked for twice, nor of a run that is over', async () => {
    const stage = await Stage.open()
    const { run } = await stage.begin('verify')
    stage.room.runs.stop(run)
    const told = stage.room.events.length
    expect(stage.room.runs.stop(run)).toMatchObject({ stopping: true })
    expect(stage.room.events).toHaveLength(told)
    await stage.room.runs.idle()
    const over = stage.room.runs.existing(run)
    expect(over).toMatchObject({ state: 'stopped', stopping: false })
    expect(stage.room.runs.stop(run)).toEqual(over)
  })

  it('of a run that nobody knows is refused', async () => {
    const stage = await Stage.open()
    expect(() => stage.room.runs.stop('none')).toThrow('no run with this id')
  })
})

it('a retry after a stop is not stopped again, and waits for what it must', async () => {
  const stage = await Stage.open('two users at once')
  const release = holds(stage.iam, 'whoAmI', (id) => id === stage.iam.users[1]!.keys[1]?.id)
  stage.user.denied.add('CreateAccessKey')
  const begun = await stage.begin('create')
  while (stage.now(begun).state !== 'rolledBack') await tick()
  stage.iam.spread = 5
  stage.room.runs.stop(begun.run)
  release()
  await stage.ended(begun)
  const states = () => stage.room.runs.existing(begun.run).rotations.map(({ state }) => state)
  expect(states()).toEqual(['rolledBack', 'stopped'])
  stage.user.denied.clear()
  await stage.retry(begun)
  expect(states()).toEqual(['done', 'done'])
  expect(stage.room.runs.existing(begun.run).stopping).toBe(false)
})
