// `npm run bench`: figures of the built command on this machine, printed and not judged: a busy machine must not fail
// a build. Takes some minutes.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findBrowser } from '../scripts/findBrowser.mjs'

const root = join(import.meta.dirname, '..', '..')
const browser = findBrowser()
if (browser.missing) {
  process.stderr.write(`${browser.missing}\n`)
  process.exit(1)
}
const options = { cwd: root, stdio: 'inherit', env: { ...process.env, CHROMIUM_PATH: browser.path } }
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const built = spawnSync(npm, ['run', '--silent', 'build'], {
  ...options,
  shell: process.platform === 'win32',
})
if (built.status !== 0) process.exit(built.status ?? 1)
const measured = spawnSync(process.execPath, ['--import', 'tsx', 'e2e/bench/measure.ts'], options)
process.exit(measured.status ?? 1)
