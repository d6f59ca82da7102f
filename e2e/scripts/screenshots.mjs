// `npm run screenshots`: the README's pictures, taken of the built command in demo mode into e2e/screenshots/.
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright'
import { findBrowser } from './findBrowser.mjs'
import { movingPicture } from './movingPicture.mjs'

const root = path.join(import.meta.dirname, '..', '..')
const out = path.join(root, 'e2e', 'screenshots')
const mostBytes = { still: 200 * 1024, moving: 600 * 1024 }
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

/** Small enough for a README. */
async function keep(name, png, most = mostBytes.still) {
  if (png.length > most)
    throw new Error(`${name}.png has ${png.length} bytes, more than a README should load`)
  await fs.writeFile(path.join(out, `${name}.png`), png)
  console.log(`${name}.png ${Math.round(png.length / 1024)} KiB`)
}

/** Without the pointer in the picture. */
async function look(page) {
  await page.mouse.move(0, 0)
  return page.screenshot()
}

const frames = []

/** The page as it is, for as long as it takes to see what is new in it. */
async function film(page, ms) {
  await page.setViewportSize({ width: 1080, height: 600 })
  frames.push({ png: await look(page), ms })
  await page.setViewportSize({ width: 1280, height: 800 })
}

try {
  await fs.mkdir(out, { recursive: true })
  const page = await open(1280, 800, 'light')
  await film(page, 1500)
  await page.getByRole('button', { name: 'Check ages' }).click()
  await page.getByRole('button', { name: 'Check ages' }).waitFor()
  await page.getByRole('heading', { name: /overdue/ }).waitFor()
  await page.getByRole('link', { name: 'Old keys 1 key' }).waitFor()
  await film(page, 3000)
  await keep('keys', await look(page))
  await keep('keys-dark', await look(await open(1280, 800, 'dark')))
  await keep('keys-375', await look(await open(375, 800, 'light')))

  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await page.getByRole('heading', { name: 'The plan' }).waitFor()
  await film(page, 3500)
  await keep('plan', await look(page))
  await page.getByRole('button', { name: /^Rotate \d+ keys$/ }).click()
  await page.getByRole('heading', { name: /^Rotating/ }).waitFor()
  await film(page, 1500)
  // Some keys are done, some under way: the picture of what goes on.
  await page.getByRole('button', { name: /^Done [1-9]/ }).waitFor({ timeout: 120_000 })
  await film(page, 2000)
  await keep('run', await look(page))
  await page.getByRole('button', { name: /^Undo all/ }).waitFor({ timeout: 180_000 })
  await film(page, 4000)
  await keep('result', await look(page))
  await keep('rotation', movingPicture(frames), mostBytes.moving)
} finally {
  await browser.close()
  command.kill()
}
