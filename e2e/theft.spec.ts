import { enter, expect, expectAccessible, startButton, test } from './fixtures.ts'
import { account, section } from './stage.ts'

const hour = 3_600_000

test('a row beside the keys is left by name and opened again, and a door is looked for at a press', async ({
  stage,
  page,
}) => {
  const [pair] = stage.user('ann', { admin: true })
  stage.user('backup-svc')
  stage.write('credentials', section('ann', pair))
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Keys leaked? Replace all 1' }).click()
  await startButton(page, '1 key').click()
  await page.getByRole('link', { name: 'After: what else a thief could use' }).click()
  const rest = page.getByRole('region', { name: /open beside the keys/ })
  const row = rest.getByRole('listitem').filter({ hasText: 'Other credentials of ann' })
  await expect(row).toContainText('Nobody has looked yet')
  await expectAccessible(page)
  await row.getByRole('button', { name: 'Leave it' }).click()
  await rest.getByText('1 seen to, or left by name').click()
  await expect(row).toContainText('left by name')
  await row.getByRole('button', { name: 'Open it again' }).click()
  await expect(row.getByRole('button', { name: 'Leave it' })).toBeVisible()

  const act = { keyId: pair.id, user: 'ann', address: '203.0.113.9', source: 'iam.amazonaws.com' }
  stage.sandbox.control.addEvents(account, [
    { ...act, at: Date.now() - 5 * hour, name: 'CreateUser', request: { userName: 'backup-svc' } },
    { ...act, at: Date.now() - 4 * hour, name: 'CreateUser', request: { userName: 'gone-svc' } },
    { ...act, at: Date.now() - 3 * hour, name: 'CreateRole', request: { roleName: 'deploy' } },
  ])
  stage.sandbox.control.deny('ann', 'iam:GetRole')
  const trail = page.getByRole('region', { name: 'What was done with the old key' })
  await trail.getByRole('button', { name: 'Ask CloudTrail' }).click()
  const door = (words: string) => trail.getByRole('listitem').filter({ hasText: `made the ${words}` })
  const look = (words: string) => door(words).getByRole('button', { name: 'Still there?' }).click()
  await expect(door('user backup-svc').getByRole('button', { name: 'Still there?' })).toBeVisible()
  const looks = () => stage.sandbox.calls.filter(({ action }) => /^Get(User|Role)$/.test(action)).length
  const before = looks()
  await look('user backup-svc')
  await expect(door('user backup-svc')).toContainText('Still there')
  await look('user gone-svc')
  await expect(door('user gone-svc')).toContainText('Gone')
  await expect(door('user gone-svc').getByRole('button', { name: 'Look again' })).toHaveCount(0)
  await look('role deploy')
  await expect(door('role deploy')).toContainText('Not known: Not allowed: iam:GetRole')
  expect(looks()).toBe(before + 3)
  await expect(rest.getByRole('listitem').filter({ hasText: 'backup-svc' })).toContainText(/still there/i)
  await expectAccessible(page)
})

test('a refused key goes from the file once its lines were shown, and an undo brings them back', async ({
  stage,
  page,
}) => {
  const dead = stage.users('good', 'dead').get('dead')?.id ?? ''
  stage.sandbox.control.setStatus(dead, 'Inactive')
  const text = stage.text()
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Check ages' }).click()
  const name = `****${dead.slice(-4)}`
  await page.getByRole('button', { name: `Details of dead ${name}` }).click()
  const open = page.getByRole('button', { name: 'Remove from the file' })
  const dialog = page.getByRole('dialog', { name: 'Remove dead from the file' })
  await open.click()
  await expect(dialog.getByText(`aws_access_key_id = ${dead}`)).toBeVisible()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Leave the lines' }).click()
  await expect(dialog).toHaveCount(0)
  expect(stage.text()).toBe(text)

  await open.click()
  await dialog.getByRole('button', { name: `Remove ${name}` }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key removed' })).toBeVisible()
  expect(stage.text()).not.toContain(dead)
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Undo dead' }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Put/ }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key put back' })).toBeVisible()
  expect(stage.text()).toBe(text)
})

test('a run that comes to a refused key offers to remove it in its row', async ({ stage, page }) => {
  const dead = stage.users('good', 'dead').get('dead')?.id ?? ''
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '2 keys')).toBeVisible()
  stage.sandbox.control.setStatus(dead, 'Inactive')
  await startButton(page, '2 keys').click()
  await page.getByRole('button', { name: 'Remove from the file (dead)' }).click()
  await page
    .getByRole('dialog', { name: 'Remove dead from the file' })
    .getByRole('button', { name: `Remove ****${dead.slice(-4)}` })
    .click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key removed' })).toBeVisible()
  expect(stage.text()).not.toContain('[dead]')
})
