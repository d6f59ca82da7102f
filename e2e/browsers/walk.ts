import assert from 'node:assert/strict'
import { Stage } from '../stage.ts'
import type { Browser } from './browser.ts'
import { until } from './browser.ts'

/** The first visible element of a kind whose words are these, as an expression for the page. */
const named = (selector: string, words: string): string =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].find((each) => each.offsetParent !== null && !each.disabled && (each.getAttribute('aria-label') ?? each.textContent).replace(/\\s+/g, ' ').trim().startsWith(${JSON.stringify(words)}))`

/** Link, ages, plan, run, result, undo, history: what a person does with it, in one browser. */
export async function walk(browser: Browser): Promise<void> {
  const stage = await Stage.open()
  const press = async (selector: string, words: string): Promise<void> => {
    const expression = named(selector, words)
    await until(`“${words}”`, async () =>
      (await browser.value(`Boolean(${expression})`)) ? true : undefined,
    )
    await browser.press(expression)
  }
  const heading = (words: string): Promise<true> =>
    until(`the heading “${words}”`, async () =>
      (await browser.value('document.querySelector("main h1")?.textContent.replace(/\\s+/g, " ").trim()')) ===
      words
        ? true
        : undefined,
    )
  try {
    const old = stage.users('default', 'work', 'ci')
    await browser.go(await stage.start())
    await heading('3 keys')
    await press('button', 'Check ages')
    await heading('3 keys, 3 overdue')
    await press('[data-key] button', 'Details of ci')
    await press('button', 'Rotate the 3 overdue')
    await heading('The plan')
    await press('button', 'Rotate 3 keys')
    await heading('3 keys rotated')
    for (const [user, pair] of old) assert.equal(stage.statuses(user)[pair.id], 'Inactive')

    await press('button', 'Undo all 3')
    await press('dialog button.primary, dialog button.danger', 'Put')
    await heading('3 keys restored')
    for (const [user, pair] of old) assert.deepEqual(stage.pair(user), pair)

    await press('nav a', 'Old keys')
    await heading('Old keys')
    await press('nav a', 'History')
    await heading('History')
    await until('both runs', async () =>
      (await browser.value('document.querySelectorAll("main details").length')) === 2 ? true : undefined,
    )
    await press('summary .title', 'Restore of 3 keys')
    await until('the opened run', async () =>
      (await browser.value('document.querySelector("main details").open')) === true ? true : undefined,
    )
    await press('nav a', 'Keys')
    await heading('3 keys, 3 overdue')
    assert.deepEqual(await browser.faults(), [])
  } finally {
    await stage.close()
  }
}
