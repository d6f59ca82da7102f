import path from 'node:path'
import type { ServerEvent, Snapshot } from './api/events.ts'
import type { Options } from './commands/options.ts'
import type { FindingsFile } from './keys/findingsFile.ts'
import type { Keyring } from './keys/keyring.ts'
import { sweepDirectory } from './platform/atomicFile.ts'
import type { Bus } from './platform/bus.ts'
import { systemClock, type Clock } from './platform/clock.ts'
import type { Environment } from './platform/environment.ts'
import { keepHeapSmall } from './platform/heap.ts'
import { lockHolder, takeLock } from './platform/lock.ts'
import type { SettingsFile } from './platform/settingsFile.ts'
import { onDefect, openParts, type Parts } from './parts.ts'
import type { ProfileStore } from './profiles/ports.ts'
import { Plans } from './rotation/plans.ts'
import type { Runs } from './rotation/runs.ts'
import type { SignerDesk } from './rotation/signers.ts'
import { Undos } from './rotation/undo.ts'
import { demoSurroundings, ownSurroundings, type Surroundings } from './surroundings.ts'

/** What can be known without a call to AWS and without a write. */
export interface Looking {
  readonly clock: Clock
  readonly settings: SettingsFile
  readonly keyring: Keyring
  readonly runs: Runs
  readonly demo: boolean
  /** The process that holds the state directory now, other than through this engine. */
  readonly holder?: { readonly pid: number; readonly host: string; readonly since: string }
  close(): Promise<void>
}

/** Everything that rotates keys, without HTTP: the page and the commands both drive this. */
export interface Engine extends Looking {
  readonly bus: Bus<ServerEvent>
  readonly store: ProfileStore
  readonly plans: Plans
  readonly undos: Undos
  readonly signers: SignerDesk
  readonly findings: FindingsFile
  readonly stateDirectory: string
  readonly version: string
  snapshot(): Promise<Snapshot>
  /** Gives back the lock, the connections and, for a demo, everything that it made. */
  close(): Promise<void>
}

/** How often kept pairs are looked through for expired ones, in milliseconds. */
const expiryMs = 3_600_000
/** From telling every page of all keys until the next time, in milliseconds. */
const refreshPauseMs = 200

/**
 * Puts the real adapters behind every port.
 * @throws Failure where the state directory cannot be used or another Keyturn holds it
 */
export async function openEngine(options: Options, env: Environment): Promise<Engine> {
  keepHeapSmall()
  const place = await (options.demo ? demoSurroundings() : ownSurroundings(options, env))
  const lock = await takeLock(path.join(place.stateDirectory, 'lock'), {
    clock: systemClock,
    subject: 'the state directory',
  }).catch(async (error: unknown) => {
    await place.close()
    throw error
  })
  const giveBack = async () => {
    await lock.release()
    await place.close()
  }
  try {
    return await assemble(options, place, giveBack)
  } catch (error) {
    await giveBack()
    throw error
  }
}

/**
 * Only to look, beside a Keyturn that runs: takes no lock, calls nobody, and neither makes nor changes a file.
 * @throws Failure where the settings cannot be read or the state directory is another user's
 */
export async function openToLook(options: Options, env: Environment): Promise<Looking> {
  const place = await (options.demo ? demoSurroundings() : ownSurroundings(options, env, true))
  const holder = await lockHolder(path.join(place.stateDirectory, 'lock'))
  const { clock, settings, keyring, runs, iam } = await openParts(options, place, true)
  return {
    clock,
    settings,
    keyring,
    runs,
    demo: options.demo,
    ...(holder && { holder }),
    async close() {
      iam.close()
      await place.close()
    },
  }
}

async function assemble(
  options: Options,
  place: Surroundings,
  giveBack: () => Promise<void>,
): Promise<Engine> {
  // A write that a crash cut off may have left a pair in the undo store, under a name that never expires.
  for (const each of ['', 'undo']) await sweepDirectory(path.join(place.stateDirectory, each))
  const { iam, ...parts } = await openParts(options, place)
  const { clock, version, bus, settings, findings, store, signers, runs, keyring } = parts
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
  const undos = new Undos({
    runs,
    findings,
    readKeys: () => keyring.readKeys(),
    oldKeys: async () => (await keyring.inventory()).oldKeys,
  })
  await runs.expireUndo()
  const stops = keepFresh(parts)

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
      await giveBack()
    },
  }
}

/** What follows from changes of the files, the settings and the clock. @returns how to end that */
function keepFresh({
  bus,
  clock,
  keyring,
  runs,
  store,
}: Pick<Parts, 'bus' | 'clock' | 'keyring' | 'runs' | 'store'>) {
  const refresh = coalesced(async () => {
    await keyring.refresh()
    runs.sawFiles((await keyring.readKeys()).snapshot)
    // The saves of a long run would else have every page told of every key without a pause.
    await clock.sleep(refreshPauseMs)
  }, onDefect)
  return [
    store.watch(refresh),
    bus.subscribe((event) => {
      if (event.type === 'settings' || (event.type === 'run' && event.run.state !== 'running')) refresh()
    }),
    every(expiryMs, () => runs.expireUndo().catch(onDefect)),
  ]
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
