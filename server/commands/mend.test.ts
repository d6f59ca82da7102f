import fs from 'node:fs/promises'
import { expect, it, vi } from 'vitest'
import { CommandGround, type Exit } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 240_000 })
let ground: CommandGround

const documentOf = ({ stdout }: Exit) => JSON.parse(stdout) as Record<string, never>

it('an old copy of the file: status tells it, mend puts the new pairs back, and says what it left', async () => {
  ground = await CommandGround.lay([{ name: 'one' }, { name: 'two' }])
  const nothing = await ground.run('mend', '--yes', '--json')
  expect([nothing.code, documentOf(nothing)]).toMatchObject([3, { problem: { name: 'nothing-to-mend' } }])

  const old = await fs.readFile(ground.credentials)
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
  const rotated = await fs.readFile(ground.credentials, 'utf8')
  const [one, two] = [await ground.pair('one'), await ground.pair('two')]
  await fs.writeFile(ground.credentials, old)
  const [wasOne] = [await ground.pair('one')]

  const calls = ground.sandbox.calls.length
  const status = await ground.run('status', '--json')
  expect([status.code, documentOf(status)]).toMatchObject([
    1,
    {
      wentBack: [
        { profile: 'one', file: 'credentials', holds: wasOne.id, should: one.id },
        { profile: 'two', file: 'credentials', should: two.id },
      ],
    },
  ])
  expect((await ground.run('status')).stdout.split('\n')[0]).toBe(
    '2 profiles went back to a key that was replaced:',
  )
  expect(ground.sandbox.calls.length).toBe(calls)

  const dry = await ground.run('mend', '--dry-run', '--json')
  expect([dry.code, documentOf(dry)]).toMatchObject([0, { mended: [], would: [{ profile: 'one' }, {}] }])
  expect(await fs.readFile(ground.credentials)).toEqual(old)

  const first = await ground.run('mend', '--profile', 'one', '--yes', '--json')
  expect([first.code, documentOf(first)]).toMatchObject([
    0,
    { mended: [{ profile: 'one', file: 'credentials', from: wasOne.id, to: one.id }], left: [], exitCode: 0 },
  ])
  expect((await ground.pair('two')).id).not.toBe(two.id)

  const rest = await ground.run('mend', '--yes', '--json')
  expect([rest.code, documentOf(rest)]).toMatchObject([0, { mended: [{ profile: 'two' }], left: [] }])
  expect(await fs.readFile(ground.credentials, 'utf8')).toBe(rotated)
  expect((await ground.run('status')).code).toBe(0)

  // Without a copy it says who can help, and changes nothing.
  await fs.writeFile(ground.credentials, old)
  for (const name of await fs.readdir(`${ground.state}/undo`)) await fs.rm(`${ground.state}/undo/${name}`)
  const lost = await ground.run('mend', '--yes', '--json')
  expect([lost.code, documentOf(lost)]).toMatchObject([
    1,
    { mended: [], left: [{ profile: 'one', reason: { name: 'no-copy' } }, { profile: 'two' }] },
  ])
  expect(await fs.readFile(ground.credentials)).toEqual(old)
})
