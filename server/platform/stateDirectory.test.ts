import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from './failure.ts'
import { openStateDirectory } from './stateDirectory.ts'

let base: string
beforeEach(async () => {
  base = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-state-')))
})
afterEach(() => fs.rm(base, { recursive: true, force: true }))

const mode = async (at: string) => ((await fs.stat(at)).mode & 0o777).toString(8)
const trouble = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw new Error(`no Failure: ${String(error)}`)
  return error.trouble
}
const nobody = 65_534
const isRoot = process.getuid?.() === 0

describe('openStateDirectory', () => {
  it('makes it, parents included, for this user alone', async () => {
    const wanted = path.join(base, 'a', 'b')
    expect(await openStateDirectory(wanted)).toBe(wanted)
    expect(await mode(wanted)).toBe('700')
    expect(await fs.readdir(wanted)).toEqual([])
  })

  it('repairs loose modes of the directory and of everything in it', async () => {
    const wanted = path.join(base, 's')
    await fs.mkdir(path.join(wanted, 'undo'), { recursive: true })
    await fs.writeFile(path.join(wanted, 'undo', 'x.json'), '{}')
    await fs.writeFile(path.join(wanted, 'settings.json'), '{}')
    await fs.chmod(wanted, 0o755)
    await fs.chmod(path.join(wanted, 'undo'), 0o777)
    await fs.chmod(path.join(wanted, 'undo', 'x.json'), 0o644)
    await fs.chmod(path.join(wanted, 'settings.json'), 0o666)
    await openStateDirectory(wanted)
    expect(await mode(wanted)).toBe('700')
    expect(await mode(path.join(wanted, 'undo'))).toBe('700')
    expect(await mode(path.join(wanted, 'undo', 'x.json'))).toBe('600')
    expect(await mode(path.join(wanted, 'settings.json'))).toBe('600')
  })

  it('leaves a hook executable, for its owner alone', async () => {
    const wanted = path.join(base, 's')
    await fs.mkdir(path.join(wanted, 'hooks'), { recursive: true })
    await fs.writeFile(path.join(wanted, 'hooks', 'deploy'), '#!/bin/sh\n')
    await fs.chmod(path.join(wanted, 'hooks', 'deploy'), 0o755)
    await fs.writeFile(path.join(wanted, 'hooks', 'notes'), '')
    await fs.chmod(path.join(wanted, 'hooks', 'notes'), 0o644)
    await openStateDirectory(wanted)
    expect(await mode(path.join(wanted, 'hooks', 'deploy'))).toBe('700')
    expect(await mode(path.join(wanted, 'hooks', 'notes'))).toBe('600')
  })

  it('refuses a directory of something else, and touches no mode in it', async () => {
    const home = path.join(base, 'home')
    await fs.mkdir(path.join(home, 'bin'), { recursive: true })
    await fs.mkdir(path.join(home, 'runs'))
    await fs.writeFile(path.join(home, 'bin', 'tool'), '')
    for (const each of [home, path.join(home, 'bin'), path.join(home, 'bin', 'tool')])
      await fs.chmod(each, 0o755)
    expect(await trouble(openStateDirectory(home))).toMatchObject({
      name: 'not-a-state-directory',
      detail: expect.stringContaining('holds bin, which'),
    })
    for (const each of [home, path.join(home, 'bin'), path.join(home, 'bin', 'tool')])
      expect(await mode(each)).toBe('755')
  })

  it('knows its own again: what Keyturn makes, and what systems leave anywhere', async () => {
    const wanted = path.join(base, 's')
    await fs.mkdir(wanted)
    const names = [
      'keys.json',
      '.keys.json.keyturn-0123456789abcdef.tmp',
      'lock',
      'lock-0123',
      '.probe',
      // A kill while the disk was tried.
      '..probe.keyturn-0123456789abcdef.tmp',
      '.DS_Store',
    ]
    for (const name of names) await fs.writeFile(path.join(wanted, name), '')
    expect(await openStateDirectory(wanted)).toBe(wanted)
  })

  it('follows a link of our own', async () => {
    await fs.mkdir(path.join(base, 'real'))
    await fs.symlink(path.join(base, 'real'), path.join(base, 'link'))
    expect(await openStateDirectory(path.join(base, 'link'))).toBe(path.join(base, 'real'))
    expect(await mode(path.join(base, 'real'))).toBe('700')
  })

  it('leaves the target of a link inside alone', async () => {
    await fs.writeFile(path.join(base, 'elsewhere'), '')
    await fs.chmod(path.join(base, 'elsewhere'), 0o644)
    const wanted = path.join(base, 's')
    await fs.mkdir(wanted)
    await fs.symlink(path.join(base, 'elsewhere'), path.join(wanted, 'settings.json'))
    await openStateDirectory(wanted)
    expect(await mode(path.join(base, 'elsewhere'))).toBe('644')
  })

  it('says so where it cannot be written', async () => {
    await fs.writeFile(path.join(base, 'file'), '')
    expect(await trouble(openStateDirectory(path.join(base, 'file', 'below')))).toMatchObject({
      name: 'state-directory-unwritable',
      detail: expect.stringContaining('ENOTDIR'),
    })
    expect((await trouble(openStateDirectory(path.join(base, 'file')))).name).toBe(
      'state-directory-unwritable',
    )
  })

  it.runIf(isRoot)('refuses what belongs to another user: itself, a link to it, anything in it', async () => {
    const theirs = path.join(base, 'theirs')
    await fs.mkdir(theirs)
    await fs.chown(theirs, nobody, nobody)
    expect((await trouble(openStateDirectory(theirs))).name).toBe('unsafe-state-directory')

    const ours = path.join(base, 'ours')
    await fs.mkdir(ours)
    await fs.symlink(ours, path.join(base, 'planted'))
    await fs.lchown(path.join(base, 'planted'), nobody, nobody)
    expect((await trouble(openStateDirectory(path.join(base, 'planted')))).name).toBe(
      'unsafe-state-directory',
    )

    await fs.writeFile(path.join(ours, 'settings.json'), '{}')
    await fs.chown(path.join(ours, 'settings.json'), nobody, nobody)
    expect((await trouble(openStateDirectory(ours))).name).toBe('unsafe-state-directory')
  })
})
