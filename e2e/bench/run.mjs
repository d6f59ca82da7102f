// `npm run bench`: figures of the built command on this machine. They are printed and not judged, since a busy machine
// must not fail a build; `--check` judges them. `--help` lists the options.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build } from '../scripts/built.mjs'

const root = join(import.meta.dirname, '..', '..')
// Of what the build says nothing may stand in the JSON document on standard output.
build()
const measured = spawnSync(
  process.execPath,
  ['--import', 'tsx', 'e2e/bench/bench.ts', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
process.exit(measured.status ?? 1)
