import http from 'node:http'
import fc from 'fast-check'
import { fromSchema, nearly } from './fromSchema.ts'
import type { JsonSchema } from './fromSchema.ts'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly schema: JsonSchema
}

interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> }
}

export interface FuzzTarget {
  readonly origin: string
  /** Headers of a live session. */
  readonly headers: Readonly<Record<string, string>>
  /** Calls to leave out: those that end the session or the server. */
  readonly except?: readonly string[]
}

export interface FuzzReport {
  readonly requests: number
  /** How often each call gave each status: `GET /api/settings 200`. */
  readonly seen: ReadonlyMap<string, number>
}

interface Shot {
  readonly call: string
  readonly method: string
  readonly path: string
  readonly type: string
  readonly body: string | undefined
}

/** How many requests are under way at once. */
const volley = 10
/** No answer at all within this time counts as a hang. Milliseconds. */
const patience = 10_000

/**
 * Sends requests made from the API's own description, right ones and ones with something wrong, over real HTTP.
 *
 * @throws what fast-check throws for the first request that is answered by a 5xx, by nothing, or by an error that is
 * not problem details; its seed repeats the run
 */
export async function fuzz(target: FuzzTarget, requests: number, seed?: number): Promise<FuzzReport> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: volley })
  const seen = new Map<string, number>()
  try {
    const document = JSON.parse((await send(target, agent, openApi)).body) as OpenApi
    const shot = shots(document, target.except ?? [])
    await fc.assert(
      fc.asyncProperty(fc.array(shot, { minLength: volley, maxLength: volley }), (shots) =>
        Promise.all(
          shots.map(async (shot) => {
            const { status, body, type } = await send(target, agent, shot)
            const key = `${shot.call} ${status}`
            seen.set(key, (seen.get(key) ?? 0) + 1)
            if (status >= 500) throw new Error(`${shot.call} answered ${status}: ${body}`)
            if (status >= 400 && body !== '') checkProblem(type, body, status)
          }),
        ).then(() => undefined),
      ),
      { numRuns: Math.ceil(requests / volley), ...(seed === undefined ? {} : { seed }) },
    )
  } finally {
    agent.destroy()
  }
  return { requests: [...seen.values()].reduce((sum, count) => sum + count, 0), seen }
}

const openApi: Shot = {
  call: 'GET /api/openapi.json',
  method: 'GET',
  path: '/api/openapi.json',
  type: '',
  body: undefined,
}

function checkProblem(type: string, body: string, status: number): void {
  const problem = JSON.parse(body) as Record<string, unknown>
  const whole = typeof problem.title === 'string' && typeof problem.detail === 'string'
  if (!type.startsWith('application/problem+json') || problem.status !== status || !whole) {
    throw new Error(`not problem details: ${type} ${body}`)
  }
}

function shots(document: OpenApi, except: readonly string[]): fc.Arbitrary<Shot> {
  const resolve = (ref: string) => document.components?.schemas?.[ref.split('/').at(-1) ?? ''] ?? {}
  const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation }))
      .filter((call) => !except.includes(`${call.method} ${call.path}`)),
  )
  return fc.oneof(
    ...calls.map(({ path, method, operation }) => {
      const names = operation.parameters ?? []
      const values = names.map(({ schema }) => {
        const valid = fromSchema(schema, resolve)
        return fc.oneof({ weight: 3, arbitrary: valid }, { weight: 1, arbitrary: nearly(valid) })
      })
      const schema = operation.requestBody?.content['application/json']?.schema
      const json = schema === undefined ? fc.constant(undefined) : fromSchema(schema, resolve)
      const body = fc.oneof(
        { weight: 5, arbitrary: json.map(textOf) },
        { weight: 5, arbitrary: nearly(json).map(textOf) },
        { weight: 1, arbitrary: fc.string() },
      )
      const type = fc.oneof(
        { weight: 12, arbitrary: fc.constant('application/json') },
        {
          weight: 1,
          arbitrary: fc.constantFrom('text/plain', 'application/json;charset=x', 'a/b', 'application/'),
        },
      )
      return fc.tuple(fc.tuple(...values), body, type).map(([chosen, text, sentType]): Shot => {
        const bare = method === 'GET' || (schema === undefined && text === undefined)
        return {
          call: `${method} ${path}`,
          method,
          path: withParameters(path, names, chosen),
          type: bare ? '' : sentType,
          body: bare ? undefined : (text ?? ''),
        }
      })
    }),
  )
}

const textOf = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value))

/** Half a surrogate pair cannot stand in a URL. */
const wellFormed = (text: string) => Buffer.from(text).toString()

function withParameters(path: string, names: readonly Parameter[], values: readonly unknown[]): string {
  const query = new URLSearchParams()
  let full = path
  names.forEach(({ name, in: where }, at) => {
    const value = values[at]
    const text = wellFormed(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
    if (where === 'path') full = full.replace(`{${name}}`, encodeURIComponent(text))
    else if (where === 'query' && value !== undefined) query.append(name, text)
  })
  return query.size === 0 ? full : `${full}?${query}`
}

function send(
  target: FuzzTarget,
  agent: http.Agent,
  shot: Shot,
): Promise<{ status: number; body: string; type: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${target.origin}${shot.path}`,
      {
        method: shot.method,
        agent,
        signal: AbortSignal.timeout(patience),
        headers: {
          ...target.headers,
          ...(shot.type === '' ? {} : { 'content-type': shot.type }),
          ...(shot.body === undefined ? {} : { 'content-length': Buffer.byteLength(shot.body) }),
        },
      },
      (reply) => {
        const status = reply.statusCode ?? 0
        const type = reply.headers['content-type'] ?? ''
        // An event stream is answered when it begins: it does not end.
        if (type.startsWith('text/event-stream')) {
          reply.destroy()
          return resolve({ status, body: '', type })
        }
        let body = ''
        reply.setEncoding('utf8')
        reply.on('data', (text: string) => (body += text))
        reply.on('end', () => resolve({ status, body, type }))
        reply.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(shot.body)
  })
}
