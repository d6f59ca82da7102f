import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'web',
  // The page stands below a path that is drawn at each start.
  base: './',
  // 'tree' builds DOM nodes one by one, so that the page needs no innerHTML and its CSP can demand trusted types.
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true, fragments: 'tree' } })],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
