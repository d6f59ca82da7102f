import type { FastifyPluginAsync } from 'fastify'
import { expect, it } from 'vitest'
import { keyRoutes } from '../keys/routes.ts'
import { fileRoutes } from '../profiles/routes.ts'
import { rotationRoutes } from '../rotation/routes.ts'
import { startTestApp } from './testing/testApp.ts'

const reply = { 200: { type: 'object', properties: { ok: { type: 'boolean' } } } }

/** A room whose one route has a schema that no compiler takes. */
const brokenRoom =
  (schema: object, served = () => undefined): FastifyPluginAsync =>
  async (app) => {
    app.post('/api/broken', { schema: { response: reply, ...schema } }, async () => {
      served()
      return { ok: true }
    })
  }
const brokenBody = { body: { type: 'nonsense' } }
const brokenReply = { response: { 200: { $ref: 'Nobody#' } } }

/** With Fastify's own compilers, which compile at start. */
async function compileAll(...routes: FastifyPluginAsync[]): Promise<void> {
  const { app, close } = await startTestApp({ routes, compilers: {}, listen: false })
  await app.ready()
  await close()
}

it('takes every schema of the contract', async () => {
  await compileAll(...[keyRoutes, fileRoutes, rotationRoutes].map((routes) => routes({} as never)))
  await expect(compileAll(brokenRoom(brokenBody))).rejects.toThrow(/POST: \/api\/broken/)
  await expect(compileAll(brokenRoom(brokenReply))).rejects.toThrow(/Nobody/)
})

it.each([
  ['body', brokenBody, 0],
  ['reply', brokenReply, 1],
])('lets nothing through by a %s schema that cannot be compiled', async (_which, schema, times) => {
  let served = 0
  const server = await startTestApp({ routes: [brokenRoom(schema, () => void (served += 1))] })
  const { headers } = await server.signIn()
  const refused = await fetch(`${server.origin}/api/broken`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{}',
  })
  expect([refused.status, served]).toEqual([500, times])
  expect(await refused.json()).toMatchObject({ type: 'urn:keyturn:problem:unexpected' })
  await server.close()
})
