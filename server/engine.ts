import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import type { ServerEvent, Snapshot } from './api/events.ts'
import { resolveTarget } from './aws/endpoints.ts'
import { createIam } from './aws/iam.ts'
import { readSharedConfig } from './aws/sharedConfigReader.ts'
import type { Options } from './commands/options.ts'
import { describeError } from './http/log.ts'
import { FindingsFile } from './keys/findingsFile.ts'
import { Keyring } from './keys/keyring.ts'
import { Bus } from './platform/bus.ts'
import { systemClock, type Clock } from './platform/clock.ts'
import type { Environment } from './platform/environment.ts'
import { writeAtomic } from './platform/atomicFile.ts'
import { findInstallation } from './platform/installation.ts'
import { takeLock } from './platform/lock.ts'
import { SettingsFile } from './platform/settingsFile.ts'
import { openStateDirectory } from './platform/stateDirectory.ts'
import { locateFiles } from './profiles/locations.ts'
import type { ProfileStore } from './profiles/ports.ts'
import { createProfileStore } from './profiles/store.ts'
import { DeployHooks } from './rotation/deployHooks.ts'
import { Plans } from './rotation/plans.ts'
import { Runs } from './rotation/runs.ts'
import { SignerDesk } from './rotation/signers.ts'
import { UndoStore } from './rotation/undoStore.ts'
import { Undos } from './rotation/undo.ts'

/** Everything that rotates keys, without HTTP: the page and the commands both drive this. */
export interface Engine {
  readonly clock: Clock
  readonly bus: Bus<ServerEvent>
  readonly settings: SettingsFile
  readonly store: ProfileStore
  readonly keyring: Keyring
  readonly runs: Runs
  readonly plans: Plans
  readonly undos: Undos
  readonly signers: SignerDesk
  readonly findings: FindingsFile
  readonly stateDirectory: string
  readonly version: string
  readonly demo: boolean
  snapshot(): Promise<Snapshot>
  /** Gives back the lock, the connections and, for a demo, everything that it made. */
  close(): Promise<void>
}

/** How often kept pairs are looked through for expired ones, in milliseconds. */
const expiryMs = 3_600_000

interface Surroundings {
  readonly stateDirectory: string
  readonly credentials?: string
  readonly config?: string
  readonly endpoint?: string
  readonly env: Environment
  close(): Promise<void>
}

/**
 * Puts the real adapters behind every port.
 * @throws Failure where the state directory cannot be used or another Keyturn holds it
 */
export async function openEngine(options: Options, env: Environment): Promise<Engine> {
  const clock = systemClock
  const { version } = findInstallation()
  const place = await (options.demo ? demoSurroundings() : ownSurroundings(options, env))
  const lock = await takeLock(path.join(place.stateDirectory, 'lock'), {
    clock,
    subject: 'the state directory',
  }).catch(async (error: unknown) => {
    await place.close()
    throw error
  })
  const settings = await SettingsFile.open(place.stateDirectory)
  const bus = new Bus<ServerEvent>()
  const onDefect = (error: unknown) => void process.stderr.write(`${JSON.stringify(describeError(error))}\n`)
  const iam = createIam({
    clock,
    random: Math.random,
    env: place.env,
    callsInFlight: () => settings.get().callsInFlight,
  })
  const store = createProfileStore({
    locations: locateFiles({
      flags: {
        ...(place.credentials !== undefined && { credentials: place.credentials }),
        ...(place.config !== undefined && { config: place.config }),
      },
      env: place.env,
      home: place.env['HOME'] || homedir(),
      cwd: process.cwd(),
    }),
    reader: readSharedConfig,
    clock,
  })
  const findings = await FindingsFile.open(place.stateDirectory)
  const undo = new UndoStore(path.join(place.stateDirectory, 'undo'), clock)
  const signers: SignerDesk = new SignerDesk({ iam, clock, readKeys: () => keyring.readKeys() })
  const runs = await Runs.load({
    directory: path.join(place.stateDirectory, 'runs'),
    bus,
    onDefect,
    shop: {
      clock,
      iam,
      store,
      undo,
      signers,
      settings: () => settings.get(),
      hooks: new DeployHooks({
        directory: path.join(place.stateDirectory, 'hooks'),
        extra: options.hooks,
        settings: () => settings.get(),
        env: place.env,
      }),
      stateWritable: () => probe(place.stateDirectory),
    },
  })
  const keyring: Keyring = new Keyring({
    demo: options.demo,
    version,
    clock,
    bus,
    store,
    iam,
    findings,
    resolve: (profile) => resolveTarget(profile, place.env, place.endpoint),
    settings: () => settings.get(),
    replaced: runs,
    env: place.env,
    notices: () => [
      ...(findings.notice ? [findings.notice] : []),
      ...runs.damaged.map(({ path: file, why }) => ({
        name: 'journal-damaged',
        title: 'A journal cannot be read',
        detail: `${file}: ${why}. What its run did is not shown.`,
        remedy: 'Check the keys; if an unknown key shows up, look at it in the AWS console.',
      })),
    ],
    onDefect,
  })
  const plans = new Plans({
    clock,
    bus,
    readKeys: () => keyring.readKeys(),
    check: (key) => keyring.check(key),
    excluded: () => new Set(settings.get().exclusions),
    canary: (id) => keyring.isCanary(id),
    ours: () => runs.ours(),
    newRunId: () => runs.newId(),
    onDefect,
  })
  const undos = new Undos({ runs, findings, readKeys: () => keyring.readKeys() })

  const refresh = coalesced(async () => {
    await keyring.refresh()
    runs.sawFiles((await keyring.readKeys()).snapshot)
  }, onDefect)
  const stops = [
    store.watch(refresh),
    bus.subscribe((event) => {
      if (event.type === 'settings' || (event.type === 'run' && event.run.state !== 'running')) refresh()
    }),
    every(expiryMs, () => runs.expireUndo().catch(onDefect)),
  ]
  runs.sawFiles((await keyring.readKeys()).snapshot)
  await runs.expireUndo()

  return {
    clock,
    bus,
    settings,
    store,
    keyring,
    runs,
    plans,
    undos,
    signers,
    findings,
    stateDirectory: place.stateDirectory,
    version,
    demo: options.demo,
    async snapshot() {
      const unfinished = runs.unfinished()
      const newest = runs
        .list(undefined, 1)
        .runs.filter((run) => !unfinished.some((each) => each.id === run.id))
      return {
        type: 'snapshot',
        inventory: await keyring.inventory(),
        settings: settings.get(),
        runs: [...newest, ...unfinished],
        plans: plans.open(),
      }
    },
    async close() {
      for (const stop of stops) stop()
      await store.release().catch(onDefect)
      iam.close()
      await lock.release()
      await place.close()
    },
  }
}

async function ownSurroundings(options: Options, env: Environment): Promise<Surroundings> {
  return {
    stateDirectory: await openStateDirectory(options.stateDir),
    ...(options.credentialsFile !== undefined && { credentials: options.credentialsFile }),
    ...(options.configFile !== undefined && { config: options.configFile }),
    ...(options.endpointUrl !== undefined && { endpoint: options.endpointUrl }),
    env,
    close: () => Promise.resolve(),
  }
}

/** Files, state and an IAM of its own, all gone at the end; no AWS_* variable reaches it. */
async function demoSurroundings(): Promise<Surroundings> {
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

/** A full disk must show before a key is made, not when its journal entry is due. */
async function probe(directory: string): Promise<void> {
  const file = path.join(directory, '.probe')
  await writeAtomic(file, Buffer.alloc(64 * 1024))
  await rm(file, { force: true })
}

/** Calls that come while one is under way share the next. */
function coalesced(act: () => Promise<void>, onDefect: (error: unknown) => void): () => void {
  let running = false
  let again = false
  const run = async (): Promise<void> => {
    running = true
    do {
      again = false
      await act().catch(onDefect)
    } while (again)
    running = false
  }
  return () => {
    if (running) again = true
    else void run()
  }
}

function every(ms: number, act: () => unknown): () => void {
  const timer = setInterval(act, ms)
  timer.unref()
  return () => clearInterval(timer)
}
