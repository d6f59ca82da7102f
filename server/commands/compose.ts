import { buildApp } from '../http/app.ts'
import { fileTroublesOf } from './fileTroubles.ts'
import type { Options } from './options.ts'
import type { Io } from './say.ts'
import type { Served, StopRequest } from './serve.ts'
import { openDesk } from './desk.ts'
import { openEngine } from '../engine/engine.ts'
import { LaunchSecrets } from '../http/launchSecrets.ts'
import { drawPagePath } from '../http/pagePath.ts'
import { Sessions } from '../http/sessions.ts'
import { afterRoutes } from '../credentials/routes.ts'
import { keyRoutes } from '../keys/routes.ts'
import { placesRoutes } from '../places/routes.ts'
import { findInstallation } from '../platform/installation.ts'
import { fileRoutes } from '../profiles/routes.ts'
import { rotationRoutes } from '../rotation/routes.ts'
import { trailRoutes } from '../trail/routes.ts'

/** The engine behind the HTTP application. */
export async function compose(options: Options, io: Io, stop: StopRequest): Promise<Served> {
  const engine = await openEngine({ ...options, page: true }, io.env)
  const { bus, clock, keyring, runs, settings, stateDirectory, store } = engine
  const pagePath = drawPagePath()
  const launchSecrets = new LaunchSecrets(clock)
  const sessions = new Sessions(clock, () => settings.get().idleLockMinutes)
  const app = await buildApp({
    version: engine.version,
    webRoot: findInstallation().webRoot,
    pagePath,
    clock,
    launchSecrets,
    sessions,
    bus,
    snapshot: () => engine.snapshot(),
    running: () => runs.busy,
    settings,
    shutdown: stop.request,
    routes: [
      keyRoutes(keyring),
      fileRoutes(store),
      rotationRoutes(engine),
      placesRoutes(engine.placesDesk),
      trailRoutes(engine.trails),
      afterRoutes(engine.afterwards),
    ],
  })
  app.addHook('onClose', () => engine.close())
  return {
    app,
    clock,
    launchSecrets,
    pagePath,
    stateDirectory,
    openDesk: (freshLink) => openDesk(engine, freshLink),
    interrupted: runs.interrupted().length,
    fileTroubles: async () => fileTroublesOf((await keyring.readKeys()).snapshot).troubles,
    running: () => runs.busy,
    drain: () => runs.drain(),
  }
}
