import { statSync } from 'node:fs'
import { enter, expect, expectAccessible, keyRow, startButton, test } from './fixtures.ts'
import type { Stage } from './stage.ts'

/** A file that the AWS CLI reads and the SDKs for Java 2, Rust and C++ do not. */
function indent(stage: Stage): string {
  stage.users('default', 'ci')
  const text = stage.text().replace(/^(aws_)/gm, '    $1')
  stage.write('credentials', text, 0o640)
  return text
}

const cannot = 'Java 2, Rust and C++ cannot read this file: line 2 is indented'

test('indented lines are told, shown, tidied and put back', async ({ stage, page }) => {
  const text = indent(stage)
  await enter(page, await stage.start())
  const notice = page.getByRole('region', { name: /^Line 2 of the credentials file/ })
  await expect(notice).toContainText(cannot)
  await expect(notice).toContainText('Begin line 2 at the first column.')
  for (const profile of ['default', 'ci']) await expect(keyRow(page, profile)).toContainText(cannot)
  await expect(page.getByRole('button', { name: 'Rotate everything' })).toBeEnabled()

  await notice.getByRole('button', { name: 'Tidy these lines…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Tidy the credentials file' })
  const lines = dialog.getByRole('listitem')
  await expect(lines).toHaveCount(4)
  await expect(lines.first()).toContainText('Line 2')
  await expect(dialog.locator('del').first()).toHaveText('    aws_access_key_id = …', {
    useInnerText: true,
  })
  await expect(dialog.locator('ins').first()).toHaveText('aws_access_key_id = …')
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  expect(stage.text()).toBe(text)

  await notice.getByRole('button', { name: 'Tidy these lines…' }).click()
  await dialog.getByRole('button', { name: 'Tidy 4 lines' }).click()
  const done = page.getByRole('region', { name: 'The credentials file is tidied' })
  await expect(done).toBeVisible()
  await expect(notice).toHaveCount(0)
  await expect(keyRow(page, 'ci')).not.toContainText('cannot read')
  expect(stage.text()).toBe(text.replace(/^ {4}/gm, ''))
  expect(statSync(stage.credentials).mode & 0o777).toBe(0o640)
  await expectAccessible(page)

  await done.getByRole('button', { name: 'Undo' }).click()
  await expect(notice).toBeVisible()
  await expect(done).toHaveCount(0)
  expect(stage.text()).toBe(text)
})

test('by the keyboard alone, and the focus stays at hand', async ({ stage, page }) => {
  const text = indent(stage)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Tidy these lines…' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Tidy the credentials file' })
  const tidy = dialog.getByRole('button', { name: 'Tidy 4 lines' })
  await expect(tidy).toBeVisible()
  for (let presses = 0; presses < 4; presses++) {
    if (await tidy.evaluate((element) => element === document.activeElement)) break
    await page.keyboard.press('Tab')
  }
  await expect(tidy).toBeFocused()
  await page.keyboard.press('Enter')
  const undo = page
    .getByRole('region', { name: 'The credentials file is tidied' })
    .getByRole('button', { name: 'Undo' })
  await expect(undo).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Tidy these lines…' })).toBeVisible()
  expect(stage.text()).toBe(text)
})

test('nothing is done to a file that is no longer what was shown', async ({ stage, page, watch }) => {
  watch.allow(/409/)
  const text = indent(stage)
  await enter(page, await stage.start())
  await page.getByRole('button', { name: 'Tidy these lines…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Tidy the credentials file' })
  const tidy = dialog.getByRole('button', { name: 'Tidy 4 lines' })
  await expect(tidy).toBeVisible()
  stage.write('credentials', `# by another program\n${text}`)
  await tidy.click()
  await expect(dialog.getByRole('alert')).toContainText('changed meanwhile')
  expect(stage.text()).toBe(`# by another program\n${text}`)
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Look again' }).click()
  await tidy.click()
  await expect(dialog).toHaveCount(0)
  expect(stage.text()).toBe(`# by another program\n${text.replace(/^ {4}/gm, '')}`)
})

test('an indented file rotates as it is', async ({ stage, page }) => {
  const text = indent(stage)
  await enter(page, await stage.start())
  await keyRow(page, 'ci')
    .getByRole('button', { name: /^Rotate/ })
    .click()
  await startButton(page, '1 key').click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key rotated' })).toBeVisible()
  const values = (file: string) => [...file.matchAll(/= (.*)/g)].map(([, value = '']) => value)
  const [old, now] = [values(text), values(stage.text())]
  expect(now.slice(0, 2)).toEqual(old.slice(0, 2))
  const [[id = '', secret = ''], [newId = '', newSecret = '']] = [old.slice(2), now.slice(2)]
  expect(stage.statuses('ci')).toEqual({ [id]: 'Inactive', [newId]: 'Active' })
  expect(stage.text()).toBe(text.replace(id, newId).replace(secret, newSecret))
})
