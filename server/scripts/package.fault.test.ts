import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

// It builds, packs and installs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
let base = ''
let folder = ''
let tarball = ''

beforeAll(async () => {
  base = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-install-'))
  folder = execFileSync(process.execPath, ['server/scripts/package.mjs'], { encoding: 'utf8' }).trim()
  const packed = execFileSync(npm, ['pack', folder, '--pack-destination', base, '--silent'], {
    encoding: 'utf8',
  })
  tarball = path.join(base, packed.trim())
})
afterAll(() => fs.rm(base, { recursive: true, force: true }))

it('needs one package and runs nothing, and has neither maps nor what only a clone needs', async () => {
  const manifest = JSON.parse(await fs.readFile(path.join(folder, 'package.json'), 'utf8')) as object
  expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['private']))
  for (const each of ['scripts', 'overrides', 'devDependencies', 'knip', 'private'])
    expect(manifest).not.toHaveProperty(each)
  expect(manifest).toMatchObject({ dependencies: { open: expect.stringMatching(/^\d/) as string } })
  const names = await fs.readdir(folder, { recursive: true })
  expect(names.filter((name) => name.endsWith('.map'))).toEqual([])
  for (const name of names.filter((each) => each.endsWith('.js')))
    expect(await fs.readFile(path.join(folder, name), 'utf8')).not.toMatch(/^\/\/# sourceMappingURL/m)
})

it('has the licence of everything that it bundles, and of nothing twice', async () => {
  const text = await fs.readFile(path.join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
  const parts = text.split(`\n\n${'-'.repeat(78)}\n\n`).slice(1)
  const names = parts.map((part) => part.split(' ')[0])
  expect(names).toEqual(expect.arrayContaining(['fastify', 'svelte', '@aws-sdk/client-iam', 'ini']))
  expect(names).not.toContain('vite')
  for (const part of parts) expect(part.length).toBeGreaterThan(400)
})

it('installs into an empty prefix without a script, and rotates there', async () => {
  const prefix = path.join(base, 'prefix')
  const args = [
    'install',
    '--global',
    '--prefix',
    prefix,
    '--ignore-scripts',
    '--engine-strict',
    '--no-audit',
  ]
  execFileSync(npm, [...args, '--no-fund', '--silent', tarball])
  const command = path.join(prefix, ...(process.platform === 'win32' ? ['keyturn.cmd'] : ['bin', 'keyturn']))
  const { status, stdout, stderr } = spawnSync(command, ['rotate', '--all', '--yes', '--demo'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: base },
  })
  // The demo has keys that cannot be rotated, to show how that is told.
  expect([status, stdout + stderr]).toEqual([
    1,
    expect.stringMatching(/\d+ of \d+ keys replaced\./) as string,
  ])
  const help = execFileSync(command, ['--help'], { encoding: 'utf8' })
  const readme = await fs.readFile(path.join(folder, 'README.md'), 'utf8')
  for (const [, word] of readme.matchAll(/^keyturn (\S+)/gm)) if (word !== '#') expect(help).toContain(word)
})
