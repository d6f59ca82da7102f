// Takes a picture of every scene at two widths in both themes into test-results/gallery/, and asks axe about each.
// `node web/gallery/screenshots.mjs [part of a scene's name…]`; CHROMIUM_PATH names another browser.
import { AxeBuilder } from '@axe-core/playwright'
import fs from 'node:fs/promises'
import { chromium } from 'playwright'
import { createServer } from 'vite'

const only = process.argv.slice(2)
const out = new URL('../../test-results/gallery/', import.meta.url)
await fs.mkdir(out, { recursive: true })
const server = await createServer({
  configFile: new URL('../../vite.config.ts', import.meta.url).pathname,
  // Files saved meanwhile must not reload a page under the camera.
  server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  logLevel: 'warn',
})
await server.listen()
const base = server.resolvedUrls.local[0]
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
let faults = 0
let pictures = 0

function fault(what) {
  faults++
  console.error(what)
}

try {
  const context = await browser.newContext()
  const index = await context.newPage()
  await index.goto(`${base}gallery.html`)
  await index.waitForFunction('window.shown')
  const names = (await index.evaluate('window.sceneNames')).filter(
    (name) => only.length === 0 || only.some((part) => name.includes(part)),
  )
  for (const width of [1280, 375, 320]) {
    // 320 px is WCAG's reflow width: looked at for spilling alone, in one theme.
    for (const theme of width === 320 ? ['light'] : ['light', 'dark']) {
      const page = await context.newPage()
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      page.on('pageerror', (error) => fault(`${page.url()}: ${error.message}`))
      for (const name of names) {
        await page.goto(`${base}gallery.html?scene=${name}&theme=${theme}`)
        await page
          .waitForFunction('window.shown', undefined, { timeout: 10_000 })
          .catch(() => fault(`${name}: does not stand`))
        const spill = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        if (spill > 0) fault(`${name} at ${width}: ${spill} px too wide`)
        if (width === 320) continue
        // As high as the page, so that rows which are drawn only when in sight are in it, and bars stick to its end.
        const high = /-many$/.test(name) ? 800 : await page.evaluate('document.documentElement.scrollHeight')
        await page.setViewportSize({ width, height: Math.max(800, high) })
        await page.screenshot({ path: new URL(`${name}-${width}-${theme}.png`, out).pathname })
        await page.setViewportSize({ width, height: 800 })
        pictures++
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .analyze()
        for (const { id, nodes } of violations) {
          fault(
            `${name} at ${width}, ${theme}: ${id}: ${nodes
              .slice(0, 3)
              .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`)
              .join(' | ')}`,
          )
        }
      }
      await page.close()
    }
  }
} finally {
  await browser.close()
  await server.close()
}
console.log(`${pictures} pictures in test-results/gallery/, ${faults} faults`)
process.exitCode = faults === 0 ? 0 : 1
