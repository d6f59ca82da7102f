import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Options } from './commands/options.ts'
import type { Environment } from './platform/environment.ts'
import { findStateDirectory, openStateDirectory } from './platform/stateDirectory.ts'

/** Where an engine works: the person's own files and AWS, or a demo's. */
export interface Surroundings {
  readonly stateDirectory: string
  readonly credentials?: string
  readonly config?: string
  readonly endpoint?: string
  readonly env: Environment
  close(): Promise<void>
}

/**
 * @param toLook only to look: the state directory is neither made nor tightened
 * @throws Failure where the state directory cannot be used
 */
export async function ownSurroundings(
  options: Options,
  env: Environment,
  toLook = false,
): Promise<Surroundings> {
  return {
    stateDirectory: await (toLook ? findStateDirectory : openStateDirectory)(options.stateDir),
    ...(options.credentialsFile !== undefined && { credentials: options.credentialsFile }),
    ...(options.configFile !== undefined && { config: options.configFile }),
    ...(options.endpointUrl !== undefined && { endpoint: options.endpointUrl }),
    env,
    close: () => Promise.resolve(),
  }
}

/** Files, state and an IAM of its own, all gone at the end; no AWS_* variable reaches it. */
export async function demoSurroundings(): Promise<Surroundings> {
  // Only a demo needs the embedded IAM: the person's own start does not wait for it.
  const [{ makeDemo }, { startSandbox }] = await Promise.all([
    import('./sandbox/demo.ts'),
    import('./sandbox/sandbox.ts'),
  ])
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
    env: {},
    async close() {
      await sandbox.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}
