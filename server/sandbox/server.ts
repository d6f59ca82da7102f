import http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Answer } from './answer.ts'
import type { Wire } from './control.ts'
import type { WireRequest } from './signature.ts'

export interface ServerHandlers {
  /** AWS's clock, for the Date header. */
  readonly now: () => number
  readonly answer: (request: WireRequest) => Promise<Answer>
  /** IAM Identity Center's portal: ends the sign-in of a token. @returns the status */
  readonly signOut: (token: string) => number
  /** The control endpoint, where there is one: JSON in, JSON out. */
  readonly control?: (request: WireRequest) => Promise<{ status: number; body: string }>
}

export interface SandboxServer extends Wire {
  readonly port: number
  close(): Promise<void>
}

/** More than any call of IAM's Query protocol needs. */
const bodyLimit = 64 * 1024

/** A plain HTTP server on 127.0.0.1, and nowhere else: whoever reaches it can try keys. */
export async function listen(port: number, handlers: ServerHandlers): Promise<SandboxServer> {
  const sockets = new Set<Socket>()
  let resetting = false
  const server = http.createServer((request, response) => {
    // A request that fails in a way that nobody foresaw costs its own connection, not the server.
    serve(request, response, handlers).catch(() => response.destroy())
  })
  // An idle connection closed just as the client writes looks like a lost reply; AWS's own last longer than a test.
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => {
    if (resetting) return void socket.resetAndDestroy()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    else socket.destroy()
  })
  const open = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(at, '127.0.0.1', () => {
        server.off('error', reject)
        resolve()
      })
    })
  const shut = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.resetAndDestroy()
    await closed
  }

  await open(port)
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    async down(how) {
      resetting = how === 'reset'
      if (how === 'refuse' && server.listening) await shut()
      else for (const socket of sockets) socket.resetAndDestroy()
    },
    async up() {
      resetting = false
      if (!server.listening) await open(bound)
    },
    async close() {
      if (server.listening) await shut()
    },
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: ServerHandlers,
): Promise<void> {
  response.sendDate = false
  response.setHeader('Date', new Date(handlers.now()).toUTCString())
  const body = await readBody(request)
  const say = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
    const bytes = Buffer.from(text)
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length }).end(bytes)
  }
  if (body === undefined) {
    response.setHeader('Connection', 'close')
    return say(413, 'That is more than a call of IAM needs.\n')
  }
  const wire = wireOf(request, body)
  if (handlers.control && wire.method === 'POST' && wire.path === '/_control') {
    const reply = await handlers.control(wire)
    return say(reply.status, reply.body, 'application/json')
  }
  if (wire.path === '/logout' && wire.method === 'POST')
    return say(handlers.signOut(wire.headers['x-amz-sso_bearer_token'] ?? ''), '')
  if (wire.path !== '/') return say(404, 'Nothing is here. IAM and STS answer POST requests to /.\n')
  if (wire.method === 'GET' || wire.method === 'HEAD')
    return say(200, 'An embedded IAM and STS, for trying things out. They answer signed POST requests.\n')
  if (wire.method !== 'POST') return say(405, 'IAM and STS answer POST requests.\n')

  const reply = await handlers.answer(wire)
  if (reply.lost === 'drop') return void request.socket.resetAndDestroy()
  const bytes = Buffer.from(reply.body)
  response.writeHead(reply.status, {
    ...(!reply.foreign && { 'x-amzn-RequestId': reply.requestId }),
    'Content-Type': reply.type,
    'Content-Length': bytes.length,
  })
  if (reply.lost !== 'cut') return void response.end(bytes)
  // The half must be on the wire before the connection ends: a reset would take it along.
  response.write(bytes.subarray(0, bytes.length >> 1), () => request.socket.destroy())
}

/** Undefined: too long. A body that is cut off rejects, as does any other broken request. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyLimit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function wireOf(request: IncomingMessage, body: Buffer): WireRequest {
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s)
  const query: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(search)) {
    const before = query[name]
    query[name] = before === undefined ? value : [before, value].flat()
  }
  const headers: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = [value].flat().join(',')
  return { method: request.method ?? '', path, query, headers, body }
}
