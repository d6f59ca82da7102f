import { AxeBuilder } from '@axe-core/playwright'
import { expect, test as base } from 'playwright/test'
import type { BrowserContext, Locator, Page } from 'playwright/test'
import { Stage } from './stage.ts'

export { expect }

/** What a page must never do, noted while a test runs; at its end there must be none. */
export class Watch {
  readonly faults: string[] = []
  readonly #origins: readonly string[]
  readonly #allowed: RegExp[] = []

  constructor(origins: readonly string[]) {
    this.#origins = origins
  }

  /** Names what a test provokes itself, such as the refused connections of a stopped server. */
  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns)
  }

  async follow(context: BrowserContext): Promise<void> {
    // Chromium also says so on the console, but not for every directive.
    await context.addInitScript(
      'addEventListener("securitypolicyviolation", (event) => console.error("policy violation:", event.violatedDirective, event.blockedURI))',
    )
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        this.#note(`console: ${message.text()}`, message.location().url)
    })
    context.on('weberror', (error) => this.#note(`page: ${error.error().message}`))
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (!['data:', 'blob:', 'about:'].includes(protocol) && !this.#origins.includes(origin))
        this.#note(`request to another origin: ${request.url()}`)
    })
  }

  #note(what: string, where = ''): void {
    if (!this.#allowed.some((pattern) => pattern.test(what))) this.faults.push(`${what} ${where}`.trim())
  }
}

export const test = base.extend<{ stage: Stage; watch: Watch }>({
  stage: async ({}, use) => {
    const stage = await Stage.open()
    await use(stage)
    await stage.close()
  },
  watch: [
    async ({ stage, context }, use) => {
      const watch = new Watch(stage.origins)
      await watch.follow(context)
      await use(watch)
      expect(watch.faults).toEqual([])
    },
    { auto: true },
  ],
})

/** Holds a kind of request of the page until it is let go; gives what each asked for. */
export async function hold(
  page: Page,
  url: string,
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET',
): Promise<{ asked: unknown[]; release: () => void }> {
  const asked: unknown[] = []
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  await page.route(url, async (route) => {
    if (route.request().method() !== method) return route.fallback()
    asked.push(route.request().postDataJSON())
    await released
    await route.continue()
  })
  await intercepted(page)
  return { asked, release }
}

/** The renderer takes up its first route a moment after `route` returns: what it sends in between goes by it. */
async function intercepted(page: Page): Promise<void> {
  const isProbe = (url: URL): boolean => url.search === '?intercepted'
  await page.route(isProbe, (route) => route.fulfill({ body: 'yes' }))
  await expect
    .poll(() => page.evaluate(async () => (await fetch('/?intercepted', { cache: 'no-store' })).text()))
    .toBe('yes')
  await page.unroute(isProbe)
}

/** The page's address without the launch secret or the place on it. */
export function pageOf(address: string): string {
  return address.replace(/#.*/, '')
}

/** Opens a link and waits for the page behind the door. */
export async function enter(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
}

/** Goes to a screen by its link in the bar, as a person does. */
export async function visit(page: Page, screen: 'Keys' | 'Old keys' | 'History' | 'Settings'): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: screen === 'Keys' ? /^Keys/ : screen })
    .click()
  if (screen !== 'Keys') await expect(page.getByRole('heading', { level: 1, name: screen })).toBeVisible()
}

/** The row of a key in the table, by one of its profiles. */
export function keyRow(page: Page, profile: string): Locator {
  return page
    .getByRole('table', { name: 'Keys' })
    .getByRole('row')
    .filter({ has: page.getByText(profile, { exact: true }) })
}

/** The row of a rotation on the page of a run. */
export function rotationRow(page: Page, profiles: string): Locator {
  return page.getByRole('article', { name: profiles, exact: true })
}

/** The person's next plan: the button that names how many keys it rotates. */
export function startButton(page: Page, keys: string): Locator {
  return page.getByRole('button', { name: `Rotate ${keys}`, exact: true })
}

/** Rules whose verdict hangs on colours. All others see the same page in either theme, and need be asked once. */
const ofColour = ['color-contrast', 'link-in-text-block']

/** WCAG 2.2 AA by axe, in both themes unless one is named, of what stands on the page now. */
export async function expectAccessible(
  page: Page,
  themes: readonly ('light' | 'dark')[] = ['light', 'dark'],
): Promise<void> {
  for (const [at, colorScheme] of themes.entries()) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // Asking for less motion starts no transition any more, and leaves one that runs at a colour between two.
    await page.evaluate(() => {
      // What has scrolled below the bar that stays on top is covered there, as on any page.
      scrollTo(0, 0)
      for (const motion of document.getAnimations()) if (motion instanceof CSSTransition) motion.finish()
    })
    // Its other mode opens a second page for each look, to join what frames found: there are none.
    const axe = new AxeBuilder({ page }).setLegacyMode(true)
    const { violations } = await (
      at === 0
        ? axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        : axe.withRules(ofColour)
    ).analyze()
    const told = violations.map(({ id, nodes }) => ({
      id,
      theme: colorScheme,
      nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
    }))
    expect(told).toEqual([])
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
}
