import { expect, it, vi } from 'vitest'
import { onPlatform } from '../platform/testing/windows.ts'
import { hookCommand, isHook } from './hookCommand.ts'

const onWindows = <T>(ask: () => T) => onPlatform('win32', async () => ask())

it('starts a hook by itself elsewhere than on Windows, whatever its name', () => {
  expect(hookCommand('/h/deploy.ps1')).toEqual({ file: '/h/deploy.ps1', args: [], options: {}, env: {} })
})

it('starts each kind that Windows knows by a whole path, with the hook’s path as one argument', async () => {
  vi.stubEnv('SystemRoot', 'C:\\Windows')
  const command = (name: string) => onWindows(() => hookCommand(`/h/${name}`))
  const path = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'
  expect(await command('a.EXE')).toMatchObject({ file: '/h/a.EXE', args: [], options: { cwd: '/h' } })
  expect(await command('a b.ps1')).toMatchObject({ file: path, args: expect.arrayContaining(['/h/a b.ps1']) })
  for (const each of ['a.js', 'a.MJS', 'a.cjs'])
    expect(await command(each)).toMatchObject({ file: process.execPath, args: [`/h/${each}`] })
  expect(await command('100%PATH%/a&b.bat')).toEqual({
    file: 'C:\\Windows\\System32\\cmd.exe',
    args: ['/d', '/v:off', '/s', '/c', '"".\\a&b.bat""'],
    options: { cwd: '/h/100%PATH%', windowsVerbatimArguments: true },
    env: { NoDefaultCurrentDirectoryInExePath: '1' },
  })
  expect(await command('100%PATH%.cmd')).toMatchObject({ why: expect.stringContaining('percent sign') })
  for (const each of ['deploy', 'deploy.sh', 'deploy.py'])
    expect(await command(each)).toMatchObject({ why: expect.stringContaining('does not say') })
  vi.unstubAllEnvs()
})

it('knows which files of the folder are hooks: by the mode, on Windows by the name', async () => {
  const names = ['deploy.ps1', 'deploy', 'a.sh', 'notes.txt', '.hidden', 'Thumbs.db', 'deploy.ps1.off']
  expect(await onWindows(() => names.filter((name) => isHook(name, 0o444)))).toEqual(names.slice(0, 3))
  expect(isHook('deploy.txt', 0o755)).toBe(true)
  expect(isHook('deploy', 0o644)).toBe(false)
  expect(isHook('.deploy', 0o755)).toBe(false)
})
