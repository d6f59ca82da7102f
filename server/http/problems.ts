import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem, Trouble } from '../api/problem.ts'
import { kindOf } from '../api/troubles.ts'
import { Failure } from '../platform/failure.ts'
import { noteMethods } from './methods.ts'

/** @param status where the request itself says more than the trouble's name does; default what the catalogue says */
export function problemOf(trouble: Trouble, status = kindOf(trouble.name).status ?? 409): Problem {
  const { name, ...words } = trouble
  return { type: `urn:keyturn:problem:${name}`, status, ...words }
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type('application/problem+json; charset=utf-8').send(problem)
}

const unexpected: Trouble = {
  name: 'unexpected',
  title: 'Something in Keyturn failed',
  detail: 'Keyturn met an error that it did not foresee. What it had written before that still stands.',
  remedy: 'The terminal that runs Keyturn shows the error. Reload the page to see the present state.',
}

const unknownPath: Trouble = {
  name: 'unknown-path',
  title: 'There is nothing at this address',
  detail: 'The API has no such call.',
  remedy: 'GET /api/openapi.json lists every call.',
}

const wrongMethod = (allow: string): Trouble => ({
  name: 'method',
  title: 'Not possible with this method',
  detail: `This address takes ${allow}.`,
})

/** Fixed words for what Fastify refuses: its own messages may repeat parts of the request. */
function requestTrouble(error: FastifyError, status: number): Trouble {
  const of = (name: string, title: string, detail: string): Trouble => ({ name, title, detail })
  if (status === 413) return of('too-large', 'The request is too large', 'A request body may have 16 KiB.')
  if (status === 415) {
    return of('not-json', 'The request is not JSON', 'A request body must be sent as application/json.')
  }
  if (error.validation) {
    const [first] = error.validation
    const place = `${error.validationContext ?? 'request'}${first?.instancePath ?? ''}`
    return of('invalid-request', 'The request is not valid', `${place} ${first?.message ?? 'is not valid'}.`)
  }
  return of('invalid-request', 'The request is not valid', 'The request could not be read.')
}

function troubleOf(error: unknown): { trouble: Trouble; status?: number } {
  if (error instanceof Failure) return { trouble: error.trouble }
  const status = (error as FastifyError | undefined)?.statusCode
  if (status !== undefined && status >= 400 && status < 500) {
    return { trouble: requestTrouble(error as FastifyError, status), status }
  }
  return { trouble: unexpected, status: 500 }
}

/**
 * Every error becomes problem details (RFC 9457). A `Failure` speaks for itself; what nobody foresaw gets fixed
 * words, since a message may hold what the page must not see, and goes to the log instead (redacted there).
 */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { trouble, status } = troubleOf(error)
  const problem = problemOf(trouble, status)
  if (problem.status >= 500) request.log.error({ err: error }, 'a request failed')
  return sendProblem(reply, problem)
}

/** For every route that is registered from now on, and for what has none. */
export function addProblems(app: FastifyInstance): void {
  app.setErrorHandler(answerError)
  const methodsOf = noteMethods(app)
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = (request.raw.url ?? '').split('?')
    const allow = methodsOf(path, request.method)
    if (allow !== undefined) reply.header('allow', allow)
    const status = allow === undefined ? 404 : 405
    if (!path.startsWith('/api')) return reply.code(status).send()
    return sendProblem(reply, problemOf(allow === undefined ? unknownPath : wrongMethod(allow), status))
  })
}
