import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  test: {
    // Vitest leaves a core free; of two that is half.
    maxWorkers: '100%',
    include: ['shared/**/*.test.ts', 'server/**/*.test.ts', 'web/**/*.test.ts', 'e2e/**/*.test.ts'],
    exclude: ['**/*.fault.test.ts'],
    globalSetup: ['e2e/build.ts'],
    testTimeout: 120_000,
    coverage: { provider: 'v8', include: ['server/**/*.ts'], exclude: ['**/*.test.ts', '**/testing/**'] },
  },
})
