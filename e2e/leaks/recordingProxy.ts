import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Recording {
  readonly port: number
  /** One entry for each answer: what was asked, and all bytes of the answer, headers included. */
  readonly answers: readonly { readonly asked: string; readonly bytes: () => Buffer }[]
  close(): void
}

/** A proxy that a browser is led through, and that keeps every byte which came back, of endless replies too. */
export async function startRecordingProxy(): Promise<Recording> {
  const answers: { asked: string; bytes: () => Buffer }[] = []
  const server = http.createServer((request, response) => {
    const target = new URL(request.url ?? '')
    const { 'proxy-connection': _, ...headers } = request.headers
    const onward = http.request(
      {
        host: target.hostname,
        port: target.port,
        path: target.pathname + target.search,
        method: request.method,
        headers,
      },
      (reply) => {
        const chunks: Buffer[] = [Buffer.from(`${reply.statusCode} ${reply.rawHeaders.join('\n')}\n\n`)]
        answers.push({ asked: `${request.method} ${target.pathname}`, bytes: () => Buffer.concat(chunks) })
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.writeHead(reply.statusCode ?? 502, reply.headers)
        response.flushHeaders()
        reply.pipe(response)
        reply.on('error', () => response.destroy())
      },
    )
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    answers,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
