import { appendFileSync, chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { enter, expect, expectAccessible, keyRow, rotationRow, startButton, test, visit } from './fixtures.ts'
import { section } from './stage.ts'

// Every empty and every broken state, reached as a person reaches it.

test('no credentials file, then one', async ({ stage, page }) => {
  await enter(page, await stage.start())
  await expect(page.getByRole('heading', { name: 'There is no credentials file' })).toBeVisible()
  await expectAccessible(page)
  stage.users('default')
  await expect(page.getByRole('heading', { level: 1, name: '1 key' })).toBeVisible()
})

test('an empty file is being written or holds nothing', async ({ stage, page }) => {
  stage.write('credentials', '')
  await enter(page, await stage.start())
  await expect(page.getByRole('heading', { name: /empty|being written/i })).toBeVisible()
  await expectAccessible(page)
})

test('a directory in the file’s place is told', async ({ stage, page }) => {
  mkdirSync(stage.credentials)
  await enter(page, await stage.start())
  await expect(page.getByRole('heading', { level: 1, name: 'Not a file' })).toBeVisible()
  await expectAccessible(page)
  rmSync(stage.credentials, { recursive: true })
})

test('only SSO and role profiles: nothing to rotate', async ({ stage, page }) => {
  stage.write(
    'config',
    '[profile team]\nsso_session = acme\nsso_account_id = 123456789012\nsso_role_name = ReadOnly\n\n[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n',
  )
  await enter(page, await stage.start())
  await expect(page.getByRole('heading', { name: 'Nothing to rotate' })).toBeVisible()
  await expect(page.getByText('team uses short-lived sign-in')).toBeVisible()
  await expectAccessible(page)
})

test('half a pair is named', async ({ stage, page }) => {
  stage.write('credentials', '[half]\naws_access_key_id = AKIAQQQQQQQQQQQQQQQQ\n')
  await enter(page, await stage.start())
  await expect(page.getByText('half', { exact: false }).first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Rotate half' })).toHaveCount(0)
  await expectAccessible(page)
})

test('a malformed line is named by its number, and blocks what tools read differently', async ({
  stage,
  page,
}) => {
  stage.users('default')
  stage.write('credentials', `${stage.text()}\nthis is no setting\n`)
  await enter(page, await stage.start())
  await expect(page.getByRole('region', { name: /^Line 5 of the credentials file/ })).toContainText(
    'key = value',
  )
  const lines = page.getByLabel('Lines 4 to 5, without their values')
  await expect(lines).toContainText('5  …')
  await expect(page.getByRole('button', { name: 'Copy a command that opens line 5' })).toBeVisible()
  await expectAccessible(page)
  await expect(keyRow(page, 'default')).toContainText('Line 5')
  await expect(page.getByRole('button', { name: 'Rotate everything' })).toBeDisabled()
  const before = stage.text()
  stage.write('credentials', before.replace('this is no setting\n', ''))
  await expect(page.getByRole('button', { name: 'Rotate everything' })).toBeEnabled()
})

test('a file that others can read is made 0600 by one press', async ({ stage, page }) => {
  stage.users('default')
  chmodSync(stage.credentials, 0o644)
  await enter(page, await stage.start())
  const banner = page.getByRole('region', { name: 'Others on this machine can read your keys' })
  await expect(banner).toContainText('0644')
  await expectAccessible(page)
  await banner.getByRole('button', { name: 'Make it 0600' }).click()
  await expect(banner).toHaveCount(0)
  expect(statSync(stage.credentials).mode & 0o777).toBe(0o600)
})

test('another program’s edit is seen by itself, and makes a plan stale', async ({ stage, page, watch }) => {
  watch.allow(/status of 409/)
  stage.users('default')
  await enter(page, await stage.start())
  const [extra] = stage.user('extra')
  appendFileSync(stage.credentials, `\n${section('extra', extra)}`)
  await expect(keyRow(page, 'extra')).toBeVisible()
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(startButton(page, '2 keys')).toBeEnabled()
  const [other] = stage.user('other')
  stage.write('credentials', stage.text().replace(extra.id, other.id).replace(extra.secret, other.secret))
  const stale = page.getByRole('region', { name: 'The files have changed since this plan was made' })
  await startButton(page, '2 keys').click()
  await expect(stale).toBeVisible()
  await expectAccessible(page)
  await stale.getByRole('button', { name: 'Make the plan again' }).click()
  await expect(page.getByText(other.id).first()).toBeVisible()
  expect(Object.values(stage.statuses('default'))).toEqual(['Active'])
})

test('a profile named like markup is text wherever it stands', async ({ stage, page }) => {
  const markup = '<img src=x onerror=document.title="owned">'
  const [pair] = stage.user('mallory')
  stage.write('credentials', section(markup, pair))
  await enter(page, await stage.start())
  await expect(keyRow(page, markup)).toBeVisible()
  await keyRow(page, markup).getByRole('button', { name: 'Details of' }).click()
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(page.getByText(markup).first()).toBeVisible()
  expect(await page.locator('img').count()).toBe(0)
  expect(await page.title()).not.toContain('owned')
})

test('a profile whose name would turn itself round is spelled out wherever it stands', async ({
  stage,
  page,
}) => {
  const [pair] = stage.user('mallory')
  stage.write('credentials', section('live\u202edorp\u001b[2J', pair))
  const shown = 'live\\u{202e}dorp\\u{1b}[2J'
  const nothingHidden = async (): Promise<void> => {
    expect(await page.locator('body').innerText()).not.toMatch(/(?![\t\n\r])[\p{Cc}\p{Cf}]/u)
    const names = await page
      .locator('[aria-label], [title]')
      .evaluateAll((all) =>
        all.map((each) => `${each.getAttribute('aria-label')} ${each.getAttribute('title')}`).join(' '),
      )
    expect(names).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  }
  await enter(page, await stage.start())
  await keyRow(page, shown).getByRole('button', { name: 'Details of' }).click()
  await nothingHidden()
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(page.getByText(shown).first()).toBeVisible()
  await nothingHidden()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  await expect(rotationRow(page, shown)).toBeVisible()
  await nothingHidden()
  await visit(page, 'History')
  await nothingHidden()
})

test('AWS that cannot be reached fails the check, not the page', async ({ stage, page }) => {
  // A check waits for the network before it gives up: longer than the page is given for anything else.
  test.setTimeout(180_000)
  stage.users('default')
  await enter(page, await stage.start())
  await stage.sandbox.control.down()
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(page.getByRole('heading', { name: 'Skipped, and why' })).toBeVisible({ timeout: 120_000 })
  await expect(startButton(page, '0 keys')).toBeDisabled()
  await expectAccessible(page)
  await stage.sandbox.control.up()
})

test('an offline computer is said to be so', async ({ stage, page, context, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED/)
  stage.users('default')
  await enter(page, await stage.start())
  await context.setOffline(true)
  await expect(page.getByText('This computer is offline')).toBeVisible()
  await context.setOffline(false)
  await expect(page.getByText('This computer is offline')).toHaveCount(0)
})

test('a key of an account that plants keys is never touched without a second yes', async ({
  stage,
  page,
}) => {
  const planted = '052310077262'
  stage.sandbox.control.addAccount({ id: planted })
  const [pair] = stage.sandbox.control.addUser(planted, { name: 'bait', keys: [{}] })
  stage.users('default', 'left')
  stage.write('credentials', `${stage.text()}\n${section('bait', pair!)}`)
  await enter(page, await stage.start())
  await expect(keyRow(page, 'bait')).toContainText('May be planted')
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(keyRow(page, 'default')).toContainText('acme')
  expect(stage.sandbox.calls.filter(({ user }) => user === 'bait')).toEqual([])
  await keyRow(page, 'bait').getByRole('button', { name: 'Rotate' }).click()
  const dialog = page.getByRole('dialog', { name: '1 key may be planted' })
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Touch nothing' }).click()
  expect(stage.sandbox.calls.filter(({ user }) => user === 'bait')).toEqual([])
  // A key that is left alone in any case is none of 'the others'.
  await keyRow(page, 'left')
    .getByRole('button', { name: /^Details of/ })
    .click()
  await keyRow(page, 'left').getByRole('button', { name: 'Exclude it for good' }).click()
  await expect(keyRow(page, 'left')).toContainText('Excluded')
  await page.getByRole('checkbox', { name: 'Select all 3 shown' }).check()
  await page.getByRole('button', { name: 'Plan rotation of 2 keys' }).click()
  await dialog.getByRole('button', { name: 'Plan the other one' }).click()
  await expect(startButton(page, '1 key')).toBeEnabled()
  expect(stage.sandbox.calls.filter(({ user }) => user === 'bait')).toEqual([])
})

test('the environment’s own key is told', async ({ stage, page }) => {
  const pair = stage.users('default').get('default')!
  await enter(
    page,
    await stage.start({ env: { AWS_ACCESS_KEY_ID: pair.id, AWS_SECRET_ACCESS_KEY: pair.secret } }),
  )
  await expect(page.getByRole('region', { name: 'The environment holds an access key' })).toContainText(
    '[default]',
  )
  await expectAccessible(page)
})

test('the demo says that it is one', async ({ stage, page }) => {
  await enter(page, await stage.start({ args: ['--demo'] }))
  await page.getByRole('button', { name: 'Demo' }).focus()
  await page.getByRole('button', { name: 'Demo' }).hover()
  await expect(page.getByRole('tooltip')).toContainText('nothing touches your account')
  await expect(keyRow(page, 'prod-admin')).toBeVisible()
  await page.getByText(/without a key to rotate/).click()
  await expect(page.getByText('acme-sso', { exact: true })).toBeVisible()
  await expectAccessible(page)
  await visit(page, 'Old keys')
  await expectAccessible(page)
})
