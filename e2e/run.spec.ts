import { Client } from './client.ts'
import {
  enter,
  expect,
  expectAccessible,
  keyRow,
  pageOf,
  rotationRow,
  startButton,
  test,
  visit,
} from './fixtures.ts'
import type { Fault } from '../server/sandbox/faults.ts'
import { section } from './stage.ts'
import type { Stage } from './stage.ts'
import type { Page } from 'playwright/test'

/** Rotates everything, and stops the world where AWS is about to make the key of `user`. */
async function heldAtCreate(stage: Stage, page: Page, keys: string, user: string): Promise<Fault> {
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  const held = stage.sandbox.control.fault({ action: 'CreateAccessKey', user }, { kind: 'hold-before' })
  await startButton(page, keys).click()
  await expect(rotationRow(page, user)).toContainText('Create the new key: running')
  return held
}

test('a reload shows the run as it is, and so does a second tab', async ({ stage, page, context }) => {
  stage.users('slow', 'quick')
  await enter(page, await stage.start())
  const held = await heldAtCreate(stage, page, '2 keys', 'slow')
  await expect(rotationRow(page, 'quick')).toContainText('Rotated')
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: 'Rotating 2 keys' })).toBeVisible()
  await expect(rotationRow(page, 'slow')).toContainText('Create the new key: running')
  await expect(rotationRow(page, 'quick')).toContainText('Rotated')

  const second = await context.newPage()
  await second.goto(pageOf(page.url()))
  await expect(second.getByText('Rotating 2 keys: 1 of 2 done')).toBeVisible()
  await expectAccessible(second)
  await second.getByRole('link', { name: 'Show the run' }).click()
  await expect(rotationRow(second, 'slow')).toContainText('Create the new key: running')
  held.remove()
  for (const tab of [page, second])
    await expect(tab.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible()
})

test('closing the tab changes nothing', async ({ stage, page, context }) => {
  const old = stage.users('default').get('default')!
  await enter(page, await stage.start())
  const held = await heldAtCreate(stage, page, '1 key', 'default')
  const address = page.url()
  await page.close()
  held.remove()
  await expect.poll(() => stage.statuses('default')[old.id]).toBe('Inactive')
  const later = await context.newPage()
  await later.goto(address)
  await expect(later.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  expect(stage.works(stage.pair('default'))).toBe(true)
})

test('Stop lets the steps under way end and rolls back what has not reached the file', async ({
  stage,
  page,
}) => {
  const before = stage.users('default', 'other')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  const held = stage.sandbox.control.fault({ action: 'CreateAccessKey' }, { kind: 'hold-after' })
  await startButton(page, '2 keys').click()
  await expect.poll(() => held.hits).toBe(2)
  await page.getByRole('button', { name: 'Stop after the steps under way' }).click()
  await expect(page.getByText('Stopping after the steps under way.')).toBeVisible()
  held.remove()
  await expect(
    page.getByRole('heading', { level: 1, name: '0 of 2 keys replaced. 2 still work.' }),
  ).toBeVisible()
  for (const [user, pair] of before) {
    expect(stage.pair(user)).toEqual(pair)
    expect(stage.statuses(user)).toEqual({ [pair.id]: 'Active' })
  }
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Try all 2 again' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '2 keys rotated' })).toBeVisible()
})

for (const [name, action, kept] of [
  ['before the file is written rolls back', 'CreateAccessKey', 'old'],
  ['after the file is written finishes', 'UpdateAccessKey', 'new'],
] as const) {
  test(`a server killed ${name}, by one press after its restart`, async ({ stage, page, watch }) => {
    watch.allow(/ERR_CONNECTION_(REFUSED|RESET)|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/)
    const old = stage.users('default').get('default')!
    await enter(page, await stage.start())
    await page.getByRole('button', { name: 'Rotate everything' }).click()
    const held = stage.sandbox.control.fault({ action }, { kind: 'hold-after' })
    await startButton(page, '1 key').click()
    await expect.poll(() => held.hits).toBe(1)
    await stage.kill()
    held.remove()
    await expect(page.getByRole('heading', { name: 'Keyturn does not answer' })).toBeVisible()
    await expect(page.getByText(old.id)).toHaveCount(0)
    await expectAccessible(page)

    const calls = stage.sandbox.calls.length
    const second = await page.context().newPage()
    await enter(second, await stage.start())
    const banner = second.getByRole('region', { name: 'Rotation of 1 key was interrupted' })
    await expect(banner).toBeVisible()
    // Nothing unasked: neither the start nor the page has called AWS.
    expect(stage.sandbox.calls).toHaveLength(calls)
    await expectAccessible(second)
    await banner.getByRole('button', { name: 'Finish or roll back' }).click()
    if (kept === 'new') {
      await expect(second.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
      expect(stage.statuses('default')).toEqual({
        [old.id]: 'Inactive',
        [stage.pair('default').id]: 'Active',
      })
    } else {
      await expect(rotationRow(second, 'default')).toContainText('Interrupted, and rolled back')
      expect(stage.pair('default')).toEqual(old)
      expect(stage.statuses('default')).toEqual({ [old.id]: 'Active' })
    }
    expect(stage.works(stage.pair('default'))).toBe(true)
    await expect(second.getByRole('region', { name: /was interrupted/ })).toHaveCount(0)
  })
}

test('a fifth tab takes the stream of the first, which says so and takes it back', async ({
  stage,
  page,
  context,
}) => {
  stage.users('default')
  await enter(page, await stage.start())
  for (let tab = 0; tab < 4; tab += 1) {
    const other = await context.newPage()
    await other.goto(pageOf(page.url()))
    await expect(other.getByRole('navigation', { name: 'Pages' })).toBeVisible()
  }
  await expect(page.getByRole('heading', { name: 'Keyturn is open in newer tabs' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Use Keyturn in this tab' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key' })).toBeVisible()
})

test('a run started elsewhere appears by itself', async ({ stage, page }) => {
  stage.users('default')
  await enter(page, await stage.start())
  const client = await Client.open(await stage.command!.freshLink())
  const { run } = await client.rotate({ keys: 'all', oldKey: 'deactivate' })
  await visit(page, 'History')
  await expect(page.getByRole('region', { name: 'Runs' })).toContainText('1 rotated')
  expect(run.state).toBe('done')
})

test('the tab counts, and a banner stays until the result is opened', async ({ stage, page, context }) => {
  await context.grantPermissions(['notifications'])
  await page.addInitScript(() => {
    const told: string[] = []
    class Told {
      static permission = 'granted'
      static requestPermission = () => Promise.resolve('granted')
      constructor(title: string, { body }: { body: string }) {
        told.push(`${title}: ${body}`)
      }
    }
    Object.assign(window, { Notification: Told, told })
  })
  stage.users('slow', 'denied')
  stage.sandbox.control.deny('denied', 'iam:CreateAccessKey')
  await enter(page, await stage.start())
  const icon = page.locator('link[rel=icon]')
  const plain = await icon.getAttribute('href')
  const held = await heldAtCreate(stage, page, '2 keys', 'slow')
  await expect(page).toHaveTitle('(1/2) Rotating · Keyturn')
  expect(decodeURIComponent((await icon.getAttribute('href'))!)).toMatch(
    /^data:image\/svg\+xml,.*stroke-dasharray/,
  )
  await expect(page.getByText(/^0 of 2 new keys in your file/)).toContainText('1 needs you')
  // What failed is a word in its row until the end.
  await expect(rotationRow(page, 'denied')).toContainText('quarantined')
  await expect(rotationRow(page, 'denied').getByText('Missing permission')).toHaveCount(0)
  await page.getByRole('button', { name: 'Notify me' }).click()
  await expect(page.getByRole('button', { name: 'You will be notified' })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await expect(page.locator('main .primary')).toHaveText('Show the run')
  held.remove()

  const banner = page.getByText('1 of 2 keys replaced. 1 still works.', { exact: true })
  await expect(banner).toBeVisible()
  await expect(page).toHaveTitle('⚠ 1 needs you · Keyturn')
  expect(await page.evaluate('told')).toEqual(['Keyturn: ⚠ 1 needs you'])
  await expectAccessible(page)
  await page.reload()
  await expect(banner).toBeVisible()
  await page.getByRole('link', { name: 'See what is left' }).click()
  await expect(
    page.getByRole('heading', { level: 1, name: '1 of 2 keys replaced. 1 still works.' }),
  ).toBeVisible()
  await expect(rotationRow(page, 'denied').getByText('Missing permission')).toBeVisible()
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await expect(page.getByRole('region', { name: 'Overview' })).toBeVisible()
  await expect(banner).toHaveCount(0)
  await expect(page).toHaveTitle('(1 exposed) Keys · Keyturn')
  expect(await icon.getAttribute('href')).toContain(plain)
})

test('failures of one reason are one box, and the second run says how long it takes', async ({
  stage,
  page,
}) => {
  stage.users('one', 'two', 'three', 'fine')
  for (const name of ['one', 'two', 'three']) stage.sandbox.control.deny(name, 'iam:CreateAccessKey')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '4 keys').click()
  const box = page.getByRole('region', { name: /: 3 keys$/ })
  await expect(box).toContainText('one, two and three')
  await expect(page.getByText('Missing permission')).toHaveCount(1)
  await expectAccessible(page)
  await box.getByText('What AWS said of each').click()
  await expect(box.getByRole('listitem')).toHaveCount(3)

  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  stage.write('credentials', section('next', stage.user('next')[0]))
  await keyRow(page, 'next').getByRole('button', { name: 'Rotate' }).click()
  const held = stage.sandbox.control.fault({ action: 'CreateAccessKey' }, { kind: 'hold-before' })
  await startButton(page, '1 key').click()
  await expect(page.getByText(/^0 of 1 new key in your file/)).toContainText('A few seconds left')
  // Of one key the steps are open.
  await expect(rotationRow(page, 'next').getByText('Write the file', { exact: true })).toBeVisible()
  held.remove()
})
