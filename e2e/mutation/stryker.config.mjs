// `npm run test:mutation`: how many small defects, made one at a time in the pure core, the tests notice. Takes long; not in CI.
export default {
  packageManager: 'npm',
  testRunner: 'vitest',
  vitest: { configFile: 'e2e/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  mutate: [
    'server/rotation/machine.ts',
    'server/rotation/plan.ts',
    'server/rotation/history.ts',
    'server/profiles/document.ts',
    'server/profiles/botocoreRules.ts',
    'server/profiles/scan.ts',
    'server/profiles/splice.ts',
  ],
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, reportTests: false },
  tempDirName: '.stryker-tmp',
  thresholds: { high: 90, low: 85, break: 85 },
  ignorePatterns: ['dist', 'coverage', 'reports', 'test-results', '.venv', 'e2e/conformance'],
  timeoutMS: 4000,
}
