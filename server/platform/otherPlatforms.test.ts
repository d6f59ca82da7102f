import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'
import { takeLock } from './lock.ts'
import { isRunning, ownIdentity } from './processIdentity.ts'
import * as programs from './programs.ts'
import { defaultStateDirectory, findStateDirectory, openStateDirectory } from './stateDirectory.ts'
import { onPlatform, withWindowsFiles } from './testing/windows.ts'

let base: string
beforeEach(async () => {
  base = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-platforms-')))
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await fs.rm(base, { recursive: true, force: true })
})

vi.mock('./programs.ts', { spy: true })

const home = os.homedir()

describe('the state directory', () => {
  it('is where the platform keeps such things', async () => {
    vi.stubEnv('XDG_STATE_HOME', undefined)
    vi.stubEnv('LOCALAPPDATA', '/c/me/AppData/Local')
    const on = (platform: NodeJS.Platform) => onPlatform(platform, async () => defaultStateDirectory())
    expect(await on('linux')).toBe(`${home}/.local/state/keyturn`)
    expect(await on('darwin')).toBe(`${home}/Library/Application Support/keyturn`)
    expect(await on('win32')).toBe('/c/me/AppData/Local/keyturn')
    vi.stubEnv('XDG_STATE_HOME', '/x')
    expect(await on('linux')).toBe('/x/keyturn')
  })

  it('begins at home with either slash on Windows', async () => {
    expect(await onPlatform('win32', () => findStateDirectory('~\\s'))).toBe(path.join(home, '\\s'))
    expect(await findStateDirectory('~/s')).toBe(path.join(home, 's'))
    expect(await findStateDirectory('~\\s')).toBe(path.resolve('~\\s'))
  })

  it('is taken as it is where there are neither owners nor modes', async () => {
    const wanted = path.join(base, 's')
    await fs.mkdir(wanted)
    await fs.chmod(wanted, 0o755)
    await fs.chown(wanted, 65_534, 65_534).catch(() => undefined)
    expect(await withWindowsFiles(() => openStateDirectory(wanted))).toBe(wanted)
    expect((await fs.stat(wanted)).mode & 0o777).toBe(0o755)
  })
})

describe('a lock on Windows', () => {
  it('waits where a lock that goes away is still read, and where it is removed', async () => {
    const file = path.join(base, 'lock')
    await withWindowsFiles(async (held) => {
      let waits = 0
      vi.spyOn(systemClock, 'sleep').mockImplementation(async () => {
        if (++waits === 2) held.clear()
      })
      const lock = await takeLock(file, { clock: systemClock })
      held.add(file)
      await lock.release()
      expect(waits).toBe(2)
    })
    expect(await fs.readdir(base)).toEqual([])
  })

  it('says what the system says where a lock can never be made', async () => {
    await fs.mkdir(path.join(base, 'lock'))
    const open = fs.open
    vi.spyOn(fs, 'open').mockImplementation(async (file, ...rest) => {
      if (rest[0] === 'wx') throw Object.assign(new Error('EPERM: not permitted'), { code: 'EPERM' })
      return open(file, ...rest)
    })
    const taking = onPlatform('win32', () => takeLock(path.join(base, 'x'), { clock: systemClock }))
    await expect(taking).rejects.toThrow('EPERM')
  })
})

describe('which process holds a lock', () => {
  const here = async () => {
    const { pid: _, started: __, ...rest } = await ownIdentity()
    return rest
  }

  it.runIf(process.platform === 'linux')('is known on macOS by ps, whatever the time zone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)'])
    try {
      await once(child.stdout, 'data')
      const pid = child.pid as number
      const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      }).trim()
      vi.stubEnv('TZ', 'Pacific/Auckland')
      const at = await here()
      const asks = (other: { started?: string }) =>
        onPlatform('darwin', () => isRunning({ ...at, pid, ...other }))
      expect(await asks({ started })).toBe(true)
      expect(await asks({})).toBe(true)
      expect(await asks({ started: 'Thu Jan  1 00:00:00 1970' })).toBe(false)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it.runIf(process.platform === 'linux')(
    'is known on Windows by PowerShell’s start, not to the millisecond',
    async () => {
      const begun = 1_760_000_000_000
      const stand = `#!/bin/sh\necho ${begun}\n`
      vi.spyOn(programs, 'powerShell').mockReturnValue(path.join(base, 'system'))
      vi.spyOn(programs, 'quietDirectory').mockReturnValue(base)
      // One of that name in the current directory, or in PATH, is not it.
      await fs.writeFile(path.join(base, 'powershell.exe'), stand, { mode: 0o755 })
      vi.stubEnv('PATH', `${base}:${process.env['PATH']}`)
      const at = await here()
      const asks = (started: number) =>
        onPlatform('win32', () => isRunning({ ...at, pid: process.ppid, started: String(started) }))
      // Without PowerShell nothing is known but that some process has the number: it is taken to be that one.
      expect(await asks(begun - 60_000)).toBe(true)
      await fs.writeFile(path.join(base, 'system'), stand, { mode: 0o755 })
      expect(await asks(begun + 900)).toBe(true)
      expect(await asks(begun - 60_000)).toBe(false)
    },
  )
})
