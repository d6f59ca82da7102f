import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, it, vi } from 'vitest'
import { CommandGround, type Exit } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 240_000 })
let ground: CommandGround

interface Document {
  readonly exitCode: number
  readonly old: readonly Record<string, unknown>[]
  readonly problem?: { readonly name: string }
}
const documentOf = ({ stdout }: Exit) => JSON.parse(stdout) as Document

async function settings(change: object): Promise<void> {
  await fs.writeFile(path.join(ground.state, 'settings.json'), JSON.stringify(change), { mode: 0o600 })
}

it('old keys are listed without a call, and those that are quiet deleted by one command', async () => {
  ground = await CommandGround.lay([{ name: 'one' }, { name: 'two' }])
  expect(documentOf(await ground.run('old', '--json'))).toEqual({ exitCode: 0, old: [] })
  const [one, two] = [await ground.pair('one'), await ground.pair('two')]
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)

  const calls = ground.sandbox.calls.length
  const listed = documentOf(await ground.run('old', '--json'))
  expect(ground.sandbox.calls.length).toBe(calls)
  expect(listed.old).toHaveLength(2)
  expect(listed.old.find(({ id }) => id === one.id)).toMatchObject({
    user: 'one',
    state: 'inactive',
    quiet: false,
    replacedBy: (await ground.pair('one')).id,
    profiles: ['one'],
  })
  const early = await ground.run('old', '--delete', 'quiet', '--yes', '--json')
  expect([early.code, documentOf(early).problem?.name]).toEqual([3, 'no-old-keys'])

  // Quiet from the first day on.
  await settings({ quietDays: 0 })
  expect((await ground.run('old')).stdout).toContain('safe to delete')
  const dry = await ground.run('old', '--delete', 'quiet', '--dry-run')
  expect([dry.code, ground.statusOf('one', one.id)]).toEqual([0, 'Inactive'])
  const done = await ground.run('old', '--delete', 'quiet', '--yes', '--json')
  expect([done.code, documentOf(done).old]).toEqual([0, []])
  expect([ground.statusOf('one', one.id), ground.statusOf('two', two.id)]).toEqual([undefined, undefined])
  expect(await ground.works('one')).toBe(true)
})

it('one that is named is turned on again, or deleted, and no other', async () => {
  ground = await CommandGround.lay([{ name: 'one' }, { name: 'two' }])
  const [one, two] = [await ground.pair('one'), await ground.pair('two')]
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
  expect((await ground.run('old', '--reactivate', one.id, '--yes')).code).toBe(0)
  expect(ground.statusOf('one', one.id)).toBe('Active')
  expect((await ground.run('old', '--delete', two.id)).code).toBe(2)
  expect((await ground.run('old', '--delete', two.id, '--yes')).code).toBe(0)
  expect([ground.statusOf('one', one.id), ground.statusOf('two', two.id)]).toEqual(['Active', undefined])
  // One that a profile holds is not an old key.
  const held = await ground.run('old', '--delete', (await ground.pair('one')).id, '--yes', '--json')
  expect(held.code).toBe(1)
  expect(await ground.works('one')).toBe(true)
  const secret = await ground.run('old', '--delete', 'not a key id', '--yes')
  expect([secret.code, secret.stderr]).toEqual([2, expect.not.stringContaining('not a key id')])
})
