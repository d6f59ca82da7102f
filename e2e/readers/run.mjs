// What real SDKs read of the files that Keyturn writes: `npm run test:readers`. Plain JavaScript, since it builds first.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { buildReaders } from './build.mjs'

const began = Date.now()
const { readers, skipped } = buildReaders()
console.log(`Readers: ${readers.map(({ name }) => name).join(', ')}; built in ${seconds(began)} s`)
for (const { name, why } of skipped) console.log(`Skipped: ${name}, since ${why}`)

const asked = Date.now()
const suite = fileURLToPath(new URL('./suite.ts', import.meta.url))
const { status } = spawnSync(process.execPath, ['--import', 'tsx', suite, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, KEYTURN_READERS: JSON.stringify(readers) },
})
console.log(`Asked in ${seconds(asked)} s`)
process.exit(status ?? 1)

function seconds(since) {
  return Math.round((Date.now() - since) / 1000)
}
