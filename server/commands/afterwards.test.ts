import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { Value } from 'typebox/value'
import { Key, OldKey } from '../api/inventory.ts'
import { Run } from '../api/run.ts'
import type { UserSeed } from '../sandbox/seed.ts'
import type { Due } from './due.ts'
import { CommandGround, type Exit } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 })
const day = 86_400_000
const born = (days: number) => ({ createdAt: Date.now() - days * day })

const lay = (...users: UserSeed[]) => CommandGround.lay(users)

const documentOf = ({ stdout }: Exit) => JSON.parse(stdout) as Due & { exitCode: number; runs: Run[] }

/** Rotates all, and is killed at the first such call. @returns nothing: the process is dead when it resolves */
async function killedAt(ground: CommandGround, action: string, at: 'before' | 'after'): Promise<void> {
  const command = ground.start(['rotate', '--all', '--yes'])
  const off = ground.sandbox.control.onCall(async (call, phase) => {
    if (call.action !== action || phase !== at) return
    command.process.kill('SIGKILL')
    await command.exit
  })
  expect((await command.exit).signal).toBe('SIGKILL')
  off()
}

describe('keyturn status', () => {
  it('tells what the last check found, without a call, a lock or a write', async () => {
    const ground = await lay({ name: 'old' }, { name: 'young', keys: [born(3)] })
    const before = await ground.everything()
    const unchecked = await ground.run('status', '--json')
    expect(unchecked.code).toBe(1)
    expect(documentOf(unchecked).unchecked).toHaveLength(2)
    expect(ground.sandbox.calls).toEqual([])
    expect(await ground.everything()).toEqual(before)

    expect((await ground.run('status', '--check')).stdout).toContain('1 key older than 90 days:')
    const calls = ground.sandbox.calls.length
    expect(ground.actions.filter((action) => /^(Create|Update|Delete)/.test(action))).toEqual([])
    // What a crash leaves beside the file stays too: sweeping is a write.
    const { id } = await ground.pair('old')
    const left = [
      path.join(ground.base, '.credentials.keyturn-0123456789abcdef.tmp'),
      path.join(ground.state, 'undo', `.${id}.json.keyturn-0123456789abcdef.tmp`),
    ]
    await fs.mkdir(path.join(ground.state, 'undo'), { mode: 0o700 })
    for (const each of left) await fs.writeFile(each, 'a pair', { mode: 0o600 })
    const known = await ground.everything()
    const exit = await ground.run('status', '--json')
    const due = documentOf(exit)
    expect([exit.code, due.exitCode, exit.stderr.split('\n')[0]]).toEqual([
      1,
      1,
      expect.stringContaining('1 key'),
    ])
    expect(due.overdue.map((key) => key.id)).toEqual([id])
    expect(due.unchecked).toEqual([])
    expect(due.keys.flatMap((key) => [...Value.Errors(Key, key)])).toEqual([])
    expect(due.oldKeys.flatMap((key) => [...Value.Errors(OldKey, key)])).toEqual([])
    expect(ground.sandbox.calls.length).toBe(calls)
    expect(await ground.everything()).toEqual(known)

    // The next one that holds the lock takes away what holds pairs and belongs to nobody.
    await ground.run('rotate', '--all', '--dry-run')
    for (const each of left) await expect(fs.stat(each)).rejects.toThrow('ENOENT')
  })

  it('makes no state directory, and goes on without settings that cannot be read', async () => {
    const ground = await lay({ name: 'young', keys: [born(3)] })
    await fs.rm(ground.state, { recursive: true })
    expect((await ground.run('status')).code).toBe(1)
    await expect(fs.stat(ground.state)).rejects.toThrow('ENOENT')
    await fs.mkdir(ground.state, { mode: 0o700 })
    await fs.writeFile(path.join(ground.state, 'settings.json'), '{')
    const exit = await ground.run('status')
    expect(exit.code).toBe(1)
    expect(exit.stdout).toContain('1 key never checked')
    expect(exit.stdout).toContain('The settings file cannot be read')
  })

  it('is silent with 0 where nothing is due, for cron', async () => {
    const ground = await lay({ name: 'young', keys: [born(3)] })
    expect(await ground.run('status', '--check')).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await ground.run('status')).toMatchObject({ code: 0, stdout: '', stderr: '' })
    // A rotated key is as old as its rotation; what was just turned off does not wait yet.
    expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
    const due = documentOf(await ground.run('status', '--json'))
    expect([due.exitCode, due.unchecked, due.oldKeys]).toEqual([0, [], []])
    expect(due.undoable).toHaveLength(1)
  })

  it('reads beside a Keyturn that runs, and does not take its run for an interrupted one', async () => {
    const ground = await lay({ name: 'sam' })
    const command = ground.start(['rotate', '--all', '--yes'])
    let seen: Promise<Exit[]> | undefined
    ground.sandbox.control.onCall(async ({ action }, phase) => {
      if (action !== 'CreateAccessKey' || phase !== 'before') return
      seen = Promise.all([ground.run('status', '--json'), ground.run('rotate', '--all', '--yes')])
      await seen
    })
    expect((await command.exit).code).toBe(0)
    const [status, rival] = (await seen) ?? []
    if (!status || !rival) throw new Error('the run made no key')
    expect(documentOf(status)).toMatchObject({ interrupted: [], running: [{ state: 'running' }] })
    expect(rival.code).toBe(1)
    expect(rival.stderr).toContain('Another Keyturn is at work')
  })
})

describe('keyturn undo', () => {
  it('puts the old keys of a run back, once', async () => {
    const ground = await lay({ name: 'sam' }, { name: 'kim' })
    const before = await fs.readFile(ground.credentials)
    expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
    const made = await ground.pair('sam')
    const [undoable] = documentOf(await ground.run('status', '--json')).undoable
    const run = undoable?.run ?? ''
    expect((await ground.run('undo', run)).code).toBe(2)
    expect((await ground.run('undo', run, '--dry-run')).stdout).toContain('Will put back 2 old keys.')
    expect(await ground.pair('sam')).toEqual(made)
    const exit = await ground.run('undo', run, '--yes', '--json')
    expect([exit.code, documentOf(exit).runs[0]?.kind]).toEqual([0, 'restore'])
    expect([...Value.Errors(Run, documentOf(exit).runs[0])]).toEqual([])
    expect(await fs.readFile(ground.credentials)).toEqual(before)
    expect([await ground.works('sam'), await ground.works('kim')]).toEqual([true, true])
    expect(ground.statusOf('sam', made.id)).toBe('Inactive')
    const again = await ground.run('undo', run, '--yes')
    expect(again.code).toBe(3)
    expect(again.stderr).toContain('Nothing was done.')
  })

  it('lets the old key work again beside the new one, by profile', async () => {
    const ground = await lay({ name: 'sam' }, { name: 'kim' })
    const old = await ground.pair('sam')
    const other = await ground.pair('kim')
    await ground.run('rotate', '--all', '--yes')
    const made = await ground.pair('sam')
    const exit = await ground.run('undo', '--profile', 'sam', '--how', 'reactivate', '--yes')
    expect(exit.code).toBe(0)
    expect(exit.stdout).toContain(`****${old.id.slice(-4)} is still active`)
    expect(await ground.pair('sam')).toEqual(made)
    expect(ground.statusOf('sam', old.id)).toBe('Active')
    expect(ground.statusOf('kim', other.id)).toBe('Inactive')
  })

  it('ends with 2 for an id or a profile that no run knows', async () => {
    const ground = await lay({ name: 'sam' })
    const unknown = await ground.run('undo', 'nonsense', '--yes')
    expect([unknown.code, unknown.stdout]).toEqual([2, ''])
    expect((await ground.run('undo', '--profile', 'sam', '--yes')).code).toBe(2)
    expect(ground.sandbox.calls).toEqual([])
  })
})

describe('keyturn --recover', () => {
  it('rolls back what was killed before the save; status says 4 until then', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await ground.pair('sam')
    await killedAt(ground, 'CreateAccessKey', 'after')
    expect(ground.sandbox.control.keys('sam')).toHaveLength(2)
    const status = await ground.run('status')
    expect(status.code).toBe(4)
    expect(status.stdout).toContain(`To finish or roll back: ${ground.hint('recover')}`)
    const exit = await ground.run('--recover')
    expect(exit.code).toBe(0)
    expect(exit.stdout).toContain('Left as before: 1 key.')
    expect(ground.sandbox.control.keys('sam').map(({ id }) => id)).toEqual([before.id])
    expect(await ground.works('sam')).toBe(true)
    expect(await ground.run('--recover')).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  it('finishes what was killed after the save, and the run can be undone', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await ground.pair('sam')
    await killedAt(ground, 'UpdateAccessKey', 'before')
    const exit = await ground.run('--recover', '--json')
    expect(exit.code).toBe(0)
    expect(JSON.parse(exit.stdout)).toMatchObject({ recovered: [{ state: 'done' }], waiting: [] })
    expect(await ground.works('sam')).toBe(true)
    expect(ground.statusOf('sam', before.id)).toBe('Inactive')
    expect((await ground.run('undo', '--profile', 'sam', '--yes')).code).toBe(0)
    expect(await ground.pair('sam')).toEqual(before)
  })

  it('runs the hooks that the run was given before the old key goes', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await ground.pair('sam')
    const hook = path.join(ground.base, 'hook')
    const script = `#!/bin/sh\ncd '${ground.base}'\nif [ -e once ]; then touch twice; else touch once; kill -9 $PPID; fi\n`
    await fs.writeFile(hook, script, { mode: 0o755 })
    const killed = await ground.run('rotate', '--all', '--yes', '--hook', hook)
    expect(killed.signal).toBe('SIGKILL')
    expect(ground.statusOf('sam', before.id)).toBe('Active')
    expect((await ground.run('--recover')).code).toBe(0)
    expect(await fs.readdir(ground.base)).toContain('twice')
    expect(ground.statusOf('sam', before.id)).toBe('Inactive')
  })

  it('ends with 4 while a run needs a person, whenever it is asked', async () => {
    const ground = await lay({ name: 'sam' })
    await killedAt(ground, 'UpdateAccessKey', 'before')
    ground.sandbox.control.deny('sam', 'iam:UpdateAccessKey')
    const exit = await ground.run('--recover')
    expect(exit.code).toBe(4)
    expect(exit.stdout).toContain('Needs you: 1 key.')
    expect(exit.stdout).toContain('iam:UpdateAccessKey')
    const again = await ground.run('--recover')
    expect(again.code).toBe(4)
    expect(again.stdout).toContain('stands still and needs you')
    expect(await ground.works('sam')).toBe(true)
  })

  it('is told of by the page’s start', async () => {
    const ground = await lay({ name: 'sam' })
    await killedAt(ground, 'CreateAccessKey', 'after')
    const page = ground.start(['--port', '0', '--no-open'])
    await page.hears('An earlier run was interrupted')
    expect(page.stdout).toContain('Keyturn is ready')
  })
})

describe('keyturn', () => {
  const main = path.join(import.meta.dirname, '..', 'main.ts')
  const run = (...argv: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', main, ...argv]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        code,
        stdout,
        stderr,
      }),
    )

  it('tells its help and its version on standard output', async () => {
    const help = await run('--help')
    expect([help.code, help.stderr]).toEqual([0, ''])
    for (const words of ['keyturn rotate', 'keyturn status', 'keyturn undo', '--recover', '130'])
      expect(help.stdout).toContain(words)
    const version = await run('--version')
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })

  it('ends with 2 for wrong usage, and leaves standard output alone', async () => {
    const usage = await run('rotate')
    expect([usage.code, usage.stdout]).toEqual([2, ''])
    expect(usage.stderr).toContain('--all, --profile NAME or --older-than DAYS')
  })

  it('rotates a demo that leaves nothing behind', async () => {
    const { code, stdout, stderr } = await run('rotate', '--demo', '--all', '--dry-run', '--json')
    expect(code).toBe(0)
    expect(stderr).toContain('A demo: made-up keys')
    const { plan } = JSON.parse(stdout) as { plan: { rotate: { lines: { path: string }[] }[] } }
    const file = plan.rotate[0]?.lines[0]?.path ?? ''
    expect(file).toContain('keyturn-demo-')
    await expect(fs.stat(file)).rejects.toThrow('ENOENT')
  })
})
