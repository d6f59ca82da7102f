import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Trail, TrailRequest, TrailRows } from '../api/trail.ts'
import { trailCsv } from './csv.ts'
import type { Trails } from './trails.ts'

const params = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
)

/** What CloudTrail knows of keys. AWS is asked by the two acts that say so, and by nothing else here. */
export function trailRoutes(
  trails: Pick<Trails, 'begin' | 'get' | 'stop' | 'resume' | 'forget' | 'rows' | 'lookAt'>,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/trails',
      {
        schema: {
          summary: 'Ask CloudTrail what was done with keys; pages arrive as `trail` events',
          body: TrailRequest,
          response: { 202: Trail },
        },
      },
      async (request, reply) => reply.code(202).send(await trails.begin(request.body)),
    )

    app.get(
      '/api/trails/:id',
      { schema: { summary: 'What has been found by now', params, response: { 200: Trail } } },
      async (request) => trails.get(request.params.id),
    )

    app.delete(
      '/api/trails/:id',
      { schema: { summary: 'Stop, and keep none of it in memory', params, response: { 204: Type.Null() } } },
      async (request, reply) => {
        trails.forget(request.params.id)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/api/trails/:id/stop',
      {
        schema: { summary: 'Ask for no further page; what was read stays', params, response: { 200: Trail } },
      },
      async (request) => trails.stop(request.params.id),
    )

    app.post(
      '/api/trails/:id/resume',
      {
        schema: {
          summary: 'Ask on from the page that each region had come to',
          params,
          response: { 200: Trail },
        },
      },
      async (request) => trails.resume(request.params.id),
    )

    const keyParams = Type.Object(
      { ...params.properties, key: Type.String({ minLength: 1, maxLength: 128 }) },
      { additionalProperties: false },
    )
    app.get(
      '/api/trails/:id/keys/:key/events',
      {
        schema: {
          summary: 'The events of a key in the order in which they came, at most 2,000 at once',
          params: keyParams,
          querystring: Type.Object(
            { from: Type.Optional(Type.String({ pattern: '^[0-9]{1,6}$' })) },
            { additionalProperties: false },
          ),
          response: { 200: TrailRows },
        },
      },
      async ({ params: { id, key }, query }) => trails.rows(id, key, Number(query.from ?? 0)),
    )

    app.post(
      '/api/trails/:id/keys/:key/doors/:door/look',
      {
        schema: {
          summary: 'Ask AWS whether what an act left behind is still there',
          params: Type.Object(
            { ...keyParams.properties, door: Type.String({ minLength: 1, maxLength: 128 }) },
            { additionalProperties: false },
          ),
          response: { 200: Trail },
        },
      },
      async ({ params: { id, key, door } }) => trails.lookAt(id, key, door),
    )

    app.get(
      '/api/trails/:id/keys/:key/csv',
      {
        schema: {
          summary: 'All events of a key that were read, as CSV',
          params: keyParams,
          response: { 200: { content: { 'text/csv': { schema: Type.String() } } } },
        },
      },
      async ({ params: { id, key } }, reply) =>
        reply
          .type('text/csv; charset=utf-8')
          .send(trailCsv([{ key, rows: trails.rows(id, key, 0, Infinity).rows }])),
    )
  }
}
