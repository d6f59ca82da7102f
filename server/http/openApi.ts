import swagger from '@fastify/swagger'
import fastify from 'fastify'
import type { RouteOptions } from 'fastify'
import { addSharedSchemas } from './schemas.ts'

/**
 * The description of the API, by an application of its own that has the same routes and never answers. Loaded when somebody
 * asks for it: the page does not.
 */
export async function describeApi(routes: readonly RouteOptions[], version: string): Promise<string> {
  const uncompiled = () => () => () => ''
  const app = fastify({
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: uncompiled, buildSerializer: uncompiled } },
  })
  addSharedSchemas(app)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Keyturn', version, description: 'The API of the page on localhost.' },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, at) => String(json.$id ?? `Schema${at}`) },
  })
  for (const { method, url, schema } of routes) app.route({ method, url, schema, handler: () => undefined })
  await app.ready()
  return JSON.stringify(app.swagger())
}
