import { enter, expect, expectAccessible, rotationRow, startButton, test } from './fixtures.ts'
import type { Stage } from './stage.ts'
import type { Page } from 'playwright/test'

async function rotateAll(stage: Stage, page: Page, keys: string): Promise<void> {
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, keys).click()
  await expect(page.getByRole('heading', { level: 1, name: `${keys} rotated` })).toBeVisible()
}

const tail = (id: string) => `****${id.slice(-4)}`

test('restore puts the old pair back and turns the new key off', async ({ stage, page }) => {
  const old = stage.users('default', 'other').get('default')!
  const text = stage.text()
  await rotateAll(stage, page, '2 keys')
  const made = stage.pair('default')
  const other = stage.pair('other')
  await page.getByRole('button', { name: 'Undo default' }).click()
  const dialog = page.getByRole('dialog', { name: 'Undo the rotation of default' })
  await expect(dialog.getByText('If the old key was stolen')).toBeVisible()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: `Put ${tail(old.id)} back and turn off ${tail(made.id)}` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key restored' })).toBeVisible()
  expect(stage.pair('default')).toEqual(old)
  expect(stage.statuses('default')).toEqual({ [old.id]: 'Active', [made.id]: 'Inactive' })
  expect(stage.pair('other')).toEqual(other)
  expect(stage.text().split('[other]')[0]).toBe(text.split('[other]')[0])

  await page.getByRole('link', { name: 'an earlier run' }).click()
  await expect(rotationRow(page, 'default')).toContainText('Undone')
  await expect(page.getByRole('button', { name: 'Undo default' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Undo other' })).toBeVisible()
})

test('restore deletes the new key where that is asked for', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  const made = stage.pair('default')
  await page.getByRole('button', { name: 'Undo default' }).click()
  await page.getByRole('radio', { name: 'deleted' }).check()
  await page.getByRole('button', { name: `Put ${tail(old.id)} back and delete ${tail(made.id)}` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key restored' })).toBeVisible()
  expect(stage.statuses('default')).toEqual({ [old.id]: 'Active' })
  expect(stage.pair('default')).toEqual(old)
})

test('reactivate lets both keys work, and the file keeps the new one', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  const made = stage.pair('default')
  await page.getByRole('button', { name: 'Undo default' }).click()
  await page.getByRole('radio', { name: /^Only let the old key work again/ }).check()
  await page.getByRole('button', { name: `Activate ${tail(old.id)} again` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key reactivated' })).toBeVisible()
  expect(stage.pair('default')).toEqual(made)
  expect(stage.statuses('default')).toEqual({ [old.id]: 'Active', [made.id]: 'Active' })
})

test('a whole run is undone by one button', async ({ stage, page }) => {
  const before = stage.users('a', 'b', 'c')
  const text = stage.text()
  await rotateAll(stage, page, '3 keys')
  await page.getByRole('button', { name: 'Undo all 3' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Put 3 old keys back and turn off the new ones' })
    .click()
  await expect(page.getByRole('heading', { level: 1, name: '3 keys restored' })).toBeVisible()
  expect(stage.text()).toBe(text)
  for (const [user, pair] of before) expect(stage.statuses(user)[pair.id]).toBe('Active')
})

test('an undo that can no longer work is refused with what is true, and its button goes', async ({
  stage,
  page,
}) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  const made = stage.pair('default')
  stage.sandbox.control.deleteKey(old.id)
  await page.getByRole('button', { name: 'Undo default' }).click()
  await page.getByRole('button', { name: `Put ${tail(old.id)} back` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '0 of 1 key restored' })).toBeVisible()
  expect(stage.pair('default')).toEqual(made)
  expect(stage.works(made)).toBe(true)
  await expectAccessible(page)
})

test('someone else’s edit of the file is kept, and its profile named', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  const shared = `${stage.text()}[second]\naws_access_key_id = ${old.id}\naws_secret_access_key = ${old.secret}\n`
  stage.write('credentials', shared)
  await rotateAll(stage, page, '1 key')
  const made = stage.pair('default')
  const [foreign] = stage.user('foreign')
  const [head, tailOf] = stage.text().split('[second]')
  stage.write(
    'credentials',
    `${head}[second]${tailOf!.replace(made.id, foreign.id).replace(made.secret, foreign.secret)}`,
  )
  await expect(rotationRow(page, 'default and second')).toBeVisible()
  await page.getByRole('button', { name: 'Undo default and second' }).click()
  await expect(page.getByText('second no longer holds the new key; it is left alone.')).toBeVisible()
  await page.getByRole('button', { name: `Put ${tail(old.id)} back` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key restored' })).toBeVisible()
  expect(stage.pair('default')).toEqual(old)
  expect(stage.pair('second')).toEqual(foreign)
})
