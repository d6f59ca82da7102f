import type { Page } from 'playwright/test'
import { enter, expect, expectAccessible, pageOf, startButton, test, visit } from './fixtures.ts'

test('without a session the page asks for the link, and takes it pasted', async ({ stage, page, watch }) => {
  watch.allow(/status of 401/)
  stage.users('default')
  const link = await stage.start()
  await page.goto(pageOf(link))
  await expect(page.getByRole('heading', { name: 'Paste the link from the terminal' })).toBeVisible()
  await expectAccessible(page)
  const field = page.getByRole('textbox', { name: 'Link from the terminal' })
  await field.fill('no link at all')
  await field.press('Enter')
  await expect(page.getByRole('alert')).toContainText('There is no link in that.')
  await field.fill(`http://127.0.0.1:1/#${'x'.repeat(43)}`)
  await field.press('Enter')
  await expect(page.getByRole('alert')).toBeVisible()
  await expectAccessible(page)
  await field.fill(`Keyturn is ready: ${link}`)
  await field.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: '1 key' })).toBeVisible()
})

test('a link works once; a fresh one from the terminal works again', async ({
  stage,
  page,
  browser,
  watch,
}) => {
  watch.allow(/status of 401/)
  stage.users('default')
  const link = await stage.start()
  await enter(page, link)
  expect(page.url()).not.toContain(new URL(link).hash.slice(1))
  const other = await browser.newContext()
  const stranger = await other.newPage()
  await stranger.goto(link)
  await expect(stranger.getByRole('alert')).toBeVisible()
  await expect(stranger.getByRole('textbox', { name: 'Link from the terminal' })).toBeVisible()
  await enter(stranger, await stage.command!.freshLink())
  await other.close()
})

test('Lock ends the session in every tab, and shows nothing any more', async ({
  stage,
  page,
  context,
  watch,
}) => {
  watch.allow(/status of 401/)
  const pair = stage.users('default').get('default')!
  await enter(page, await stage.start())
  const second = await context.newPage()
  await second.goto(pageOf(page.url()))
  await expect(second.getByText(pair.id)).toBeVisible()
  await page.getByRole('button', { name: 'Lock' }).click()
  await expect(page.getByRole('heading', { name: 'Keyturn has locked this page' })).toBeVisible()
  await expect(second.getByRole('heading', { name: /locked|over/ })).toBeVisible()
  for (const tab of [page, second]) await expect(tab.getByText(pair.id)).toHaveCount(0)
  await expectAccessible(page)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Paste the link from the terminal' })).toBeVisible()
})

test('Stop ends the command, and the page says so', async ({ stage, page, watch }) => {
  watch.allow(/ERR_CONNECTION_REFUSED/)
  const pair = stage.users('default').get('default')!
  await enter(page, await stage.start())
  await visit(page, 'Settings')
  await page.getByRole('button', { name: 'Stop Keyturn…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Stop Keyturn' })
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Stop Keyturn' }).click()
  await expect(page.getByRole('heading', { name: 'Keyturn has stopped' })).toBeVisible()
  await expect(page.getByText(pair.id)).toHaveCount(0)
  await expectAccessible(page)
  expect(await stage.command!.exited).toEqual({ code: 0, signal: null })
})

test('a server that dies takes its data from the page, which sends nothing by itself', async ({
  stage,
  page,
  watch,
}) => {
  watch.allow(/ERR_/)
  const pair = stage.users('default').get('default')!
  await enter(page, await stage.start())
  await expect(page.getByText(pair.id)).toBeVisible()
  const sent: string[] = []
  page.on('request', (request) => sent.push(request.method()))
  await stage.kill()
  await expect(page.getByText(pair.id)).toHaveCount(0)
  // It asks again and again whether the server is back, and for nothing else.
  await page.waitForEvent('requestfailed')
  expect([...new Set(sent)]).toEqual(['GET'])
})

test('going back shows nothing of a session that has ended', async ({ stage, page, watch }) => {
  watch.allow(/status of 401/, /another origin/)
  const pair = stage.users('default').get('default')!
  const link = await stage.start()
  await enter(page, link)
  await expect(page.getByText(pair.id)).toBeVisible()
  await page.goto('about:blank')
  // Another tab ends it meanwhile.
  const reply = await page.context().newPage()
  await reply.goto(pageOf(link))
  await reply.getByRole('button', { name: 'Lock' }).click()
  await expect(reply.getByRole('heading', { name: 'Keyturn has locked this page' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Paste the link from the terminal' })).toBeVisible()
  await expect(page.getByText(pair.id)).toHaveCount(0)
})

test('settings are kept: policy, theme, exclusions', async ({ stage, page }) => {
  stage.users('default', 'other')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '2 keys, 2 overdue' })).toBeVisible()
  await visit(page, 'Settings')
  await expectAccessible(page)
  await page.getByRole('spinbutton', { name: 'Age policy' }).fill('365')
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.getByRole('button', { name: 'Save settings' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await visit(page, 'Keys')
  await expect(page.getByRole('heading', { level: 1, name: '2 keys', exact: true })).toBeVisible()

  await page.getByRole('checkbox', { name: /^Select other/ }).check()
  await page.getByRole('button', { name: 'Exclude', exact: true }).click()
  await expect(page.getByRole('table', { name: 'Keys' })).toContainText('Excluded')
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(page.getByRole('button', { name: 'Rotate 1 key', exact: true })).toBeEnabled()
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await visit(page, 'Settings')
  await expect(page.getByRole('spinbutton', { name: 'Age policy' })).toHaveValue('365')
  await page.getByRole('button', { name: /^Stop excluding/ }).click()
  await expect(page.getByText('None. A key can be excluded')).toBeVisible()
})

test('settings that are not saved are asked about before they are left', async ({ stage, page }) => {
  stage.users('default')
  await enter(page, await stage.start())
  await visit(page, 'History')
  await visit(page, 'Settings')
  const policy = page.getByRole('spinbutton', { name: 'Age policy' })
  const asks = page.getByRole('dialog', { name: 'Save the settings?' })
  await policy.fill('60')
  await page.goBack()
  await expectAccessible(page)
  await asks.getByRole('button', { name: 'Save and leave' }).click()
  await expect(page).toHaveURL(/#\/history$/)

  await visit(page, 'Settings')
  await expect(policy).toHaveValue('60')
  await policy.fill('30')
  await visit(page, 'Keys')
  await asks.getByRole('button', { name: 'Stay here' }).click()
  await expect(policy).toHaveValue('30')
  await expect(page).toHaveURL(/#\/settings$/)
  await visit(page, 'Keys')
  await asks.getByRole('button', { name: 'Leave without saving' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key' })).toBeVisible()
  await visit(page, 'Settings')
  await expect(policy).toHaveValue('60')
})

test('a check on opening happens only where it is wished for', async ({ stage, page }) => {
  stage.settings({ checkOnOpen: true })
  stage.users('default')
  await enter(page, await stage.start())
  await expect(page.getByRole('table', { name: 'Keys' })).toContainText('acme')
})

/** Moves the page's clock, and lets a second of it pass, so that what it shows by time is shown. */
async function jump(page: Page, minutes: number): Promise<void> {
  await page.clock.setSystemTime(Date.now() + minutes * 60_000)
  await page.clock.runFor(1_100)
}

test('who leaves the page is warned before it locks, and stays by one press', async ({ stage, page }) => {
  stage.users('default')
  await page.clock.install()
  await enter(page, await stage.start())
  const warning = page.getByRole('dialog', { name: 'Keyturn is about to lock' })
  await jump(page, 13)
  // Seen at once: a warning that is there too early would go by itself while one waits for that.
  expect(await warning.count()).toBe(0)
  await jump(page, 14.5)
  await expect(warning).toContainText('It locks in')
  await expectAccessible(page)
  const asked = page.waitForRequest('**/api/settings')
  await warning.getByRole('button', { name: 'Stay' }).press('Enter')
  await asked
  await expect(warning).toHaveCount(0)
  await jump(page, 28)
  expect(await warning.count()).toBe(0)
  await jump(page, 29.2)
  await expect(warning).toBeVisible()
})

test('nobody is warned who watches a run, however quiet it is', async ({ stage, page }) => {
  stage.users('default')
  await page.clock.install()
  await enter(page, await stage.start())
  const held = stage.sandbox.control.fault({ action: 'CreateAccessKey' }, { kind: 'hold-before' })
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '1 key').click()
  await expect.poll(() => held.hits).toBe(1)
  await jump(page, 14.5)
  await expect(page.getByRole('article', { name: 'default', exact: true })).toBeVisible()
  expect(await page.getByRole('dialog').count()).toBe(0)
  held.remove()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  // Its end counts as use.
  await jump(page, 16)
  expect(await page.getByRole('dialog').count()).toBe(0)
})
