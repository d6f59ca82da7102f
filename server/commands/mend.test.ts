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

it('a file that is lost: status tells it, mend shows what it writes, and writes it; what was taken out is told no more', async () => {
  ground = await CommandGround.lay([{ name: 'one' }, { name: 'two' }])
  await fs.appendFile(ground.credentials, 'region = eu-north-1\n')
  expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
  const [one, two] = [await ground.pair('one'), await ground.pair('two')]
  await fs.rm(ground.credentials)

  const calls = ground.sandbox.calls.length
  const status = await ground.run('status', '--json')
  const gone = { file: 'credentials', holds: null, anew: { path: ground.credentials } }
  expect([status.code, documentOf(status)]).toMatchObject([
    1,
    {
      wentBack: [
        { profile: 'one', should: one.id, ...gone },
        { profile: 'two', should: two.id, ...gone },
      ],
    },
  ])
  const told = await ground.run('status')
  expect(told.stdout).toContain('2 profiles gone from a file:')
  expect(ground.sandbox.calls.length).toBe(calls)

  const dry = await ground.run('mend', '--dry-run')
  expect(dry.code).toBe(0)
  expect(dry.stdout).toContain(
    `Will write 2 profiles anew in ${ground.credentials}:\n  + [one]\n  + aws_access_key_id = ${one.id}\n  + aws_secret_access_key = ••••••••\n  + [two]`,
  )
  expect(dry.stdout).toContain('  + region = eu-north-1')
  expect(dry.stdout + dry.stderr).not.toContain(one.secret)
  await expect(fs.stat(ground.credentials)).rejects.toThrow('ENOENT')

  const first = await ground.run('mend', '--profile', 'two', '--yes', '--json')
  expect([first.code, documentOf(first)]).toMatchObject([
    0,
    { mended: [{ profile: 'two', file: 'credentials', from: null, to: two.id }], left: [], exitCode: 0 },
  ])
  expect(await fs.readFile(ground.credentials, 'utf8')).toBe(
    `[two]\naws_access_key_id = ${two.id}\naws_secret_access_key = ${two.secret}\nregion = eu-north-1\n`,
  )
  expect((await ground.run('mend', '--taken-out', 'two')).code).toBe(3)
  const away = await ground.run('mend', '--taken-out', 'one', '--json')
  expect([away.code, documentOf(away)]).toMatchObject([0, { takenOut: ['one'] }])
  expect((await ground.run('status')).code).toBe(0)
})
