import { describe, expect, it } from 'vitest'
import { Failure } from '../../platform/failure.ts'
import { Stage } from '../testing/stage.ts'
import type { HookRequest, Hooks } from '../world.ts'

describe('a hook', () => {
  function hooks(run: Hooks['run']): Hooks {
    const all: Hooks = { and: () => all, any: () => Promise.resolve(true), run }
    return all
  }

  it('gets the new pair and whose it is, before the old key is turned off', async () => {
    const requests: HookRequest[] = []
    let before: string | undefined
    const stage: Stage = await Stage.open(
      'shared key',
      {},
      {
        hooks: hooks((request) => {
          requests.push(request)
          before = stage.keys[0]!.status
          return Promise.resolve(['deploy'])
        }),
      },
    )
    const rotation = await stage.rotate()
    expect(rotation.state).toBe('done')
    const { secret } = stage.iam.key(rotation.newKey!)!
    expect(
      requests.map(({ pair, ...rest }) => ({ ...rest, id: pair.id, secret: pair.secret.reveal() })),
    ).toEqual([
      {
        oldKey: rotation.key,
        id: rotation.newKey,
        secret,
        profiles: ['default', 'also', 'third'],
        account: '111122223333',
        user: 'ann',
      },
    ])
    expect(before).toBe('Active')
  })

  it('that fails keeps the old key on, until a retry', async () => {
    let fails = true
    const trouble = { name: 'hook-failed', title: 'A hook failed', detail: 'It ended with 1.' }
    const stage = await Stage.open(
      'single',
      {},
      { hooks: hooks(() => (fails ? Promise.reject(new Failure(trouble)) : Promise.resolve([]))) },
    )
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'hook', oldKeyState: 'active', problem: trouble })
    expect(stage.keys[0]!.status).toBe('Active')
    fails = false
    expect(await stage.retry(rotation)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  })
})
