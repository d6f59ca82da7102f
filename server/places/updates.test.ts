import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { Secret } from '../profiles/keyPair.ts'
import { PlaceUpdates } from './updates.ts'

const pair = (id: string, secret: string) => ({ id, secret: new Secret(secret) })
const old = pair('AKIAIOSFODNN7EXAMPL2', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')
const next = pair('AKIAI44QH8DHBEXAMPLE', 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY')
const text = `# mine\nA=${old.id}\nB=${old.secret.reveal()}\n`
const after = text.replace(old.id, next.id).replace(old.secret.reveal(), next.secret.reveal())

let base = ''
let state = ''
beforeEach(async () => {
  base = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-updates-')))
  state = path.join(base, 'state')
})
afterEach(() => fs.rm(base, { recursive: true, force: true }))

const updates = () => new PlaceUpdates(state, systemClock, process.env)
const journal = () => fs.readFile(path.join(state, 'places.jsonl'), 'utf8')
async function plant(name: string, content = text): Promise<string> {
  const file = path.join(base, name)
  await fs.mkdir(path.dirname(file), { recursive: true })
  await fs.writeFile(file, content, { mode: 0o640 })
  return file
}

describe('an update of a place', () => {
  it('keeps everything else of the file, is journaled without a secret, and goes back', async () => {
    const file = await plant('api/.env')
    const whole = updates()
    expect(await whole.put([file], old, next)).toEqual([{ path: file }])
    expect(await fs.readFile(file, 'utf8')).toBe(after)
    expect((await fs.stat(file)).mode & 0o777).toBe(0o640)
    expect(await fs.readdir(path.dirname(file))).toEqual(['.env'])
    expect(await journal()).not.toContain(old.secret.reveal())
    expect(await journal()).not.toContain(next.secret.reveal())
    expect(await updates().follow(next.id, next, old)).toEqual([`${file} holds the old pair again.`])
    expect(await fs.readFile(file, 'utf8')).toBe(text)
    expect(await updates().follow(next.id, next, old)).toEqual([])
  })

  it('writes nothing over what another program wrote meanwhile', async () => {
    const file = await plant('.env')
    const judged = { before: Buffer.from(text), after: Buffer.from(after), from: old, to: next }
    await fs.appendFile(file, 'C=1\n')
    await expect(updates().write(file, judged)).rejects.toMatchObject({ trouble: { name: 'place-changed' } })
    expect(await fs.readFile(file, 'utf8')).toBe(`${text}C=1\n`)
    expect(await updates().follow(next.id, next, old)).toEqual([])
  })

  it('says why it leaves one that changed since, and goes on with the others', async () => {
    const files = [await plant('a.env'), await plant('b.env'), await plant('c.env')]
    await updates().put(files, old, next)
    await fs.writeFile(files[0] as string, 'gone\n')
    await fs.rm(files[1] as string)
    const back = await updates().follow(next.id, next, old)
    expect(back).toEqual([
      expect.stringMatching(/a\.env was left as it is.*by hand/),
      expect.stringMatching(/b\.env was left as it is.*cannot be read/),
      `${files[2]} holds the old pair again.`,
    ])
    expect(await fs.readFile(files[2] as string, 'utf8')).toBe(text)
  })

  it('says so where the pair that is to go is no longer kept', async () => {
    const file = await plant('.env')
    await updates().put([file], old, next)
    expect(await updates().follow(next.id, undefined, old)).toEqual([expect.stringContaining('by hand')])
    expect(await fs.readFile(file, 'utf8')).toBe(after)
  })

  it('finds out after a crash whether it was written, and removes the secrets that lie beside it', async () => {
    const done = await plant('done.env', after)
    const not = await plant('not.env')
    const torn = path.join(base, '.not.env.keyturn-0123456789abcdef.tmp')
    await fs.writeFile(torn, after)
    const line = (file: string) =>
      JSON.stringify({ at: 'x', path: file, from: old.id, to: next.id, phase: 'started' })
    await fs.mkdir(state)
    await fs.writeFile(path.join(state, 'places.jsonl'), `${line(done)}\n${line(not)}\n{"at":"x","pa`)
    await updates().recover()
    await expect(fs.lstat(torn)).rejects.toMatchObject({ code: 'ENOENT' })
    const told = await journal()
    await updates().recover()
    expect(await journal()).toBe(told)
    expect(await updates().follow(next.id, next, old)).toEqual([`${done} holds the old pair again.`])
    expect(await fs.readFile(not, 'utf8')).toBe(text)
  })

  it('does not write where git would commit it, behind a link, into a history, a hard link or a read-only file', async () => {
    const git = (...argv: string[]) => execFileSync('git', ['-C', path.join(base, 'repo'), ...argv])
    const ignored = await plant('repo/.env')
    const plain = await plant('repo/config.ini')
    const tracked = await plant('repo/tracked.ini')
    execFileSync('git', ['init', '-q', path.join(base, 'repo')])
    await fs.writeFile(path.join(base, 'repo/.gitignore'), '.env\n')
    git('add', 'tracked.ini')
    const linked = path.join(base, 'linked.env')
    await fs.symlink(ignored, linked)
    const history = await plant('.zsh_history')
    const hard = await plant('hard.env')
    await fs.link(hard, path.join(base, 'hard2.env'))
    const readOnly = await plant('ro.env')
    await fs.chmod(readOnly, 0o440)
    const written = await updates().put([ignored, plain, tracked, linked, history, hard, readOnly], old, next)
    expect(written.map(({ why }) => why ?? 'written')).toEqual([
      'written',
      expect.stringContaining('does not ignore it'),
      expect.stringContaining('git tracks it'),
      expect.stringContaining('no ordinary file'),
      expect.stringContaining('a history'),
      expect.stringContaining('hard link'),
      expect.stringContaining('read-only'),
    ])
    for (const file of [plain, tracked, history, hard, readOnly])
      expect(await fs.readFile(file, 'utf8')).toBe(text)
  })

  it('starts nothing that a repository names in its settings', async () => {
    const file = await plant('repo/.env')
    const marker = path.join(base, 'ran')
    const program = await plant('evil.sh', `#!/bin/sh\ntouch ${marker}\n`)
    await fs.chmod(program, 0o755)
    execFileSync('git', ['init', '-q', path.join(base, 'repo')])
    execFileSync('git', ['-C', path.join(base, 'repo'), 'config', 'core.fsmonitor', program])
    execFileSync('git', ['-C', path.join(base, 'repo'), 'status'], { stdio: 'ignore' })
    // Git itself would have run it.
    await fs.rm(marker)
    await updates().put([file], old, next)
    await expect(fs.lstat(marker)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
