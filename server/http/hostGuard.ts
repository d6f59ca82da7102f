import http from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { securityHeaders } from './headers.ts'

/** What the first check needs of a request: the raw parts, as they came over the wire. */
export interface RawRequest {
  readonly method?: string
  readonly url?: string
  readonly rawHeaders: readonly string[]
}

export interface Refusal {
  readonly status: number
  readonly location?: string
}

/** One slash and not a second, then visible ASCII only, without `#` and the backslash that some readers take for a slash. */
const ownPath = /^\/(?!\/)[!"$-[\]-~]*$/
/** The form of the page's address, without asking whether it is ours: see pagePath.ts. */
const pageAddress = /^\/[\w-]{22}\/$/

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '')
  }
  return values
}

/**
 * Whether a request is for us at all. DNS rebinding gives an attacker's page our address under the attacker's
 * name, so exactly one Host header must equal `127.0.0.1:PORT`, compared as a string: whatever parses a URL here
 * can be made to throw or to misread (`[::1`, `127.1`, user@host). Node lets two Hosts, none (HTTP/1.0) and
 * absolute-form targets through; all are refused. `localhost:PORT` is refused too, since another user of the
 * machine can hold that port on [::1], but a person who typed it is sent on to the address that is ours.
 *
 * @param port what we listen on; undefined refuses everything
 * @returns undefined where the request may go on
 */
export function judge(request: RawRequest, port: number | undefined): Refusal | undefined {
  const hosts = valuesOf(request.rawHeaders, 'host')
  if (hosts.length !== 1) return { status: 400 }
  if (!ownPath.test(request.url ?? '')) return { status: 400 }
  if (valuesOf(request.rawHeaders, 'upgrade').length > 0) return { status: 400 }
  if (port !== undefined && hosts[0] === `127.0.0.1:${port}`) return undefined
  if (port !== undefined && hosts[0] === `localhost:${port}` && request.method === 'GET') {
    const modes = valuesOf(request.rawHeaders, 'sec-fetch-mode')
    const navigation = modes.length === 0 || (modes.length === 1 && modes[0] === 'navigate')
    // The browser carries the fragment, and the launch secret in it, over to the new address by itself: to the page's
    // own, since what stands at `/` there may be a copy that whoever had the port before left in the browser's cache.
    const page = pageAddress.test(request.url ?? '') ? request.url : '/'
    if (navigation) return { status: 307, location: `http://127.0.0.1:${port}${page}` }
  }
  return { status: 421 }
}

function head(refusal: Refusal): Record<string, string> {
  return {
    ...securityHeaders,
    ...(refusal.location === undefined ? {} : { location: refusal.location }),
    'content-length': '0',
    connection: 'close',
  }
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, head(refusal))
  response.end()
}

/** An answer where Node has only a socket: a request that it could not parse, CONNECT, Upgrade. */
export function refuseSocket(socket: Duplex, status: number): void {
  if (!socket.writable) return void socket.destroy()
  const lines = Object.entries(head({ status })).map(([name, value]) => `${name}: ${value}`)
  const reason = http.STATUS_CODES[status] ?? 'Refused'
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('\r\n')}\r\n\r\n`, () => socket.destroy())
}

/** Node's own refusals, with our headers and no body: Node's and Fastify's say more than they need to. */
export function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (error.code === 'HPE_HEADER_OVERFLOW') return refuseSocket(socket, 431)
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuseSocket(socket, 408)
  refuseSocket(socket, 400)
}

/**
 * The cookies of every local port come with each request to ours, and another one may set many: they must not shut the
 * person out.
 */
const mostHeaderBytes = 64 * 1024

/** How long a client may take, in milliseconds, and how many there may be. Tests shorten them. */
export interface Limits {
  /** For the whole request, headers and body: a slow-loris client is cut off after it. */
  readonly requestMs: number
  readonly headersMs: number
  readonly keepAliveMs: number
  /** How often Node looks for requests that take too long. */
  readonly checkMs: number
  /** At once. */
  readonly connections: number
}

export const defaultLimits: Omit<Limits, 'connections'> = {
  requestMs: 10_000,
  headersMs: 5_000,
  keepAliveMs: 30_000,
  checkMs: 1_000,
}

/**
 * How many connections are taken: idle ones of anybody on this machine must not use up the files that a run needs to open.
 *
 * @param openFiles that this process may have; undefined: not known
 */
export function mostConnections(openFiles: number | undefined): number {
  return Math.min(256, Math.max(8, Math.floor((openFiles ?? 1_024) / 4)))
}

/**
 * The HTTP server with the first check in front of everything Fastify does. A hook would come too late: Fastify
 * routes before its hooks, and answers an undecodable path without running them.
 */
export function createFront(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  port: () => number | undefined,
  limits: Limits,
): Server {
  const guarded = (request: IncomingMessage, response: ServerResponse): boolean => {
    let refusal: Refusal | undefined
    try {
      refusal = judge(request, port())
    } catch {
      refusal = { status: 400 }
    }
    if (refusal === undefined) return true
    refuse(response, refusal)
    return false
  }
  const server = http.createServer(
    {
      requestTimeout: limits.requestMs,
      headersTimeout: limits.headersMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: mostHeaderBytes,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    (request, response) => {
      if (guarded(request, response)) handler(request, response)
    },
  )
  server.maxRequestsPerSocket = 1_000
  server.maxConnections = limits.connections
  // Those that only wait make room; the client that was turned away comes again.
  server.on('drop', () => server.closeIdleConnections())
  // Node answers these by itself before any handler, so they are taken from it.
  server.on('checkContinue', (request, response) => {
    if (!guarded(request, response)) return
    response.writeContinue()
    handler(request, response)
  })
  server.on('checkExpectation', (request, response) => {
    if (guarded(request, response)) refuse(response, { status: 417 })
  })
  server.on('connect', (_request, socket) => refuseSocket(socket, 400))
  server.on('upgrade', (_request, socket) => refuseSocket(socket, 400))
  return server
}
