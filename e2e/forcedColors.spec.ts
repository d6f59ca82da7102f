import { enter, expect, rotationRow, startButton, test, visit } from './fixtures.ts'
import type { Locator } from 'playwright/test'

/** What the browser draws once it has put the person's few colours in place of ours. */
const drawn = (of: Locator, property: string, pseudo?: string): Promise<string> =>
  of.evaluate((element, [name, part]) => getComputedStyle(element, part).getPropertyValue(name!), [
    property,
    pseudo,
  ] as const)

test('forced colours leave the bars, the steps, the choices, the focus and the present page visible', async ({
  stage,
  page,
}) => {
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
  stage.users('default', 'denied', 'third', 'fourth')
  stage.sandbox.control.deny('denied', 'iam:CreateAccessKey')
  await enter(page, await stage.start())
  const pages = page.getByRole('navigation', { name: 'Pages' })
  const [here, elsewhere] = [
    pages.getByRole('link', { name: /^Keys/ }),
    pages.getByRole('link', { name: 'History' }),
  ]
  expect(await drawn(here, 'border-bottom-color')).not.toBe(await drawn(elsewhere, 'border-bottom-color'))
  await page.getByRole('button', { name: 'Check ages' }).click()
  const table = page.getByRole('table', { name: 'Keys' })
  await expect(table.locator('.age svg .fill')).toHaveCount(4)
  const bar = table.locator('.age svg').first()
  const [track, fill, mark] = [bar.locator('.track'), bar.locator('.fill'), bar.locator('.mark')]
  expect(await drawn(fill, 'fill')).not.toBe(await drawn(track, 'fill'))
  expect(await drawn(track, 'stroke')).not.toBe(await drawn(track, 'fill'))
  expect(await drawn(mark, 'fill')).not.toBe(await drawn(fill, 'fill'))
  const shown = page.getByRole('group', { name: 'Show' })
  const [all, overdue] = [
    shown.getByRole('button', { name: /^All/ }),
    shown.getByRole('button', { name: /^Overdue/ }),
  ]
  expect(await drawn(all, 'border-top-color')).not.toBe(await drawn(overdue, 'border-top-color'))
  const box = table.getByRole('checkbox').nth(1)
  await box.focus()
  await page.keyboard.press('Tab')
  const focused = page.locator(':focus-visible')
  expect(await drawn(focused, 'outline-style')).not.toBe('none')
  expect(parseFloat(await drawn(focused, 'outline-width'))).toBeGreaterThanOrEqual(2)

  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await startButton(page, '4 keys').click()
  await expect(
    page.getByRole('heading', { level: 1, name: '3 of 4 keys replaced. 1 still works.' }),
  ).toBeVisible()
  const steps = rotationRow(page, 'denied').getByRole('list', { name: 'Steps' }).getByRole('listitem')
  const looks = await Promise.all(
    ['.done', '.failed', '.skipped'].map((state) =>
      drawn(steps.and(page.locator(state)).first(), 'background-color'),
    ),
  )
  expect(new Set(looks).size).toBe(3)
  // The word beside each icon takes the text's colour, and so does the icon.
  const icon = rotationRow(page, 'default').locator('.word svg').first()
  expect(await drawn(icon, 'stroke')).not.toBe(await drawn(page.locator('body'), 'background-color'))

  await visit(page, 'Old keys')
  await expect(page.getByRole('table', { name: 'Replaced by Keyturn' })).toBeVisible()
  await visit(page, 'History')
  expect(await drawn(elsewhere, 'border-bottom-color')).not.toBe(await drawn(here, 'border-bottom-color'))
})
