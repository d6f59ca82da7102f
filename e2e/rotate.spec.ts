import { section } from './stage.ts'
import { enter, expect, expectAccessible, keyRow, rotationRow, startButton, test } from './fixtures.ts'

test('three presses replace every key', async ({ stage, page }) => {
  const before = stage.users('default', 'work', 'ci')
  const [shared] = stage.user('shared')
  stage.write('credentials', `# mine\n${stage.text()}\n${section('a', shared)}\n${section('b', shared)}`)
  const [inConfig] = stage.user('config-only')
  stage.write('config', section('profile tool', inConfig, 'region = eu-west-1\n'))
  await enter(page, await stage.start())
  await expect(page.getByRole('heading', { level: 1, name: '5 keys' })).toBeVisible()
  expect(stage.sandbox.calls).toEqual([])
  await expectAccessible(page)

  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'The plan' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Start' })).toContainText(
    '5 of 5 keys rotated · 5 turned off',
  )
  await expectAccessible(page)
  await startButton(page, '5 keys').click()
  await expect(page.getByRole('heading', { level: 1, name: '5 keys rotated' })).toBeFocused()
  await expectAccessible(page)

  for (const [user, old] of [...before, ['shared', shared], ['config-only', inConfig]] as const) {
    const [header, file] =
      user === 'config-only'
        ? (['profile tool', 'config'] as const)
        : ([user === 'shared' ? 'a' : user, 'credentials'] as const)
    const now = stage.pair(header, file)
    expect(now.id).not.toBe(old.id)
    expect(stage.works(now)).toBe(true)
    expect(stage.statuses(user)).toEqual({ [old.id]: 'Inactive', [now.id]: 'Active' })
  }
  expect(stage.pair('b')).toEqual(stage.pair('a'))
  expect(stage.text()).toMatch(/^# mine\n\[default\]\n/)
  for (const name of ['default', 'work', 'ci', 'a and b', 'tool'])
    await expect(rotationRow(page, name)).toContainText('Rotated')
  await expect(page.getByText('for up to 36 hours')).toBeVisible()
})

test('one key by its button, its steps seen as they happen', async ({ stage, page }) => {
  const old = stage.users('default', 'other').get('default')!
  await enter(page, await stage.start())
  await keyRow(page, 'default').getByRole('button', { name: 'Rotate' }).click()
  await expect(page.getByText('aws_secret_access_key = (new secret)')).toBeVisible()

  const making = stage.sandbox.control.fault({ action: 'CreateAccessKey' }, { kind: 'hold-before' })
  await startButton(page, '1 key').click()
  const row = rotationRow(page, 'default')
  await expect(row).toContainText('Create the new key: running')
  await expect(page.getByRole('progressbar', { name: 'Progress of the run' })).toBeVisible()
  await expectAccessible(page)
  expect(stage.pair('default')).toEqual(old)

  const retiring = stage.sandbox.control.fault({ action: 'UpdateAccessKey' }, { kind: 'hold-before' })
  const verifying = stage.sandbox.control.fault(
    { action: 'GetCallerIdentity' },
    { kind: 'error-before', status: 403, code: 'InvalidClientTokenId' },
  )
  making.remove()
  await expect(row).toContainText('AWS is spreading the new key')
  expect(stage.pair('default')).toEqual(old)
  verifying.remove()
  await expect(row).toContainText('Deactivate the old key: running')
  expect(stage.pair('default').id).not.toBe(old.id)
  expect(stage.works(old)).toBe(true)
  retiring.remove()
  await expect(row).toContainText('Rotated')
  expect(stage.statuses('default')).toEqual({ [old.id]: 'Inactive', [stage.pair('default').id]: 'Active' })
  expect(Object.values(stage.statuses('other'))).toEqual(['Active'])

  await row.getByRole('button', { name: 'Steps of this key' }).click()
  await expect(
    row.getByRole('listitem').filter({ hasText: 'Confirm the old key is refused' }).last(),
  ).toBeVisible()
})

test('several keys by selection, with the filter', async ({ stage, page }) => {
  stage.users('prod-a', 'prod-b', 'staging')
  await enter(page, await stage.start())
  await page.getByRole('searchbox', { name: 'Filter the keys' }).fill('prod')
  await expect(keyRow(page, 'staging')).toHaveCount(0)
  await page.getByRole('checkbox', { name: 'Select all 2 shown' }).check()
  await page.getByRole('button', { name: 'Plan rotation of 2 keys' }).click()
  await startButton(page, '2 keys').click()
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible()
  expect(Object.keys(stage.statuses('prod-a'))).toHaveLength(2)
  expect(Object.keys(stage.statuses('prod-b'))).toHaveLength(2)
  expect(Object.keys(stage.statuses('staging'))).toHaveLength(1)
})

test('a check asks AWS, and its findings stand in the rows', async ({ stage, page }) => {
  stage.user('sam', { days: 400 })
  const [pair] = stage.user('kim', { days: 3 })
  stage.write(
    'credentials',
    section('old', { id: stage.sandbox.control.keys('sam')[0]!.id, secret: 'wrong/secret' }) +
      section('fresh', pair),
  )
  await enter(page, await stage.start())
  await expect(keyRow(page, 'fresh')).toContainText('Not checked')
  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(keyRow(page, 'fresh')).toContainText('Fine')
  await expect(keyRow(page, 'fresh')).toContainText('3 days')
  await expect(keyRow(page, 'fresh')).toContainText('acme')
  await expect(keyRow(page, 'old')).not.toContainText('Not checked')
  await keyRow(page, 'old').getByRole('button', { name: 'Details of' }).click()
  await expect(keyRow(page, 'old')).toContainText('SignatureDoesNotMatch')
  await expectAccessible(page)
})

test('a spare key is deleted only where it is picked', async ({ stage, page }) => {
  const [spare, key] = stage.user('sam', { keys: 2 }) as [
    { id: string; secret: string },
    { id: string; secret: string },
  ]
  stage.write('credentials', section('default', key))
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await expect(page.getByRole('heading', { name: 'Needs your choice' })).toBeVisible()
  await expect(startButton(page, '0 keys')).toBeDisabled()
  await expectAccessible(page)
  await page.getByRole('radio', { name: `Delete ****${spare.id.slice(-4)} for good` }).check()
  await expect(page.getByRole('region', { name: 'Start' })).toContainText('1 deleted for good')
  expect(stage.statuses('sam')).toEqual({ [spare.id]: 'Active', [key.id]: 'Active' })
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  await expect(rotationRow(page, 'default')).toContainText(
    `The spare key ****${spare.id.slice(-4)} was deleted, as planned.`,
  )
  expect(stage.statuses('sam')).toEqual({ [key.id]: 'Inactive', [stage.pair('default').id]: 'Active' })
})

test('two keys of one user that both stand in profiles are merged', async ({ stage, page }) => {
  const [one, two] = stage.user('sam', { keys: 2 }) as [
    { id: string; secret: string },
    { id: string; secret: string },
  ]
  stage.write('credentials', `${section('upload', one)}\n${section('restore', two)}`)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await page.getByRole('radio', { name: /^Merge: one new key for upload, restore/ }).check()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  const now = stage.pair('upload')
  expect(stage.pair('restore')).toEqual(now)
  expect(stage.works(now)).toBe(true)
  expect([one.id, two.id]).not.toContain(now.id)
  for (const old of [one, two]) expect(stage.works(old)).toBe(false)
})

test('one failure hides nothing, and is tried again', async ({ stage, page }) => {
  const before = stage.users('good', 'denied')
  stage.sandbox.control.deny('denied', 'iam:CreateAccessKey', 'implicit')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '2 keys').click()
  await expect(
    page.getByRole('heading', { level: 1, name: '1 of 2 keys replaced. 1 still works.' }),
  ).toBeVisible()
  const row = rotationRow(page, 'denied')
  await expect(row).toContainText('Rolled back')
  await expect(row).toContainText('Missing permission: iam:CreateAccessKey')
  await expect(row.getByText('Policy that would allow it')).toBeVisible()
  await expect(row).toContainText('AWS said AccessDenied, request')
  await expectAccessible(page)
  expect(stage.pair('denied')).toEqual(before.get('denied'))
  expect(stage.works(stage.pair('denied'))).toBe(true)
  expect(stage.pair('good').id).not.toBe(before.get('good')!.id)

  stage.sandbox.control.allow('denied', 'iam:CreateAccessKey')
  await page.getByRole('button', { name: 'Try the other key again' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible()
  expect(stage.statuses('denied')).toEqual({
    [before.get('denied')!.id]: 'Inactive',
    [stage.pair('denied').id]: 'Active',
  })
})

test('a key that AWS lists and nobody here made is an alarm', async ({ stage, page }) => {
  const old = stage.users('default').get('default')!
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  // An intruder with the old key uses the moment in which it is about to die.
  stage.sandbox.control.onCall((call, phase) => {
    if (
      call.action === 'UpdateAccessKey' &&
      phase === 'after' &&
      stage.sandbox.control.keys('default').length < 3
    )
      stage.sandbox.control.addKey('default')
  })
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  const stranger = stage.sandbox.control
    .keys('default')
    .find(({ id }) => ![old.id, stage.pair('default').id].includes(id))!
  const row = rotationRow(page, 'default')
  await expect(row).toContainText(`the access key ${stranger.id} appeared`)
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await expect(page.getByRole('link', { name: 'Show the run' })).toBeVisible()
  await expectAccessible(page)
})
