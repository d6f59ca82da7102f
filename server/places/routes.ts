import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PlaceChanges, Places, PlacesRequest, PlacesUpdate, PlacesUpdated } from '../api/places.ts'
import { KeyIds } from '../api/plan.ts'
import type { PlacesDesk } from './placesDesk.ts'

/** Thousands of ids and some folders fit. In bytes. */
const bodyLimit = 512 * 1024

/** Where else on this machine keys stand. Nothing here asks AWS. */
export function placesRoutes(desk: PlacesDesk): FastifyPluginAsyncTypebox {
  const Nothing = Type.Optional(Type.Union([Type.Null(), Type.Object({}, { additionalProperties: false })]))
  const Which = Type.Object({ keys: Type.Optional(KeyIds) }, { additionalProperties: false })
  return async (app) => {
    app.get(
      '/api/places',
      { schema: { summary: 'What the last search found', response: { 200: Places } } },
      async () => desk.view(),
    )
    app.post(
      '/api/places/search',
      {
        bodyLimit,
        schema: {
          summary: 'Look for keys on this machine; results arrive as `places` events',
          body: PlacesRequest,
          response: { 202: Places },
        },
      },
      async (request, reply) => reply.code(202).send(await desk.begin(request.body)),
    )
    app.post(
      '/api/places/stop',
      { schema: { summary: 'What was found is kept', body: Nothing, response: { 200: Places } } },
      async () => desk.stop(),
    )
    app.post(
      '/api/places/changes',
      {
        bodyLimit,
        schema: {
          summary: 'What an update would change. Nothing is written',
          body: Which,
          response: { 200: PlaceChanges },
        },
      },
      async ({ body: { keys } }) => desk.changes(keys === 'all' ? undefined : keys),
    )
    app.post(
      '/api/places/update',
      {
        bodyLimit,
        schema: { summary: 'Do what was shown', body: PlacesUpdate, response: { 200: PlacesUpdated } },
      },
      async ({ body: { id, only } }) => desk.update(id, only),
    )
  }
}
