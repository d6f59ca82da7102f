import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

/** @param shutdown called once the reply is on its way */
export function serverRoutes(shutdown: () => void): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/server/stop',
      {
        schema: {
          summary: 'Stop the server, after the steps under way',
          response: { 202: Type.Object({ stopping: Type.Literal(true) }, { additionalProperties: false }) },
        },
        onResponse: async (_request, reply) => {
          if (reply.statusCode === 202) shutdown()
        },
      },
      async (_request, reply) => reply.code(202).send({ stopping: true }),
    )
  }
}
