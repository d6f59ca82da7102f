import { readFile } from 'node:fs/promises'
import { enter, expect, expectAccessible, startButton, test, visit } from './fixtures.ts'
import type { HistoryRow, Run } from '../server/api/run.ts'
import type { Page } from 'playwright/test'

/** Presses a button that saves a file. @returns its name and text */
async function saved(page: Page, button: string): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ])
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') }
}

test('every run is listed, exported as CSV and JSON, and reported', async ({ stage, page, context }) => {
  const before = stage.users('default', 'denied')
  stage.sandbox.control.deny('denied', 'iam:CreateAccessKey')
  await context.grantPermissions(['clipboard-write'])
  await enter(page, await stage.start())
  await visit(page, 'History')
  await expect(page.getByRole('heading', { level: 2, name: 'Nothing yet' })).toBeVisible()
  await expectAccessible(page)
  await visit(page, 'Keys')
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '2 keys').click()
  await expect(
    page.getByRole('heading', { level: 1, name: '1 of 2 keys replaced. 1 still works.' }),
  ).toBeVisible()
  const made = stage.pair('default')
  const secrets = [...before.values(), made].map(({ secret }) => secret)

  const report = await saved(page, 'Save as text')
  expect(report.text).toContain(`new key ${made.id}`)
  expect(report.text).toContain('AWS said: AccessDenied, request')
  const asJson = await saved(page, 'Save as JSON')
  expect((JSON.parse(asJson.text) as { run: Run }).run.rotations).toHaveLength(2)
  await page.getByRole('button', { name: 'Copy the report' }).click()
  await expect(page.getByText('Copied')).toBeVisible()

  await visit(page, 'History')
  const runs = page.getByRole('region', { name: 'Runs' })
  await expect(runs).toContainText('1 rotated')
  await expect(runs).toContainText(
    /(default and denied|denied and default) · acme · [\d.]+ s · from the page/,
  )
  const today = new Date().toLocaleDateString('en-US', { dateStyle: 'full' })
  await expect(runs.getByRole('heading', { level: 2, name: today })).toBeVisible()
  await expect(runs).toContainText('default in acme')
  await expect(runs).toContainText('1 rolled back')
  await runs.locator('summary').first().click()
  await expect(runs).toContainText(made.id)
  await expect(runs).toContainText('Wait until the new key works')
  await expectAccessible(page)
  const csv = await saved(page, 'Save as CSV')
  expect(csv.name).toBe('keyturn-history.csv')
  expect(csv.text.trim().split('\n')).toHaveLength(3)
  expect(csv.text).toContain(made.id)
  const json = await saved(page, 'Save as JSON')
  expect(json.name).toBe('keyturn-history.json')
  const { rows } = JSON.parse(json.text) as { rows: HistoryRow[] }
  expect(rows.map(({ outcome }) => outcome).sort()).toEqual(['done', 'rolledBack'])
  for (const { text } of [report, asJson, csv, json])
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])

  await page.getByRole('searchbox', { name: 'Filter the history' }).fill('nothing like this')
  await expect(page.getByText('Nothing matches.')).toBeVisible()
  await page.getByRole('searchbox', { name: 'Filter the history' }).fill('denied')
  await expect(runs).toContainText('1 rolled back')
})

test('the history outlives the command', async ({ stage, page }) => {
  stage.users('default')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  await page.goto('about:blank')
  await stage.kill()
  await enter(page, await stage.start())
  await visit(page, 'History')
  await page.getByRole('region', { name: 'Runs' }).getByRole('group').first().click()
  await page.getByRole('link', { name: 'Open this run' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Undo default' })).toBeVisible()
})
