import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { slowUnits } from './e2e/slowTests.ts'

const include = ['shared/**/*.test.ts', 'server/**/*.test.ts', 'web/**/*.test.ts', 'e2e/**/*.test.ts']
const never = ['**/node_modules/**', '**/*.fault.test.ts']

export default defineConfig({
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  test: {
    // Vitest leaves a core free; of two that is half.
    maxWorkers: '100%',
    globalSetup: ['e2e/build.ts'],
    testTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'core', include, exclude: [...never, ...slowUnits] } },
      { extends: true, test: { name: 'slow', include: slowUnits, exclude: never } },
    ],
    coverage: { provider: 'v8', include: ['server/**/*.ts'], exclude: ['**/*.test.ts', '**/testing/**'] },
  },
})
