import { expect, it, vi } from 'vitest'
import { Value } from 'typebox/value'
import { Changed } from '../api/inventory.ts'
import { CommandGround, type Exit } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 240_000 })
let ground: CommandGround

const changedIn = ({ stdout }: Exit) => (JSON.parse(stdout) as { changed: Changed[] }).changed

it('what others did after a run is told first and fails, and what Keyturn did is not', async () => {
  ground = await CommandGround.lay([{ name: 'on' }, { name: 'off' }, { name: 'made' }, { name: 'calm' }])
  const oldOn = await ground.pair('on')
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
  const left = await ground.run('status', '--check', '--json')
  expect([left.code, changedIn(left)]).toEqual([0, []])

  const off = await ground.pair('off')
  const { control } = ground.sandbox
  control.setStatus(oldOn.id, 'Active')
  control.setStatus(off.id, 'Inactive')
  for (const { id } of control.keys('made')) if (id !== (await ground.pair('made')).id) control.deleteKey(id)
  const stranger = control.addKey('made', { createdAt: Date.now() + 2_000 })
  const status = await ground.run('status', '--check', '--json')
  const changed = changedIn(status)
  expect(status.code).toBe(1)
  expect(changed.flatMap((each) => [...Value.Errors(Changed, each)])).toEqual([])
  expect(changed.map(({ key, what, user }) => [key, what, user])).toEqual([
    [oldOn.id, 'turned-on', 'on'],
    [off.id, 'refused', 'off'],
    [stranger.id, 'appeared', 'made'],
  ])
  for (const { after = '', before } of changed) expect(after < before).toBe(true)

  // Without a call it is told again, before all else.
  const calls = ground.sandbox.calls.length
  const text = await ground.run('status')
  expect([text.code, text.stdout.split('\n')[0]]).toEqual([1, 'Changed at AWS, and not by Keyturn:'])
  expect(ground.sandbox.calls.length).toBe(calls)
})

it('what Keyturn turned on itself is no change by others', async () => {
  ground = await CommandGround.lay([{ name: 'sam' }])
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
  const undone = await ground.run('undo', '--profile', 'sam', '--how', 'reactivate', '--yes')
  expect(undone.code).toBe(0)
  expect(changedIn(await ground.run('status', '--check', '--json'))).toEqual([])
})
