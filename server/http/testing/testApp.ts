import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Type } from 'typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { buildApp, portOf } from '../app.ts'
import type { AppDeps } from '../app.ts'
import type { ServerEvent, Snapshot } from '../../api/events.ts'
import { sessionHeader } from '../../api/session.ts'
import { defaultSettings } from '../../api/settings.ts'
import type { Settings } from '../../api/settings.ts'
import { Bus } from '../../platform/bus.ts'
import { Failure } from '../../platform/failure.ts'
import { LaunchSecrets } from '../launchSecrets.ts'
import { logOptions } from '../log.ts'
import { drawPagePath } from '../pagePath.ts'
import { Sessions } from '../sessions.ts'
import { SteppedClock } from './steppedClock.ts'

/** A room with one route for each thing that can go wrong. */
export const sampleRoom: FastifyPluginAsyncTypebox = async (app) => {
  const reply = { 200: Type.Object({ ok: Type.Boolean() }, { additionalProperties: false }) }
  app.get('/api/sample/crash', { schema: { response: reply } }, async () => {
    throw new Error('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY could not be read')
  })
  app.get('/api/sample/failure', { schema: { response: reply } }, async () => {
    throw new Failure({
      name: 'file-moved',
      title: 'The file changed',
      detail: 'It holds another pair.',
      remedy: 'Plan anew.',
      code: 'X',
      requestId: 'r-1',
    })
  })
  app.get('/api/sample/surplus', { schema: { response: reply } }, async () => ({
    ok: true,
    secret: 'CANARY',
  }))
  app.post(
    '/api/sample/:id',
    {
      schema: {
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        body: Type.Object(
          { count: Type.Integer({ minimum: 0 }), note: Type.Optional(Type.String({ maxLength: 32_000 })) },
          { additionalProperties: false },
        ),
        response: reply,
      },
    },
    async () => ({ ok: true }),
  )
}

function emptySnapshot(settings: Settings): Snapshot {
  const file = { state: 'missing', loose: false, writable: true, problems: [] } as const
  return {
    type: 'snapshot',
    inventory: {
      demo: false,
      version: '0.0.0',
      now: '2026-01-01T00:00:00.000Z',
      files: {
        credentials: { which: 'credentials', path: '/c', ...file, problems: [] },
        config: { which: 'config', path: '/f', ...file, problems: [] },
      },
      keys: [],
      profiles: [],
      oldKeys: [],
      wentBack: [],
      ledger: { leak: false, asked: 0, open: [] },
      changed: [],
      notices: [],
    },
    settings,
    runs: [],
    plans: [],
  }
}

export interface TestSession {
  readonly cookie: string
  readonly token: string
  /** Everything that a request of the page carries. */
  readonly headers: Record<string, string>
}

/** A running server on a free port, with time and settings in the test's hands. */
export async function startTestApp({
  listen = true,
  ...overrides
}: Partial<AppDeps> & { listen?: boolean } = {}) {
  const webRoot = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-web-'))
  await fs.mkdir(path.join(webRoot, 'assets'))
  await fs.writeFile(path.join(webRoot, 'index.html'), '<!doctype html><title>shell</title>')
  await fs.writeFile(path.join(webRoot, 'assets', 'index-abc123.js'), 'export {}\n')
  await fs.writeFile(path.join(webRoot, '.env'), 'dot')
  await fs.symlink('/etc/passwd', path.join(webRoot, 'planted.txt'))
  await fs.symlink('/etc', path.join(webRoot, 'planted'))

  let settings = defaultSettings
  const log: string[] = []
  const state = { running: false, stops: 0 }
  const clock = new SteppedClock()
  const pagePath = drawPagePath()
  const launchSecrets = new LaunchSecrets(clock)
  const sessions = new Sessions(clock, () => settings.idleLockMinutes)
  const bus = new Bus<ServerEvent>()
  const app = await buildApp({
    version: '0.0.0',
    clock,
    launchSecrets,
    sessions,
    bus,
    snapshot: async () => emptySnapshot(settings),
    running: () => state.running,
    settings: {
      get: () => settings,
      put: async (next) => {
        settings = next
      },
    },
    shutdown: () => {
      state.stops += 1
    },
    webRoot,
    pagePath,
    routes: [sampleRoom],
    logger: logOptions({ write: (line) => void log.push(line) }),
    ...overrides,
  })
  if (listen) await app.listen({ host: '127.0.0.1', port: 0 })
  const port = portOf(app) ?? 0
  const origin = `http://127.0.0.1:${port}`

  const exchange = (secret: string, headers: Record<string, string> = { origin }) =>
    fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ secret }),
    })

  return {
    app,
    origin,
    port,
    clock,
    bus,
    log,
    state,
    sessions,
    launchSecrets,
    webRoot,
    page: `/${pagePath}/`,
    exchange,
    async signIn(): Promise<TestSession> {
      const reply = await exchange(launchSecrets.issue())
      const cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      const { token } = (await reply.json()) as { token: string }
      return { cookie, token, headers: { cookie, [sessionHeader]: token, origin } }
    },
    async close() {
      await app.close()
      await fs.rm(webRoot, { recursive: true, force: true })
    },
  }
}

export type TestApp = Awaited<ReturnType<typeof startTestApp>>
