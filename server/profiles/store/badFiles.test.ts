import { execFile, execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Trouble } from '../../api/problem.ts'
import { pair, section, StoreFixture, troubleOf } from '../testing/storeFixture.ts'

let files: StoreFixture
beforeEach(() => {
  files = new StoreFixture()
})
afterEach(() => files.remove())

const preflight = () => troubleOf(files.open({ lockPatienceMs: 100 }).preflight(['credentials']))
const change = [{ file: 'credentials' as const, profile: 'a', from: pair(1), to: pair(2) }]

describe('refused before a key is made, with the reason', () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['missing', async () => undefined, /not there/],
    ['a directory', () => fs.mkdir(files.credentials), /a directory/],
    ['a FIFO', async () => execFileSync('mkfifo', [files.credentials]), /FIFO/],
    ['a dangling link', () => fs.symlink('nowhere', files.credentials), /symbolic link to nowhere/],
    ['links in a circle', () => fs.symlink(files.credentials, files.credentials), /circle/],
    ['mode 0400', () => files.put('credentials', section('a', 1), 0o400), /0400/],
  ])('%s', async (_, make, words) => {
    await make()
    const trouble = await preflight()
    expect(trouble).toMatchObject({
      name: 'file-unwritable',
      detail: expect.stringMatching(words),
      remedy: expect.any(String),
    })
    expect(await files.leftOver()).toEqual([])
    const snapshot = await files.open().read()
    expect(snapshot.files.credentials.writable).toBe(false)
  })

  it('a config file alone does not need the credentials file', async () => {
    await files.put('config', section('profile b', 1))
    const store = files.open()
    await store.preflight(['config'])
    await store.swap([{ file: 'config', profile: 'b', from: pair(1), to: pair(2) }])
    expect(await files.text('config')).toBe(section('profile b', 2))
    await store.release()
  })
})

const worker = fileURLToPath(new URL('../testing/preflightWorker.ts', import.meta.url))
const old = `[a]\naws_access_key_id = AKIAOLD0000000000000\naws_secret_access_key = ${'s'.repeat(40)}\n`
type Outcome = { readonly preflight: Trouble; readonly swap: Trouble }

describe('in a child process', () => {
  it('a disk that is really full: the old bytes are intact', { timeout: 60_000 }, async () => {
    await files.put('credentials', old + `# ${'x'.repeat(200_000)}\n`)
    // ulimit counts KiB in bash; the signal that would kill the process is ignored, so that writes fail with EFBIG.
    const script = `trap '' XFSZ; ulimit -f 100; exec "$0" --import tsx "$1" "$2"`
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-c', script, process.execPath, worker, files.credentials],
      { env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    )
    const outcome = JSON.parse(stdout) as Outcome
    expect(outcome.preflight).toMatchObject({ name: 'file-unwritable', code: 'EFBIG' })
    expect(outcome.swap).toMatchObject({ name: 'file-write', code: 'EFBIG' })
    expect(await files.text('credentials')).toBe(old + `# ${'x'.repeat(200_000)}\n`)
    expect(await files.leftOver()).toEqual([])
  })

  it.skipIf(process.getuid?.() !== 0)(
    'a directory that is read-only for the user',
    { timeout: 60_000 },
    async () => {
      await files.put('credentials', old)
      await fs.chown(files.credentials, 65534, 65534)
      await fs.chmod(files.directory, 0o755)
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', worker, files.credentials, '65534'],
        { env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
      )
      const outcome = JSON.parse(stdout) as Outcome
      expect(outcome.preflight).toMatchObject({
        name: 'file-unwritable',
        detail: expect.stringContaining('read-only for you'),
      })
      expect(outcome.swap.name).toBe('file-unwritable')
      expect(await files.text('credentials')).toBe(old)
    },
  )

  it.skipIf(process.getuid?.() !== 0)('a file of another user', { timeout: 60_000 }, async () => {
    await files.put('credentials', old, 0o666)
    await fs.chmod(files.credentials, 0o666)
    await fs.chmod(files.directory, 0o777)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', worker, files.credentials, '65534'],
      { env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    )
    expect((JSON.parse(stdout) as Outcome).preflight).toMatchObject({
      name: 'file-unwritable',
      detail: expect.stringContaining('another user'),
    })
  })

  const immutable = process.getuid?.() === 0 && spawnSync('chattr', ['-V']).error === undefined
  it.skipIf(!immutable).each([
    ['immutable', 'i'],
    ['append-only', 'a'],
  ])('a directory that is marked %s: nothing is left in it', async (_, flag) => {
    await files.put('credentials', section('a', 1))
    const before = await fs.readdir(files.directory)
    if (spawnSync('chattr', [`+${flag}`, files.directory]).status !== 0) return
    try {
      const { directory } = files
      expect(await preflight()).toMatchObject({
        name: 'file-unwritable',
        detail: expect.stringContaining(`its directory ${directory} is protected against changes`),
        remedy: `Take the protection off: chattr -i -a ${directory}`,
        code: 'EPERM',
      })
      expect((await files.open().read()).files.credentials).toMatchObject({ state: 'ok', writable: false })
      expect(await fs.readdir(directory)).toEqual(before)
    } finally {
      execFileSync('chattr', [`-${flag}`, files.directory])
    }
  })

  it.skipIf(!immutable).each([
    ['immutable', 'i'],
    ['append-only', 'a'],
  ])('a file that is marked %s, for root too', async (_, flag) => {
    await files.put('credentials', section('a', 1))
    if (spawnSync('chattr', [`+${flag}`, files.credentials]).status !== 0) return
    try {
      expect(await preflight()).toMatchObject({
        name: 'file-unwritable',
        detail: expect.stringContaining('protected against changes'),
        remedy: expect.stringContaining('chattr -i -a'),
        code: 'EPERM',
      })
      expect((await files.open().read()).files.credentials).toMatchObject({ state: 'ok', writable: false })
    } finally {
      execFileSync('chattr', [`-${flag}`, files.credentials])
    }
    expect(await files.leftOver()).toEqual([])
  })

  it('a file that is mounted by itself', async (context) => {
    await files.put('credentials', section('a', 1))
    const other = path.join(files.directory, 'other')
    await fs.writeFile(other, section('a', 1))
    if (spawnSync('mount', ['--bind', other, files.credentials]).status !== 0) return context.skip()
    try {
      expect(await preflight()).toMatchObject({
        name: 'file-unwritable',
        detail: expect.stringContaining('mounted by itself'),
      })
    } finally {
      execFileSync('umount', [files.credentials])
    }
  })
})

describe('kept as it was', () => {
  it('a chain of links, with mode and owner of what it leads to', async () => {
    const real = path.join(files.directory, 'real')
    await fs.writeFile(real, section('a', 1), { mode: 0o640 })
    if (process.getuid?.() === 0) await fs.chown(real, 1234, 1235)
    const before = await fs.stat(real)
    await fs.symlink('real', path.join(files.directory, 'middle'))
    await fs.symlink(path.join(files.directory, 'middle'), files.credentials)
    const store = files.open()
    await store.swap(change)
    await store.release()
    expect((await fs.lstat(files.credentials)).isSymbolicLink()).toBe(true)
    expect(await fs.readFile(real, 'utf8')).toBe(section('a', 2))
    const after = await fs.stat(real)
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid])
    expect((await store.read()).files.credentials.target).toBe(await fs.realpath(real))
  })

  it('a hard link is warned about', async () => {
    await files.put('credentials', section('a', 1))
    await fs.link(files.credentials, path.join(files.directory, 'second'))
    const { credentials } = (await files.open().read()).files
    expect(credentials.problems.map(({ trouble }) => trouble.name)).toEqual(['hard-link'])
    expect(credentials.writable).toBe(true)
  })

  it('a loose mode is shown, and tightened on request', async () => {
    await files.put('credentials', section('a', 1), 0o644)
    const store = files.open()
    expect((await store.read()).files.credentials).toMatchObject({ mode: '0644', loose: true })
    await store.tighten('credentials')
    expect((await store.read()).files.credentials).toMatchObject({ mode: '0600', loose: false })
  })
})

describe('an empty or half-written file', () => {
  it('is waited out where it held profiles', async () => {
    await files.put('credentials', section('a', 1))
    const store = files.open()
    await store.read()
    await fs.truncate(files.credentials, 0)
    const reading = store.read()
    setImmediate(() => void fs.writeFile(files.credentials, section('a', 1) + section('b', 2)))
    expect((await reading).profiles.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('is told after a while', async () => {
    await files.put('credentials', '')
    expect((await files.open().read()).files.credentials.state).toBe('empty')
    expect((await files.open().read()).files.config.state).toBe('missing')
  })

  it('what a crash left beside the files is removed at the first read', async () => {
    await files.put('credentials', section('a', 1))
    await fs.writeFile(path.join(files.directory, '.credentials.keyturn-0123456789abcdef.tmp'), 'secret')
    await files.open().read()
    expect(await files.leftOver()).toEqual([])
  })
})
