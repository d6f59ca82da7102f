import { enter, expect, expectAccessible, rotationRow, startButton, test } from './fixtures.ts'
import { section } from './stage.ts'
import type { Pair } from './stage.ts'

const exposed = /keys? replaced\. \d+ still works?/

test('what a run left is told with its one act, and later rotations close it', async ({ stage, page }) => {
  stage.users('good')
  const [dead, held] = stage.user('dual', { keys: 2 }) as [Pair, Pair]
  stage.write('credentials', `${section('good', stage.pair('good'))}\n${section('dual', held)}`)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(page.getByRole('region', { name: 'Start' })).toContainText('1 of 2 keys rotated')
  await expect(page.getByRole('region', { name: 'Start' })).toContainText('1 stays as it is')
  await startButton(page, '1 key').click()
  await expect(
    page.getByRole('heading', { level: 1, name: '1 of 2 keys replaced. 1 still works.' }),
  ).toBeFocused()
  const left = page.getByRole('region', { name: 'Still exposed' })
  await expect(left.getByRole('listitem')).toHaveText(/dual.*Needs your choice/)
  await expectAccessible(page)
  const home = page.url()

  await left.getByRole('button', { name: 'Choose' }).click()
  await page.getByRole('radio', { name: `Delete ****${dead.id.slice(-4)} for good` }).check()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  await page.goto(home)
  await expect(page.getByRole('region', { name: 'Still exposed' })).toHaveCount(0)
  await expect(page.getByText('1 settled since')).toBeVisible()
})

test('a key is left by name with a word, opened again, and turned off without a new one', async ({
  stage,
  page,
}) => {
  stage.users('good', 'denied')
  stage.sandbox.control.deny('denied', 'iam:CreateAccessKey')
  const pair = stage.pair('denied')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '2 keys').click()
  await expect(page.getByRole('heading', { level: 1, name: exposed })).toBeVisible()
  const left = page.getByRole('region', { name: 'Still exposed' })
  await left.getByRole('button', { name: 'Leave it' }).click()
  const dialog = page.getByRole('dialog', { name: 'Leave denied as it is' })
  await expectAccessible(page)
  await dialog.getByRole('textbox').fill('the printer')
  await page.keyboard.press('Enter')
  await expect(left).toHaveCount(0)
  await page.getByText('1 settled since').click()
  await expect(page.getByText('left as it is, by name: the printer')).toBeVisible()
  await page.getByRole('button', { name: 'Open it again' }).click()
  await expect(left).toBeVisible()

  await left.getByRole('button', { name: 'Turn it off' }).click()
  const kill = page.getByRole('dialog', { name: 'Turn 1 key off without a new one' })
  await expect(kill).toContainText('denied')
  await expectAccessible(page)
  await kill.getByRole('textbox').fill(pair.id.slice(-4))
  await kill.getByRole('button', { name: `Turn ****${pair.id.slice(-4)} off` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key turned off' })).toBeVisible()
  expect(stage.statuses('denied')).toEqual({ [pair.id]: 'Inactive' })
  await expect.poll(() => stage.works(stage.pair('good'))).toBe(true)
})

test('what an administrator’s profile may do is offered in the row of the key that is refused', async ({
  stage,
  page,
}) => {
  stage.users('weak')
  const [boss] = stage.user('boss', { admin: true })
  const text = `${section('weak', stage.pair('weak'))}\n${section('prod-admin', boss)}`
  stage.write('credentials', text)
  stage.sandbox.control.deny('weak', 'iam:CreateAccessKey')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  await page.getByRole('checkbox', { name: 'Select weak' }).check()
  await page.getByRole('button', { name: 'Plan rotation of 1 key' }).click()
  await startButton(page, '1 key').click()
  await page.getByRole('button', { name: 'Rotate with prod-admin' }).click()
  await expect(page.getByRole('region', { name: 'Will rotate' })).toContainText('signed by prod-admin')
  await startButton(page, '1 key').click()
  await expect(rotationRow(page, 'weak')).toContainText('Rotated')
  expect(stage.pair('prod-admin')).toEqual(boss)
})
