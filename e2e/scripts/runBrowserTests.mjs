// `npm run test:e2e`: builds where needed, finds or installs a browser, and runs the browser tests with it.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build } from './built.mjs'
import { findBrowser } from './findBrowser.mjs'

const root = join(import.meta.dirname, '..', '..')
const browser = findBrowser()
if (browser.missing) {
  process.stderr.write(`${browser.missing}\n`)
  process.exit(1)
}
process.stderr.write(`Browser: ${browser.path} (from ${browser.from})\n`)

build()

const tests = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'playwright', 'cli.js'),
    'test',
    '--config',
    'e2e/playwright.config.ts',
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CHROMIUM_PATH: browser.path },
  },
)
process.exit(tests.status ?? 1)
