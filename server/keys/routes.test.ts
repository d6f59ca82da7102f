import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { buildInventory } from './inventory.ts'
import { defaultSettings } from '../api/settings.ts'
import { addSharedSchemas, routeSchema } from '../http/schemas.ts'
import { keyRoutes } from './routes.ts'
import { snapshotOf } from './testing/profiles.ts'

async function app() {
  const asked: (readonly string[] | 'all')[] = []
  const inventory = buildInventory({
    demo: false,
    version: '0.0.0',
    now: 0,
    snapshot: snapshotOf([]),
    held: [],
    resolve: () => {
      throw new Error('nothing to resolve')
    },
    findings: [],
    settings: defaultSettings,
    isChecking: () => false,
    replaced: [],
    ours: new Set(),
    wentBack: [],
    besideKeys: [],
    ledger: { leak: false, asked: 0, open: [] },
    notices: [],
  })
  const server = fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } })
  // As the application does it: each named schema once, references elsewhere.
  addSharedSchemas(server)
  server.addHook('onRoute', (route) => {
    route.schema = routeSchema(route.schema, route.url)
  })
  await server.register(
    keyRoutes({
      inventory: async () => inventory,
      startChecks: async (keys) => void asked.push(keys),
      didThis: async (keys) => (asked.push(keys), []),
    }),
  )
  return { server, asked, inventory }
}

describe('the routes of keys', () => {
  it('answer with the inventory', async () => {
    const { server, inventory } = await app()
    const reply = await server.inject({ url: '/api/inventory' })
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toEqual(inventory)
  })

  it('put away the changes of keys that are named', async () => {
    const { server, asked } = await app()
    const keys = ['AKIAA']
    const reply = await server.inject({ method: 'POST', url: '/api/changes/own', payload: { keys } })
    expect([reply.statusCode, asked]).toEqual([204, [keys]])
  })

  it.each([['all'], [['AKIAA', 'AKIAB']]])('begin checks of %j and do not wait', async (keys) => {
    const { server, asked } = await app()
    const reply = await server.inject({ method: 'POST', url: '/api/checks', payload: { keys } })
    expect(reply.statusCode).toBe(202)
    expect(asked).toEqual([keys])
  })

  it.each([{}, { keys: [] }, { keys: 'some' }, { keys: [1] }, { keys: 'all', extra: true }])(
    'refuse %j',
    async (payload) => {
      const { server, asked } = await app()
      const reply = await server.inject({ method: 'POST', url: '/api/checks', payload })
      expect(reply.statusCode).toBe(400)
      expect(asked).toEqual([])
    },
  )
})
