import http from 'node:http'
import https from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { HttpRequest } from '@smithy/core/protocols'

/** In milliseconds: until a connection stands, and for the whole exchange. */
export interface Waits {
  readonly connect: number
  readonly answer: number
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** Where a request ended that got no whole answer. All but the last three are before its first byte. */
export type Ended =
  | 'proxy-unreachable'
  | 'proxy-refused'
  | 'lookup'
  | 'connect'
  | 'certificate'
  | 'handshake'
  | 'aborted'
  /** The connection broke, or stayed silent for too long. */
  | 'lost'
  | 'too-long'

/** No whole answer came. `sent`: the first byte of the request may have left, so that somebody may have acted on it. */
export class Unanswered extends Error {
  readonly ended: Ended
  readonly sent: boolean
  /** Node's or the system's, such as ECONNREFUSED: for people, never to decide by. */
  readonly code?: string

  constructor(ended: Ended, sent: boolean, code?: string) {
    super(`${ended}${sent ? ', after it was sent' : ''}`)
    this.name = 'Unanswered'
    this.ended = ended
    this.sent = sent
    if (code !== undefined) this.code = code
  }
}

/** More than any answer of IAM's; a server that never stops talking must not fill the memory. In bytes. */
const longestAnswer = 1024 * 1024
/** Fifty events of at most 256 KB each, which CloudTrail allows, and something on top. In bytes. */
const longestHistory = 32 * longestAnswer

/**
 * One request and its whole answer. What no error's name tells is noted as it happens: whether the connection, and TLS on it,
 * stood, so that the request went out.
 *
 * @throws Unanswered
 */
export function exchange(
  request: HttpRequest,
  agent: http.Agent,
  waits: Waits,
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const secure = request.protocol === 'https:'
    const longest = request.headers['x-amz-target'] === undefined ? longestAnswer : longestHistory
    let sent = false
    let socket: TLSSocket | undefined
    const outgoing = (secure ? https : http).request({
      method: request.method,
      host: unbracketed(request.hostname),
      port: request.port,
      path: request.path,
      headers: request.headers,
      agent,
    })
    const fail = (ended: Ended, code?: string) => {
      settle()
      reject(new Unanswered(ended, sent && ended !== 'aborted', code))
      outgoing.destroy()
    }
    const isLate = () => fail(sent ? 'lost' : 'connect', 'ETIMEDOUT')
    const unconnected = setTimeout(isLate, waits.connect)
    const unanswered = setTimeout(isLate, waits.answer)
    const stop = () => fail('aborted')
    const settle = () => {
      clearTimeout(unconnected)
      clearTimeout(unanswered)
      signal?.removeEventListener('abort', stop)
    }
    const goesOut = () => {
      sent = true
      clearTimeout(unconnected)
    }
    const broke = (error: Error) => fail(endedBy(error, sent, socket), codeOf(error))

    outgoing.on('error', broke)
    outgoing.once('socket', (given) => {
      socket = given as TLSSocket
      // Of a connection that is kept alive, or quicker than this, the request is on its way already.
      if (outgoing.reusedSocket || (secure ? socket.authorized : !socket.connecting)) return goesOut()
      socket.once(secure ? 'secureConnect' : 'connect', goesOut)
    })
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = []
      let length = 0
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > longest) return fail('too-long')
        chunks.push(chunk)
      })
      incoming.on('error', broke)
      incoming.once('end', () => {
        settle()
        resolve({
          status: incoming.statusCode ?? 0,
          headers: flat(incoming.headers),
          body: Buffer.concat(chunks),
        })
      })
    })
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) return stop()
    outgoing.end(request.body)
  })
}

/** The name of an error tells apart only what comes before the first byte, where nothing depends on it but the words. */
function endedBy(error: Error, sent: boolean, socket: TLSSocket | undefined): Ended {
  if (sent) return 'lost'
  if (error instanceof Unanswered) return error.ended
  if (socket?.authorizationError) return 'certificate'
  const { syscall, errors } = error as NodeJS.ErrnoException & { errors?: { syscall?: string }[] }
  // Node tries several addresses at once and then throws them together.
  if ((syscall ?? errors?.[0]?.syscall) === 'getaddrinfo') return 'lookup'
  return isOfTls(error) ? 'handshake' : 'connect'
}

/** What answered does not speak TLS as we do, or at all; a connection that merely broke is none of these. */
function isOfTls(error: Error): boolean {
  return /^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(codeOf(error) ?? '')
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && code !== '' ? code : undefined
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  )
}

function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
