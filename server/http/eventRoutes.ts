import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServerEvent } from '../api/events.ts'
import type { EventStreams } from './eventStream.ts'
import { withReferences } from './schemas.ts'

const branches = new Map(ServerEvent.anyOf.map((schema) => [schema.properties.type.const, schema]))

/** GET /api/events: server-sent events. The page reads them with fetch, which can send the session's header. */
export function eventRoutes(streams: EventStreams): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/events',
      {
        schema: {
          summary: 'Everything that changes, as server-sent events; a snapshot first',
          description:
            'Each event has an id, its `type` as its name, and its whole object as JSON. A comment every 15 s.',
          response: {
            200: {
              description: 'The stream; the schema is that of each data line',
              content: { 'text/event-stream': { schema: ServerEvent } },
            },
          },
        },
      },
      async (request, reply) => {
        const writers = new Map<string, (data: ServerEvent) => string>()
        const serialize = (event: ServerEvent) => {
          const write =
            writers.get(event.type) ??
            reply.compileSerializationSchema(withReferences(branches.get(event.type) ?? {}))
          writers.set(event.type, write)
          return write(event)
        }
        const { session } = request
        if (!session) throw new Error('The guard let a stream through without a session.')
        reply.hijack()
        reply.raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          'content-type': 'text/event-stream; charset=utf-8',
          'x-accel-buffering': 'no',
        })
        reply.raw.flushHeaders()
        await streams.open(session.cookie, reply.raw, serialize).catch((error: unknown) => {
          request.log.error({ err: error }, 'an event stream failed')
        })
      },
    )
  }
}
