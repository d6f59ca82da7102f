import { enter, expect, hold, keyRow, startButton, test, visit } from './fixtures.ts'
import { section } from './stage.ts'
import type { Stage } from './stage.ts'
import type { Page } from 'playwright/test'

// What the person sees and last chose decides, however late the server answers.

async function rotateAll(stage: Stage, page: Page, keys: string): Promise<void> {
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, keys).click()
  await expect(page.getByRole('heading', { level: 1, name: `${keys} rotated` })).toBeVisible()
}

async function exclude(page: Page, profile: string): Promise<void> {
  await keyRow(page, profile)
    .getByRole('button', { name: /^Details of/ })
    .click()
  await keyRow(page, profile).getByRole('button', { name: 'Exclude it for good' }).click()
}

test('of two keys excluded quickly both are excluded', async ({ stage, page }) => {
  stage.users('a', 'b')
  await enter(page, await stage.start())
  const saves = await hold(page, '**/api/settings', 'PUT')
  await exclude(page, 'a')
  await exclude(page, 'b')
  saves.release()
  await visit(page, 'Settings')
  await expect(page.getByRole('button', { name: 'Stop excluding' })).toHaveCount(2)
})

test('a setting edited while others are being saved stays, and is said to be unsaved', async ({
  stage,
  page,
}) => {
  stage.users('default')
  await enter(page, await stage.start())
  await visit(page, 'Settings')
  const saves = await hold(page, '**/api/settings', 'PUT')
  await page.getByLabel('Age policy').fill('60')
  await page.getByRole('button', { name: 'Save settings' }).click()
  await expect.poll(() => saves.asked).toMatchObject([{ agePolicyDays: 60 }])
  await page.getByLabel('Quiet days').fill('3')
  saves.release()
  await expect(page.getByText('Settings saved')).toBeAttached()
  await expect(page.getByLabel('Age policy')).toHaveValue('60')
  await expect(page.getByLabel('Quiet days')).toHaveValue('3')
  await page.getByRole('button', { name: 'Discard changes' }).click()
  await expect(page.getByLabel('Age policy')).toHaveValue('60')
  await expect(page.getByLabel('Quiet days')).toHaveValue('7')
})

test('who goes elsewhere before the plan is there stays there', async ({ stage, page }) => {
  stage.users('default')
  await enter(page, await stage.start())
  const plans = await hold(page, '**/api/plans', 'POST')
  const press = page.getByRole('button', { name: 'Rotate everything' })
  await press.click()
  await expect(press).toBeDisabled()
  await visit(page, 'Settings')
  const answered = page.waitForResponse('**/api/plans')
  plans.release()
  await (await answered).finished()
  await visit(page, 'History')
  await expect(page).toHaveURL(/#\/history$/)
  expect(plans.asked).toHaveLength(1)
})

test('of two plans asked for quickly the later one is opened', async ({ stage, page }) => {
  const pairs = stage.users('a', 'b')
  await enter(page, await stage.start())
  const plans = await hold(page, '**/api/plans', 'POST')
  await keyRow(page, 'a').getByRole('button', { name: 'Rotate' }).click()
  await keyRow(page, 'b').getByRole('button', { name: 'Rotate' }).click()
  await expect.poll(() => plans.asked.length).toBe(2)
  plans.release()
  await expect(page.getByRole('region', { name: 'Will rotate' })).toContainText(pairs.get('b')!.id)
  await page.goBack()
  await expect(page.getByRole('table', { name: 'Keys' })).toBeVisible()
})

test('a plan that is being started cannot be changed', async ({ stage, page }) => {
  stage.users('default')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  const runs = await hold(page, '**/api/runs', 'POST')
  await startButton(page, '1 key').click()
  await expect(startButton(page, '1 key')).toBeDisabled()
  await expect(page.getByRole('radio', { name: /^Delete/ })).toBeDisabled()
  runs.release()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
})

test('a button that turns round before its answer is not pressed twice', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  await visit(page, 'Old keys')
  // The server acts, and its answer is late: the key's new state comes first, by an event.
  const sent: string[] = []
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  await page.route(`**/api/keys/${old.id}/*`, async (route) => {
    sent.push(route.request().url())
    const response = await route.fetch()
    await released
    await route.fulfill({ response })
  })
  await page.getByRole('button', { name: 'More about ****' }).click()
  await page.getByRole('button', { name: 'Activate ****' }).click()
  const turned = page.getByRole('button', { name: 'Deactivate ****' })
  await expect(turned).toBeDisabled()
  await turned.dispatchEvent('click')
  release()
  await expect(page.getByRole('heading', { level: 1, name: '1 key activated' })).toBeVisible()
  expect(sent).toHaveLength(1)
  expect(stage.statuses('default')[old.id]).toBe('Active')
})

test('a deletion that is on its way can no longer be declined', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  await visit(page, 'Old keys')
  await page.getByRole('button', { name: 'More about ****' }).click()
  await page.getByRole('button', { name: `Delete ****${old.id.slice(-4)}` }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete this key for good' })
  await dialog.getByRole('textbox').fill(old.id.slice(-4))
  const deletions = await hold(page, `**/api/keys/${old.id}`, 'DELETE')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('button', { name: 'Keep it' })).toBeDisabled()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  await expect(dialog).toBeVisible()
  deletions.release()
  await expect(page.getByRole('heading', { level: 1, name: '1 key deleted' })).toBeVisible()
  expect(deletions.asked).toHaveLength(1)
})

test('an undo that is no longer possible is never done in another way', async ({ stage, page, context }) => {
  const old = stage.users('default').get('default')!
  await rotateAll(stage, page, '1 key')
  await page.getByRole('button', { name: 'Undo default' }).click()
  const dialog = page.getByRole('dialog', { name: 'Undo the rotation of default' })
  await expect(dialog.getByRole('radio', { name: /^Put the old key back/ })).toBeChecked()
  const other = await context.newPage()
  await other.goto(page.url().replace(/#.*/, '#/old-keys'))
  await other.getByRole('button', { name: 'More about ****' }).click()
  await other.getByRole('button', { name: `Forget the secret of ****${old.id.slice(-4)}` }).click()
  await expect(dialog.getByRole('radio', { name: /^Put the old key back/ })).toHaveCount(0)
  const left = dialog.getByRole('radio', { name: /^Only let the old key work again/ })
  await expect(left).not.toBeChecked()
  await expect(dialog.getByRole('button', { name: /again$/ })).toHaveCount(0)
  await left.check()
  await dialog.getByRole('button', { name: `Activate ****${old.id.slice(-4)} again` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key reactivated' })).toBeVisible()
})

test('a code that is half typed stays with its device, and the next one is not wiped', async ({
  stage,
  page,
}) => {
  const seed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
  const [early] = stage.user('early', { mfaSeed: seed, mfaRequired: true })
  const [late] = stage.user('late', { mfaSeed: seed, mfaRequired: true })
  stage.write('credentials', `${section('early', early)}\n${section('late', late)}`)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '2 keys')).toBeEnabled()
  const held = stage.sandbox.control.fault({ keyId: early.id }, { kind: 'hold-before' })
  await startButton(page, '2 keys').click()
  const dialog = page.getByRole('dialog', { name: 'AWS asks for a code' })
  const field = dialog.getByRole('textbox', { name: 'Code of late' })
  await field.fill('123')
  held.remove()
  await expect(dialog).toContainText('2 keys wait for codes')
  await expect(field).toHaveValue('123')

  const codes = await hold(page, '**/api/mfa/*', 'POST')
  const right = stage.sandbox.control.mfaCode('late')
  await field.fill(right === '000000' ? '111111' : '000000')
  await field.press('Enter')
  await expect(dialog.getByRole('button', { name: 'Asking AWS' })).toBeDisabled()
  await field.fill('12')
  codes.release()
  await expect(dialog).toContainText('AWS refused that code')
  await expect(field).toHaveValue('12')
})

test('what is selected and not in sight is told', async ({ stage, page }) => {
  stage.users('front-1', 'front-2', 'back')
  await enter(page, await stage.start())
  await page.getByRole('checkbox', { name: 'Select all 3 shown' }).check()
  await page.getByRole('searchbox', { name: 'Filter the keys' }).fill('front-')
  await expect(page.getByRole('region', { name: 'Selected keys' })).toContainText(
    '3 selected, 1 not in sight',
  )
})
