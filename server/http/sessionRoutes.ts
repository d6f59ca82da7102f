import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { SessionReply, SessionRequest } from '../api/session.ts'
import { Failure } from '../platform/failure.ts'
import type { LaunchSecrets } from './launchSecrets.ts'
import { cookieName, sessionsOf } from './sessionGuard.ts'
import type { Sessions } from './sessions.ts'

export interface SessionRouteDeps {
  readonly port: () => number | undefined
  readonly launchSecrets: LaunchSecrets
  readonly sessions: Sessions
}

/** The exchange of the launch secret for a session, and the session's end. */
export function sessionRoutes(deps: SessionRouteDeps): FastifyPluginAsyncTypebox {
  const cookie = { path: '/', httpOnly: true, sameSite: 'strict' } as const
  return async (app) => {
    app.post(
      '/api/session',
      {
        config: { access: 'exchange' },
        schema: {
          summary: 'Exchange the secret of the printed link, once, for a session',
          body: SessionRequest,
          response: { 200: SessionReply },
        },
      },
      async (request, reply) => {
        if (!deps.launchSecrets.redeem(request.body.secret)) {
          throw new Failure({
            name: 'launch-secret',
            title: 'This link no longer works',
            detail: 'A link works once, within two minutes.',
            remedy: 'Press Enter in the terminal that runs Keyturn, and open the fresh link that it prints.',
          })
        }
        const port = deps.port() ?? 0
        // A second tab of the same browser joins the session it has, so that the first tab goes on working.
        const [present] = sessionsOf(request.headers.cookie, deps.sessions, port)
        const session = present ?? deps.sessions.start()
        deps.sessions.extend(session.cookie)
        reply.setCookie(cookieName(port), session.cookie, cookie)
        return { token: session.token }
      },
    )

    app.delete(
      '/api/session',
      { schema: { summary: 'End the session', response: { 204: Type.Null() } } },
      async (request, reply) => {
        if (request.session) deps.sessions.end(request.session.cookie)
        return reply
          .clearCookie(cookieName(deps.port() ?? 0), cookie)
          .code(204)
          .send(null)
      },
    )
  }
}
