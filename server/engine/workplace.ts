import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import type { Environment } from '../platform/environment.ts'
import { locateFiles, ownHomeOf } from '../profiles/locations.ts'
import { findStateDirectory, openStateDirectory } from '../platform/stateDirectory.ts'
import type { EngineOptions } from './options.ts'

/** Where an engine works: the person's own files and AWS, or a demo's. */
export interface Surroundings {
  readonly stateDirectory: string
  readonly credentials?: string
  readonly config?: string
  readonly endpoint?: string
  /** Where files are looked for. */
  readonly home: string
  readonly env: Environment
  close(): Promise<void>
}

/**
 * @param toLook only to look: the state directory is neither made nor tightened
 * @throws Failure where the state directory cannot be used
 */
export async function ownSurroundings(
  options: EngineOptions,
  env: Environment,
  toLook = false,
): Promise<Surroundings> {
  return {
    stateDirectory: await (toLook ? findStateDirectory : openStateDirectory)(options.stateDir),
    ...(options.credentialsFile !== undefined && { credentials: options.credentialsFile }),
    ...(options.configFile !== undefined && { config: options.configFile }),
    ...(options.endpointUrl !== undefined && { endpoint: options.endpointUrl }),
    // As botocore: on Windows HOME is some shell's own idea, and USERPROFILE is meant, which homedir takes.
    home: (process.platform !== 'win32' && env['HOME']) || homedir(),
    env,
    close: () => Promise.resolve(),
  }
}

const whereCallsGo = [
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_IAM',
  'AWS_ENDPOINT_URL_STS',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
]

/** Tells whether two engines would work on the same files and with the same AWS; nothing can be read from it. */
export function groundOf({ credentials, config, endpoint, home, env }: Omit<Surroundings, 'close'>): string {
  const files = locateFiles({
    flags: { ...(credentials !== undefined && { credentials }), ...(config !== undefined && { config }) },
    env,
    home,
    cwd: process.cwd(),
    homeOf: ownHomeOf,
  })
  const ground = [
    files.credentials.path,
    files.config.path,
    endpoint ?? '',
    ...whereCallsGo.map((name) => env[name] ?? ''),
  ]
  return createHash('sha256').update(JSON.stringify(ground)).digest('hex')
}

/** Files, state and an IAM of its own, all gone at the end; no AWS_* variable reaches it. */
export async function demoSurroundings(): Promise<Surroundings> {
  // Only a demo needs the embedded IAM: the person's own start does not wait for it.
  const [{ makeDemo }, { startSandbox }, { sweepDemos }] = await Promise.all([
    import('../sandbox/demo.ts'),
    import('../sandbox/sandbox.ts'),
    import('../platform/leftDemos.ts'),
  ])
  await sweepDemos(tmpdir())
  const root = await mkdtemp(path.join(tmpdir(), 'keyturn-demo-'))
  const demo = makeDemo(Date.now())
  const aws = path.join(root, 'aws')
  await mkdir(aws, { mode: 0o700 })
  const credentials = path.join(aws, 'credentials')
  const config = path.join(aws, 'config')
  await writeFile(credentials, demo.credentials, { mode: 0o600 })
  await writeFile(config, demo.config, { mode: 0o600 })
  const sandbox = await startSandbox(demo.sandbox)
  return {
    stateDirectory: await openStateDirectory(path.join(root, 'state')),
    credentials,
    config,
    endpoint: sandbox.url,
    home: root,
    env: {},
    async close() {
      await sandbox.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}
