import { buildApp } from './app.ts'
import type { Options } from './commands/options.ts'
import type { Io, Served, StopRequest } from './commands/serve.ts'
import { openEngine } from './engine.ts'
import { LaunchSecrets } from './http/launchSecrets.ts'
import { Sessions } from './http/sessions.ts'
import { keyRoutes } from './keys/routes.ts'
import { findInstallation } from './platform/installation.ts'
import { fileRoutes } from './profiles/routes.ts'
import { rotationRoutes } from './rotation/routes.ts'

/** The engine behind the HTTP application. */
export async function compose(options: Options, io: Io, stop: StopRequest): Promise<Served> {
  const engine = await openEngine(options, io.env)
  const { bus, clock, keyring, runs, settings, stateDirectory, store } = engine
  const launchSecrets = new LaunchSecrets(clock)
  const sessions = new Sessions(clock, () => settings.get().idleLockMinutes)
  const app = await buildApp({
    version: engine.version,
    webRoot: findInstallation().webRoot,
    clock,
    launchSecrets,
    sessions,
    bus,
    snapshot: () => engine.snapshot(),
    running: () => runs.busy,
    settings,
    shutdown: stop.request,
    routes: [keyRoutes(keyring), fileRoutes(store), rotationRoutes(engine)],
  })
  app.addHook('onClose', () => engine.close())
  return {
    app,
    clock,
    launchSecrets,
    stateDirectory,
    interrupted: runs.interrupted().length,
    running: () => runs.busy,
    drain: () => runs.drain(),
  }
}
