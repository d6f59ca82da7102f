import { enter, expect, expectAccessible, rotationRow, startButton, test } from './fixtures.ts'
import { section } from './stage.ts'

const seed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

test('a user whose rights need a code is asked for it; the others go on', async ({ stage, page }) => {
  const [guarded] = stage.user('guarded', { mfaSeed: seed, mfaRequired: true })
  const [free] = stage.user('free')
  const serial = stage.sandbox.control.mfaSerial('guarded')!
  stage.write('credentials', `${section('guarded', guarded)}\n${section('free', free)}`)
  stage.write('config', `[profile guarded]\nmfa_serial = ${serial}\n`)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '2 keys').click()
  const dialog = page.getByRole('dialog', { name: 'AWS asks for a code' })
  await expect(dialog).toContainText('guarded')
  await expectAccessible(page)
  const field = dialog.getByRole('textbox', { name: 'Code of guarded' })
  await expect(field).toBeFocused()
  const right = stage.sandbox.control.mfaCode('guarded')
  await field.fill(right === '000000' ? '111111' : '000000')
  await field.press('Enter')
  await expect(dialog).toContainText('AWS refused that code')
  await expect(rotationRow(page, 'free')).toContainText('Rotated')
  expect(stage.pair('guarded')).toEqual(guarded)

  await field.fill(stage.sandbox.control.mfaCode('guarded'))
  await field.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible()
  await expect(dialog).toHaveCount(0)
  expect(stage.statuses('guarded')).toEqual({
    [guarded.id]: 'Inactive',
    [stage.pair('guarded').id]: 'Active',
  })
})

test('an administrator’s profile that signs is asked for its own code, once for all', async ({
  stage,
  page,
}) => {
  const pairs = ['one', 'two'].map((name) => [name, stage.user(name, { allow: [] })[0]] as const)
  const [boss] = stage.user('boss', { admin: true, mfaSeed: seed, mfaRequired: true })
  const sections = [...pairs, ['boss', boss] as const].map(([name, pair]) => section(name, pair))
  stage.write('credentials', sections.join('\n'))
  await enter(page, await stage.start())
  for (const [name] of pairs) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await page.getByRole('button', { name: 'Plan rotation of 2 keys' }).click()
  const signers = page.getByRole('combobox', { name: 'Signed by' })
  await expect(signers).toHaveCount(2)
  for (const signer of await signers.all()) await signer.selectOption({ value: 'boss' })
  await startButton(page, '2 keys').click()
  const dialog = page.getByRole('dialog', { name: 'AWS asks for a code' })
  await expect(dialog).toContainText('The rights of the profile boss, which signs, need multi-factor sign-in')
  await dialog.getByRole('textbox', { name: 'Code of boss' }).fill(stage.sandbox.control.mfaCode('boss'))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible()
  expect(stage.sandbox.calls.filter(({ action }) => action === 'GetSessionToken')).toHaveLength(1)
  for (const [name, old] of pairs)
    expect(stage.statuses(name)).toEqual({ [old.id]: 'Inactive', [stage.pair(name).id]: 'Active' })
  expect(stage.pair('boss')).toEqual(boss)
})

test('the code can wait in the run’s page', async ({ stage, page }) => {
  const [guarded] = stage.user('guarded', { mfaSeed: seed, mfaRequired: true })
  stage.write('credentials', section('guarded', guarded))
  stage.write('config', `[profile guarded]\nmfa_serial = ${stage.sandbox.control.mfaSerial('guarded')!}\n`)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '1 key').click()
  await page.getByRole('button', { name: 'Later, in the run' }).click()
  const row = rotationRow(page, 'guarded')
  await expect(row).toContainText('Waits for a code')
  await expectAccessible(page)
  await row.getByRole('textbox', { name: 'Code of guarded' }).fill(stage.sandbox.control.mfaCode('guarded'))
  await row.getByRole('button', { name: 'Use this code' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
})
