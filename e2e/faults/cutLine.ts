import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TestAuthority } from '../../server/aws/testing/tls.ts'

/** What becomes of a request whose first byte has come: AWS did not see it, or has acted on it. */
export const cuts = [
  'reset before AWS saw it',
  'a sign-in page before AWS saw it',
  'reset after AWS acted',
  'ended after AWS acted',
  'half of the reply, then reset',
  'a TLS record that breaks',
  'a filter’s page after AWS acted',
] as const
export type Cut = (typeof cuts)[number]

/** Which requests are cut: the next of this action after so many others, once or from then on. */
export interface Strike {
  readonly cut: Cut
  readonly action: string
  readonly skip: number
  readonly forGood: boolean
}

/** A real TLS server before the embedded AWS, which passes every request on but those that it cuts. */
export class CutLine {
  readonly #server: https.Server
  readonly #sockets = new Map<number | undefined, Socket>()
  #strike: (Strike & { seen: number }) | undefined
  /** How many requests were cut since the last strike was set. */
  hits = 0

  private constructor(port: number, tls: TestAuthority['server']) {
    this.#server = https.createServer(tls, (request, response) => void this.#serve(port, request, response))
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.set(socket.remotePort, socket)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => this.#sockets.delete(socket.remotePort))
    })
    this.#server.on('secureConnection', (inside: Socket) => inside.on('error', () => inside.destroy()))
  }

  /** @param port of the embedded AWS */
  static async before(port: number, tls: TestAuthority['server']): Promise<CutLine> {
    const line = new CutLine(port, tls)
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve))
    return line
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  strike(strike: Strike | undefined): void {
    this.#strike = strike && { ...strike, seen: 0 }
    this.hits = 0
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #cutOf(action: string | undefined): Cut | undefined {
    const strike = this.#strike
    if (strike === undefined || action !== strike.action || strike.seen++ < strike.skip) return undefined
    if (this.hits > 0 && !strike.forGood) return undefined
    this.hits += 1
    return strike.cut
  }

  async #serve(port: number, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const cut = this.#cutOf(/Action=(\w+)/.exec(body.toString())?.[1])
    const outside = this.#sockets.get(request.socket.remotePort)
    const page = (status: number) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>Sign in to the network</html>')
    if (cut === 'reset before AWS saw it') return void outside?.resetAndDestroy()
    if (cut === 'a sign-in page before AWS saw it') return void page(302)
    const reply = await passOn(port, request, body)
    switch (cut) {
      case 'reset after AWS acted':
        return void outside?.resetAndDestroy()
      case 'ended after AWS acted':
        return void outside?.end()
      case 'a TLS record that breaks':
        return void outside?.write('HTTP/1.1 200 OK\r\n\r\n')
      case 'a filter’s page after AWS acted':
        return void page(403)
      case 'half of the reply, then reset':
        response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length })
        response.write(reply.body.subarray(0, reply.body.length / 2), () => outside?.resetAndDestroy())
        return
      default:
        response.writeHead(reply.status, reply.headers).end(reply.body)
    }
  }
}

function passOn(port: number, { method, url, headers }: http.IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: http.IncomingHttpHeaders; body: Buffer }>(
    (resolve, reject) => {
      const onward = http.request({ host: '127.0.0.1', port, method, path: url, headers }, async (reply) => {
        const chunks: Buffer[] = []
        for await (const chunk of reply) chunks.push(chunk as Buffer)
        const { 'transfer-encoding': _, ...kept } = reply.headers
        resolve({ status: reply.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks) })
      })
      onward.once('error', reject)
      onward.end(body)
    },
  )
}
