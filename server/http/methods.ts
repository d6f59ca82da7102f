import type { FastifyInstance, HTTPMethods } from 'fastify'
import { problemOf, sendProblem } from './problems.ts'

const known: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Answers 405 with Allow where the path exists but not for that method, OPTIONS included: there is no CORS here.
 *
 * @returns to be called once every route is registered
 */
export function addMethodRefusals(app: FastifyInstance): () => void {
  const methods = new Map<string, { readonly url: string; readonly names: Set<HTTPMethods> }>()
  let adding = false
  app.addHook('onRoute', (route) => {
    if (adding) return
    const shape = route.url.replace(/:[^/]+/g, ':')
    const at = methods.get(shape) ?? { url: route.url, names: new Set<HTTPMethods>() }
    for (const method of [route.method].flat() as HTTPMethods[]) at.names.add(method)
    methods.set(shape, at)
  })
  return () => {
    adding = true
    for (const { url, names } of methods.values()) {
      const shell = !url.startsWith('/api/')
      const allow = [...names].join(', ')
      app.route({
        method: known.filter((method) => !names.has(method)),
        url,
        schema: { hide: true },
        ...(shell ? { config: { access: 'shell' as const } } : {}),
        handler: (_request, reply) => {
          reply.header('allow', allow)
          if (shell) return reply.code(405).send()
          return sendProblem(
            reply,
            problemOf(
              {
                name: 'method',
                title: 'Not possible with this method',
                detail: `This address takes ${allow}.`,
              },
              405,
            ),
          )
        },
      })
    }
  }
}
