import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, preview } from 'vite'
import type { PreviewServer } from 'vite'
import { expect, expectAccessible, test } from './fixtures.ts'

/** Every screen and state of the gallery: it stands, nothing spills, axe finds nothing; and its pictures, to look at. */
const pictures = fileURLToPath(new URL('../test-results/gallery/', import.meta.url))
const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url))
const input = fileURLToPath(new URL('../web/gallery.html', import.meta.url))
const themes = ['light', 'dark'] as const

let outDir: string
let server: PreviewServer
let address: string

test.beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  outDir = mkdtempSync(path.join(tmpdir(), 'keyturn-gallery-'))
  await build({ configFile, logLevel: 'warn', build: { outDir, rolldownOptions: { input } } })
  server = await preview({
    configFile,
    logLevel: 'warn',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0 },
  })
  address = server.resolvedUrls?.local[0] ?? ''
})

test.afterAll(async () => {
  await server.close()
  rmSync(outDir, { recursive: true })
})

// 320 px is WCAG's width for reflow, 1280 px at 400 %: looked at for spilling alone.
for (const width of [1280, 375, 320])
  test(`every screen and state at ${width} px`, async ({ stage, page }) => {
    test.setTimeout(1_800_000)
    stage.origins.push(new URL(address).origin)
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.goto(`${address}gallery.html`)
    await page.waitForFunction('window.shown')
    const names = (await page.evaluate('window.sceneNames')) as string[]
    for (const name of names)
      await test.step(name, async () => {
        await page.setViewportSize({ width, height: 800 })
        await page.goto(`${address}gallery.html?scene=${name}`)
        await page.waitForFunction('window.shown')
        const [spill, high] = (await page.evaluate(
          '[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight]',
        )) as [number, number]
        expect.soft(spill, `${name} is too wide`).toBeLessThanOrEqual(0)
        if (width === 320) return
        for (const colorScheme of themes) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          // As high as the page, so that rows which are drawn only when in sight are in it.
          if (!name.endsWith('-many')) await page.setViewportSize({ width, height: Math.max(800, high) })
          await page.screenshot({ path: `${pictures}${name}-${width}-${colorScheme}.png` })
        }
        await page.setViewportSize({ width, height: 800 })
        // Narrow, what differs is sizes and places: colours are the same as in the wide page.
        await expectAccessible(page, width === 1280 ? themes : ['light'])
      })
  })

/** What of the page lies beyond its right edge, in what is folded away too. */
function beyondTheEdge(): string[] {
  return [...document.querySelectorAll('header *, main *, dialog *')]
    .filter((each) => !each.closest('.unseen, svg') && each.getBoundingClientRect().right > innerWidth + 1)
    .map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 30)}`)
}

// A window that is made narrower while it is open, and a tablet that is turned: what was drawn wide must give way.
test('no screen spills while its window is made narrower, in forced colours either', async ({
  stage,
  page,
}) => {
  test.setTimeout(1_800_000)
  stage.origins.push(new URL(address).origin)
  await page.goto(`${address}gallery.html`)
  await page.waitForFunction('window.shown')
  for (const name of (await page.evaluate('window.sceneNames')) as string[]) {
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`${address}gallery.html?scene=${name}`)
    await page.waitForFunction('window.shown')
    for (const width of [1100, 1024, 900, 768, 600, 375, 320]) {
      await page.setViewportSize({ width, height: 800 })
      for (const forcedColors of ['none', 'active'] as const) {
        await page.emulateMedia({ forcedColors, reducedMotion: 'reduce' })
        expect.soft(await page.evaluate(beyondTheEdge), `${name} at ${width} px`).toEqual([])
      }
    }
  }
})
