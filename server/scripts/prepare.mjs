// Runs after `npm ci` (npm's `prepare`): leaves the clone built. Where the tools to build are absent it says so
// and succeeds, so that an installation without development packages is not an error.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const missing = ['vite', 'svelte'].filter((name) => !existsSync(join(root, 'node_modules', name)))

if (missing.length > 0) {
  process.stderr.write(
    `keyturn: not built, since ${missing.join(', ')} is not installed (development packages were left out).\n`,
  )
  process.exit(0)
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const built = spawnSync(npm, ['run', '--silent', 'build'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
  shell: process.platform === 'win32',
})
process.exit(built.status ?? 1)
