import { enter, expect, expectAccessible, rotationRow, startButton, test, visit } from './fixtures.ts'
import type { Stage } from './stage.ts'
import type { Locator, Page } from 'playwright/test'

async function rotateAll(stage: Stage, page: Page, keys: string): Promise<void> {
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, keys).click()
  await expect(page.getByRole('heading', { level: 1, name: `${keys} rotated` })).toBeVisible()
}

const oldKey = (page: Page, id: string): Locator =>
  page.getByRole('row').and(page.locator(`[data-old-key="${id}"]`))

/** What of an old key stands behind its line. */
const more = (page: Page, id: string): Promise<void> =>
  oldKey(page, id)
    .getByRole('button', { name: `More about ****${id.slice(-4)}` })
    .click()

test('an old key is deleted by its last four characters, and no others', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  await visit(page, 'Old keys')
  const row = oldKey(page, old.id)
  // Not safe yet: a date says when, and deleting it all the same is one step further away.
  const date = (days: number): string =>
    new Date(Date.now() + days * 86_400_000).toLocaleDateString('en-US', { month: 'short', day: 'numeric' })
  await expect(row).toContainText(`Off since ${date(0)}`)
  await expect(row).toContainText(`Safe to delete ${date(8)}`)
  await expect(row.getByRole('button', { name: 'Delete' })).toHaveCount(0)
  await more(page, old.id)
  await expect(row).toContainText('Something may still need it')
  await expect(row).toContainText('Its secret is kept for undo until')
  await expectAccessible(page)
  await row.getByRole('button', { name: 'Delete' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete this key for good' })
  const confirm = dialog.getByRole('button', { name: `Delete ****${old.id.slice(-4)} for good` })
  const typed = dialog.getByRole('textbox', { name: 'Its last four characters' })
  await expect(typed).toBeFocused()
  await expect(confirm).toBeDisabled()
  await typed.fill('AAAA' === old.id.slice(-4) ? 'BBBB' : 'AAAA')
  await expect(confirm).toBeDisabled()
  await typed.fill(old.id.slice(-4))
  await expectAccessible(page)
  await confirm.click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key deleted' })).toBeVisible()
  expect(stage.statuses('default')).toEqual({ [stage.pair('default').id]: 'Active' })
  // Its own secret is forgotten; the pair that replaced it stays beside the file.
  const kept = stage.kept().get(`undo/${old.id}.json`)?.toString() ?? ''
  expect(kept).toContain(stage.pair('default').id)
  expect(kept).not.toContain(old.secret)
  await visit(page, 'Old keys')
  await expect(page.getByRole('heading', { level: 2, name: 'None' })).toBeVisible()
})

test('all that is safe is cleaned up at once, by typing how many', async ({ stage, page }) => {
  stage.settings({ quietDays: 0 })
  const before = stage.users('a', 'b', 'c')
  await rotateAll(stage, page, '3 keys')
  await visit(page, 'Old keys')
  await page.getByRole('button', { name: 'Clean up 3 safe keys' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete 3 safe keys for good' })
  const confirm = dialog.getByRole('button', { name: 'Delete 3 keys for good' })
  await expect(confirm).toBeDisabled()
  await dialog.getByRole('textbox').fill('2')
  await expect(confirm).toBeDisabled()
  await dialog.getByRole('textbox').fill('3')
  await expectAccessible(page)
  await confirm.click()
  await expect(page.getByRole('heading', { level: 1, name: '3 keys deleted' })).toBeVisible()
  await expect(page.getByRole('article', { name: 'b', exact: true })).toContainText('Deleted')
  for (const [user, old] of before) expect(stage.statuses(user)[old.id]).toBeUndefined()
  await visit(page, 'History')
  await expect(page.getByRole('region', { name: 'Runs' })).toContainText('Deletion of 3 keys')
  for (const [user] of before) expect(stage.works(stage.pair(user))).toBe(true)
})

test('a kept key shows that it is still used, and is turned off by one press', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await page.getByRole('radio', { name: /^Keep until I say/ }).check()
  await expect(page.getByRole('region', { name: 'Start' })).toContainText('1 kept active')
  await startButton(page, '1 key').click()
  await expect(rotationRow(page, 'default')).toContainText('old key still active')
  expect(stage.statuses('default')[old.id]).toBe('Active')
  await visit(page, 'Old keys')
  const row = oldKey(page, old.id)
  await expect(row).toContainText('Active')
  await more(page, old.id)
  await expect(row.getByRole('button', { name: 'Delete' })).toBeDisabled()
  await row.getByRole('button', { name: `Deactivate ****${old.id.slice(-4)} now` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key deactivated' })).toBeVisible()
  expect(stage.statuses('default')[old.id]).toBe('Inactive')
  await visit(page, 'Old keys')
  await more(page, old.id)
  await row.getByRole('button', { name: `Activate ****${old.id.slice(-4)} again` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key activated' })).toBeVisible()
  expect(stage.statuses('default')[old.id]).toBe('Active')
})

test('a forgotten secret takes restore with it', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  const run = page.url()
  await visit(page, 'Old keys')
  await more(page, old.id)
  await oldKey(page, old.id).getByRole('button', { name: 'Forget the secret' }).click()
  await expect(oldKey(page, old.id)).not.toContainText('kept for undo')
  for (const [name, bytes] of stage.kept()) expect(bytes.includes(old.secret), name).toBe(false)
  await page.goto(run)
  await page.getByRole('button', { name: 'Undo default' }).click()
  await expect(page.getByRole('radio', { name: /^Only let the old key work again/ })).toBeVisible()
  await expect(page.getByRole('radio', { name: /^Put the old key back/ })).toHaveCount(0)
})

test('the next plan of the same user offers its old key, so that the quota never fails it', async ({
  stage,
  page,
}) => {
  const first = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  const second = stage.pair('default')
  await visit(page, 'Keys')
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await page
    .getByRole('radio', { name: `Delete ****${first.id.slice(-4)}, an old key that Keyturn turned off` })
    .check()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  expect(stage.statuses('default')).toEqual({ [second.id]: 'Inactive', [stage.pair('default').id]: 'Active' })
})

test('a second key that nobody here knows is shown as such', async ({ stage, page }) => {
  stage.users('default')
  const unknown = stage.sandbox.control.addKey('default')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(page.getByRole('table', { name: 'Keys' })).toContainText('Active key nobody here made')
  await visit(page, 'Old keys')
  await expect(page.getByRole('region', { name: '1 key that nobody here knows' })).toContainText(unknown.id)
  await expectAccessible(page)
})
