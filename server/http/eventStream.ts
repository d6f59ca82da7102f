import type { ServerResponse } from 'node:http'
import type { ServerEvent, Snapshot } from '../api/events.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { EventQueue } from './eventQueue.ts'
import type { Sessions } from './sessions.ts'

/** A comment at this interval, in milliseconds, tells the page that the stream lives. */
export const heartbeatMs = 15_000
/** Browsers allow six connections to a host: with more streams than this, a seventh tab would hang. */
export const streamsPerSession = 4
/** How long a closing stream may take to send its last event, in milliseconds. */
const farewellMs = 500
/** Characters that one write takes before another begins: a slow reader is noticed, and what waits is replaced by what is newer. */
const mostWritten = 64 * 1024

type LastEvent = Extract<ServerEvent, { type: 'replaced' | 'locked' | 'stopped' }>

/** One open reply to GET /api/events. */
class EventStream {
  readonly #response: ServerResponse
  readonly #serialize: (event: ServerEvent) => string
  readonly #nextId: () => number
  readonly #queue = new EventQueue()
  readonly closed = new AbortController()
  #started = false
  #blocked = false
  #due = false

  constructor(response: ServerResponse, serialize: (event: ServerEvent) => string, nextId: () => number) {
    this.#response = response
    this.#serialize = serialize
    this.#nextId = nextId
    response.on('drain', () => {
      this.#blocked = false
      this.#flush()
    })
    response.on('close', () => this.closed.abort())
    response.on('error', () => this.closed.abort())
  }

  /** The snapshot goes first; events that came while it was made follow it. */
  start(snapshot: Snapshot): void {
    if (this.closed.signal.aborted) return
    this.#started = true
    this.#write(this.#frame(snapshot))
    this.#flush()
  }

  /** What is published within one turn of the event loop leaves as one write: that is what a thousand rotations cost. */
  push(event: ServerEvent): void {
    this.#queue.push(event)
    if (this.#due) return
    this.#due = true
    setImmediate(() => {
      this.#due = false
      this.#flush()
    })
  }

  /** A reader that took nothing for a whole interval is cut off: it reconnects and gets a snapshot. */
  beat(): void {
    if (this.#blocked) this.#response.destroy()
    else this.#write(': heartbeat\n\n')
  }

  /** Says why, and ends. Resolves when it is sent, or when the reader does not take it. */
  async end(last: LastEvent, clock: Clock): Promise<void> {
    if (this.closed.signal.aborted) return
    this.#started = false
    const sent = new Promise<void>((resolve) => {
      this.#response.end(this.#frame(last), () => resolve())
      this.#response.once('close', () => resolve())
    })
    await Promise.race([sent, clock.sleep(farewellMs, this.closed.signal).catch(() => undefined)])
    this.closed.abort()
    this.#response.destroy()
  }

  #flush(): void {
    while (this.#started && !this.#blocked && !this.closed.signal.aborted) {
      let text = ''
      while (text.length < mostWritten) {
        const event = this.#queue.shift()
        if (!event) break
        text += this.#frame(event)
      }
      if (text === '') return
      this.#write(text)
    }
  }

  #frame(event: ServerEvent): string {
    return `id: ${this.#nextId()}\nevent: ${event.type}\ndata: ${this.#serialize(event)}\n\n`
  }

  #write(text: string): void {
    if (this.closed.signal.aborted || this.#response.writableEnded) return
    if (!this.#response.write(text)) this.#blocked = true
  }
}

export interface EventStreamDeps {
  readonly bus: Bus<ServerEvent>
  readonly clock: Clock
  readonly sessions: Sessions
  readonly snapshot: () => Promise<Snapshot>
  /** Whether a run is under way: a session that watches one does not lock. */
  readonly running: () => boolean
}

/** All open streams, by session. */
export class EventStreams {
  readonly #deps: EventStreamDeps
  readonly #open = new Map<string, Set<EventStream>>()
  #lastId = 0
  #stopping = false

  constructor(deps: EventStreamDeps) {
    this.#deps = deps
    deps.sessions.onEnd((cookie) => void this.#endAll(cookie, { type: 'locked' }))
    deps.sessions.holdWhile((cookie) => this.#open.has(cookie) && deps.running())
  }

  /**
   * Turns a response, its head already written, into a stream of the session's.
   *
   * @param serialize writes an event by its declared schema and nothing beyond
   */
  async open(
    cookie: string,
    response: ServerResponse,
    serialize: (event: ServerEvent) => string,
  ): Promise<void> {
    const { bus, clock, sessions, snapshot } = this.#deps
    const stream = new EventStream(response, serialize, () => ++this.#lastId)
    const streams = this.#open.get(cookie) ?? new Set()
    this.#open.set(cookie, streams.add(stream))
    const [oldest] = streams
    if (streams.size > streamsPerSession && oldest) {
      streams.delete(oldest)
      void oldest.end({ type: 'replaced' }, clock)
    }
    const unsubscribe = bus.subscribe((event) => {
      if (event.type === 'rotation' || event.type === 'run') sessions.extend(cookie)
      stream.push(event)
    })
    stream.closed.signal.addEventListener('abort', () => {
      unsubscribe()
      streams.delete(stream)
      if (streams.size === 0 && this.#open.get(cookie) === streams) this.#open.delete(cookie)
    })
    void this.#beat(stream)
    try {
      const { idleAt: _, ...state } = await snapshot()
      const session = sessions.find(cookie)
      if (!session) return await stream.end({ type: 'locked' }, clock)
      if (this.#stopping) return await stream.end({ type: 'stopped' }, clock)
      stream.start({ ...state, idleAt: new Date(session.idleAt).toISOString() })
    } catch (error) {
      response.destroy()
      throw error
    }
  }

  /** At shutdown: an open stream would keep the server from closing. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all([...this.#open.keys()].map((cookie) => this.#endAll(cookie, { type: 'stopped' })))
  }

  async #endAll(cookie: string, last: LastEvent): Promise<void> {
    const streams = this.#open.get(cookie)
    this.#open.delete(cookie)
    await Promise.all([...(streams ?? [])].map((stream) => stream.end(last, this.#deps.clock)))
  }

  async #beat(stream: EventStream): Promise<void> {
    const { signal } = stream.closed
    while (!signal.aborted) {
      const rested = await this.#deps.clock.sleep(heartbeatMs, signal).then(
        () => true,
        () => false,
      )
      if (rested) stream.beat()
    }
  }
}
