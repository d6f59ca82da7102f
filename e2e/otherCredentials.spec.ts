import { enter, expect, expectAccessible, startButton, test } from './fixtures.ts'
import { section } from './stage.ts'

test('after a run: what else signs is looked at, turned off and deleted, and the sessions are ended', async ({
  stage,
  page,
}) => {
  const [pair] = stage.user('default', {
    alsoAllow: ['Put', 'Get', 'Delete'].map((act) => `iam:${act}UserPolicy`),
    password: { text: 'Correct-Horse-9' },
    serviceCredentials: [{ service: 'bedrock.amazonaws.com' }],
    mfaDevices: [{ name: 'phone-2', enabledAt: Date.now() - 3_600_000 }],
  })
  stage.write('credentials', section('default', pair))
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  await page.getByRole('link', { name: 'After: what else a thief could use' }).click()
  const asked = () => stage.sandbox.calls.filter(({ action }) => action === 'ListServiceSpecificCredentials')
  expect(asked()).toEqual([])

  const ways = page.getByRole('region', { name: 'The user’s other ways in' })
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  await ways.getByLabel('Leaked since').fill(yesterday)
  await ways.getByRole('button', { name: 'Look' }).click()
  await expect(ways.getByText('MFA device')).toBeVisible()
  await expect(ways.getByText('new', { exact: true })).toHaveCount(3)
  await expectAccessible(page)

  const [credential] = stage.sandbox.control.others('default').serviceCredentials
  const id = credential?.id ?? ''
  await ways.getByRole('button', { name: `Turn off ${id}` }).click()
  const dialogOf = (name: string) => page.getByRole('dialog', { name })
  await dialogOf('Turn this off').getByRole('button', { name: 'Turn off' }).click()
  await expect(ways.getByRole('button', { name: `Turn on ${id}` })).toBeVisible()
  expect(credential?.status).toBe('Inactive')

  await ways.getByRole('button', { name: `Delete ${id}` }).click()
  const deletion = dialogOf('Delete this for good')
  const forGood = deletion.getByRole('button', { name: 'Delete for good' })
  await expect(forGood).toBeDisabled()
  await deletion.getByLabel('Its last four characters').fill(id.slice(-4))
  await forGood.click()
  await expect(ways.getByText(id)).toHaveCount(0)
  expect(stage.sandbox.control.others('default').serviceCredentials).toEqual([])

  await ways.getByRole('button', { name: 'End these sessions' }).click()
  const ending = dialogOf('End these sessions')
  await expect(ending.getByText('New sign-ins and long-term keys go on working')).toBeVisible()
  await expectAccessible(page)
  await ending.getByRole('button', { name: 'End the sessions' }).click()
  await expect(ways.getByText('are denied')).toBeVisible()
  expect(Object.keys(stage.sandbox.control.others('default').policies)).toEqual(['AWSRevokeOlderSessions'])
})
