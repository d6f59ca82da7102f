import http from 'node:http'
import type { IncomingMessage } from 'node:http'

export interface SentEvent {
  readonly id: string
  readonly name: string
  readonly data: unknown
}

/** An open event stream, read as it comes: comments are counted, events are kept. */
export class StreamReader {
  readonly reply: IncomingMessage
  readonly events: SentEvent[] = []
  heartbeats = 0
  readonly ended: Promise<void>
  #rest = ''
  #wake: (() => void) | undefined

  private constructor(reply: IncomingMessage) {
    this.reply = reply
    reply.setEncoding('utf8')
    reply.on('data', (text: string) => this.#take(text))
    this.ended = new Promise((resolve) => reply.once('close', resolve))
    reply.on('error', () => undefined)
    void this.ended.then(() => this.#wake?.())
  }

  static open(origin: string, headers: Record<string, string>): Promise<StreamReader> {
    return new Promise((resolve, reject) => {
      const request = http.get(`${origin}/api/events`, { headers, agent: false }, (reply) => {
        if (reply.statusCode === 200) return resolve(new StreamReader(reply))
        reply.resume()
        reject(new Error(String(reply.statusCode)))
      })
      request.on('error', reject)
    })
  }

  /** Waits for the stream to have brought this many events, or to be over. */
  async until(count: number): Promise<SentEvent[]> {
    while (this.events.length < count && !this.reply.closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.events
  }

  close(): void {
    this.reply.destroy()
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) {
      if (block.startsWith(':')) this.heartbeats += 1
      else this.events.push(parse(block))
    }
    this.#wake?.()
  }
}

function parse(block: string): SentEvent {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? ''
  return { id: field('id'), name: field('event'), data: JSON.parse(field('data')) }
}
