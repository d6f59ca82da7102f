import { enter, expect, expectAccessible, hold, startButton, test, visit } from './fixtures.ts'
import type { Page } from 'playwright/test'

const mode = (page: Page, name: string): ReturnType<Page['getByRole']> =>
  page.getByRole('radio', { name: new RegExp(`^${name}`) })

test('a plan cannot be started while a change to it is not answered yet', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '1 key')).toBeEnabled()
  const plans = await hold(page, '**/api/plans/*', 'PATCH')
  await mode(page, 'Keep until I say').check()
  await expect(startButton(page, '1 key')).toBeDisabled()
  await expect(mode(page, 'Keep until I say')).toBeChecked()
  plans.release()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  expect(stage.statuses('default')).toEqual({ [old.id]: 'Active', [stage.pair('default').id]: 'Active' })
})

test('changes made faster than they are answered all count, and the last stays', async ({ stage, page }) => {
  stage.users('default', 'work', 'ci')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '3 keys')).toBeEnabled()
  const plans = await hold(page, '**/api/plans/*', 'PATCH')
  const leave = async (profile: string): Promise<void> =>
    page.getByRole('button', { name: `Leave ${profile} out of the plan` }).click()
  await leave('work')
  await mode(page, 'Keep until I say').check()
  await leave('ci')
  plans.release()
  await expect(startButton(page, '1 key')).toBeEnabled()
  await expect(mode(page, 'Keep until I say')).toBeChecked()
  // Nothing of it is lost when the page is loaded again.
  await page.reload()
  await expect(startButton(page, '1 key')).toBeEnabled()
  await expect(mode(page, 'Keep until I say')).toBeChecked()
  await page.getByText('Left out').first().click()
  await page.getByRole('button', { name: 'Put it back into the plan' }).first().click()
  await expect(startButton(page, '2 keys')).toBeEnabled()
})

test('a change that fails leaves the plan as it was, and says so', async ({ stage, page, watch }) => {
  watch.allow(/503/)
  stage.users('default')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '1 key')).toBeEnabled()
  await page.route('**/api/plans/*', (route) =>
    route.fulfill({ status: 503, contentType: 'text/plain', body: 'no' }),
  )
  // Not check(): the choice may be back before that looks at it.
  await mode(page, 'Delete').click()
  await expect(page.getByRole('alert')).toBeVisible()
  await expect(mode(page, 'Deactivate')).toBeChecked()
  await expect(startButton(page, '1 key')).toBeEnabled()
})

test('who leaves a plan that is being made anew is not called back to it', async ({ stage, page }) => {
  stage.users('default')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '1 key')).toBeEnabled()
  const plans = await hold(page, '**/api/plans/*', 'PATCH')
  await mode(page, 'Delete').check()
  await visit(page, 'Settings')
  const answered = page.waitForResponse('**/api/plans/*')
  plans.release()
  await (await answered).finished()
  // By the second frame the page has dealt with the answer.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  expect(page.url()).toMatch(/#\/settings$/)
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()
})

test('what the person has unfolded stays so when the plan is made anew', async ({ stage, page }) => {
  stage.users('a', 'b', 'c', 'd')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '4 keys')).toBeEnabled()
  const row = page.getByRole('region', { name: 'Will rotate' }).getByRole('group').first()
  await row.locator('summary').click()
  const leave = row.getByRole('button', { name: 'Leave a out of the plan' })
  await expect(leave).toBeVisible()
  await mode(page, 'Delete').check()
  await expect(row).toContainText('− delete ****')
  await expect(page.getByRole('button', { name: 'Rotate 4, delete 4 for good…' })).toBeEnabled()
  await expect(leave).toBeVisible()
  await page.getByRole('button', { name: /^Open all \d+ lines/ }).click()
  await expect(page.getByRole('button', { name: 'Leave d out of the plan' })).toBeVisible()
  await page.getByRole('button', { name: /^Fold all/ }).click()
  await expect(leave).toBeHidden()
})

test('a plan that deletes its old keys names them and has their number typed', async ({ stage, page }) => {
  const old = stage.users('a', 'b')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '2 keys')).toBeEnabled()
  await mode(page, 'Delete').check()
  await page.getByRole('button', { name: 'Rotate 2, delete 2 for good…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete 2 keys for good' })
  for (const { id } of old.values()) await expect(dialog).toContainText(id)
  const press = dialog.getByRole('button', { name: 'Rotate 2 keys and delete 2 for good' })
  await expect(press).toBeDisabled()
  await expectAccessible(page)
  await dialog.getByLabel('How many').fill('2')
  await press.click()
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible({
    timeout: 120_000,
  })
})
