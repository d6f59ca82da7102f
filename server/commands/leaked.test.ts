import { describe, expect, it } from 'vitest'
import type { UserSeed } from '../sandbox/seed.ts'
import { CommandGround, type Exit } from './testing/commandGround.ts'

const day = 86_400_000
const lay = (...users: UserSeed[]) => CommandGround.lay(users)
const two = (name: string): UserSeed => ({
  name,
  keys: [{ createdAt: Date.now() - 20 * day }, { createdAt: Date.now() - 30 * day }],
})

interface Row {
  key: string
  profiles: string[]
  reason: string
  state: string
  closedBy?: string
}
const documentOf = ({ stdout }: Exit) =>
  JSON.parse(stdout) as {
    exitCode: number
    run: { id: string; asked: number; left: Row[] }
    ledger: { leak: boolean; asked: number; open: Row[] }
  }

describe('a run', () => {
  it('remembers all that it was asked for, and later single rotations close its rows', async () => {
    const ground = await lay({ name: 'sam' }, two('dual'))
    const held = (await ground.pair('dual')).id
    const first = await ground.run('rotate', '--all', '--yes', '--json')
    expect(documentOf(first).run).toMatchObject({
      asked: 2,
      left: [{ key: held, profiles: ['dual'], reason: 'Needs your choice', state: 'open' }],
    })
    const status = await ground.run('status', '--json')
    expect(status.code).toBe(1)
    expect(documentOf(status).ledger).toMatchObject({ leak: false, asked: 2, open: [{ key: held }] })
    expect((await ground.run('status')).stdout).toContain(
      'Still exposed: 1 of 2 keys that were to be replaced.',
    )

    const other = ground.sandbox.control.keys('dual').find(({ id }) => id !== held)!.id
    const second = await ground.run('rotate', '--profile', 'dual', '--delete-spare', other, '--yes')
    expect(second.stdout).toContain('1 of 1 key replaced.')
    const after = await ground.run('status', '--json')
    expect(documentOf(after).ledger.open).toEqual([])
  })
})

describe('keyturn leaked', () => {
  it('replaces what it can, deletes nothing unnamed, and stays open until each key is seen to', async () => {
    const ground = await lay({ name: 'sam' }, two('dual'))
    const held = (await ground.pair('dual')).id
    const first = await ground.run('leaked', '--yes', '--json')
    expect(first.code).toBe(1)
    expect(documentOf(first)).toMatchObject({
      run: { asked: 2, left: [{ key: held, state: 'open' }] },
      ledger: { leak: true, open: [{ key: held, act: 'choose' }] },
    })
    expect(ground.actions).not.toContain('DeleteAccessKey')

    // Without a terminal and without --yes it only tells.
    const told = await ground.run('leaked', '--json')
    expect([told.code, documentOf(told).ledger.open.length]).toEqual([1, 1])

    const left = await ground.run('leaked', '--leave', held, '--because', 'a printer', '--yes', '--json')
    expect(documentOf(left).ledger.open).toEqual([])
    const status = await ground.run('status', '--json')
    expect(documentOf(status).ledger.open).toEqual([])
    const again = await ground.run('leaked', '--reopen', held, '--json')
    expect([again.code, documentOf(again).ledger.open.map(({ key }) => key)]).toEqual([1, [held]])
  })

  it('opens the account of keys that cannot be replaced at all', async () => {
    const ground = await lay(two('dual'))
    const exit = await ground.run('leaked', '--yes', '--json')
    expect(exit.code).toBe(1)
    expect(documentOf(exit)).toMatchObject({ run: { asked: 1, left: [{ state: 'open' }] } })
    expect(await ground.works('dual')).toBe(true)
  })

  it('a key that was kept active stays open until it is off', async () => {
    const ground = await lay({ name: 'sam' })
    const held = (await ground.pair('sam')).id
    const kept = await ground.run('leaked', '--keep-active', held, '--yes', '--json')
    expect(documentOf(kept).ledger.open).toMatchObject([{ key: held, act: 'turn-off' }])
    expect(ground.statusOf('sam', held)).toBe('Active')
    await ground.run('undo', documentOf(kept).run.id, '--yes')
    expect(documentOf(await ground.run('leaked', '--json')).ledger.open).toMatchObject([
      { key: held, act: 'rotate' },
    ])
  })
})

describe('--kill', () => {
  it('turns off what is open, signed by itself, and says before what stops working', async () => {
    const ground = await lay({ name: 'sam' }, two('dual'))
    const held = (await ground.pair('dual')).id
    await ground.run('leaked', '--yes')
    const dry = await ground.run('leaked', '--kill', '--dry-run')
    expect(dry.stdout).toContain(`[dual]  ****${held.slice(-4)}`)
    expect(ground.statusOf('dual', held)).toBe('Active')
    const killed = await ground.run('leaked', '--kill', '--yes', '--json')
    expect(documentOf(killed).ledger.open).toEqual([])
    expect(ground.statusOf('dual', held)).toBe('Inactive')
    expect(await ground.works('sam')).toBe(true)
    const status = await ground.run('status', '--json')
    expect(JSON.parse(status.stdout)).toMatchObject({ changed: [] })
  })

  it('of several lets the one that signs for the others go last', async () => {
    const ground = await lay({ name: 'admin', admin: true }, { name: 'a' }, { name: 'b' })
    const ids = await Promise.all(['admin', 'a', 'b'].map(async (name) => (await ground.pair(name)).id))
    await ground.run('status', '--check')
    const killed = await ground.run('leaked', '--kill', ...ids, '--signer', 'admin', '--yes', '--json')
    expect(killed.code).toBe(0)
    const updates = ground.sandbox.calls.filter(({ action }) => action === 'UpdateAccessKey')
    expect(updates).toHaveLength(3)
    expect(updates.map(({ keyId }) => keyId)).toEqual([ids[0], ids[0], ids[0]])
    expect(['a', 'b', 'admin'].map((user, at) => ground.statusOf(user, ids[(at + 1) % 3]!))).toEqual([
      'Inactive',
      'Inactive',
      'Inactive',
    ])
  })
})
