import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Tidying, Which } from '../api/inventory.ts'
import type { ProfileStore } from './ports.ts'

/** What can be done to the files themselves. */
export function fileRoutes(
  store: Pick<ProfileStore, 'tighten' | 'lookAtTidying' | 'tidy' | 'untidy'>,
): FastifyPluginAsyncTypebox {
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

    const params = Type.Object({ which: Which }, { additionalProperties: false })
    app.get(
      '/api/files/:which/tidy',
      {
        schema: {
          summary:
            'The lines that the SDKs for Java 2, Rust and C++ cannot read, and as they would be; nothing is written',
          params,
          response: { 200: Tidying },
        },
      },
      async ({ params: { which } }) => store.lookAtTidying(which),
    )

    app.post(
      '/api/files/:which/tidy',
      {
        schema: {
          summary: 'Mend these lines, where the file is still what was shown',
          params,
          body: Type.Object(
            { hash: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of what was shown' }) },
            { additionalProperties: false },
          ),
          response: { 200: Tidying },
        },
      },
      async ({ params: { which }, body }) => store.tidy(which, body.hash),
    )

    app.post(
      '/api/files/:which/untidy',
      {
        schema: {
          summary: 'Take the mending of lines back, where the file was not changed since',
          params,
          response: { 200: Tidying },
        },
      },
      async ({ params: { which } }) => store.untidy(which),
    )
  }
}
