import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** IAM that we did not write, and the client that people use: both pinned, so that a failure is ours. */
const requirements = ['moto[server]==5.2.1', 'awscli==1.45.11']

const directory = fileURLToPath(new URL('./.venv', import.meta.url))
const bin = path.join(directory, process.platform === 'win32' ? 'Scripts' : 'bin')
const marker = path.join(directory, 'installed.txt')

const run = (command, args) =>
  spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 })

const isDebianRoot = () => process.getuid?.() === 0 && fs.existsSync('/etc/debian_version')

/**
 * A virtual environment beside this file, made once and kept.
 *
 * @returns {{ python: string, aws: string }} paths of its commands
 * @throws {Error} in words that say what to install
 */
export function virtualEnvironment() {
  const wanted = requirements.join('\n')
  if (!fs.existsSync(marker) || fs.readFileSync(marker, 'utf8') !== wanted) make(wanted)
  return { python: path.join(bin, 'python'), aws: path.join(bin, 'aws') }
}

function make(wanted) {
  console.log(`Making a virtual environment with ${requirements.join(' and ')} (once; about a minute)`)
  let made = create()
  if (made.status !== 0 && isDebianRoot()) {
    console.log('python3-venv is missing: installing it with apt-get')
    run('apt-get', ['update'])
    run('apt-get', ['install', '-y', '--no-install-recommends', 'python3', 'python3-venv'])
    made = create()
  }
  if (made.status !== 0)
    throw new Error(
      `python3 -m venv does not work here: ${words(made)}\nInstall Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv), then run this again.`,
    )
  const installed = run(path.join(bin, 'python'), [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
    ...requirements,
  ])
  if (installed.status !== 0)
    throw new Error(`pip could not install ${requirements.join(', ')}: ${words(installed)}`)
  fs.writeFileSync(marker, wanted)
}

function create() {
  // A half-made one, from a run that was cut off, would be taken for whole.
  fs.rmSync(directory, { recursive: true, force: true })
  return run('python3', ['-m', 'venv', directory])
}

const words = ({ error, stdout, stderr }) => error?.message ?? `${stdout ?? ''}${stderr ?? ''}`.trim()
