import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../platform/environment.ts'
import { findProgram, quietDirectory } from '../platform/programs.ts'

/** `outside`: in no work tree. `unknown`: in one, and git could not be asked. */
export type GitState = 'outside' | 'ignored' | 'tracked' | 'untracked' | 'unknown'

/** How long git may take, in milliseconds. */
const patienceMs = 5_000

/** Whether git would commit a file. git is asked only where a repository is there, and starts nothing of that repository. */
export async function gitState(file: string, env: Environment): Promise<GitState> {
  if (!(await isInWorkTree(path.dirname(file)))) return 'outside'
  const ignored = await git(file, env, ['check-ignore', '--quiet'])
  if (ignored === 0) return 'ignored'
  if (ignored !== 1) return 'unknown'
  const tracked = await git(file, env, ['ls-files', '--error-unmatch'])
  return tracked === 0 ? 'tracked' : tracked === 1 ? 'untracked' : 'unknown'
}

async function isInWorkTree(folder: string): Promise<boolean> {
  for (let each = folder; ; each = path.dirname(each)) {
    // A folder, or in a work tree beside the main one a file.
    if (await fs.lstat(path.join(each, '.git')).catch(() => undefined)) return true
    if (path.dirname(each) === each) return false
  }
}

/** @returns its exit code; undefined where it could not be run */
async function git(file: string, env: Environment, argv: readonly string[]): Promise<number | undefined> {
  const program = await findProgram('git', env)
  if (program === undefined) return undefined
  // A repository that came in an archive may name a program in its settings, which `fsmonitor` has git start.
  const safe = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'protocol.allow=never']
  const { PATH, HOME, USERPROFILE, SYSTEMROOT } = env
  return new Promise((resolve) => {
    execFile(
      program,
      [...safe, '-C', path.dirname(file), ...argv, '--', `./${path.basename(file)}`],
      {
        env: {
          ...{ PATH, HOME, USERPROFILE, SYSTEMROOT },
          ...{ GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1' },
        },
        cwd: quietDirectory(),
        timeout: patienceMs,
        windowsHide: true,
      },
      (error) => resolve(error ? (typeof error.code === 'number' ? error.code : undefined) : 0),
    )
  })
}
