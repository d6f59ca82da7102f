import { enter, expect, keyRow, startButton, test } from './fixtures.ts'
import type { Locator, Page } from 'playwright/test'

/** Tabs on until a control has the focus, as a person without a mouse does. */
async function tabTo(page: Page, control: Locator, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await control.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press(key)
  }
  throw new Error(`the focus does not reach ${String(control)}`)
}

test('a rotation by the keyboard alone', async ({ stage, page }) => {
  const before = stage.users('prod-a', 'prod-b', 'staging')
  await enter(page, await stage.start())
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Skip to the page' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()

  await page.keyboard.press('/')
  const filter = page.getByRole('searchbox', { name: 'Filter the keys' })
  await expect(filter).toBeFocused()
  await page.keyboard.type('prod')
  await expect(keyRow(page, 'staging')).toHaveCount(0)
  await tabTo(page, page.getByRole('checkbox', { name: /^Select prod-a/ }))
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('x')
  await expect(page.getByText('2 selected')).toBeVisible()

  await tabTo(page, page.getByRole('button', { name: 'Plan rotation of 2 keys' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'The plan' })).toBeFocused()
  await tabTo(page, page.getByRole('radio', { name: /^Deactivate/ }))
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: /^Keep until I say/ })).toBeChecked()
  await expect(startButton(page, '2 keys')).toBeEnabled()
  await tabTo(page, startButton(page, '2 keys'))
  await page.keyboard.press('Space')
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeFocused()
  for (const user of ['prod-a', 'prod-b']) {
    const old = before.get(user)!
    expect(stage.statuses(user)).toEqual({ [old.id]: 'Active', [stage.pair(user).id]: 'Active' })
  }
  expect(Object.keys(stage.statuses('staging'))).toHaveLength(1)
})

test('help opens with ?, closes with Esc and gives the focus back; shortcuts can be off', async ({
  stage,
  page,
}) => {
  stage.users('default')
  await enter(page, await stage.start())
  const everything = page.getByRole('button', { name: 'Rotate everything' })
  await tabTo(page, everything)
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Help' })
  await expect(help).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Escape')
  await expect(help).toHaveCount(0)
  await expect(everything).toBeFocused()

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('checkbox', { name: /^Single-key shortcuts/ }).uncheck()
  await page.getByRole('button', { name: 'Save settings' }).click()
  await expect(page.getByRole('button', { name: 'Save settings' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await page.keyboard.press('?')
  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).not.toBeFocused()
  await expect(help).toHaveCount(0)
})

test('Esc closes a dialog and never confirms', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '1 key').click()
  await page.getByRole('button', { name: 'Undo default' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Undo default' })).toBeFocused()
  expect(stage.statuses('default')[old.id]).toBe('Inactive')
})
