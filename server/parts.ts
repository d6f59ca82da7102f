import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { ServerEvent } from './api/events.ts'
import { resolveTarget } from './aws/endpoints.ts'
import { createIam } from './aws/iam.ts'
import { readSharedConfig } from './aws/sharedConfigReader.ts'
import type { Options } from './commands/options.ts'
import { describeError } from './http/log.ts'
import { FindingsFile } from './keys/findingsFile.ts'
import { Keyring } from './keys/keyring.ts'
import { findingOf } from './keys/learn.ts'
import { writeAtomic } from './platform/atomicFile.ts'
import { Bus } from './platform/bus.ts'
import { systemClock } from './platform/clock.ts'
import { findInstallation } from './platform/installation.ts'
import { sharing } from './platform/sharing.ts'
import { SettingsFile } from './platform/settingsFile.ts'
import { locateFiles, ownHomeOf } from './profiles/locations.ts'
import { createProfileStore } from './profiles/store.ts'
import { DeployHooks } from './rotation/deployHooks.ts'
import { Runs } from './rotation/runs.ts'
import { SignerDesk } from './rotation/signers.ts'
import { UndoStore } from './rotation/undoStore.ts'
import type { Surroundings } from './surroundings.ts'

export type Parts = Awaited<ReturnType<typeof openParts>>

/** Told of errors that nobody foresaw. */
export const onDefect = (error: unknown) =>
  void process.stderr.write(`${JSON.stringify(describeError(error))}\n`)

/**
 * The real adapters behind every port. Nothing is sent to AWS and nothing is driven.
 * @param toLook only to look: neither the state directory nor the files are written to
 * @throws Failure `invalid-settings`
 */
export async function openParts(options: Options, place: Surroundings, toLook = false) {
  const clock = systemClock
  const { version } = findInstallation()
  const bus = new Bus<ServerEvent>()
  const settings = await SettingsFile.open(place.stateDirectory)
  const findings = await FindingsFile.open(place.stateDirectory, toLook)
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
      // As botocore: on Windows HOME is some shell's own idea, and USERPROFILE is meant, which homedir takes.
      home: (process.platform !== 'win32' && place.env['HOME']) || homedir(),
      cwd: process.cwd(),
      homeOf: ownHomeOf,
    }),
    reader: readSharedConfig,
    clock,
    toLook,
  })
  const signers: SignerDesk = new SignerDesk({ iam, clock, readKeys: () => keyring.readKeys() })
  const runs = await Runs.load({
    directory: path.join(place.stateDirectory, 'runs'),
    bus,
    onDefect,
    shop: {
      clock,
      iam,
      store,
      undo: new UndoStore(path.join(place.stateDirectory, 'undo'), clock),
      signers,
      settings: () => settings.get(),
      hooks: new DeployHooks({
        directory: path.join(place.stateDirectory, 'hooks'),
        extra: options.hooks,
        settings: () => settings.get(),
        env: place.env,
      }),
      learn: (learnt) => findings.put(findingOf(learnt, findings.all(), clock.now())),
      stateWritable: sharing(() => probe(place.stateDirectory)),
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
  runs.sawFiles((await keyring.readKeys()).snapshot)
  return { clock, version, bus, settings, findings, iam, store, signers, runs, keyring }
}

/** A full disk must show before a key is made, not when its journal entry is due. */
async function probe(directory: string): Promise<void> {
  const file = path.join(directory, '.probe')
  await writeAtomic(file, Buffer.alloc(64 * 1024))
  await rm(file, { force: true })
}
