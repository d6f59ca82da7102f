import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { commandShell, findProgram, powerShell, quietDirectory } from './programs.ts'
import { onPlatform } from './testing/windows.ts'

let base: string
beforeEach(async () => {
  base = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-programs-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await fs.rm(base, { recursive: true })
})

it('names Windows’ own programs by their whole paths, whatever names another place', async () => {
  vi.stubEnv('SystemRoot', 'D:\\Win')
  expect(powerShell()).toBe('D:\\Win\\System32\\WindowsPowerShell\\v1.0\\powershell.exe')
  expect(commandShell()).toBe('D:\\Win\\System32\\cmd.exe')
  vi.stubEnv('SystemRoot', 'here')
  expect(commandShell()).toBe('C:\\Windows\\System32\\cmd.exe')
  expect(quietDirectory()).toBeUndefined()
  expect(await onPlatform('win32', async () => quietDirectory())).toBe('C:\\Windows\\System32')
})

it('looks for a program in PATH’s absolute folders on Windows, never in the current one', async () => {
  expect(await findProgram('git', { PATH: base })).toBe('git')
  const find = (PATH: string) => onPlatform('win32', () => findProgram('git', { PATH }))
  await fs.writeFile(path.join(base, 'git.exe'), '')
  expect(await find(`.;${base}`)).toBe(path.join(base, 'git.exe'))
  expect(await find(`.;;${path.relative('.', base)}`)).toBeUndefined()
})
