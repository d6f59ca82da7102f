import net from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Key } from '../api/inventory.ts'
import type { Rotation, Run } from '../api/run.ts'
import { defaultSettings } from '../api/settings.ts'
import { EventQueue } from './eventQueue.ts'
import { heartbeatMs, streamsPerSession } from './eventStream.ts'
import { StreamReader } from './testing/streamReader.ts'
import { startTestApp } from './testing/testApp.ts'
import type { TestApp, TestSession } from './testing/testApp.ts'

let server: TestApp
let session: TestSession
let closed = false
beforeEach(async () => {
  server = await startTestApp()
  session = await server.signIn()
  closed = false
})
afterEach(async () => {
  if (!closed) await server.close()
})

const open = (headers = session.headers) => StreamReader.open(server.origin, headers)
const names = (reader: StreamReader) => reader.events.map((event) => event.name)

const rotation = (id: string, over: Partial<Rotation> = {}): Rotation => ({
  id,
  run: 'r',
  key: 'AKIA',
  profiles: [],
  state: 'running',
  steps: [],
  oldKeyState: 'active',
  undo: [],
  notes: [],
  ...over,
})
const run = (rotations: Rotation[]): Run => ({
  id: 'r',
  kind: 'rotate',
  state: 'running',
  stopping: false,
  startedAt: '2026-01-01T00:00:00Z',
  oldKey: 'deactivate',
  rotations,
})
const key = (id: string): Key => ({
  id,
  profiles: [],
  checking: false,
  canary: false,
  excluded: false,
  rotatable: true,
  partition: 'aws',
})

/** Lets whatever is already under way on the loop go on, until `done`. */
async function settle(done: () => boolean): Promise<void> {
  while (!done()) await setImmediate()
}

describe('GET /api/events', () => {
  it('begins with a snapshot that says when the session locks', async () => {
    const reader = await open()
    const [first] = await reader.until(1)
    expect(first?.name).toBe('snapshot')
    expect(first?.data).toMatchObject({
      type: 'snapshot',
      runs: [],
      idleAt: new Date(server.clock.now() + 15 * 60_000).toISOString(),
    })
    expect(reader.reply.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    reader.close()
  })

  it('sends what is published, each with an id that grows, and nothing undeclared', async () => {
    const reader = await open()
    await reader.until(1)
    const leaky = { ...key('AKIA1'), secret: 'CANARY' }
    server.bus.publish({ type: 'key', key: leaky })
    server.bus.publish({ type: 'settings', settings: defaultSettings })
    const events = await reader.until(3)
    expect(names(reader)).toEqual(['snapshot', 'key', 'settings'])
    expect(events[1]?.data).toEqual({ type: 'key', key: key('AKIA1') })
    const ids = events.map((event) => Number(event.id))
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    expect(new Set(ids).size).toBe(3)
    reader.close()
  })

  it('keeps events that come while the snapshot is made for after it', async () => {
    let release = () => undefined as void
    const made = new Promise<void>((resolve) => (release = resolve))
    const plain = server
    server = await startTestApp({
      snapshot: async () => {
        await made
        return {
          type: 'snapshot',
          inventory: {
            demo: false,
            version: '0',
            now: '2026-01-01T00:00:00Z',
            files: {
              credentials: {
                which: 'credentials',
                path: '',
                state: 'ok',
                loose: false,
                writable: true,
                problems: [],
              },
              config: {
                which: 'config',
                path: '',
                state: 'ok',
                loose: false,
                writable: true,
                problems: [],
              },
            },
            keys: [],
            profiles: [],
            oldKeys: [],
            wentBack: [],
            ledger: { leak: false, asked: 0, open: [] },
            changed: [],
            notices: [],
          },
          settings: defaultSettings,
          runs: [],
          plans: [],
        }
      },
    })
    await plain.close()
    session = await server.signIn()
    const reader = await open()
    server.bus.publish({ type: 'key', key: key('AKIA1') })
    release()
    await reader.until(2)
    expect(names(reader)).toEqual(['snapshot', 'key'])
    reader.close()
  })

  it('sends a comment every 15 seconds', async () => {
    const reader = await open()
    await reader.until(1)
    await server.clock.advance(heartbeatMs * 3)
    await settle(() => reader.heartbeats === 3)
    expect(names(reader)).toEqual(['snapshot'])
    reader.close()
  })

  it('replaces the oldest stream beyond four of a session, and leaves other sessions alone', async () => {
    const other = await server.signIn()
    const bystander = await open(other.headers)
    const readers: StreamReader[] = []
    for (let count = 0; count <= streamsPerSession; count += 1) readers.push(await open())
    const [oldest, ...rest] = readers
    await oldest?.ended
    expect(oldest && names(oldest)).toEqual(['snapshot', 'replaced'])
    server.bus.publish({ type: 'key', key: key('AKIA1') })
    for (const reader of [...rest, bystander]) {
      await reader.until(2)
      expect(names(reader)).toEqual(['snapshot', 'key'])
      reader.close()
    }
  })

  it('leaves no connection of a replaced stream behind, though its client keeps its own end open', async () => {
    await server.close()
    server = await startTestApp({ limits: { keepAliveMs: 600_000 } })
    session = await server.signIn()
    const connections = () =>
      new Promise<number>((resolve) => server.app.server.getConnections((_, count) => resolve(count)))
    const lines = Object.entries(session.headers).map(([name, value]) => `${name}: ${value}`)
    const request = `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n${lines.join('\r\n')}\r\n\r\n`
    const sockets = Array.from({ length: 20 }, () =>
      net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }).resume(),
    )
    for (const socket of sockets) socket.on('error', () => undefined).write(request)
    const told = sockets.map((socket) => new Promise<void>((resolve) => socket.on('end', () => resolve())))
    let ends = 0
    for (const each of told) void each.then(() => (ends += 1))
    await settle(() => ends >= sockets.length - streamsPerSession)
    while ((await connections()) > streamsPerSession + 1) await setImmediate()
    for (const socket of sockets) socket.destroy()
  })

  it('lets 50 opens pass without holding more than four', async () => {
    const readers = await Promise.all(Array.from({ length: 50 }, () => open()))
    await settle(() => readers.filter((reader) => reader.reply.closed).length === 46)
    expect(readers.filter((reader) => !reader.reply.closed)).toHaveLength(streamsPerSession)
    for (const reader of readers) reader.close()
  })

  it('ends with locked when the session is closed', async () => {
    const reader = await open()
    await reader.until(1)
    await fetch(`${server.origin}/api/session`, { method: 'DELETE', headers: session.headers })
    await reader.ended
    expect(names(reader)).toEqual(['snapshot', 'locked'])
  })

  it('ends with locked when nobody asked anything for the idle time, though it is open', async () => {
    const reader = await open()
    await reader.until(1)
    await server.clock.advance(15 * 60_000 - 1)
    expect(reader.reply.closed).toBe(false)
    await server.clock.advance(1)
    await reader.ended
    expect(names(reader)).toEqual(['snapshot', 'locked'])
  })

  it('does not lock while a run is watched, nor for the idle time after it', async () => {
    const reader = await open()
    await reader.until(1)
    server.state.running = true
    await server.clock.advance(60 * 60_000)
    server.bus.publish({ type: 'run', run: { ...run([]), state: 'done' } })
    server.state.running = false
    await server.clock.advance(15 * 60_000 - 1)
    expect(reader.reply.closed).toBe(false)
    await server.clock.advance(1)
    await reader.ended
    expect(names(reader).at(-1)).toBe('locked')
  })

  it('locks during a run that nobody watches', async () => {
    server.state.running = true
    await server.clock.advance(15 * 60_000)
    const reply = await fetch(`${server.origin}/api/settings`, { headers: session.headers })
    expect(reply.status).toBe(401)
  })

  it('ends with stopped at shutdown, which no open stream holds up', async () => {
    const reader = await open()
    await reader.until(1)
    await server.close()
    closed = true
    await reader.ended
    expect(names(reader)).toEqual(['snapshot', 'stopped'])
  })

  it('closes though a reader takes nothing and another connection is half open', async () => {
    const silent = net.connect(server.port, '127.0.0.1')
    silent.on('error', () => undefined)
    silent.write(
      `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nOrigin: ${server.origin}\r\nCookie: ${session.cookie}\r\nx-keyturn-session: ${session.token}\r\n\r\n`,
    )
    await new Promise((resolve) => silent.once('data', resolve))
    silent.pause()
    const idle = net.connect(server.port, '127.0.0.1')
    idle.on('error', () => undefined)
    idle.write('POST /api/session HTTP/1.1\r\nHost: 127')
    const big = 'x'.repeat(1_000_000)
    for (let n = 0; n < 20; n += 1)
      server.bus.publish({ type: 'key', key: { ...key(`${n}`), partition: big } })
    const closing = server.close()
    closed = true
    await server.clock.advance(1_000)
    await closing
    silent.destroy()
    idle.destroy()
  })

  it('cuts a reader that takes nothing for a whole interval', async () => {
    const silent = net.connect(server.port, '127.0.0.1')
    silent.write(
      `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nOrigin: ${server.origin}\r\nCookie: ${session.cookie}\r\nx-keyturn-session: ${session.token}\r\n\r\n`,
    )
    await new Promise((resolve) => silent.once('data', resolve))
    silent.pause()
    const big = 'x'.repeat(1_000_000)
    for (let n = 0; n < 20; n += 1)
      server.bus.publish({ type: 'key', key: { ...key(`${n}`), partition: big } })
    const cut = new Promise((resolve) => silent.once('close', resolve))
    silent.on('error', () => undefined)
    await server.clock.advance(heartbeatMs)
    silent.resume()
    await cut
    const next = await open()
    await next.until(1)
    expect(names(next)).toEqual(['snapshot'])
    next.close()
  })

  it('goes on when a snapshot cannot be made: that stream breaks and the next one tries again', async () => {
    const plain = server
    let fail = true
    const good = await open()
    const [first] = await good.until(1)
    good.close()
    server = await startTestApp({
      snapshot: async () => {
        if (fail) throw new Error('no')
        return first?.data as never
      },
    })
    await plain.close()
    session = await server.signIn()
    const broken = await open().catch(() => undefined)
    await broken?.ended
    expect(broken?.events ?? []).toEqual([])
    fail = false
    const reader = await open()
    await reader.until(1)
    expect(names(reader)).toEqual(['snapshot'])
    reader.close()
  })
})

describe('EventQueue', () => {
  it('keeps the last state of each object, in the order in which they came to be', () => {
    const queue = new EventQueue()
    queue.push({ type: 'run', run: run([rotation('a')]) })
    queue.push({ type: 'rotation', run: 'r', rotation: rotation('a', { state: 'running' }) })
    queue.push({ type: 'key', key: key('AKIA1') })
    queue.push({ type: 'rotation', run: 'r', rotation: rotation('a', { state: 'done' }) })
    const out = [queue.shift(), queue.shift(), queue.shift(), queue.shift()]
    expect(out.map((event) => event?.type)).toEqual(['run', 'key', 'rotation', undefined])
    expect(out[2]).toMatchObject({ rotation: { state: 'done' } })
  })

  it('never lets an older run overtake a newer rotation', () => {
    const queue = new EventQueue()
    queue.push({ type: 'run', run: run([rotation('a')]) })
    queue.push({ type: 'rotation', run: 'r', rotation: rotation('a', { state: 'done' }) })
    queue.push({ type: 'run', run: run([rotation('a', { state: 'undone' })]) })
    expect([queue.shift()?.type, queue.shift()?.type]).toEqual(['rotation', 'run'])
  })
})
