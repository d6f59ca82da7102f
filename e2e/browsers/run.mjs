// `npm run test:browsers`: the way of a rotation in browsers that Playwright does not drive here. Says what it skips.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from '../scripts/built.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const onPath = (...names) =>
  names
    .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
    .find((file) => existsSync(file))

/** GTK's MiniBrowser stands below its library's folder, whose name holds the machine's. */
function miniBrowser() {
  for (const library of ['/usr/lib', '/usr/libexec']) {
    if (!existsSync(library)) continue
    for (const folder of ['', ...readdirSync(library)])
      for (const version of ['webkit2gtk-4.1', 'webkit2gtk-4.0', 'webkitgtk-6.0']) {
        const file = join(library, folder, version, 'MiniBrowser')
        if (existsSync(file)) return file
      }
  }
  return undefined
}

const found = {}
const skipped = []
const firefox = process.env.FIREFOX_PATH ?? onPath('firefox-esr', 'firefox')
if (firefox) found.firefox = firefox
else skipped.push('Firefox, since there is none (Debian: firefox-esr)')

const webKit = { driver: onPath('WebKitWebDriver'), browser: miniBrowser(), screen: onPath('Xvfb') }
if (webKit.driver && webKit.browser && webKit.screen) found.webKit = webKit
else
  skipped.push('WebKit, since its driver, MiniBrowser or Xvfb is missing (Debian: webkit2gtk-driver, xvfb)')

for (const each of skipped) console.log(`Skipped: ${each}`)
if (Object.keys(found).length === 0) process.exit(0)

build()
// Node.js 20 has WebSocket behind this flag; later ones take it and have it anyway.
const { status } = spawnSync(
  process.execPath,
  ['--experimental-websocket', '--import', 'tsx', join(root, 'e2e', 'browsers', 'suite.ts')],
  { cwd: root, stdio: 'inherit', env: { ...process.env, KEYTURN_BROWSERS: JSON.stringify(found) } },
)
process.exit(status ?? 1)
