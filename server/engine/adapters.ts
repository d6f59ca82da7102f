import path from 'node:path'
import type { ServerEvent } from '../api/events.ts'
import type { Trouble } from '../api/problem.ts'
import { resolveTarget, resolveTrailTarget } from '../aws/endpoints.ts'
import { createIam } from '../aws/iam.ts'
import { isOptIn, regionsOf } from '../aws/partitions.ts'
import { readSharedConfig } from '../aws/sharedConfigReader.ts'
import { describeError } from '../platform/redact.ts'
import { Afterwards } from '../credentials/afterwards.ts'
import { clockNotice } from '../keys/clockNotice.ts'
import { FindingsFile } from '../keys/findingsFile.ts'
import { Keyring } from '../keys/keyring.ts'
import { leaksOf, restOf } from '../leak/rest.ts'
import { SeenFile } from '../leak/seen.ts'
import { PlaceSearch } from '../places/places.ts'
import { PlaceUpdates } from '../places/updates.ts'
import { makeDirectory, tryWriting } from '../platform/atomicFile.ts'
import { Bus } from '../platform/bus.ts'
import { systemClock } from '../platform/clock.ts'
import { findInstallation } from '../platform/installation.ts'
import { sharing } from '../platform/sharing.ts'
import { unwritable } from '../platform/stateDirectory.ts'
import { SettingsFile } from '../platform/settingsFile.ts'
import { locateFiles, ownHomeOf } from '../profiles/locations.ts'
import { isHarmless } from '../profiles/keyId.ts'
import { SeenFiles } from '../profiles/store/seenFiles.ts'
import { createProfileStore } from '../profiles/store/store.ts'
import { DeployHooks } from '../rotation/deployHooks.ts'
import { Plans } from '../rotation/plans.ts'
import { openRuns } from '../rotation/openRuns.ts'
import { scrubJournals } from '../rotation/scrubJournals.ts'
import { SignerDesk } from '../rotation/signers.ts'
import { Undos } from '../rotation/undo.ts'
import { UndoStore } from '../rotation/undoStore.ts'
import { commandPatienceMs, Proofs } from '../rotation/world.ts'
import type { Surroundings } from './workplace.ts'
import { OwnCalls } from '../trail/ownCalls.ts'
import { Trails } from '../trail/trails.ts'
import type { EngineOptions } from './options.ts'

export type Parts = Awaited<ReturnType<typeof openParts>>

/** Told of errors that nobody foresaw. */
export const onDefect = (error: unknown) =>
  void process.stderr.write(`${JSON.stringify(describeError(error))}\n`)

/**
 * The real adapters behind every port. Nothing is sent to AWS and nothing is driven.
 * @param toLook only to look: neither the state directory nor the files are written to
 * @param troubles that were met on the way here, to be told with the others
 * @throws Failure `invalid-settings`, unless only to look
 */
export async function openParts(
  options: EngineOptions,
  place: Surroundings,
  toLook = false,
  troubles: readonly Trouble[] = [],
) {
  const clock = systemClock
  const { version } = findInstallation()
  const bus = new Bus<ServerEvent>()
  const settings = await SettingsFile.open(place.stateDirectory, toLook)
  if (!toLook) {
    await scrubJournals(path.join(place.stateDirectory, 'runs'))
    await withoutForeignExclusions(settings)
  }
  const findings = await FindingsFile.open(place.stateDirectory, toLook)
  const ownCalls = await OwnCalls.open(place.stateDirectory, toLook)
  const iam = createIam({
    clock,
    onAnswered: (keyId, call) => ownCalls.note(keyId, call),
    random: Math.random,
    env: place.env,
    callsInFlight: () => settings.get().callsInFlight,
  })
  const proofs = new Proofs(clock)
  const seen = await SeenFiles.open(place.stateDirectory, clock, toLook)
  const found = await SeenFile.open(place.stateDirectory, clock, () => void keyring.refresh().catch(onDefect))
  const undo = new UndoStore(path.join(place.stateDirectory, 'undo'), clock)
  const store = createProfileStore({
    locations: locateFiles({
      flags: {
        ...(place.credentials !== undefined && { credentials: place.credentials }),
        ...(place.config !== undefined && { config: place.config }),
      },
      env: place.env,
      home: place.home,
      cwd: process.cwd(),
      homeOf: ownHomeOf,
    }),
    reader: readSharedConfig,
    clock,
    toLook,
    mayRestore: (id) => proofs.has(id),
  })
  const updates = new PlaceUpdates(place.stateDirectory, clock, place.env)
  const signers: SignerDesk = new SignerDesk({ iam, clock, readKeys: () => keyring.readKeys() })
  const runs = await openRuns({
    stateDirectory: place.stateDirectory,
    bus,
    onDefect,
    undo,
    findings,
    drainPatienceMs: 8_000,
    rest: (all, left) => restOf(leaksOf(all), found.get(), left, clock.now()),
    shop: {
      clock,
      iam,
      store,
      proofs,
      seen,
      waitPatienceMs: options.page ? Infinity : commandPatienceMs,
      signers,
      settings: () => settings.get(),
      places: updates,
      hooks: new DeployHooks({
        directory: path.join(place.stateDirectory, 'hooks'),
        extra: options.hooks,
        settings: () => settings.get(),
        env: place.env,
      }),
      awsOffset: () => findings.awsOffset,
      stateWritable: sharing(() => probe(place.stateDirectory)),
    },
  })
  const noteTroubles: Trouble[] = []
  const keyring: Keyring = new Keyring({
    demo: options.demo,
    version,
    clock,
    bus,
    // Whatever reads them has seen them: a file that goes away after that may hold what it held then.
    store: {
      read: async () => {
        const snapshot = await store.read()
        await seen.saw(snapshot)
        return snapshot
      },
    },
    iam,
    findings,
    resolve: (profile) => resolveTarget(profile, place.env, place.endpoint),
    settings: () => settings.get(),
    besideKeys: {
      look: (key, finding) => afterwards.watch.look(key, finding),
      changes: () => afterwards.watch.changes(),
    },
    putOwnChanges: async (ownChanges) => {
      await settings.put({ ...settings.get(), ownChanges: [...ownChanges] })
      bus.publish({ type: 'settings', settings: settings.get() })
    },
    replaced: runs,
    env: place.env,
    notices: () => [
      ...troubles,
      ...(settings.notice ? [settings.notice] : []),
      ...(findings.notice ? [findings.notice] : []),
      ...runs.troubles,
      ...noteTroubles,
      ...clockNotice(findings.awsOffset),
    ],
    onDefect,
  })
  const trails = new Trails({
    clock,
    bus,
    history: iam.history,
    isOptIn,
    ours: () => runs.ours(),
    noted: (doors) => found.doors(doors),
    onDefect,
    known: async () => ({
      now: clock.now(),
      held: (await keyring.readKeys()).keys,
      replaced: runs.replaced(),
      finding: (id) => findings.get(id),
      adminOf: (rotation) => runs.rotation(rotation)?.spec.adminProfile,
      isSpared: (id) => keyring.isCanary(id) || settings.get().exclusions.includes(id),
      regionsOf,
      resolve: (profile, region) =>
        region === undefined
          ? resolveTarget(profile, place.env, place.endpoint)
          : resolveTrailTarget(profile, region, place.env, place.endpoint),
      isOwn: (event) => ownCalls.isOwn(event),
    }),
  })
  const { snapshot } = await keyring.readKeys()
  runs.sawFiles(snapshot)
  const afterwards: Afterwards = new Afterwards({
    clock,
    iam,
    credentials: iam.credentials,
    stateDirectory: place.stateDirectory,
    toLook,
    home: place.home,
    noted: ({ users }) => found.users(users),
    readKeys: () => keyring.readKeys(),
    finding: (id) => findings.get(id),
    rotations: () =>
      runs
        .all()
        .filter(({ kind }) => kind === 'rotate')
        .sort((a, b) => b.id.localeCompare(a.id))
        .flatMap(({ rotations }) => rotations),
  })
  await afterwards.load()
  for (const { journal } of [updates, afterwards, afterwards.watch])
    noteTroubles.push(...(await journal.troubles()))
  const places = new PlaceSearch({
    env: place.env,
    home: place.home,
    stateDirectory: place.stateDirectory,
    readKeys: () => keyring.readKeys(),
    replaced: runs,
    kept: undo,
    updates,
    noted: found,
  })
  return {
    clock,
    version,
    bus,
    settings,
    findings,
    iam,
    store,
    seen,
    signers,
    undo,
    runs,
    keyring,
    ownCalls,
    trails,
    places,
    afterwards,
  }
}

/** What turns a person's wishes into runs, over these parts. */
export function planning({
  clock,
  bus,
  keyring,
  runs,
  findings,
  store,
  undo,
  settings,
  onDefect,
}: Pick<Parts, 'clock' | 'bus' | 'keyring' | 'runs' | 'findings' | 'store' | 'undo'> & {
  readonly settings: Pick<SettingsFile, 'get' | 'put'>
  readonly onDefect: (error: unknown) => void
}) {
  const readKeys = () => keyring.readKeys()
  const plans = new Plans({
    clock,
    bus,
    readKeys,
    check: (key) => keyring.check(key),
    excluded: () => new Set(settings.get().exclusions),
    canary: (id) => keyring.isCanary(id),
    ours: () => runs.ours(),
    replaced: () => runs.replaced(),
    quietDays: () => settings.get().quietDays,
    newRunId: () => runs.newId(),
    onDefect,
  })
  const undos = new Undos({
    runs,
    findings,
    store,
    kept: undo,
    readKeys,
    putAway: async (names) => {
      const now = settings.get()
      await settings.put({ ...now, takenOut: [...new Set([...(now.takenOut ?? []), ...names])] })
      bus.publish({ type: 'settings', settings: settings.get() })
    },
    oldKeys: async () => (await keyring.inventory()).oldKeys,
  })
  return { plans, undos }
}

/** An older version let the page exclude what stood in a key id's place, which may have been the secret. */
async function withoutForeignExclusions(settings: SettingsFile): Promise<void> {
  const { exclusions, ...rest } = settings.get()
  const kept = exclusions.filter(isHarmless)
  if (kept.length < exclusions.length) await settings.put({ ...rest, exclusions: kept }).catch(onDefect)
}

/** A full disk must show before a key is made, not when its journal entry or the kept pair is due. */
async function probe(directory: string): Promise<void> {
  const undo = path.join(directory, 'undo')
  for (const each of [directory, undo]) {
    try {
      await makeDirectory(each)
      await tryWriting(path.join(each, '.probe'), 64 * 1024)
    } catch (error) {
      throw unwritable(each, error as NodeJS.ErrnoException)
    }
  }
}
