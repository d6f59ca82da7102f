import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

// It builds, packs and installs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })
const run = promisify(execFile)
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

interface Sbom {
  readonly components: readonly {
    readonly 'bom-ref': string
    readonly purl: string
    readonly hashes?: readonly { readonly content: string }[]
    readonly licenses: readonly unknown[]
  }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

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

it('lists the same for programs, with what its one dependency brings', async () => {
  const licences = await fs.readFile(path.join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
  const bundled = licences
    .split(`\n\n${'-'.repeat(78)}\n\n`)
    .slice(1)
    .map((part) => part.split(' ').slice(0, 2).join('@'))
  const sbom = JSON.parse(await fs.readFile(path.join(folder, 'sbom.cdx.json'), 'utf8')) as Sbom
  expect(sbom).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: expect.stringMatching(/^1\.\d$/) as string,
    metadata: { component: { name: 'keyturn' } },
  })
  const listed = sbom.components.map((each) => each['bom-ref'])
  expect(listed).toEqual(expect.arrayContaining(bundled))
  const open = listed.find((ref) => ref.startsWith('open@')) ?? ''
  const brought = new Set([open])
  for (const ref of brought)
    for (const each of sbom.dependencies.find((one) => one.ref === ref)?.dependsOn ?? []) brought.add(each)
  expect(brought.size).toBeGreaterThan(5)
  expect(new Set(listed)).toEqual(new Set([...bundled, ...brought]))
  for (const each of sbom.components) {
    expect(each.purl).toMatch(/^pkg:npm\/.+@\d/)
    expect(each.hashes?.[0]?.content, each['bom-ref']).toMatch(/^[0-9a-f]{128}$/)
    expect(each.licenses, each['bom-ref']).not.toEqual([])
  }
})

/** What whoever installed it does first. @param node whose folder comes first in PATH */
async function expectThatItWorks(command: string, node: string): Promise<void> {
  const env = { PATH: [path.dirname(node), process.env['PATH']].join(path.delimiter), HOME: base }
  // The demo has keys that cannot be rotated, to show how that is told.
  await expect(run(command, ['rotate', '--all', '--yes', '--demo'], { env })).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/\d+ of \d+ keys replaced\./) as string,
  })
  const demo = spawn(command, ['--demo', '--no-open'], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(demo, 'exit')
  const [first] = (await once(demo.stdout, 'data')) as [Buffer]
  const link = /ready: (\S+)/.exec(String(first))?.[1] ?? ''
  expect(await (await fetch(link)).text()).toContain('<title>Keyturn')
  demo.kill('SIGINT')
  expect(await ended).toEqual([0, null])
}

const platform = process.platform === 'win32' ? 'win' : process.platform

/** The one file of a package, of the version that the registry gives for `wanted`; undefined where it gives none. */
async function fromRegistry(wanted: string, file: string): Promise<string | undefined> {
  const into = await fs.mkdtemp(path.join(base, 'registry-'))
  const args = ['pack', wanted, '--silent', '--prefer-offline', '--pack-destination', into]
  const packed = await run(npm, args).catch(() => undefined)
  if (!packed) return undefined
  const [archive = ''] = await fs.readdir(into)
  await run('tar', ['xzf', path.join(into, archive), '-C', into])
  return path.join(into, 'package', file)
}

/** Runs npm's own program under that Node, which then asks for the package's engines by that Node. */
async function npmUnder(node: string, ...args: string[]): Promise<void> {
  const packages = (await run(npm, ['root', '--global'])).stdout.trim()
  const cli = path.join(packages, 'npm', 'bin', 'npm-cli.js')
  await run(node, [cli, ...args, '--no-audit', '--no-fund', '--silent'])
}

it.concurrent.for(['this one', '20.19.0', '22.12.0', '24', 'latest'])(
  'installs into an empty prefix without a script, opens and rotates there, under Node %s',
  async (version, { skip, expect }) => {
    const node =
      version === 'this one'
        ? process.execPath
        : await fromRegistry(`node-${platform}-${process.arch}@${version}`, 'bin/node')
    if (node === undefined) return skip('the registry gives no such Node for this machine')
    const prefix = path.join(base, `prefix-${version}`)
    await npmUnder(
      node,
      'install',
      '--global',
      '--prefix',
      prefix,
      '--ignore-scripts',
      '--engine-strict',
      tarball,
    )
    const command = path.join(
      prefix,
      ...(process.platform === 'win32' ? ['keyturn.cmd'] : ['bin', 'keyturn']),
    )
    await expectThatItWorks(command, node)
    const help = (await run(command, ['--help'])).stdout
    const readme = await fs.readFile(path.join(folder, 'README.md'), 'utf8')
    for (const [, word] of readme.matchAll(/^keyturn (\S+)/gm)) if (word !== '#') expect(help).toContain(word)
  },
)

const managers: [string, string, string, string[]][] = [
  ['pnpm', 'pnpm@10', 'bin/pnpm.cjs', ['add', '--ignore-scripts', '--config.engine-strict=true']],
  ['yarn 1', 'yarn@1', 'bin/yarn.js', ['add', '--ignore-scripts', '--non-interactive', '--silent']],
  ['bun', `@oven/bun-${platform}-${process.arch}@latest`, 'bin/bun', ['add', '--ignore-scripts']],
]
it.concurrent.for(managers)(
  'is added to a project by %s, and works there',
  async ([, wanted, file, args], { expect }) => {
    const program = await fromRegistry(wanted, file)
    expect(program, `${wanted} from the registry`).toBeDefined()
    const project = await fs.mkdtemp(path.join(base, 'project-'))
    await fs.writeFile(path.join(project, 'package.json'), '{"name":"of-mine","private":true}')
    const words = [...(file.endsWith('js') ? [process.execPath] : []), program ?? '', ...args, tarball]
    await run(words[0] ?? '', words.slice(1), { cwd: project })
    await expectThatItWorks(path.join(project, 'node_modules', '.bin', 'keyturn'), process.execPath)
  },
)
