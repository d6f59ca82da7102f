import { defineConfig } from 'vite'

/** The built command: everything that it runs in a few files, since finding and reading a thousand takes most of a start. */
export default defineConfig({
  build: {
    ssr: 'server/main.ts',
    outDir: 'dist/server',
    emptyOutDir: true,
    target: 'node20.19',
    // A stack trace stays readable; with NODE_OPTIONS=--enable-source-maps it names the source.
    minify: false,
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: 'main.js', chunkFileNames: '[name]-[hash].js' } },
  },
  ssr: {
    noExternal: true,
    // It runs a program that lies beside it.
    external: ['open'],
  },
})
