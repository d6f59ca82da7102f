import { defineConfig } from 'vite'

/** The built command: everything that it runs in a few files, since finding and reading a thousand takes most of a start. */
export default defineConfig({
  build: {
    ssr: true,
    outDir: 'dist/server',
    emptyOutDir: true,
    target: 'node20.19',
    // A stack trace stays readable; with NODE_OPTIONS=--enable-source-maps it names the source.
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      // The thread that looks through files is a program of its own, beside the command.
      input: { main: 'server/main.ts', walkThread: 'server/places/walkThread.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  ssr: {
    noExternal: true,
    // It runs a program that lies beside it.
    external: ['open'],
  },
})
