import { readFile } from 'node:fs/promises'
import { account } from './stage.ts'
import { enter, expect, expectAccessible, startButton, test } from './fixtures.ts'

const thief = '203.0.113.9'
const here = '198.51.100.7'
const hour = 3_600_000

test('after a run, what a thief did with the key is told, door first, and saved as CSV', async ({
  stage,
  page,
}) => {
  const old = stage.users('ann').get('ann')?.id ?? ''
  stage.sandbox.control.behave({ callerAddress: here })
  await enter(page, await stage.start())
  const bar = page.getByRole('navigation', { name: 'Pages' })
  await expect(bar.getByRole('link', { name: 'After' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '1 key').click()
  await page.getByRole('link', { name: 'After: what else a thief could use' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'After' })).toBeFocused()
  await expect(bar.getByRole('link', { name: 'After' })).toHaveAttribute('aria-current', 'page')
  const lookups = () => stage.sandbox.calls.filter(({ action }) => action === 'LookupEvents').length
  expect(lookups()).toBe(0)

  const event = { keyId: old, user: 'ann', address: thief, source: 'iam.amazonaws.com' }
  stage.sandbox.control.addEvents(account, [
    {
      ...event,
      at: Date.now() - 5 * hour,
      name: 'CreateUser',
      agent: '<img src=x onerror=alert(1)>\u001b[31m',
      request: { userName: 'backup-svc' },
    },
    ...Array.from({ length: 120 }, (_, index) => ({
      ...event,
      at: Date.now() - 6 * hour - index * 60_000,
      name: 'ListUsers',
      agent: 'aws-cli/2.15.30',
    })),
  ])
  const section = page.getByRole('region', { name: 'What was done with the old key' })
  await section.getByRole('button', { name: 'Ask CloudTrail' }).click()
  await expect(section.getByRole('button', { name: 'Look again' })).toBeVisible()
  expect(lookups()).toBeGreaterThan(2)
  await expect(section).toContainText(`121 from ${thief}`)
  await expect(section).toContainText('made the user backup-svc')
  await expect(section.locator('img')).toHaveCount(0)
  await expectAccessible(page)

  await section.getByRole('button', { name: `${thief}, aws-cli/2.15.30` }).click()
  const events = section.getByRole('region', { name: 'Events' })
  await expect(section).toContainText(/120 of \d+ events/)
  // Only what is in sight is drawn.
  expect(await events.getByRole('listitem').count()).toBeLessThan(60)
  await section.getByRole('searchbox', { name: 'Filter the events' }).fill('backup-svc')
  await expect(events.getByRole('listitem')).toHaveCount(1)
  await expectAccessible(page)

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    section.getByRole('button', { name: 'Save as CSV' }).click(),
  ])
  const csv = await readFile(await download.path(), 'utf8')
  expect(csv).toContain('backup-svc')
  expect(csv).not.toContain('\u001b')
})

test('where CloudTrail may not be asked, the permission and the words for an administrator stand', async ({
  stage,
  page,
}) => {
  stage.users('ann')
  stage.sandbox.control.deny('ann', 'cloudtrail:LookupEvents')
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '1 key').click()
  await page.getByRole('link', { name: 'After: what else a thief could use' }).click()
  const section = page.getByRole('region', { name: 'What was done with the old key' })
  await section.getByRole('button', { name: 'Ask CloudTrail' }).click()
  await expect(section).toContainText('needs cloudtrail:LookupEvents')
  await expect(section.getByRole('button', { name: 'Copy the text for an administrator' })).toBeVisible()
  await expectAccessible(page)
})
