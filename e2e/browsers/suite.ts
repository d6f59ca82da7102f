import { startFirefox } from './firefox.ts'
import { walk } from './walk.ts'
import { startWebKit } from './webKit.ts'

/** The programs that the command has found. */
const found = JSON.parse(process.env['KEYTURN_BROWSERS'] ?? '{}') as {
  firefox?: string
  webKit?: { driver: string; browser: string; screen: string }
}
const starts = [
  ...(found.firefox === undefined ? [] : [() => startFirefox(found.firefox ?? '')]),
  ...(found.webKit ? [() => startWebKit(found.webKit as NonNullable<typeof found.webKit>)] : []),
]

for (const start of starts) {
  const browser = await start()
  const began = Date.now()
  try {
    await walk(browser)
    console.log(
      `${browser.name}: link, ages, plan, run, result, undo, history in ${Date.now() - began} ms, no error on its console`,
    )
  } catch (error) {
    process.exitCode = 1
    console.error(`${browser.name}: ${error instanceof Error ? error.stack : String(error)}`)
    for (const fault of await browser.faults()) console.error(`  console: ${fault}`)
  } finally {
    await browser.close()
  }
}
