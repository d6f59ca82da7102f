import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { virtualEnvironment } from '../conformance/venv.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
/** What the package managers make of the programs: ignored by git, kept from run to run. */
const built = path.join(here, '.built')
const awscrt = 'awscrt==0.38.1'

/**
 * @typedef {{ name: string, command: string[], env?: Record<string, string> }} Reader
 * @typedef {{ name: string, why: string }} Skipped
 */

/**
 * Builds each reader with its own package manager.
 *
 * @returns {{ readers: Reader[], skipped: Skipped[] }} skipped: those whose tools this machine lacks
 * @throws {Error} where the tools are there and the build fails: that is not passed over
 */
export function buildReaders() {
  fs.mkdirSync(built, { recursive: true })
  const readers = [{ name: 'JS 3', command: [process.execPath, path.join(here, 'js_reader.mjs')] }]
  const skipped = []
  const add = (name, tools, build) => {
    const missing = tools.filter((tool) => spawnSync(tool, ['--help'], { stdio: 'ignore' }).error)
    if (missing.length > 0) skipped.push({ name, why: `${missing.join(' and ')} not found` })
    else readers.push({ name, ...build() })
  }
  add('Go 2', ['go'], go)
  add('Java 2', ['java', 'mvn'], java)
  add('Rust', ['cargo'], rust)
  add('botocore', ['python3'], botocore)
  add('CRT', ['python3'], crt)
  return { readers, skipped }
}

function go() {
  const program = path.join(built, 'go-reader')
  run('go', ['build', '-o', program, '.'], 'go')
  return { command: [program] }
}

function java() {
  const jars = path.join(built, 'jars')
  run(
    'mvn',
    ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`, '-DincludeScope=runtime'],
    'java',
  )
  return { command: ['java', '-cp', path.join(jars, '*'), path.join(here, 'java', 'Reader.java')] }
}

function rust() {
  run('cargo', ['build', '--quiet', '--target-dir', path.join(built, 'rust')], 'rust')
  return { command: [path.join(built, 'rust', 'debug', 'keyturn-reader')] }
}

function botocore() {
  return { command: [virtualEnvironment().python, path.join(here, 'botocore_reader.py')] }
}

function crt() {
  const { python } = virtualEnvironment()
  const target = path.join(built, awscrt)
  if (!fs.existsSync(target))
    run(
      python,
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--target',
        target,
        awscrt,
      ],
      '.',
    )
  return { command: [python, path.join(here, 'crt_reader.py')], env: { PYTHONPATH: target } }
}

function run(command, args, folder) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: path.join(here, folder),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`)
}
