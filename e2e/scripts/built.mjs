import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/**
 * The suites start the built command, which does not start without its page: both are built, unless they are of what stands
 * here now. KEYTURN_COMMAND names another. Ends the process where that fails.
 */
export function build() {
  if (process.env['KEYTURN_COMMAND'] !== undefined || isFresh()) return
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  for (const config of ['server/vite.config.ts', 'vite.config.ts']) {
    const words = [vite, 'build', '--config', config, '--logLevel', 'warn']
    const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 2, 2] })
    if (status !== 0) process.exit(status ?? 1)
  }
}

/** Whether nothing that goes into the build is newer than what was built last. */
function isFresh() {
  const built = Math.min(...['server/main.js', 'web/index.html'].map((file) => changed(join('dist', file))))
  const sources = ['server', 'shared', 'web'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((name) =>
      changed(join(directory, name)),
    ),
  )
  const others = ['package-lock.json', 'vite.config.ts'].map(changed)
  return Math.max(...sources, ...others) < built
}

/** When it was written last, in milliseconds; 0 where there is none. */
function changed(file) {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
}
