import type { ServerEvent, Snapshot } from './api/events.ts'
import type { FileState } from './api/inventory.ts'
import { buildApp } from './app.ts'
import type { Options } from './commands/options.ts'
import type { Io, Served, StopRequest } from './commands/serve.ts'
import { LaunchSecrets } from './http/launchSecrets.ts'
import { Sessions } from './http/sessions.ts'
import { Bus } from './platform/bus.ts'
import { systemClock } from './platform/clock.ts'
import { findInstallation } from './platform/installation.ts'
import { SettingsFile } from './platform/settingsFile.ts'
import { openStateDirectory } from './platform/stateDirectory.ts'

/** Puts the real adapters behind every port and builds the application. */
export async function compose(options: Options, _io: Io, stop: StopRequest): Promise<Served> {
  const clock = systemClock
  const installation = findInstallation()
  const stateDirectory = await openStateDirectory(options.stateDir)
  const settings = await SettingsFile.open(stateDirectory)
  const launchSecrets = new LaunchSecrets(clock)
  const sessions = new Sessions(clock, () => settings.get().idleLockMinutes)
  const file = (which: FileState['which']): FileState => ({
    which,
    path: '',
    state: 'missing',
    loose: false,
    writable: false,
    problems: [],
  })
  const snapshot = async (): Promise<Snapshot> => ({
    type: 'snapshot',
    inventory: {
      demo: options.demo,
      version: installation.version,
      now: new Date(clock.now()).toISOString(),
      files: { credentials: file('credentials'), config: file('config') },
      keys: [],
      profiles: [],
      oldKeys: [],
      notices: [],
    },
    settings: settings.get(),
    runs: [],
    plans: [],
  })
  const running = () => false
  const app = await buildApp({
    version: installation.version,
    webRoot: installation.webRoot,
    clock,
    launchSecrets,
    sessions,
    bus: new Bus<ServerEvent>(),
    snapshot,
    running,
    settings,
    shutdown: stop.request,
    routes: [],
  })
  return { app, clock, launchSecrets, stateDirectory, running, drain: async () => undefined }
}
