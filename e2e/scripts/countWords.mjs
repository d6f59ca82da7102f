// `npm run words`: how many words a person meets on the screens of the demo. Fails where a screen has grown wordy.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright'
import { findBrowser } from './findBrowser.mjs'

const most = { keys: 166, plan: 350, 'old keys': 379 }
const root = path.join(import.meta.dirname, '..', '..')
const browserFound = findBrowser()
if (browserFound.missing) throw new Error(browserFound.missing)

const command = spawn(
  process.execPath,
  [process.env.KEYTURN_COMMAND ?? path.join(root, 'dist', 'server', 'main.js'), '--demo', '--no-open'],
  { stdio: ['pipe', 'pipe', 'inherit'] },
)
const browser = await chromium.launch({
  executablePath: browserFound.path,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})

/** What is drawn, in the page's main part; what is folded away is not met. */
async function count(page, screen) {
  const words = await page.evaluate(
    () => document.querySelector('main').innerText.split(/\s+/).filter(Boolean).length,
  )
  const limit = most[screen]
  console.log(`${screen}: ${words} words${limit === undefined ? '' : `, at most ${limit}`}`)
  if (words > limit) process.exitCode = 1
}

try {
  const links = createInterface({ input: command.stdout })[Symbol.asyncIterator]()
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  await page.goto((await links.next()).value.replace('Keyturn is ready: ', ''))
  await page.getByRole('table', { name: 'Keys' }).waitFor()
  await count(page, 'keys')
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  const start = page.getByRole('button', { name: /^Rotate \d+ (of \d+ )?keys/ })
  await start.and(page.locator(':enabled')).waitFor({ timeout: 60_000 })
  await count(page, 'plan')
  await start.click()
  await page
    .getByRole('heading', { level: 1, name: /^\d+ of \d+ keys|^\d+ keys (rotated|replaced)/ })
    .waitFor({ timeout: 180_000 })
  await count(page, 'result')
  await page.getByRole('link', { name: /^Old keys/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Old keys' }).waitFor()
  await count(page, 'old keys')
} finally {
  await browser.close()
  command.kill()
}
