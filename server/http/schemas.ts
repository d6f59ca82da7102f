import type { FastifyInstance, FastifySchema } from 'fastify'
import * as after from '../api/after.ts'
import * as events from '../api/events.ts'
import * as inventory from '../api/inventory.ts'
import * as ledger from '../api/ledger.ts'
import * as places from '../api/places.ts'
import * as plan from '../api/plan.ts'
import { Problem, Trouble } from '../api/problem.ts'
import * as removal from '../api/removal.ts'
import * as run from '../api/run.ts'
import * as session from '../api/session.ts'
import * as settings from '../api/settings.ts'
import * as trail from '../api/trail.ts'

const isNamed = (value: unknown): value is { $id: string } =>
  typeof value === 'object' && value !== null && typeof (value as { $id?: unknown }).$id === 'string'

/** Every schema of the contract that has a name, by its name. */
const named = new Map<string, object>(
  [
    Problem,
    Trouble,
    ...[after, events, inventory, ledger, places, plan, removal, run, session, settings, trail].flatMap(
      (file) => Object.values(file),
    ),
  ]
    .filter(isNamed)
    .map((schema) => [schema.$id, schema]),
)

/**
 * The same schema with every named one inside it replaced by a reference. TypeBox nests schemas by value; Ajv and
 * the serializer refuse a name that occurs twice, and the OpenAPI document would repeat each one at every use.
 *
 * @throws Error where a named schema is in none of the files listed above
 */
export function withReferences<T>(schema: T, top = true): T {
  if (Array.isArray(schema)) return schema.map((item) => withReferences(item, false)) as T
  if (typeof schema !== 'object' || schema === null) return schema
  if (isNamed(schema) && !top) return referenceTo(schema.$id) as T
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, withReferences(value, false)]),
  ) as T
}

function referenceTo(name: string): { $ref: string } {
  if (!named.has(name)) throw new Error(`The schema ${name} is not known to server/http/schemas.ts.`)
  return { $ref: `${name}#` }
}

/** Makes the named schemas known to Fastify, so that references to them can be resolved. */
export function addSharedSchemas(app: FastifyInstance): void {
  for (const schema of named.values()) app.addSchema(withReferences(schema))
}

const problemReplies = {
  '4xx': { description: 'Refused, or not possible as things are', content: problemContent() },
  '5xx': { description: 'An error that nobody foresaw', content: problemContent() },
}

function problemContent() {
  return { 'application/problem+json': { schema: referenceTo('Problem') } }
}

/**
 * A route's schema as Fastify is given it: references instead of copies, and problems declared for every failure.
 * A route that does not declare its replies is refused: what is undeclared would be sent unfiltered, and the
 * declaration is the allow-list that keeps a secret in an object from reaching the page.
 */
export function routeSchema(schema: FastifySchema | undefined, where: string): FastifySchema {
  const response = schema?.response as Record<string, unknown> | undefined
  if (!response || !Object.keys(response).some((status) => /^(2|3)/.test(status))) {
    throw new Error(`${where} does not declare what it replies.`)
  }
  const { response: _, ...rest } = schema as FastifySchema
  return { ...withReferences(rest), response: { ...withReferences(response), ...problemReplies } }
}
