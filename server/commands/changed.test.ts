import { DeleteUserPolicyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { expect, it, vi } from 'vitest'
import { Value } from 'typebox/value'
import { Changed } from '../api/inventory.ts'
import { clientsOf } from '../sandbox/testing/clients.ts'
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

it('what the person did is put away by name, over restarts, until it comes about anew', async () => {
  ground = await CommandGround.lay([{ name: 'sam' }])
  const old = await ground.pair('sam')
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
  const { control } = ground.sandbox
  control.setStatus(old.id, 'Active')
  expect((await ground.run('status', '--check')).stdout).toContain(
    ground.hint(`status --mine ${old.id.slice(-4)}`),
  )
  const mine = await ground.run('status', '--mine', old.id.slice(-4), '--json')
  expect(changedIn(mine)).toEqual([])
  for (const line of [['status'], ['status', '--check'], ['status', '--check']])
    expect(changedIn(await ground.run(...line, '--json'))).toEqual([])
  const again = await ground.run('status', '--mine', old.id, '--json')
  expect([again.code, JSON.parse(again.stdout)]).toMatchObject([3, { problem: { name: 'unknown-change' } }])

  // Off, and seen to be; then on once more.
  control.setStatus(old.id, 'Inactive')
  expect(changedIn(await ground.run('status', '--check', '--json'))).toEqual([])
  control.setStatus(old.id, 'Active')
  expect(changedIn(await ground.run('status', '--check', '--json'))).toMatchObject([
    { key: old.id, what: 'turned-on' },
  ])
})

it('a policy of Keyturn’s and MFA devices that it knows of are looked at by a check, and nobody else’s are', async () => {
  const policies = ['Put', 'Get', 'Delete'].map((act) => `iam:${act}UserPolicy`)
  const mfaDevices = [{ name: 'phone', enabledAt: Date.now() - 3_600_000 }]
  ground = await CommandGround.lay([
    { name: 'ann', alsoAllow: policies, mfaDevices },
    { name: 'bob', mfaDevices },
  ])
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
  expect((await ground.run('status', '--check')).code).toBe(0)
  expect(ground.actions).not.toContain('ListMFADevices')
  expect(ground.actions).not.toContain('GetUserPolicy')
  const ended = await ground.run('after', '--end-sessions', '--yes', '--profile', 'ann')
  expect(ended.code, ended.stdout + ended.stderr).toBe(0)
  expect(changedIn(await ground.run('status', '--check', '--json'))).toEqual([])

  const { mfa } = ground.sandbox.control.others('ann')
  const [phone] = mfa.splice(0, 1)
  mfa.push({ ...phone!, serial: 'arn:aws:iam::123456789012:mfa/theirs' })
  const { iam } = clientsOf(ground.sandbox, await ground.pair('ann'))
  const named = { UserName: 'ann', PolicyName: 'AWSRevokeOlderSessions' }
  await iam.send(new DeleteUserPolicyCommand(named))
  const told = changedIn(await ground.run('status', '--check', '--json'))
  expect(told.map(({ what, thing, user }) => [what, thing, user])).toEqual([
    ['policy-gone', named.PolicyName, 'ann'],
    ['device-gone', phone?.serial, 'ann'],
    ['device-added', 'arn:aws:iam::123456789012:mfa/theirs', 'ann'],
  ])
  expect(told.flatMap((each) => [...Value.Errors(Changed, each)])).toEqual([])
  const text = await ground.run('status')
  expect(text.stdout).toMatch(/AWSRevokeOlderSessions of ann ended older sessions, and is no longer/)

  // What the person did is put away by the thing's own name; the others stay.
  const left = changedIn(await ground.run('status', '--mine', phone!.serial, '--json'))
  expect(left.map(({ what }) => what)).toEqual(['policy-gone', 'device-added'])

  const PolicyDocument = JSON.stringify({ Statement: [{ Effect: 'Deny', Action: 's3:*', Resource: '*' }] })
  await iam.send(new PutUserPolicyCommand({ ...named, PolicyDocument }))
  expect(changedIn(await ground.run('status', '--check', '--json'))[0]?.what).toBe('policy-changed')
  await iam.send(new DeleteUserPolicyCommand(named))
  await ground.run('after', '--end-sessions', '--yes', '--profile', 'ann')
  const put = changedIn(await ground.run('status', '--check', '--json'))
  expect(put.map(({ what }) => what)).toEqual(['device-added'])
})
