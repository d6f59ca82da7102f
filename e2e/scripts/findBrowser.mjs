// Finds a Chromium for the browser tests, or installs one. In this order: CHROMIUM_PATH, Playwright's own cache, the
// system's Chromium or Chrome, Playwright's download (60 s at most), Debian's package when run by root.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** @returns the path of a browser that can be started, or an explanation of what to install */
export function findBrowser() {
  const given = process.env.CHROMIUM_PATH
  if (given) {
    if (runs(given)) return { path: given, from: 'CHROMIUM_PATH' }
    return { missing: `CHROMIUM_PATH is ${given}, which is not a program that can be run.` }
  }
  const cached = chromium.executablePath()
  if (runs(cached)) return { path: cached, from: "Playwright's cache" }
  const installed = onThisSystem()
  if (installed) return { path: installed, from: 'the system' }
  say('No browser found; asking Playwright to download one (60 s at most).')
  spawnSync(process.execPath, [join(playwrightFolder(), 'cli.js'), 'install', 'chromium'], {
    stdio: ['ignore', 2, 2],
    timeout: 60_000,
  })
  if (runs(cached)) return { path: cached, from: "Playwright's download" }
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    say("Installing Debian's chromium package.")
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-q'], { stdio: ['ignore', 2, 2], env })
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], {
      stdio: ['ignore', 2, 2],
      env,
    })
    const debian = onThisSystem()
    if (debian) return { path: debian, from: "Debian's package" }
  }
  return {
    missing:
      'There is no Chromium or Chrome for the browser tests. Install one (Debian: `apt-get install chromium`; elsewhere: `npx playwright install chromium`), or set CHROMIUM_PATH to one, and run the command again.',
  }
}

function onThisSystem() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...elsewhere].find(runs)
}

function runs(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function playwrightFolder() {
  return join(import.meta.dirname, '..', '..', 'node_modules', 'playwright')
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
