import { rmSync } from 'node:fs'
import { enter, expect, expectAccessible, startButton, test, visit } from './fixtures.ts'

test('profiles that are gone are the first thing told, and one press writes them anew', async ({
  stage,
  page,
}) => {
  stage.users('default', 'other')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '2 keys').click()
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible()
  const made = [stage.pair('default'), stage.pair('other')]
  rmSync(stage.credentials)
  await expect(page.getByText('2 profiles are gone: default, other')).toBeVisible()
  await expect(page.getByText(`aws_access_key_id = ${made[0]!.id}`)).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Write them anew' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '2 keys put back' })).toBeVisible()
  await expect(page.getByText('2 profiles are gone')).toHaveCount(0)
  expect([stage.pair('default'), stage.pair('other')]).toEqual(made)
})

test('second keys are answered a class at a time, each in sight below', async ({ stage, page }) => {
  stage.users('one', 'two', 'three')
  await enter(page, await stage.start())
  for (const keys of ['3 keys', undefined]) {
    await page.getByRole('button', { name: 'Rotate everything' }).click()
    if (keys === undefined) break
    await startButton(page, keys).click()
    await expect(page.getByRole('heading', { level: 1, name: `${keys} rotated` })).toBeVisible()
    await page.getByRole('link', { name: 'Keys', exact: true }).click()
  }
  await expect(page.getByRole('heading', { level: 3, name: 'Room for 3 keys' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('radio', { name: 'Delete 3 for good' }).check()
  await startButton(page, '3 keys').click()
  await expect(page.getByRole('heading', { level: 1, name: '3 keys rotated' })).toBeVisible()
})

test('old keys are kept for some days, and the page says until when', async ({ stage, page }) => {
  const old = stage.users('one').get('one')!
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await page.getByRole('radio', { name: /^Keep for 7 days/ }).check()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  expect(stage.statuses('one')[old.id]).toBe('Active')
  await visit(page, 'Old keys')
  await expect(page.locator(`[data-old-key="${old.id}"]`)).toContainText('kept until')
  await expectAccessible(page)
})
