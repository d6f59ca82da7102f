// The conformance suite: `npm run test:conformance`. Plain JavaScript, since it runs before anything is built.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { virtualEnvironment } from './venv.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

function fail(why) {
  console.error(why)
  process.exit(1)
}

let commands
try {
  commands = virtualEnvironment()
} catch (error) {
  fail(error.message)
}

// What is tried is the built command, and a stale build would be tried in its place.
console.log('Building the command')
const build = spawnSync(npm, ['run', 'build'], { cwd: root, encoding: 'utf8' })
if (build.status !== 0 || !fs.existsSync(`${root}/dist/server/main.js`))
  fail(`npm run build failed:\n${build.stdout}${build.stderr}`)

const suite = fileURLToPath(new URL('./suite.ts', import.meta.url))
const { status, signal } = spawnSync(process.execPath, ['--import', 'tsx', suite, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    CONFORMANCE_PYTHON: commands.python,
    CONFORMANCE_AWS: commands.aws,
    // For the suite's own client alone: the command under test is started without any AWS_* variable.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  },
})
if (signal) fail(`the suite was ended by ${signal}`)
process.exit(status ?? 1)
