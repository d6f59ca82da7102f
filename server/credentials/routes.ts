import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { After, AfterPlan, AfterPlanRequest, AfterQuery, AfterRun } from '../api/after.ts'
import type { Afterwards } from './afterwards.ts'
import { AfterDesk } from './desk.ts'

const RunRequest = Type.Object(
  {
    plan: Type.String({ minLength: 1, maxLength: 128 }),
    confirm: Type.Optional(Type.String({ maxLength: 16 })),
  },
  { additionalProperties: false },
)

/** A user's other credentials, and the sessions that outlive a key. */
export function afterRoutes(afterwards: Afterwards): FastifyPluginAsyncTypebox {
  const desk = new AfterDesk(afterwards)
  return async (app) => {
    app.get(
      '/api/after',
      {
        schema: {
          summary: 'Ask AWS what users have beside access keys; changes nothing',
          querystring: AfterQuery,
          response: { 200: After },
        },
      },
      async ({ query: { profile = [], since, signer } }) =>
        desk.look({
          profiles: [profile].flat(),
          ...(since !== undefined && { since: Date.parse(since) }),
          ...(signer !== undefined && { signer }),
        }),
    )
    app.post(
      '/api/after/plans',
      { schema: { body: AfterPlanRequest, response: { 201: AfterPlan } } },
      async (request, reply) => reply.code(201).send(await desk.plan(request.body)),
    )
    app.post(
      '/api/after/runs',
      { schema: { body: RunRequest, response: { 200: AfterRun } } },
      async ({ body: { plan, confirm } }) => desk.run(plan, confirm),
    )
  }
}
