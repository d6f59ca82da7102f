import { defineConfig } from 'playwright/test'
import { slowSpecs } from './slowTests.ts'

/** The built command, driven through a real browser. Run it by `npm run test:e2e`, which finds the browser. */
export default defineConfig({
  testDir: '.',
  projects: [
    { name: 'core', testMatch: '*.spec.ts', testIgnore: slowSpecs },
    { name: 'slow', testMatch: slowSpecs },
  ],
  outputDir: '../test-results/e2e',
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env['CI'] !== undefined,
  retries: 0,
  // Patience, for machines that do other things beside: nothing waits for its end where all is well.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      // Chromium's sandbox refuses to run as root, as CI does.
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
})
