import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { chromium } from 'playwright'
import type { Browser, Page } from 'playwright'
import { defaultSettings } from '../../server/api/settings.ts'
import { Client } from '../client.ts'
import { hasty, section, Stage } from '../stage.ts'
import { median, print, timed } from './figures.ts'

const many = 1_000

/** Lays out so many users with a key each. */
function crowd(stage: Stage, count: number): void {
  const sections = Array.from({ length: count }, (_, at) => {
    const name = `team-${Math.floor(at / 25)}-user-${at}`
    return section(name, stage.user(name, { days: at % 500 })[0])
  })
  stage.write('credentials', sections.join('\n'))
}

async function withStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await Stage.open()
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

async function starts(): Promise<void> {
  await withStage(async (stage) => {
    stage.users('default')
    const times: number[] = []
    for (let life = 0; life < 5; life += 1) {
      times.push((await timed(() => stage.start())).ms)
      await stage.kill()
    }
    print('server start, until its link', median(times), 'ms')
  })
}

/** What a page of 1,000 keys takes: to appear, to filter, and to follow the rotation of all. */
async function thousandKeys(browser: Browser): Promise<void> {
  await withStage(async (stage) => {
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
    print('scripts on first load, gzipped', scripts.reduce((sum, size) => sum + size, 0) / 1024, 'KiB')

    await page.addInitScript({ content: paintOfFirstRow })
    const paints: number[] = []
    for (let visit = 0; visit < 5; visit += 1) {
      await page.reload()
      await page.waitForFunction(() => 'firstRowAt' in window)
      paints.push(await page.evaluate<number>('window.firstRowAt'))
    }
    print(`first rows of ${many} keys painted after navigation`, median(paints), 'ms')
    print(
      'filter, from a keystroke to the painted rows',
      median(await page.evaluate<number[]>(filters)),
      'ms',
    )

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
      await page
        .getByRole('heading', { level: 1, name: `${many.toLocaleString('en')} keys rotated` })
        .waitFor({
          timeout: 1_200_000,
        })
    })
    print(`${many} rotations, short waits, 64 calls at once`, rotated.ms / 1000, 's')
    await printFrames(page)
    await page.close()
  })
}

async function printFrames(page: Page): Promise<void> {
  const perSecond = await page.evaluate<number[]>('window.frames')
  // The first and the last second are not whole.
  const whole = perSecond.slice(1, -1)
  print(`frames a second while ${many} rotations are told, median`, median(whole), '')
  print('the same, worst second', Math.min(...whole), '')
  print('the same, seconds below 30 frames', whole.filter((n) => n < 30).length, `of ${whole.length}`)
}

/** As a person waits for it: default settings, and an AWS as slow and unsure as the real one. */
async function fiftyKeys(): Promise<Stage> {
  const stage = await Stage.open({
    behaviour: {
      propagation: { minMs: 3_000, maxMs: 8_000, flaps: 2 },
      deactivationLagMs: 3_000,
      latency: [50, 150],
    },
  })
  crowd(stage, 50)
  stage.settings({ verification: defaultSettings.verification })
  const client = await Client.open(await stage.start())
  const plan = await timed(() => client.plan({ keys: 'all', oldKey: 'deactivate' }))
  const run = await timed(async () => client.finishedRun((await client.startRun(plan.result.id)).id, 600_000))
  const done = run.result.rotations.filter(({ state }) => state === 'done').length
  print('plan of 50 keys, AWS answers in 50–150 ms', plan.ms / 1000, 's')
  print(`50 keys rotated (${done} done), default settings, AWS spreads keys in 3–8 s`, run.ms / 1000, 's')
  await stage.kill()
  return stage
}

/** The journal of a real run of 50, two hundred times over under other ids. */
function multiplyJournal(stage: Stage, times: number): void {
  const runs = path.join(stage.state, 'runs')
  const [name] = readdirSync(runs).filter((each) => each.endsWith('.jsonl'))
  const id = name!.slice(0, -'.jsonl'.length)
  const text = readFileSync(path.join(runs, name!), 'utf8')
  const header = JSON.parse(text.slice(0, text.indexOf('\n'))) as { rotations: { spec: { id: string } }[] }
  for (let copy = 1; copy < times; copy += 1) {
    const other = `${id.slice(0, -4)}${copy.toString(36).padStart(4, '0')}`
    let copied = text.replaceAll(id, other)
    for (const { spec } of header.rotations)
      if (!spec.id.includes(id)) copied = copied.replaceAll(spec.id, `${spec.id}-${copy}`)
    writeFileSync(path.join(runs, `${other}.jsonl`), copied, { mode: 0o600 })
  }
}

async function longHistory(stage: Stage): Promise<void> {
  multiplyJournal(stage, 200)
  const started = await timed(() => stage.start())
  print('server start with the journals of 10,000 rotations', started.ms, 'ms')
  const client = await Client.open(started.result)
  for (const at of ['/api/history', '/api/history?format=csv', '/api/runs', '/api/runs?limit=1000']) {
    const times: number[] = []
    let size = 0
    for (let ask = 0; ask < 5; ask += 1) {
      const asked = await timed(async () => (await client.fetch('GET', at)).text())
      times.push(asked.ms)
      size = asked.result.length
    }
    print(`GET ${at}, 10,000 rotations, ${Math.round(size / 1024)} KiB`, median(times), 'ms')
  }
  const { rows } = await client.call<{ rows: unknown[] }>('GET', '/api/history')
  if (rows.length !== 10_000) throw new Error(`the history has ${rows.length} rows, not 10,000`)
  await stage.close()
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

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
process.stdout.write(`Node ${process.version}, ${availableParallelism()} processors\n`)
try {
  await starts()
  await thousandKeys(browser)
  await longHistory(await fiftyKeys())
} finally {
  await browser.close()
}
