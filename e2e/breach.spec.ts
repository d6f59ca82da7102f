import type { Locator } from 'playwright/test'
import { enter, expect, test } from './fixtures.ts'

test('a breach: the fewest presses from the link to each key of the demo accounted for', async ({
  stage,
  page,
}) => {
  let presses = 0
  const press = async (what: Locator): Promise<void> => {
    await what.click()
    presses += 1
  }
  const start = page.getByRole('region', { name: 'Start' })
  const ended = { timeout: 120_000 }
  await enter(page, await stage.start({ args: ['--demo'] }))
  await press(page.getByRole('button', { name: 'Keys leaked? Replace all 11' }))
  await expect(start).toContainText('7 of 11 keys rotated')
  // Without a choice the next press would be the last: all that can be replaced at once is.
  await press(page.getByRole('radio', { name: /^Merge: one new key/ }).first())
  await expect(start).toContainText('9 of 11 keys rotated')
  await press(page.getByRole('radio', { name: /^Delete \*{4}/ }).first())
  await expect(start).toContainText('10 of 11 keys rotated')
  await expect(start).toContainText('2 deleted for good')
  await press(page.getByRole('button', { name: 'Rotate 9 keys' }))
  await expect(
    page.getByRole('heading', {
      level: 1,
      name: '9 of 11 keys replaced. 1 still works, 1 is refused by AWS.',
    }),
  ).toBeVisible(ended)

  await press(page.getByRole('button', { name: 'Rotate with prod-admin' }))
  await press(start.getByRole('button', { name: 'Rotate 1 key' }))
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible(ended)
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await expect(page).toHaveTitle('Keys · Keyturn')
  await expect(page.getByText(/still works?:|exposed/)).toHaveCount(0)
  expect(presses).toBe(6)
})
