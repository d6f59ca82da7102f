import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Which } from '../api/inventory.ts'
import type { ProfileStore } from './ports.ts'

/** What can be done to the files themselves. */
export function fileRoutes(store: Pick<ProfileStore, 'tighten'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/files/:which/mode',
      {
        schema: {
          summary: 'Make a loose file readable and writable for its owner alone (0600)',
          params: Type.Object({ which: Which }, { additionalProperties: false }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await store.tighten(request.params.which)
        return reply.code(204).send(null)
      },
    )
  }
}
