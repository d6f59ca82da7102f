import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { closeAfterTest } from './adapter.ts'
import type { TestAuthority } from './tls.ts'

type Server = http.Server | https.Server

/** Listens on 127.0.0.1 until the test ends. @returns the port */
async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on(server instanceof https.Server ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closeAfterTest({
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
  return (server.address() as AddressInfo).port
}

/** Answers each request as told; `requests` is what came. */
export async function httpServer(answer: http.RequestListener, tls?: TestAuthority['server']) {
  return { port: await listening(tls ? https.createServer(tls, answer) : http.createServer(answer)) }
}

/** TLS in front of a plain server, byte by byte, as a load balancer would. */
export async function tlsInFrontOf(port: number, tls: TestAuthority['server']): Promise<number> {
  const front = https.createServer(tls, (request, response) => {
    const { method, url: path, headers } = request
    const onward = http.request({ host: '127.0.0.1', port, method, path, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  return listening(front)
}

export interface TestProxy {
  readonly port: number
  /** `CONNECT host:port` or `METHOD http://…`, with the Proxy-Authorization that came. */
  readonly seen: { readonly line: string; readonly authorization?: string }[]
}

/**
 * A real proxy: CONNECT, and plain requests forwarded. Every name leads to 127.0.0.1 at the port given.
 * @param refuse status to refuse everything with
 */
export async function proxyTo(
  port: number,
  options: { readonly refuse?: number; readonly tls?: TestAuthority['server'] } = {},
): Promise<TestProxy> {
  const seen: TestProxy['seen'] = []
  const note = (line: string, { headers }: http.IncomingMessage) => {
    const authorization = headers['proxy-authorization']
    seen.push({ line, ...(authorization && { authorization }) })
  }
  const forward: http.RequestListener = (request, response) => {
    note(`${request.method} ${request.url}`, request)
    const { pathname } = new URL(request.url ?? '')
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = http.request({ host: '127.0.0.1', port, method: request.method, path: pathname, headers })
    onward.on('response', (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    request.pipe(onward)
  }
  const server = options.tls ? https.createServer(options.tls, forward) : http.createServer(forward)
  server.on('connect', (request, client, head) => {
    note(`CONNECT ${request.url}`, request)
    if (options.refuse) {
      client.end(`HTTP/1.1 ${options.refuse} Refused\r\nContent-Type: text/html\r\n\r\n<html>refused</html>`)
      return
    }
    const onward = net.connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      onward.pipe(client)
      client.pipe(onward)
    })
    onward.on('error', () => client.destroy())
    client.on('error', () => onward.destroy())
    client.on('close', () => onward.destroy())
  })
  return { port: await listening(server), seen }
}
