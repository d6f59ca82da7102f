import path from 'node:path'
import type { ServerEvent, Snapshot } from '../api/events.ts'
import type { Trouble } from '../api/problem.ts'
import type { Afterwards } from '../credentials/afterwards.ts'
import type { FindingsFile } from '../keys/findingsFile.ts'
import type { Keyring } from '../keys/keyring.ts'
import { unnamed } from '../keys/unnamed.ts'
import { sweepDirectory } from '../platform/atomicFile.ts'
import type { Bus } from '../platform/bus.ts'
import { systemClock, type Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import { Failure } from '../platform/failure.ts'
import { keepHeapSmall } from '../platform/heap.ts'
import { lockHolder, takeLock } from '../platform/lock.ts'
import { sweepRedirects } from '../platform/opener.ts'
import type { SettingsFile } from '../platform/settingsFile.ts'
import { onDefect, openParts, planning, type Parts } from './adapters.ts'
import { PlacesDesk } from '../places/placesDesk.ts'
import type { PlaceSearch } from '../places/places.ts'
import type { ProfileStore } from '../profiles/ports.ts'
import { unknownAbout } from '../rotation/interlock.ts'
import type { HeldKeys, Plans } from '../rotation/plans.ts'
import type { Runs } from '../rotation/runs/runs.ts'
import type { SignerDesk } from '../rotation/signers.ts'
import type { Undos } from '../rotation/undo.ts'
import type { Trails } from '../trail/trails.ts'
import { demoSurroundings, groundOf, ownSurroundings, type Surroundings } from './workplace.ts'
import type { EngineOptions } from './options.ts'

/** What can be known without a write; only `trails` calls AWS, where it is asked to. */
export interface Looking {
  readonly clock: Clock
  readonly settings: SettingsFile
  readonly keyring: Keyring
  readonly runs: Runs
  readonly places: PlaceSearch
  readonly trails: Trails
  readonly afterwards: Afterwards
  readonly bus: Bus<ServerEvent>
  readonly demo: boolean
  /** The process that holds the state directory now, other than through this engine. */
  readonly holder?: { readonly pid: number; readonly host: string; readonly since: string }
  close(): Promise<void>
}

/** Everything that rotates keys, without HTTP: the page and the commands both drive this. */
export interface Engine extends Looking {
  readonly store: ProfileStore
  readonly plans: Plans
  readonly undos: Undos
  readonly signers: SignerDesk
  readonly placesDesk: PlacesDesk
  readonly findings: FindingsFile
  readonly stateDirectory: string
  /** See `groundOf`. */
  readonly ground: string
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
export async function openEngine(options: EngineOptions, env: Environment): Promise<Engine> {
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
 * Only to look, beside a Keyturn that runs: takes no lock, calls nobody unasked, and neither makes nor changes a file but
 * that of what the person had looked for (leak/seen.ts).
 * @throws Failure where the state directory is another user's, or is none
 */
export async function openToLook(options: EngineOptions, env: Environment): Promise<Looking> {
  const place = await (options.demo ? demoSurroundings() : ownSurroundings(options, env, true))
  const troubles: Trouble[] = []
  // A lock that is none says nothing of who holds it; all else can be looked at.
  const holder = await lockHolder(path.join(place.stateDirectory, 'lock')).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error
    troubles.push(error.trouble)
    return undefined
  })
  const { clock, settings, keyring, runs, iam, places, trails, afterwards, bus } = await openParts(
    options,
    place,
    true,
    troubles,
  )
  return {
    clock,
    settings,
    keyring,
    runs,
    places,
    trails,
    afterwards,
    bus,
    demo: options.demo,
    ...(holder && { holder }),
    async close() {
      iam.close()
      await place.close()
    },
  }
}

async function assemble(
  options: EngineOptions,
  place: Surroundings,
  giveBack: () => Promise<void>,
): Promise<Engine> {
  // A write that a crash cut off may have left a pair in the undo store, under a name that never expires.
  for (const each of ['', 'undo']) await sweepDirectory(path.join(place.stateDirectory, each))
  await sweepRedirects(place.stateDirectory)
  const { iam, ...parts } = await openParts(options, place)
  const { clock, version, bus, settings, findings, store, signers, runs, keyring, places } = parts
  const { ownCalls, trails, afterwards } = parts
  const { plans, undos } = planning({ ...parts, onDefect })
  await places.recover().catch(onDefect)
  const placesDesk = new PlacesDesk({ clock, bus, places, busy: () => runs.busy, onDefect })
  const stops = keepFresh(parts)

  return {
    clock,
    bus,
    settings,
    store,
    keyring,
    runs,
    places,
    placesDesk,
    plans,
    undos,
    signers,
    findings,
    trails,
    afterwards,
    stateDirectory: place.stateDirectory,
    ground: groundOf(place),
    version,
    demo: options.demo,
    async snapshot() {
      const unfinished = runs.unfinished()
      const trail = trails.latest()
      const newest = runs
        .list(undefined, 1)
        .runs.filter((run) => !unfinished.some((each) => each.id === run.id))
      return {
        type: 'snapshot',
        inventory: await keyring.inventory(),
        settings: settings.get(),
        runs: [...newest, ...unfinished],
        plans: plans.open(),
        ...(trail && { trail }),
        ...(placesDesk.asked && { places: placesDesk.view() }),
      }
    },
    async close() {
      for (const stop of stops) stop()
      // By now AWS's clock may have been heard: who only ever runs commands has no other hour for it.
      await runs.expireUndo().catch(onDefect)
      await keyring
        .readKeys()
        .then((held) => forgetUnnamed(parts, held))
        .catch(onDefect)
      await placesDesk.close()
      await store.release().catch(onDefect)
      await ownCalls.flush()
      iam.close()
      await giveBack()
    },
  }
}

/** What follows from changes of the files, the settings and the clock. @returns how to end that */
function keepFresh(
  parts: Pick<Parts, 'bus' | 'clock' | 'findings' | 'keyring' | 'runs' | 'seen' | 'settings' | 'store'>,
) {
  const { bus, clock, keyring, runs, store } = parts
  const refresh = coalesced(async () => {
    const held = await keyring.readKeys()
    runs.sawFiles(held.snapshot)
    await forgetUnnamed(parts, held)
    await keyring.refresh()
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

/** Findings of keys that nothing names any more: else each run would leave one, and each look be slower than the last. */
async function forgetUnnamed(
  { clock, findings, runs, seen, settings }: Pick<Parts, 'clock' | 'findings' | 'runs' | 'seen' | 'settings'>,
  { snapshot, keys }: HeldKeys,
): Promise<void> {
  const open = runs.unfinished().flatMap(({ rotations }) => rotations)
  const ids = new Set([
    ...keys.map(({ id }) => id),
    ...open.flatMap(({ key, newKey }) => (newKey === undefined ? [key] : [key, newKey])),
    // That AWS refuses one is all that closes its row.
    ...runs.deadByFinding(),
  ])
  const days = settings.get().undoDays
  const gone = unnamed(findings.all(), { ids, days, now: clock.now() })
  // A file that is away may hold what nothing else names.
  if (unknownAbout(await seen.look(snapshot, gone), gone)) return
  await findings.forget(gone)
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
