import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { expect, it, vi } from 'vitest'
import { CommandGround, type Exit } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 240_000 })

const documentOf = ({ stdout }: Exit) => JSON.parse(stdout) as Record<string, never>
const day = 86_400_000

it('old keys are kept until their day, told when it has come, turned off by one command, and deleted once quiet', async () => {
  const ground = await CommandGround.lay([{ name: 'one' }, { name: 'two' }])
  const [one, two] = [await ground.pair('one'), await ground.pair('two')]
  const rotated = await ground.run('rotate', '--all', '--old-key', 'keep', '--for', '7d', '--yes')
  expect(rotated.code).toBe(0)
  expect(rotated.stdout).toContain('The old keys stay active for 7 days.')
  const early = await ground.run('status', '--json')
  expect([early.code, documentOf(early)]).toMatchObject([0, { oldKeys: [], quiet: { count: 0, later: [] } }])
  const kept = documentOf(await ground.run('old', '--json'))
  expect(kept).toMatchObject({ old: [{ id: one.id, state: 'active', keptUntil: expect.any(String) }, {}] })
  expect((await ground.run('tidy', '--yes')).code).toBe(3)
  // Until then it makes no room unasked.
  const plan = documentOf(await ground.run('rotate', '--all', '--dry-run', '--json'))
  expect(plan).toMatchObject({ plan: { makeRoom: [{ class: 'kept', decided: false }, { class: 'kept' }] } })

  ground.passDays(7)
  const sts = new STSClient({
    endpoint: ground.sandbox.url,
    region: 'us-east-1',
    credentials: { accessKeyId: two.id, secretAccessKey: two.secret },
    systemClockOffset: 7 * day,
  })
  await sts.send(new GetCallerIdentityCommand())
  sts.destroy()
  ground.passDays(1)
  const due = await ground.run('status')
  expect([due.code, due.stdout]).toEqual([1, expect.stringContaining('due to be turned off')])
  expect(due.stdout).toContain(ground.hint('tidy'))

  expect((await ground.run('tidy', '--json')).code).toBe(2)
  const dry = await ground.run('tidy', '--dry-run')
  expect(dry.code).toBe(0)
  expect(dry.stdout.split('\n')[0]).toBe('Something still uses 1 old key, whose grace is over:')
  expect(ground.statusOf('one', one.id)).toBe('Active')
  const off = await ground.run('tidy', '--yes', '--json')
  expect([off.code, documentOf(off)]).toMatchObject([
    0,
    { turnedOff: [one.id, two.id], deleted: [], stillUsed: [{ id: two.id, user: 'two' }] },
  ])
  expect([ground.statusOf('one', one.id), ground.statusOf('two', two.id)]).toEqual(['Inactive', 'Inactive'])

  // Off for seven days from now on, not from the rotation.
  const later = await ground.run('status', '--json')
  expect([later.code, documentOf(later)]).toMatchObject([
    0,
    { quiet: { count: 0, later: [{ id: one.id }, {}] } },
  ])
  expect((await ground.run('tidy', '--yes')).code).toBe(3)

  ground.passDays(8)
  expect((await ground.run('status')).stdout).toContain('Old keys that are off: 2 quiet.')
  const gone = await ground.run('tidy', '--yes', '--json')
  expect([gone.code, documentOf(gone)]).toMatchObject([0, { turnedOff: [], deleted: [one.id, two.id] }])
  expect([ground.statusOf('one', one.id), ground.statusOf('two', two.id)]).toEqual([undefined, undefined])
  expect((await ground.run('status', '--check')).code).toBe(0)
})

it('one that the person turned on again is kept without a day', async () => {
  const ground = await CommandGround.lay([{ name: 'one' }])
  const { id } = await ground.pair('one')
  expect((await ground.run('rotate', '--all', '--old-key', 'keep', '--for', '1d', '--yes')).code).toBe(0)
  ground.passDays(2)
  expect((await ground.run('tidy', '--yes')).code).toBe(0)
  expect((await ground.run('old', '--reactivate', id, '--yes')).code).toBe(0)
  expect((await ground.run('tidy', '--yes')).code).toBe(3)
  expect(ground.statusOf('one', id)).toBe('Active')
})

it('by a clock that AWS’s contradicts nothing is turned off or deleted', async () => {
  const ground = await CommandGround.lay([{ name: 'one' }])
  const { id } = await ground.pair('one')
  expect((await ground.run('rotate', '--all', '--old-key', 'keep', '--for', '7d', '--yes')).code).toBe(0)
  ground.passDays(30)
  ground.sandbox.control.behave({ clockOffsetMs: 0 })
  expect((await ground.run('tidy', '--yes')).code).toBe(3)
  expect(ground.statusOf('one', id)).toBe('Active')
  // Nor is a key taken for overdue that by AWS's clock is not.
  const plan = await ground.run('rotate', '--older-than', '10d', '--dry-run', '--json')
  expect(documentOf(plan)).toMatchObject({ plan: { rotate: [], skip: [{ reason: { name: 'younger' } }] } })
})
