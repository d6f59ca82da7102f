import path from 'node:path'
import type { SpawnOptions } from 'node:child_process'
import { commandShell, powerShell, withoutCurrentDirectory } from '../platform/programs.ts'

/** What is started for a hook. */
export interface HookCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly options: SpawnOptions
  /** Added to its environment. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * How a hook is started. Elsewhere than on Windows it starts itself; Windows starts a program by the kind that its name
 * says, and each kind by a program of the system, or by the Node that runs this.
 * @returns why not, where Windows cannot start it
 */
export function hookCommand(hook: string): HookCommand | Refusal {
  if (process.platform !== 'win32') return { file: hook, args: [], options: {}, env: {} }
  const env = withoutCurrentDirectory()
  const options = { cwd: path.dirname(hook) }
  switch (path.extname(hook).toLowerCase()) {
    case '.exe':
    case '.com':
      return { file: hook, args: [], options, env }
    case '.bat':
    case '.cmd':
      // cmd takes a line, in which it expands what stands between percent signs, quoted or not: it is told the name
      // alone, and the folder as the one to begin in.
      if (path.basename(hook).includes('%')) return percentSign
      return {
        file: commandShell(),
        args: ['/d', '/v:off', '/s', '/c', `"".\\${path.basename(hook)}""`],
        options: { ...options, windowsVerbatimArguments: true },
        env,
      }
    case '.ps1':
      // Without Bypass a Windows that nobody set up runs no script at all; a policy of the company's still holds.
      return {
        file: powerShell(),
        args: ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', hook],
        options,
        env,
      }
    case '.js':
    case '.mjs':
    case '.cjs':
      return { file: process.execPath, args: [hook], options, env }
    default:
      return unknownKind
  }
}

/** Clauses after the hook's path, and what to do. */
export interface Refusal {
  readonly why: string
  readonly remedy: string
}

const unknownKind: Refusal = {
  why: 'its name does not say what Windows is to run it with',
  remedy:
    'Give it a name that ends in .ps1, .js, .cmd, .bat or .exe, or in .off where it is not to be run, then retry.',
}
const percentSign: Refusal = {
  why: 'Windows’ shell would take the percent sign in its name for a variable’s',
  remedy: 'Take the percent sign out of its name, then retry.',
}

/** What lies in a folder of hooks and is meant to be none, by its name: notes, settings, and what was switched off. */
const noHook = /(^\.|^(thumbs\.db|desktop\.ini)$|\.(txt|md|json|ya?ml|ini|cfg|log|bak|off|disabled|sample)$)/i

/**
 * Whether a file in the folder of hooks is one. A mode says so elsewhere; Windows has none, so that there each file is
 * one but those whose name says otherwise: one that is passed over in silence would be a secret that is not deployed.
 */
export function isHook(name: string, mode: number): boolean {
  return process.platform === 'win32' ? !noHook.test(name) : !name.startsWith('.') && (mode & 0o111) !== 0
}
