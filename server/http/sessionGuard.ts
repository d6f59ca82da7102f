import cookies from '@fastify/cookie'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sessionHeader } from '../api/session.ts'
import { Failure } from '../platform/failure.ts'
import { sameToken } from './sessions.ts'
import type { Session, Sessions } from './sessions.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard on every API request but the exchange of a launch secret. */
    session: Session | undefined
  }
  interface FastifyContextConfig {
    /** `shell`: a built file, which carries no data. `exchange`: needs no session yet. Absent: needs one. */
    access?: 'shell' | 'exchange'
  }
}

/** Cookies ignore ports, so the port is in the name: two Keyturns do not sign each other out. */
export const cookieName = (port: number) => `keyturn_${port}`

function foreign(detail: string): Failure {
  return new Failure({
    name: 'foreign-request',
    title: 'This request does not come from the page',
    detail,
    remedy: 'Use the page at the address that Keyturn printed.',
  })
}

function noSession(): Failure {
  return new Failure({
    name: 'no-session',
    title: 'No session',
    detail: 'The session has ended, or there was none.',
    remedy: 'Paste the link from the terminal; Enter there prints a fresh one.',
  })
}

/**
 * A page can be loaded by anyone; what a browser says of who asks cannot be forged by another page. `same-site` is
 * as hostile as `cross-site`: every other port of this machine is same-site with us.
 */
function checkShell(request: FastifyRequest): void {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = request.headers
  if (site === undefined || site === 'same-origin') return
  // The redirect file and a typed or pasted link arrive as a navigation of the whole tab, from anywhere.
  if (mode === 'navigate' && dest === 'document') return
  throw foreign('A page of another site asked for it.')
}

function checkOrigin(request: FastifyRequest, origin: string): void {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') throw foreign('A page of another site sent it.')
  const reading = request.method === 'GET' || request.method === 'HEAD'
  const claimed = request.headers.origin
  if (claimed === origin) return
  // A browser leaves Origin out of same-origin reads, and says so in its fetch metadata. Nothing else may.
  if (claimed === undefined && reading && site === 'same-origin') return
  throw foreign('Its Origin header is missing, or is not the one of the page.')
}

/**
 * The live sessions whose cookies a request carries. Any local port may set cookies of our name, with a longer path,
 * which a browser sends first; they must not hide the right one.
 */
export function sessionsOf(header: string | undefined, sessions: Sessions, port: number): Session[] {
  const start = `${cookieName(port)}=`
  const values = (header ?? '').split(';').map((cookie) => cookie.trim())
  const ours = values.filter((cookie) => cookie.startsWith(start)).map((cookie) => cookie.slice(start.length))
  return ours.flatMap((value) => sessions.find(value) ?? [])
}

function checkSession(request: FastifyRequest, sessions: Sessions, port: number): Session {
  const live = sessionsOf(request.headers.cookie, sessions, port)
  if (live.length === 0) throw noSession()
  const token = request.headers[sessionHeader]
  // The cookie alone proves nothing: a server on another port of 127.0.0.1 receives it with every visit.
  if (typeof token !== 'string') throw foreign('It carries the cookie of a session but not its token.')
  const session = live.find((each) => sameToken(token, each.token))
  if (!session) throw noSession()
  sessions.extend(session.cookie)
  return sessions.find(session.cookie) ?? session
}

/**
 * The second check, after the front's: decided by the route that matched, never by the request's path, which can
 * be spelled in many ways. What is not marked as part of the shell needs everything.
 */
export async function addSessionGuard(
  app: FastifyInstance,
  sessions: Sessions,
  port: () => number | undefined,
): Promise<void> {
  await app.register(cookies, { hook: 'onRequest' })
  app.decorateRequest('session', undefined)
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config
    if (request.is404 && !request.raw.url?.startsWith('/api')) return checkShell(request)
    if (access === 'shell') return checkShell(request)
    const ours = port()
    if (ours === undefined) throw noSession()
    checkOrigin(request, `http://127.0.0.1:${ours}`)
    if (access === 'exchange') return
    request.session = checkSession(request, sessions, ours)
  })
}
