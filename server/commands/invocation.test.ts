import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { invocationOf, type Start } from './invocation.ts'

let base: string
beforeEach(() => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'keyturn-invocation-'))
  onTestFinished(() => fs.rmSync(base, { recursive: true, force: true }))
})

/** A package with its script. @returns the start by `node SCRIPT` */
function installed(folder: string, change: Partial<Start> = {}): Start {
  const root = path.join(base, folder)
  const script = path.join(root, 'dist', 'server', 'main.js')
  fs.mkdirSync(path.dirname(script), { recursive: true })
  fs.writeFileSync(path.join(root, 'package.json'), '{"name":"keyturn"}')
  fs.writeFileSync(script, '#!/usr/bin/env node\n', { mode: 0o755 })
  return {
    script,
    node: process.execPath,
    nodeOptions: [],
    env: { PATH: '' },
    cwd: base,
    platform: 'linux',
    root,
    ...change,
  }
}

function put(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text, { mode: 0o755 })
}

describe('invocationOf', () => {
  it('is node and the script where nothing else is known', () => {
    const start = installed('clone')
    expect(invocationOf(start)).toEqual([process.execPath, start.script])
    const bin = path.join(base, 'bin')
    fs.mkdirSync(bin)
    fs.symlinkSync(process.execPath, path.join(bin, 'node'))
    expect(invocationOf({ ...start, env: { PATH: bin }, nodeOptions: ['--use-system-ca'] })).toEqual([
      'node',
      '--use-system-ca',
      start.script,
    ])
  })

  it('is keyturn where the shell finds this one under the name', () => {
    const start = installed('lib/node_modules/keyturn')
    const bin = path.join(base, 'bin')
    fs.mkdirSync(bin)
    fs.symlinkSync(start.script, path.join(bin, 'keyturn'))
    const env = { PATH: `${path.join(base, 'none')}:${bin}` }
    expect(invocationOf({ ...start, script: path.join(bin, 'keyturn'), env })).toEqual(['keyturn'])
    // Another one of the name is another program.
    expect(invocationOf(installed('clone', { env }))[0]).toBe(process.execPath)
  })

  it.each([
    ['linux', 'keyturn', 'exec node "$basedir/../global/5/node_modules/keyturn/dist/server/main.js" "$@"\n'],
    ['win32', 'keyturn.cmd', 'node "%dp0%\\node_modules\\keyturn\\dist\\server\\main.js" %*\r\n'],
  ] as const)('is keyturn where a script of %s starts it', (platform, name, text) => {
    put(path.join(base, 'bin', name), text)
    const start = installed('node_modules/keyturn', { platform, env: { PATH: path.join(base, 'bin') } })
    expect(invocationOf(start)).toEqual(['keyturn'])
  })

  it('is npm start, or what starts the clone, from where the person is', () => {
    const start = installed('clone')
    const env = { npm_package_json: path.join(start.root, 'package.json'), npm_lifecycle_event: 'start' }
    const ran = (more: Record<string, string>) =>
      invocationOf({ ...start, cwd: start.root, env: { ...env, ...more } })
    expect(ran({ INIT_CWD: start.root })).toEqual(['npm', 'start', '--'])
    expect(ran({ INIT_CWD: path.join(start.root, 'dist') })).toEqual(['npm', 'start', '--'])
    expect(ran({ INIT_CWD: base })).toEqual(['npm', '--prefix', start.root, 'start', '--'])
    expect(ran({ npm_config_user_agent: 'pnpm/10.0.0 node/v22' })).toEqual(['pnpm', 'start'])
    expect(ran({ npm_config_user_agent: 'bun/1.2 npm/?' })).toEqual(['bun', 'run', 'start'])
    // A start script of another package that runs this one.
    expect(ran({ npm_package_json: path.join(base, 'package.json') })[0]).toBe(process.execPath)
  })

  it('is npx with what npx was asked for', () => {
    const env = { npm_command: 'exec', npm_lifecycle_event: 'npx' }
    const start = installed('_npx/0123abcd/node_modules/keyturn', { env })
    const manifest = path.join(base, '_npx', '0123abcd', 'package.json')
    expect(invocationOf(start)).toEqual(['npx', 'keyturn'])
    put(manifest, JSON.stringify({ _npx: { packages: ['keyturn@1.2.3'] } }))
    expect(invocationOf(start)).toEqual(['npx', 'keyturn@1.2.3'])
    put(manifest, JSON.stringify({ _npx: { packages: ['keyturn', 'x'] } }))
    expect(invocationOf(start)).toEqual(['npx', '-p', 'keyturn', '-p', 'x', 'keyturn'])
    expect(invocationOf(installed('node_modules/keyturn', { env }))).toEqual(['npx', 'keyturn'])
  })

  it.each([
    ['dlx-1234/node_modules/keyturn', 'pnpm/10.0.0', ['pnpm', 'dlx', 'keyturn']],
    ['dlx-1234/node_modules/keyturn', 'yarn/4.1.0', ['yarn', 'dlx', 'keyturn']],
    ['bunx-0-keyturn@latest/node_modules/keyturn', 'bun/1.2', ['bunx', 'keyturn']],
  ])('knows %s of %s', (folder, agent, words) => {
    expect(invocationOf(installed(folder, { env: { npm_config_user_agent: agent } }))).toEqual(words)
  })

  it.skipIf(process.platform === 'win32')('is what a real npm start makes of it', () => {
    const start = installed('clone')
    const probe = path.join(import.meta.dirname, 'invocation.ts')
    put(
      start.script,
      `import(${JSON.stringify(probe)}).then(({ invocationOf }) => console.log(JSON.stringify(invocationOf({ script: process.argv[1], node: process.execPath, nodeOptions: [], env: process.env, cwd: process.cwd(), platform: process.platform, root: ${JSON.stringify(start.root)} }))))\n`,
    )
    put(
      path.join(start.root, 'package.json'),
      JSON.stringify({
        name: 'keyturn',
        version: '1.0.0',
        type: 'module',
        bin: 'dist/server/main.js',
        scripts: {
          start: `node --import ${JSON.stringify(path.resolve('node_modules/tsx/dist/esm/index.mjs'))} dist/server/main.js`,
        },
      }),
    )
    const run = (...words: string[]) =>
      JSON.parse(
        execFileSync('npm', ['--silent', ...words], {
          cwd: start.root,
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], HOME: base },
        }),
      ) as string[]
    expect(run('start')).toEqual(['npm', 'start', '--'])
  })
})
