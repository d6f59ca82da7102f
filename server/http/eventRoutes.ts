import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { ServerEvent } from '../api/events.ts'
import type { EventStreams } from './eventStream.ts'
import { withReferences } from './schemas.ts'

const branches = new Map(ServerEvent.anyOf.map((schema) => [schema.properties.type.const, schema]))

/** GET /api/events: server-sent events. The page reads them with fetch, which can send the session's header. */
export function eventRoutes(streams: EventStreams): FastifyPluginAsyncTypebox {
  return async (app) => {
    // Compiled once for all streams.
    const writers = new Map<string, (data: ServerEvent) => string>()
    const writer = (type: ServerEvent['type'], reply: FastifyReply) => {
      const write =
        writers.get(type) ?? reply.compileSerializationSchema(withReferences(branches.get(type) ?? {}))
      writers.set(type, write)
      return write
    }
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
        const serialize = (event: ServerEvent) => writer(event.type, reply)(event)
        const { session } = request
        if (!session) throw new Error('The guard let a stream through without a session.')
        reply.hijack()
        reply.raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          'content-type': 'text/event-stream; charset=utf-8',
          // Else each stream that ended would leave its connection behind, open for the next request of that tab.
          connection: 'close',
          'x-accel-buffering': 'no',
        })
        reply.raw.flushHeaders()
        await streams.open(session.cookie, reply.raw, serialize).catch((error: unknown) => {
          request.log.error({ err: error }, 'an event stream failed')
        })
        // Once the page has what it shows: else the first steps of a run would wait for their writers.
        for (const type of branches.keys()) {
          await nextTurn()
          writer(type, reply)
        }
      },
    )
  }
}
