// `npm run screenshots`: the README's pictures, taken of the built command in demo mode into e2e/screenshots/.
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright'
import { findBrowser } from './findBrowser.mjs'

const root = path.join(import.meta.dirname, '..', '..')
const out = path.join(root, 'e2e', 'screenshots')
const mostBytes = 200 * 1024
const browserFound = findBrowser()
if (browserFound.missing) throw new Error(browserFound.missing)

const command = spawn(
  process.execPath,
  [
    process.env.KEYTURN_COMMAND ?? path.join(root, 'dist', 'server', 'main.js'),
    '--demo',
    '--no-open',
    '--port',
    '0',
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
)
const links = createInterface({ input: command.stdout })[Symbol.asyncIterator]()
const nextLink = async () => (await links.next()).value.replace('Keyturn is ready: ', '')

const browser = await chromium.launch({
  executablePath: browserFound.path,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})

let opened = 0

/** A tab of its own session: the first link was printed at the start, for another one Enter is pressed. */
async function open(width, height, colorScheme) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  if (opened++ > 0) command.stdin.write('\n')
  await page.goto(await nextLink())
  await page.getByRole('table', { name: 'Keys' }).waitFor()
  return page
}

/** Without the pointer in the picture, and small enough for a README. */
async function picture(page, name) {
  await page.mouse.move(0, 0)
  const file = path.join(out, `${name}.png`)
  await page.screenshot({ path: file })
  const { size } = await fs.stat(file)
  if (size > mostBytes) throw new Error(`${name}.png has ${size} bytes, more than a README should load`)
  console.log(`${name}.png ${Math.round(size / 1024)} KiB`)
}

try {
  await fs.mkdir(out, { recursive: true })
  const page = await open(1280, 800, 'light')
  await page.getByRole('button', { name: 'Check ages' }).click()
  await page.getByRole('button', { name: 'Check ages' }).waitFor()
  await page.getByRole('heading', { name: /overdue/ }).waitFor()
  await page.getByRole('link', { name: 'Old keys 1 key' }).waitFor()
  await picture(page, 'keys')
  await picture(await open(1280, 800, 'dark'), 'keys-dark')
  await picture(await open(375, 800, 'light'), 'keys-375')

  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await page.getByRole('heading', { name: 'The plan' }).waitFor()
  await picture(page, 'plan')
  await page.getByRole('button', { name: /^Rotate \d+ keys$/ }).click()
  // Some keys are done, some under way: the picture of what goes on.
  await page.getByRole('button', { name: /^Done [1-9]/ }).waitFor({ timeout: 120_000 })
  await picture(page, 'run')
  await page.getByRole('button', { name: /^Undo all/ }).waitFor({ timeout: 180_000 })
  await picture(page, 'result')
} finally {
  await browser.close()
  command.kill()
}
