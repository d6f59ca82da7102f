import { gzipSync } from 'node:zlib'
import { chromium } from 'playwright'
import type { Browser, Page } from 'playwright'
import { findBrowser } from '../scripts/findBrowser.mjs'
import { hasty, Stage } from '../stage.ts'
import { crowd } from './crowd.ts'
import type { Group } from './group.ts'
import type { Report } from './report.ts'
import { median, timed } from './statistics.ts'

const many = 1_000

export const page: Group = {
  name: 'page',
  about: `the page with ${many} keys`,
  async measure(report) {
    const found = findBrowser()
    if (found.path === undefined) throw new Error(found.missing)
    const browser = await chromium.launch({
      executablePath: found.path,
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    })
    const stage = await Stage.open()
    try {
      await fiftyKeys(browser, report)
      await thousandKeys(browser, stage, report)
    } finally {
      await stage.close()
      await browser.close()
    }
  },
}

async function fiftyKeys(browser: Browser, report: Report): Promise<void> {
  const stage = await Stage.open()
  try {
    crowd(stage, 50)
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.goto(await stage.start())
    await page.locator('[data-key]').first().waitFor()
    const value = await firstRows(page)
    report.add({ what: 'first rows of 50 keys painted after navigation', value, unit: 'ms', atMost: 500 })
    await page.close()
  } finally {
    await stage.close()
  }
}

/** Median of five visits, in milliseconds. */
async function firstRows(page: Page): Promise<number> {
  await page.addInitScript({ content: paintOfFirstRow })
  const paints: number[] = []
  for (let visit = 0; visit < 5; visit += 1) {
    await page.reload()
    await page.waitForFunction(() => 'firstRowAt' in window)
    paints.push(await page.evaluate<number>('window.firstRowAt'))
  }
  return median(paints)
}

/** What a page of 1,000 keys takes: to appear, to filter, and to follow the rotation of all. */
async function thousandKeys(browser: Browser, stage: Stage, report: Report): Promise<void> {
  crowd(stage, many)
  stage.settings({ callsInFlight: 64, verification: { ...hasty, patienceMs: 600_000 } })
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  const scripts: number[] = []
  page.on('response', (response) => {
    if (response.url().endsWith('.js'))
      void response.body().then((body) => scripts.push(gzipSync(body).length))
  })
  await page.goto(await stage.start())
  await page.locator('[data-key]').first().waitFor()
  report.add({
    what: 'scripts on first load, gzipped',
    value: scripts.reduce((sum, size) => sum + size, 0) / 1024,
    unit: 'KiB',
    atMost: 60,
  })

  report.add({
    what: `first rows of ${many} keys painted after navigation`,
    value: await firstRows(page),
    unit: 'ms',
    atMost: 1_000,
  })
  report.add({
    what: 'filter, from a keystroke to the painted rows',
    value: median(await page.evaluate<number[]>(filters)),
    unit: 'ms',
    atMost: 50,
  })

  await page.getByRole('button', { name: 'Rotate everything' }).click()
  const start = page.getByRole('button', { name: `Rotate ${many.toLocaleString('en')} keys`, exact: true })
  await start.waitFor()
  await page.waitForFunction(
    (button) => button instanceof HTMLButtonElement && !button.disabled,
    await start.elementHandle(),
    { timeout: 600_000 },
  )
  await page.evaluate(countFrames)
  const rotated = await timed(async () => {
    await start.click()
    await page.getByRole('heading', { level: 1, name: `${many.toLocaleString('en')} keys rotated` }).waitFor({
      timeout: 1_200_000,
    })
  })
  report.add({
    what: `${many} rotations, short waits, 64 calls at once`,
    value: rotated.ms / 1000,
    unit: 's',
  })
  await addFrames(page, report)
  await page.close()
}

async function addFrames(page: Page, report: Report): Promise<void> {
  const perSecond = await page.evaluate<number[]>('window.frames')
  // The first and the last second are not whole.
  const whole = perSecond.slice(1, -1)
  report.add({
    what: `frames a second while ${many} rotations are told, median`,
    value: median(whole),
    unit: '',
  })
  report.add({ what: 'the same, worst second', value: Math.min(...whole), unit: '' })
  report.add({
    what: 'the same, seconds below 30 frames',
    value: whole.filter((n) => n < 30).length,
    unit: `of ${whole.length}`,
    atMost: 0,
  })
}

/** Sets `window.firstRowAt` to when the first row has been painted, in milliseconds since the navigation. */
const paintOfFirstRow = `new MutationObserver((_, observer) => {
  if (!document.querySelector('[data-key]')) return
  observer.disconnect()
  requestAnimationFrame(() => setTimeout(() => { window.firstRowAt = performance.now() }))
}).observe(document, { childList: true, subtree: true })`

/** Types into the filter, and measures until what follows is painted. */
const filters = `(async () => {
  const box = document.querySelector('input[type=search]')
  const times = []
  for (const text of ['t', 'te', 'team-1', 'team-12', 'user-999', 'nobody', '', 'AKIA', 'team-3 user-8', '']) {
    const from = performance.now()
    box.value = text
    box.dispatchEvent(new Event('input', { bubbles: true }))
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
    times.push(performance.now() - from)
  }
  return times
})()`

/** Counts frames by the second into \`window.frames\`. */
const countFrames = `(() => {
  window.frames = []
  const from = performance.now()
  const frame = (now) => {
    const second = Math.floor((now - from) / 1000)
    while (window.frames.length <= second) window.frames.push(0)
    window.frames[second] += 1
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})()`
