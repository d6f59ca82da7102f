import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Inventory } from '../api/inventory.ts'
import { KeyIds } from '../api/plan.ts'
import type { Keyring } from './keyring.ts'

const OwnRequest = Type.Object(
  { keys: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 1_000 }) },
  { additionalProperties: false },
)
const ChecksRequest = Type.Object({ keys: KeyIds }, { additionalProperties: false })

/** What the files and earlier checks tell, and the order to ask AWS. */
export function keyRoutes(
  keyring: Pick<Keyring, 'didThis' | 'inventory' | 'startChecks'>,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/inventory',
      {
        schema: {
          summary: 'Files, profiles and keys, from this machine alone: no call to AWS',
          response: { 200: Inventory },
        },
      },
      async () => keyring.inventory(),
    )

    app.post(
      '/api/changes/own',
      {
        schema: {
          summary: 'Tell no more of changes at AWS that the person made',
          body: OwnRequest,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await keyring.didThis(request.body.keys)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/api/checks',
      {
        schema: {
          summary: 'Ask AWS about keys; results arrive as `key` events',
          body: ChecksRequest,
          response: { 202: Type.Null() },
        },
      },
      async (request, reply) => {
        await keyring.startChecks(request.body.keys)
        return reply.code(202).send(null)
      },
    )
  }
}
