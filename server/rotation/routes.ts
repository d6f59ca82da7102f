import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Plan, PlanChange, PlanRequest } from '../api/plan.ts'
import { Ledger, LeaveRequest } from '../api/ledger.ts'
import { Removal } from '../api/removal.ts'
import { Problem } from '../api/problem.ts'
import { HistoryRow, MendRequest, Run, RunList, UndoRequest } from '../api/run.ts'
import { oneOf } from '../api/words.ts'
import { historyCsv } from './history.ts'
import type { Plans } from './plans.ts'
import type { Runs } from './runs/runs.ts'
import type { SignerDesk } from './signers.ts'
import { Failure } from '../platform/failure.ts'
import { noCopy, type Undos } from './undo.ts'

export interface RotationRoutes {
  readonly plans: Plans
  readonly runs: Runs
  readonly undos: Undos
  readonly signers: SignerDesk
}

const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) }, { additionalProperties: false })
const Nothing = Type.Optional(Type.Union([Type.Null(), Type.Object({}, { additionalProperties: false })]))
/** Thousands of ids fit; the 16 KiB of everything else would stop a selection at about 650 keys. In bytes. */
const idsLimit = 128 * 1024
const problems = { '4xx': Problem, '5xx': Problem }

/** Plans, runs, undos, acts on old keys, codes, history. */
export function rotationRoutes({ plans, runs, undos, signers }: RotationRoutes): FastifyPluginAsyncTypebox {
  // Commands come by another door and say who they are.
  const begin: Runs['start'] = (run) => runs.start({ by: 'page', ...run })
  return async (app) => {
    app.post(
      '/api/plans',
      { bodyLimit: idsLimit, schema: { body: PlanRequest, response: { 202: Plan, ...problems } } },
      async (request, reply) => reply.code(202).send(await plans.begin(request.body)),
    )
    app.get(
      '/api/plans/:id',
      { schema: { params: Id, response: { 200: Plan, ...problems } } },
      async (request) => plans.get(request.params.id),
    )
    app.patch(
      '/api/plans/:id',
      { bodyLimit: idsLimit, schema: { params: Id, body: PlanChange, response: { 200: Plan, ...problems } } },
      async (request) => plans.change(request.params.id, request.body),
    )

    const RunRequest = Type.Object({ plan: Type.String({ maxLength: 128 }) }, { additionalProperties: false })
    app.post(
      '/api/runs',
      { schema: { body: RunRequest, response: { 202: Run, ...problems } } },
      async (request, reply) => reply.code(202).send(await begin(await plans.take(request.body.plan))),
    )
    const Page = Type.Object(
      {
        before: Type.Optional(Type.String({ maxLength: 128 })),
        limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
      },
      { additionalProperties: false },
    )
    app.get(
      '/api/runs',
      { schema: { querystring: Page, response: { 200: RunList, ...problems } } },
      async (request) => runs.list(request.query.before, Number(request.query.limit ?? '50')),
    )
    app.get(
      '/api/runs/:id',
      { schema: { params: Id, response: { 200: Run, ...problems } } },
      async (request) => runs.existing(request.params.id),
    )
    const act = { schema: { params: Id, body: Nothing, response: { 202: Run, ...problems } } }
    app.post('/api/runs/:id/stop', act, async (request, reply) =>
      reply.code(202).send(runs.stop(request.params.id)),
    )
    app.post('/api/runs/:id/retry', act, async (request, reply) =>
      reply.code(202).send(await runs.retry(request.params.id)),
    )
    app.post('/api/runs/:id/recover', act, async (request, reply) =>
      reply.code(202).send(await runs.recover(request.params.id)),
    )

    app.get('/api/ledger', { schema: { response: { 200: Ledger, ...problems } } }, async () => runs.ledger())
    const leave = {
      bodyLimit: idsLimit,
      schema: { body: LeaveRequest, response: { 200: Ledger, ...problems } },
    }
    app.post('/api/ledger/leave', leave, async (request) => {
      await runs.leave(request.body.keys, true, request.body.why)
      return runs.ledger()
    })
    app.post('/api/ledger/reopen', leave, async (request) => {
      await runs.leave(request.body.keys, false)
      return runs.ledger()
    })

    const undo = { schema: { params: Id, body: UndoRequest, response: { 202: Run, ...problems } } }
    app.post('/api/runs/:id/undo', undo, async (request, reply) =>
      reply.code(202).send(await begin(await undos.ofRun(request.params.id, request.body))),
    )
    app.post('/api/rotations/:id/undo', undo, async (request, reply) =>
      reply.code(202).send(await begin(await undos.ofRotation(request.params.id, request.body))),
    )

    const mend = { schema: { body: MendRequest, response: { 202: Run, ...problems } } }
    app.post('/api/mend', mend, async (request, reply) => {
      const { run, left } = await undos.mend(request.body.profiles)
      if (!run) throw new Failure(noCopy(left))
      return reply.code(202).send(await begin(run))
    })

    const TakenOut = Type.Object(
      { profiles: Type.Array(Type.String({ maxLength: 1024 }), { minItems: 1 }) },
      { additionalProperties: false },
    )
    app.post(
      '/api/mend/taken-out',
      { schema: { body: TakenOut, response: { 204: Type.Null(), ...problems } } },
      async (request, reply) => {
        await undos.tookOut(request.body.profiles)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/api/keys/:id/removal',
      { schema: { params: Id, response: { 200: Removal, ...problems } } },
      async (request) => {
        const { lines } = await undos.remove(request.params.id)
        return { key: request.params.id, files: lines }
      },
    )
    app.post('/api/keys/:id/remove', act, async (request, reply) => {
      const { run } = await undos.remove(request.params.id)
      return reply.code(202).send(await begin(run))
    })
    app.post('/api/keys/:id/activate', act, async (request, reply) =>
      reply.code(202).send(await begin(await undos.ofKey(request.params.id, 'activate'))),
    )
    app.post('/api/keys/:id/deactivate', act, async (request, reply) =>
      reply.code(202).send(await begin(await undos.ofKey(request.params.id, 'deactivate'))),
    )
    const Some = Type.Object(
      { keys: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, uniqueItems: true }) },
      { additionalProperties: false },
    )
    app.post(
      '/api/keys/deactivate',
      { bodyLimit: idsLimit, schema: { body: Some, response: { 202: Run, ...problems } } },
      async (request, reply) =>
        reply.code(202).send(await begin(await undos.ofKeysOverGrace(request.body.keys))),
    )
    const Confirm = Type.Object({ confirm: Type.String({ maxLength: 128 }) }, { additionalProperties: false })
    app.delete(
      '/api/keys/:id',
      { schema: { params: Id, body: Confirm, response: { 202: Run, ...problems } } },
      async (request, reply) =>
        reply
          .code(202)
          .send(await begin(await undos.ofKey(request.params.id, 'delete', request.body.confirm))),
    )
    const Kill = Type.Object(
      {
        keys: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, uniqueItems: true }),
        confirm: Type.String({
          maxLength: 16,
          description: 'The last four characters of the key, or how many they are, as the person typed it',
        }),
        signer: Type.Optional(
          Type.String({
            maxLength: 256,
            description: "An administrator's profile; absent: each signs for itself",
          }),
        ),
      },
      { additionalProperties: false },
    )
    app.post(
      '/api/ledger/kill',
      { bodyLimit: idsLimit, schema: { body: Kill, response: { 202: Run, ...problems } } },
      async (request, reply) => {
        const { keys, confirm, signer } = request.body
        return reply.code(202).send(await begin(await undos.kill(keys, confirm, signer)))
      },
    )
    const Safe = Type.Object(
      {
        keys: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, uniqueItems: true }),
        confirm: Type.String({ maxLength: 16, description: 'How many they are, as the person typed it' }),
      },
      { additionalProperties: false },
    )
    app.delete(
      '/api/keys',
      { bodyLimit: idsLimit, schema: { body: Safe, response: { 202: Run, ...problems } } },
      async (request, reply) =>
        reply.code(202).send(await begin(await undos.ofSafeKeys(request.body.keys, request.body.confirm))),
    )
    app.delete(
      '/api/undo/:id',
      { schema: { params: Id, response: { 204: Type.Null(), ...problems } } },
      async (request, reply) => {
        await runs.forgetPair(request.params.id)
        return reply.code(204).send(null)
      },
    )

    const Device = Type.Object(
      { device: Type.String({ minLength: 1, maxLength: 512 }) },
      { additionalProperties: false },
    )
    const Code = Type.Object(
      { code: Type.String({ pattern: '^[0-9]{6}$' }) },
      { additionalProperties: false },
    )
    app.post(
      '/api/mfa/:device',
      { schema: { params: Device, body: Code, response: { 202: Type.Null(), ...problems } } },
      async (request, reply) => {
        signers.give(request.params.device, request.body.code)
        return reply.code(202).send(null)
      },
    )

    const Format = Type.Object(
      { format: Type.Optional(oneOf(['json', 'csv'])) },
      { additionalProperties: false },
    )
    const History = Type.Object({ rows: Type.Array(HistoryRow) }, { additionalProperties: false })
    app.get(
      '/api/history',
      {
        schema: {
          querystring: Format,
          response: {
            200: {
              // By type, not as a union: for each row of one, Ajv would first have to find which of the two it is.
              content: { 'application/json': { schema: History }, 'text/csv': { schema: Type.String() } },
            },
            ...problems,
          },
        },
      },
      async (request, reply) => {
        const rows = runs.history()
        if (request.query.format !== 'csv') return { rows }
        return reply
          .header('content-type', 'text/csv; charset=utf-8')
          .header('content-disposition', 'attachment; filename="keyturn-history.csv"')
          .send(historyCsv(rows))
      },
    )
  }
}
