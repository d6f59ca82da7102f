import { describe, expect, it } from 'vitest'
import { beforeAppend } from '../testing/appends.ts'
import { answers, dies, refusal } from '../testing/callEnds.ts'
import { Stage } from '../testing/stage.ts'

describe('an old key', () => {
  it('that somebody has deleted meanwhile is deleted, and nothing fails', async () => {
    const stage = await Stage.open()
    await beforeAppend('"phase":"started","step":"retire"', () => void (stage.keys[0]!.deleted = true))
    expect(await stage.rotate('delete')).toMatchObject({ state: 'done', oldKeyState: 'deleted', undo: [] })
  })

  it('that somebody deletes between turning it off and deleting it is deleted', async () => {
    const stage = await Stage.open()
    answers(stage.iam, 'deleteKey', () => {
      stage.keys[0]!.deleted = true
      return Promise.reject(refusal('not-found'))
    })
    expect(await stage.rotate('delete')).toMatchObject({ state: 'done', oldKeyState: 'deleted' })
  })

  it('is said to be off where it can be turned off and not deleted, and a retry deletes it', async () => {
    const stage = await Stage.open()
    answers(stage.iam, 'deleteKey', () => Promise.reject(refusal('network')))
    const rotation = await stage.rotate('delete')
    expect(rotation).toMatchObject({ state: 'failed', step: 'retire', oldKeyState: 'inactive' })
    expect(rotation.problem?.detail).toContain('is inactive and could not be deleted. AWS said network.')
    expect(await stage.retry(rotation)).toMatchObject({ state: 'done', oldKeyState: 'deleted' })
  })

  it('is on again where a program writes it into a profile while it is turned off', async () => {
    const stage = await Stage.open()
    answers(stage.iam, 'setKeyStatus', () => {
      const [old, made] = stage.keys
      old!.status = 'Inactive'
      stage.puts(old!, made!)
      return Promise.resolve()
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'retire', problem: { name: 'key-in-use' } })
    expect(stage.keys[0]!.status).toBe('Active')
  })

  it.each([
    ['after it was turned off', 'setKeyStatus', 'deactivate', 'inactive'],
    ['after it was deleted', 'deleteKey', 'delete', 'deleted'],
  ] as const)('is looked at by the recovery where the process ends %s', async (_, call, mode, state) => {
    const stage = await Stage.open()
    dies(stage.iam, call, 'after')
    const rotation = await stage.rotate(mode)
    await stage.restart()
    answers(stage.iam, 'setKeyStatus', () => Promise.reject(refusal('network')))
    expect(await stage.recover(rotation)).toMatchObject({ state: 'failed', oldKeyState: state })
    expect(await stage.retry(rotation)).toMatchObject({ state: 'done', oldKeyState: state })
  })

  it('is said to be unknown, not active, where it could not be turned off and nobody may look', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('UpdateAccessKey')
    answers(stage.iam, 'setKeyStatus', () => {
      stage.user.denied.add('ListAccessKeys')
      return Promise.reject(refusal('ambiguous'))
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'retire', oldKeyState: 'unknown' })
    // Nor is it said that it could not be turned off: nobody knows.
    expect(rotation.problem?.detail).toContain('may have been turned off, or not.')
  })

  it('is said to be unknown, too, where the network goes with the answer, and a retry does it', async () => {
    const stage = await Stage.open()
    answers(stage.iam, 'setKeyStatus', () => {
      stage.iam.fault = () => 'network'
      return Promise.reject(refusal('ambiguous'))
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'retire', oldKeyState: 'unknown' })
    expect(rotation.problem?.detail).toMatch(
      /The new key is in use; the old key \S+ may have been turned off/,
    )
    stage.iam.fault = () => undefined
    expect(await stage.retry(rotation)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  })

  it.each([
    ['turned off', 'deactivate', 'UpdateAccessKey', 'inactive'],
    ['deleted', 'delete', 'DeleteAccessKey', 'deleted'],
  ] as const)(
    'whose answer is lost each time it is %s is seen so in the list',
    async (_, mode, action, state) => {
      const stage = await Stage.open()
      stage.iam.fault = (asked) => (asked === action ? 'lost-after' : undefined)
      expect(await stage.rotate(mode)).toMatchObject({ state: 'done', oldKeyState: state })
    },
  )

  it('that is still listed as active after lost answers is said to be', async () => {
    const stage = await Stage.open()
    stage.iam.fault = (asked) => (asked === 'UpdateAccessKey' ? 'lost-before' : undefined)
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'retire', oldKeyState: 'active' })
    expect(rotation.problem?.detail).toContain('may have been turned off, or not')
  })

  it('that one list does not show is not gone: undo stays', async () => {
    const stage = await Stage.open()
    answers(stage.iam, 'setKeyStatus', () => {
      answers(stage.iam, 'listKeys', () =>
        Promise.resolve({ keys: stage.keys.slice(1), date: stage.clock.now() }),
      )
      return Promise.reject(refusal('denied'))
    })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', oldKeyState: 'active' })
    expect(rotation.undo).not.toEqual([])
  })
})
