import fs from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from './environment.ts'

/**
 * Windows looks for a program that is named without a path in the current directory first, before the system's own:
 * one that lies in a downloaded folder would run as the person. So each program is started by its whole path there, in
 * a directory that is not the current one.
 */
const onWindows = () => process.platform === 'win32'

function systemRoot(): string {
  const given = process.env['SystemRoot'] ?? process.env['windir']
  return given !== undefined && path.win32.isAbsolute(given) ? given : 'C:\\Windows'
}

/** Windows' own PowerShell, which every Windows has. */
export const powerShell = (): string =>
  path.win32.join(systemRoot(), 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe')

/** Windows' shell for batch files, not what COMSPEC names. */
export const commandShell = (): string => path.win32.join(systemRoot(), 'System32', 'cmd.exe')

/** Where a child has no work to do in any folder. Elsewhere than on Windows a child stays in ours. */
export const quietDirectory = (): string | undefined =>
  onWindows() ? path.win32.join(systemRoot(), 'System32') : undefined

/**
 * For the environment of a child that starts programs itself: cmd, and what asks as it does, then leave the current
 * directory out too.
 */
export const withoutCurrentDirectory = (): Readonly<Record<string, string>> =>
  onWindows() ? { NoDefaultCurrentDirectoryInExePath: '1' } : {}

/**
 * What to start for a program of the person's, such as git: on Windows its whole path, looked for in PATH's absolute
 * folders alone; elsewhere its name, which is looked for in PATH by the system.
 * @returns undefined where it is in none of them
 */
export async function findProgram(name: string, env: Environment): Promise<string | undefined> {
  if (!onWindows()) return name
  for (const folder of (env['PATH'] ?? '').split(';').filter((each) => path.isAbsolute(each))) {
    const file = path.join(folder, `${name}.exe`)
    const stat = await fs.stat(file).catch(() => undefined)
    if (stat?.isFile()) return file
  }
  return undefined
}
