import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright/test'
import { enter, expect, expectAccessible, keyRow, test } from './fixtures.ts'
import type { Stage } from './stage.ts'
import { section } from './stage.ts'

// The first screen, which follows what there is to do.

/** Users and the ages of their keys in days, each with a profile of its name. */
function aged(stage: Stage, ages: Record<string, number>): void {
  const pairs = Object.entries(ages).map(([name, days]) => [name, stage.user(name, { days })[0]] as const)
  stage.write('credentials', pairs.map(([name, pair]) => section(name, pair)).join('\n'))
}

/** The names of the profiles, as the rows stand. */
const rows = (page: Page): Promise<string[]> => page.locator('[data-key] .chip').allTextContents()

test('never checked, then what is overdue: one filled button, the oldest first', async ({ stage, page }) => {
  aged(stage, { fresh: 3, late: 91, oldest: 365, older: 200 })
  await enter(page, await stage.start())
  const filled = page.locator('main .primary')
  await expect(filled).toHaveText('Check ages')
  await filled.click()
  await expect(filled).toHaveText('Rotate the 3 overdue')
  await expect(page.getByRole('heading', { level: 1, name: '4 keys, 3 overdue' })).toBeVisible()
  expect(await rows(page)).toEqual(['oldest', 'older', 'late', 'fresh'])
  await expect(keyRow(page, 'oldest')).toContainText('275 days over')
  await expect(keyRow(page, 'late')).toContainText('1 day over')
  await expect(page.locator('main .bad')).toHaveCount(0)
  await expectAccessible(page)
  await filled.click()
  await expect(page.getByRole('button', { name: 'Rotate 3 keys', exact: true })).toBeEnabled()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'or all 4' }).click()
  await expect(page.getByRole('button', { name: 'Rotate 4 keys', exact: true })).toBeEnabled()
})

test('nothing is due: what is next, and the coming weeks', async ({ stage, page }) => {
  aged(stage, { next: 80, later: 20 })
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(page.getByText(/Nothing due\. Next: next, \w+ \d+\./)).toBeVisible()
  await expect(page.locator('main .primary')).toHaveCount(0)
  const weeks = page.getByRole('list', { name: 'What falls due in the coming twelve weeks' })
  await expect(weeks.getByRole('listitem')).toHaveCount(12)
  await expect(weeks.getByText(': 1 key')).toHaveCount(2)
  await expectAccessible(page)
})

test('an active key that nobody here made is the one red thing, above all others', async ({
  stage,
  page,
}) => {
  aged(stage, { overdue: 400, denied: 500, watched: 5 })
  stage.sandbox.control.addKey('watched')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(page.locator('main .bad')).toHaveText('Active key nobody here made')
  expect(await rows(page)).toEqual(['watched', 'denied', 'overdue'])
  await expectAccessible(page)
})

test('the exact time is had by hover, by focus and by touch, and stands in the detail', async ({
  stage,
  browser,
}) => {
  aged(stage, { old: 365 })
  const link = await stage.start()
  const page = await (await browser.newContext({ hasTouch: true, locale: 'en-GB' })).newPage()
  await enter(page, link)
  await page.getByRole('button', { name: 'Check ages' }).click()
  await keyRow(page, 'old').getByRole('button', { name: 'Details of' }).click()
  await expect(keyRow(page, 'old')).toContainText(/Created \d+ \w+ \d{4}, \d\d:\d\d \(365 days, 275 over\)/)
  const when = page.getByRole('region', { name: 'Overview' }).getByRole('button', { name: 'just now' })
  const exact = page.getByRole('tooltip')
  await expect(exact).toHaveCount(0)
  await when.hover()
  await expect(exact).toHaveText(/\w+,? \d+ \w+ \d{4} at \d\d:\d\d:\d\d \S+/)
  await page.mouse.move(0, 0)
  await expect(exact).toHaveCount(0)
  await page.getByRole('heading', { level: 1 }).focus()
  await page.keyboard.press('Tab')
  await expect(when).toBeFocused()
  await expect(exact).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(exact).toHaveCount(0)
  await page.getByRole('heading', { level: 1 }).focus()
  await when.tap()
  await expect(exact).toBeVisible()
  await page.context().close()
})

test('a cancelled plan leads back to the same rows, and the keys are saved as CSV', async ({
  stage,
  page,
}) => {
  aged(stage, { 'prod-a': 100, 'prod-b': 200, staging: 10 })
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(keyRow(page, 'prod-a')).toContainText('10 days over')
  await page.getByRole('searchbox', { name: 'Filter the keys' }).fill('prod')
  await page.getByRole('button', { name: 'Age', exact: true }).click()
  const before = await rows(page)
  await page.getByRole('checkbox', { name: /^Select prod-b/ }).check()
  await page.getByRole('button', { name: 'Plan rotation of 1 key' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('searchbox', { name: 'Filter the keys' })).toHaveValue('prod')
  expect(await rows(page)).toEqual(before)
  await expect(page.getByRole('checkbox', { name: /^Select prod-b/ })).toBeChecked()

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as CSV' }).click(),
  ])
  const csv = await readFile(await download.path(), 'utf8')
  expect(download.suggestedFilename()).toBe('keyturn-keys.csv')
  expect(csv.trim().split('\n')).toHaveLength(4)
  expect(csv).toContain(',200,110,')
})

test('from twenty keys on they stand by account, and the chart shows the keys behind its bars', async ({
  stage,
  page,
}) => {
  const ages = Array.from({ length: 20 }, (_, at) => [
    `team-${String(at).padStart(2, '0')}`,
    at < 4 ? 200 : 5,
  ])
  stage.sandbox.control.addAccount({ id: '210987654321', alias: 'second' })
  aged(stage, Object.fromEntries(ages) as Record<string, number>)
  const [other] = stage.sandbox.control.addUser('210987654321', { name: 'other', keys: [{}] })
  stage.write('credentials', `${stage.text()}\n${section('other', other as { id: string; secret: string })}`)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  const table = page.getByRole('table', { name: 'Keys' })
  await expect(table.getByText('20 keys, 4 overdue')).toBeVisible()
  await expect(table.getByText('second').first()).toBeVisible()
  await expectAccessible(page)
  await page
    .getByRole('group', { name: /^Ages of the keys/ })
    .getByRole('button', { name: '4 keys' })
    .click()
  await expect(table.locator('[data-key]')).toHaveCount(4)
  await page.getByRole('button', { name: /show all ages/ }).click()
  await expect(table.locator('[data-key]')).toHaveCount(21)
})

test('half a window shows eight keys in two lines each', async ({ stage, page }) => {
  aged(stage, Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`profile-${at}`, 100 + at])))
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(page.getByRole('button', { name: 'Rotate the 12 overdue' })).toBeVisible()
  for (const width of [992, 800, 600]) {
    await page.setViewportSize({ width, height: 800 })
    const boxes = await page
      .locator('[data-key]')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().toJSON() as DOMRect))
    expect(boxes.filter(({ bottom }) => bottom <= 800).length, `at ${width} px`).toBeGreaterThanOrEqual(8)
  }
  await expectAccessible(page, ['light'])
})
