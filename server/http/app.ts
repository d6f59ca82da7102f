import fastify, { LogController } from 'fastify'
import type { FastifyInstance, FastifyPluginAsync, FastifyServerOptions, RouteOptions } from 'fastify'
import type { ServerEvent, Snapshot } from '../api/events.ts'
import { lazyCompilers } from './compilers.ts'
import type { Compilers } from './compilers.ts'
import { eventRoutes } from './eventRoutes.ts'
import { EventStreams } from './eventStream.ts'
import { createFront, defaultLimits, mostConnections, refuseUnparsed } from './hostGuard.ts'
import type { Limits } from './hostGuard.ts'
import { addSecurityHeaders, securityHeaders } from './headers.ts'
import type { LaunchSecrets } from './launchSecrets.ts'
import { logOptions } from './log.ts'
import { addProblems } from './problems.ts'
import { addSharedSchemas, routeSchema } from './schemas.ts'
import { serverRoutes } from './serverRoutes.ts'
import { addSessionGuard } from './sessionGuard.ts'
import { sessionRoutes } from './sessionRoutes.ts'
import type { Sessions } from './sessions.ts'
import { settingsRoutes } from './settingsRoutes.ts'
import type { SettingsStore } from './settingsRoutes.ts'
import { addShell } from './shell.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { openFileLimit } from '../platform/openFileLimit.ts'

export interface AppDeps {
  readonly version: string
  readonly clock: Clock
  readonly launchSecrets: LaunchSecrets
  readonly sessions: Sessions
  readonly bus: Bus<ServerEvent>
  /** The whole state; `idleAt` is put in by the event stream. */
  readonly snapshot: () => Promise<Snapshot>
  /** Whether a run is under way now: a session that watches one does not lock. */
  readonly running: () => boolean
  readonly settings: SettingsStore
  /** Asked for by POST /api/server/stop, after its reply was sent. */
  readonly shutdown: () => void
  /** The folder of the built page, with index.html. */
  readonly webRoot: string
  /** The page is at `/PATH/`: see drawPagePath. */
  readonly pagePath: string
  /** The rooms' plugins. Each registers its routes by their whole path, `/api/…`, and declares every 2xx reply. */
  readonly routes: readonly FastifyPluginAsync[]
  /** Default: warnings and errors to standard error, redacted. */
  readonly logger?: FastifyServerOptions['logger']
  readonly limits?: Partial<Limits>
  /** Default: each schema is compiled when it is first used. */
  readonly compilers?: Compilers
}

/** The largest request body, in bytes. */
const bodyLimit = 16 * 1024

/** The whole HTTP application. It never listens: `serve` does, and tests do as they please. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const limits = { connections: mostConnections(openFileLimit()), ...defaultLimits, ...deps.limits }
  // Known after listen: until then every request is refused.
  const port = () => portOf(app)
  const app: FastifyInstance = fastify({
    logger: deps.logger ?? logOptions(process.stderr),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 512 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    schemaController: { compilersFactory: deps.compilers ?? lazyCompilers },
    serverFactory: (handler) => createFront(handler, port, limits),
    clientErrorHandler: refuseUnparsed,
    // A path that cannot be decoded: answered before any hook runs, so it gets the headers here.
    frameworkErrors: (error, _request, reply) => {
      reply.raw.writeHead(error.statusCode === 414 ? 414 : 400, { ...securityHeaders, 'content-length': '0' })
      reply.raw.end()
    },
  })
  app.removeContentTypeParser('text/plain')
  addProblems(app)
  addSharedSchemas(app)
  const checked = checkRoutes(app)
  await addSecurityHeaders(app)
  await addSessionGuard(app, deps.sessions, port)

  const streams = new EventStreams(deps)
  app.addHook('preClose', async () => {
    await streams.stop()
    deps.sessions.endAll()
  })
  await app.register(sessionRoutes({ ...deps, port }))
  await app.register(eventRoutes(streams))
  await app.register(
    settingsRoutes(deps.settings, (settings) => deps.bus.publish({ type: 'settings', settings })),
  )
  await app.register(serverRoutes(deps.shutdown))
  for (const routes of deps.routes) await app.register(routes)
  addOpenApi(app, checked, deps.version)
  await addShell(app, deps.webRoot, deps.pagePath)
  return app
}

/** The port that the application listens on; undefined while it does not. */
export function portOf(app: FastifyInstance): number | undefined {
  const address = app.server.address()
  return typeof address === 'object' ? address?.port : undefined
}

/**
 * Holds every route to the contract when it is registered, so that a forgotten declaration fails the start.
 * @returns the routes of the API, filled as they are registered
 */
function checkRoutes(app: FastifyInstance): readonly RouteOptions[] {
  const checked: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    const where = `${String(route.method)} ${route.url}`
    if (!route.url.startsWith('/api/')) return
    if (route.config?.access !== undefined && where !== 'POST /api/session') {
      throw new Error(`${where} asks to be let in without a session.`)
    }
    if (route.schema?.hide === true) return
    route.schema = routeSchema(route.schema, where)
    checked.push(route)
  })
  return checked
}

function addOpenApi(app: FastifyInstance, routes: readonly RouteOptions[], version: string): void {
  let text: Promise<string> | undefined
  app.get('/api/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= import('./openApi.ts').then(({ describeApi }) => describeApi(routes, version))
    return reply.type('application/json; charset=utf-8').send(await text)
  })
}
