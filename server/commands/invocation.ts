import fs from 'node:fs'
import path from 'node:path'
import type { Environment } from '../platform/environment.ts'
import { findInstallation } from '../platform/installation.ts'
import { givenWords, type Invocation } from './hints.ts'
import type { Options } from './options.ts'
import { shellWords } from './shellWords.ts'

/** How this process was started. */
export interface Start {
  /** The script, as `process.argv[1]` has it. */
  readonly script: string
  readonly node: string
  readonly nodeOptions: readonly string[]
  readonly env: Environment
  readonly cwd: string
  readonly platform: NodeJS.Platform
  /** The folder of Keyturn's package.json. */
  readonly root: string
}

/** How this process was started, with what it was given; as typed into a shell. */
export function thisInvocation(env: Environment, options?: Options): Invocation {
  const start = startOfThis(env)
  return {
    program: shellWords(invocationOf(start), start.platform),
    given: options === undefined ? '' : shellWords(givenWords(options, start.cwd), start.platform),
  }
}

export function startOfThis(env: Environment): Start {
  return {
    script: process.argv[1] ?? '',
    node: process.execPath,
    nodeOptions: process.execArgv,
    env,
    cwd: process.cwd(),
    platform: process.platform,
    root: findInstallation().root,
  }
}

/** The words that start Keyturn again as this process was started. */
export function invocationOf(start: Start): string[] {
  return ofScript(start) ?? ofRunner(start) ?? ofPath(start) ?? ofFile(start)
}

/**
 * The program and the script by their whole paths, for what starts Keyturn later and without a shell.
 * @returns undefined where it runs from a cache that is cleared some day
 */
export function lastingWords(start: Start): string[] | undefined {
  const place = (realPath(start.script) ?? start.script).replaceAll('\\', '/')
  if (/\/(_npx|bunx-[^/]*|dlx(-[^/]*)?)\//.test(place)) return undefined
  // A package manager's own path of it has a version in it, which goes with the next update.
  const known = nodeOnPath(start)
  return [known ?? start.node, ...start.nodeOptions, start.script]
}

/** `npm start --`, as a clone is started. */
function ofScript({ env, cwd, root }: Start): string[] | undefined {
  const manifest = env['npm_package_json']
  if (env['npm_lifecycle_event'] !== 'start' || manifest === undefined) return undefined
  if (!isSame(path.dirname(manifest), root)) return undefined
  const manager = managerOf(env)
  const from = env['INIT_CWD'] ?? cwd
  const inside = isSame(from, root) || realPath(from)?.startsWith(`${realPath(root) ?? root}${path.sep}`)
  if (manager !== 'npm') return manager === 'bun' ? ['bun', 'run', 'start'] : [manager, 'start']
  return inside ? ['npm', 'start', '--'] : ['npm', '--prefix', root, 'start', '--']
}

/** `npx keyturn`, and what other package managers have of the kind. */
function ofRunner({ env, script, root }: Start): string[] | undefined {
  const place = (realPath(script) ?? script).replaceAll('\\', '/')
  if (/\/bunx-[^/]*\//.test(place)) return ['bunx', 'keyturn']
  const manager = managerOf(env)
  if (/\/dlx[-/]/.test(place) && (manager === 'pnpm' || manager === 'yarn'))
    return [manager, 'dlx', 'keyturn']
  if (env['npm_command'] !== 'exec' || env['npm_lifecycle_event'] !== 'npx') return undefined
  const cache = /^.*\/_npx\/[^/]+(?=\/)/.exec(root.replaceAll('\\', '/'))?.[0]
  const packages = cache === undefined ? [] : packagesOf(path.join(cache, 'package.json'))
  const [only] = packages
  if (only === undefined) return ['npx', 'keyturn']
  return packages.length === 1
    ? ['npx', only]
    : ['npx', ...packages.flatMap((each) => ['-p', each]), 'keyturn']
}

/** `keyturn`, where that is what the shell finds under the name. */
function ofPath({ env, script, platform, root }: Start): string[] | undefined {
  const names = platform === 'win32' ? ['keyturn.exe', 'keyturn.cmd'] : ['keyturn']
  const found = onPath(env, platform, names)
  if (found === undefined) return undefined
  if (isSame(found, script)) return ['keyturn']
  // Some package managers put a script there that starts the one in the package.
  const installed = root.split(/[\\/]/).includes('node_modules')
  return installed && beginningOf(found).replaceAll('\\', '/').includes('keyturn/dist/server/main.js')
    ? ['keyturn']
    : undefined
}

function ofFile(start: Start): string[] {
  return [nodeOnPath(start) === undefined ? start.node : 'node', ...start.nodeOptions, start.script]
}

function nodeOnPath({ node, env, platform }: Start): string | undefined {
  const known = onPath(env, platform, [platform === 'win32' ? 'node.exe' : 'node'])
  return known !== undefined && isSame(known, node) ? known : undefined
}

function managerOf(env: Environment): string {
  return /^(pnpm|yarn|bun)\//.exec(env['npm_config_user_agent'] ?? '')?.[1] ?? 'npm'
}

function packagesOf(manifest: string): string[] {
  try {
    const { _npx: asked } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as {
      _npx?: { packages?: string[] }
    }
    return asked?.packages ?? []
  } catch {
    return []
  }
}

function onPath(env: Environment, platform: NodeJS.Platform, names: readonly string[]): string | undefined {
  const folders = (env['PATH'] ?? '')
    .split(platform === 'win32' ? ';' : ':')
    .filter((folder) => folder !== '')
  return folders
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => isFile(file))
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true
}

function beginningOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').slice(0, 4_096)
  } catch {
    return ''
  }
}

function isSame(one: string, other: string): boolean {
  const real = realPath(one)
  return real !== undefined && real === realPath(other)
}

function realPath(file: string): string | undefined {
  try {
    return fs.realpathSync.native(file)
  } catch {
    return undefined
  }
}
