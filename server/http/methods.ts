import type { FastifyInstance } from 'fastify'

const known: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Notes the methods of every route that is registered from now on, so that a wrong one is answered 405 and not 404.
 * OPTIONS is a wrong one too: there is no CORS here.
 *
 * @returns asked where nothing took a request: what its address takes; undefined where there is no such address or method
 */
export function noteMethods(app: FastifyInstance): (path: string, asked: string) => string | undefined {
  const routes: { readonly segments: readonly string[]; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ segments: url.split('/'), methods: [method].flat() })
  })
  return (path, asked) => {
    const segments = path.split('/')
    const taken = routes.filter((route) => matches(route.segments, segments))
    if (taken.length === 0 || !known.includes(asked)) return undefined
    return [...new Set(taken.flatMap(({ methods }) => methods))].join(', ')
  }
}

function matches(route: readonly string[], path: readonly string[]): boolean {
  return (
    route.length === path.length &&
    route.every((segment, at) => (segment.startsWith(':') ? path[at] !== '' : segment === path[at]))
  )
}
