import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { once } from 'node:events'
import net from 'node:net'
import fc from 'fast-check'
import { judge, mostConnections } from './hostGuard.ts'
import { rawRequest, sendRaw } from './testing/rawSocket.ts'
import { startTestApp } from './testing/testApp.ts'
import type { TestApp } from './testing/testApp.ts'

let server: TestApp
const limits = { requestMs: 300, headersMs: 200, keepAliveMs: 5_000, checkMs: 50 }
beforeAll(async () => {
  server = await startTestApp({ limits })
})
afterAll(() => server.close())

const get = (target: string, hosts: readonly string[], version = '1.1') =>
  sendRaw(
    server.port,
    rawRequest(
      `GET ${target} HTTP/${version}`,
      hosts.map((host) => `Host: ${host}`),
    ),
  )

const stillServes = async () => {
  const reply = await get(server.page, [`127.0.0.1:${server.port}`])
  expect([reply.status, reply.body]).toEqual([200, '<!doctype html><title>shell</title>'])
}

describe('the Host header', () => {
  it('lets our own through', () => stillServes())

  const foreign: [string, (port: number) => string][] = [
    ['another name', (port) => `evil.test:${port}`],
    ['our address as the start of a name', (port) => `127.0.0.1.evil.test:${port}`],
    ['localhost as the start of a name', (port) => `localhost.evil.test:${port}`],
    ['a name below localhost', (port) => `x.localhost:${port}`],
    ['localhost with a dot', (port) => `localhost.:${port}`],
    ['our address with a dot', (port) => `127.0.0.1.:${port}`],
    ['LOCALHOST', (port) => `LOCALHOST:${port}`],
    ['all addresses', (port) => `0.0.0.0:${port}`],
    ['IPv6', (port) => `[::1]:${port}`],
    ['IPv4 in IPv6', (port) => `[::ffff:127.0.0.1]:${port}`],
    ['our address as one number', (port) => `2130706433:${port}`],
    ['our address in hexadecimal', (port) => `0x7f000001:${port}`],
    ['our address, short', (port) => `127.1:${port}`],
    ['another loopback address', (port) => `127.0.0.2:${port}`],
    ['a user in front', (port) => `evil@127.0.0.1:${port}`],
    ['a path behind', (port) => `127.0.0.1:${port}/x`],
    ['a second port', (port) => `127.0.0.1:${port}:${port}`],
    ['a wrong port', (port) => `127.0.0.1:${port + 1}`],
    ['a padded port', (port) => `127.0.0.1:0${port}`],
    ['no port', () => '127.0.0.1'],
    ['an empty port', () => '127.0.0.1:'],
    ['localhost, no port', () => 'localhost'],
    ['nothing', () => ''],
    ['an open bracket', () => '[::1'],
    ['a list', (port) => `127.0.0.1:${port}, evil.test`],
    ['bytes above ASCII', (port) => `127.0.0.1\u00e9:${port}`],
  ]
  const everywhere = ['/', '/assets/index-abc123.js', '/api/settings', '/api/events', '/nowhere', '/%']

  it.each(foreign)('refuses %s on every path', async (_name, host) => {
    for (const target of everywhere) {
      const reply = await get(target, [host(server.port)])
      expect([target, reply.status]).toEqual([target, 421])
      expect(reply.body).toBe('')
    }
    await stillServes()
  })

  it('sends a navigation to localhost on to the address that is ours, and nothing else', async () => {
    const host = `Host: localhost:${server.port}`
    const navigation = await sendRaw(
      server.port,
      rawRequest('GET /api/settings?x HTTP/1.1', [host, 'Sec-Fetch-Mode: navigate']),
    )
    expect([navigation.status, navigation.headers.get('location'), navigation.body]).toEqual([
      307,
      `${server.origin}/`,
      '',
    ])
    const page = await sendRaw(server.port, rawRequest(`GET ${server.page} HTTP/1.1`, [host]))
    expect([page.status, page.headers.get('location')]).toEqual([307, `${server.origin}${server.page}`])
    const fetched = await sendRaw(server.port, rawRequest('GET / HTTP/1.1', [host, 'Sec-Fetch-Mode: cors']))
    expect(fetched.status).toBe(421)
    const posted = await sendRaw(server.port, rawRequest('POST /api/session HTTP/1.1', [host]))
    expect(posted.status).toBe(421)
  })

  it('believes no proxy about the host, the scheme or who asks', async () => {
    const ours = `127.0.0.1:${server.port}`
    const claims = [`X-Forwarded-Host: ${ours}`, `Forwarded: host="${ours}"`, 'X-Forwarded-For: 127.0.0.1']
    const foreign = await sendRaw(server.port, rawRequest('GET / HTTP/1.1', ['Host: evil.test', ...claims]))
    expect(foreign.status).toBe(421)
    const scheme = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.test']
    for (const origin of [`https://${ours}`, 'http://evil.test', 'https://evil.test']) {
      const lines = [`Host: ${ours}`, `Origin: ${origin}`, ...scheme]
      const reply = await sendRaw(server.port, rawRequest('DELETE /api/session HTTP/1.1', lines))
      expect([origin, reply.status]).toEqual([origin, 403])
    }
  })

  it('refuses two Hosts, whichever comes first, and none', async () => {
    const ours = `127.0.0.1:${server.port}`
    expect((await get('/', [ours, 'evil.test'])).status).toBe(400)
    expect((await get('/', ['evil.test', ours])).status).toBe(400)
    expect((await get('/', [ours, ours])).status).toBe(400)
    expect((await get('/', [])).status).toBe(400)
    expect((await get('/', [], '1.0')).status).toBe(400)
    await stillServes()
  })
})

describe('the request target', () => {
  it.each([
    'http://evil.test/',
    'http://127.0.0.1/api/settings',
    'evil.test:80',
    '*',
    '//evil.test/',
    '//',
    '/#',
    '/#/api/settings',
    '/\\..\\..\\etc\\passwd',
    '/a b',
    '/\u00e9',
    '',
  ])('refuses %j', async (target) => {
    const reply = await get(target, [`127.0.0.1:${server.port}`])
    expect([reply.status, reply.body]).toEqual([400, ''])
    await stillServes()
  })
})

describe('what no browser sends', () => {
  const host = () => `Host: 127.0.0.1:${server.port}`
  const cases: [string, () => string][] = [
    ['a body with two lengths', () => `Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two different lengths', () => `Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
    ['a folded header', () => `X: a\r\n b\r\n\r\n`],
    ['a bare line feed', () => `X: a\nY: b\r\n\r\n`],
    ['a NUL in a header', () => `X: a\0b\r\n\r\n`],
    ['a space before the colon', () => `X : a\r\n\r\n`],
    ['an unknown coding', () => `Transfer-Encoding: identity, chunked, gzip\r\n\r\n`],
  ]
  it.each(cases)('refuses %s', async (_name, rest) => {
    const reply = await sendRaw(server.port, `POST /api/session HTTP/1.1\r\n${host()}\r\n${rest()}`)
    expect([reply.status, reply.body]).toEqual([400, ''])
    expect(reply.headers.get('cache-control')).toBe('no-store')
    await stillServes()
  })

  it('refuses CONNECT, Upgrade, foreign expectations, garbage and huge headers without a body', async () => {
    const status = async (text: string) => {
      const reply = await sendRaw(server.port, text)
      expect(reply.body).toBe('')
      return reply.status
    }
    const own = [host()]
    expect(await status(rawRequest('CONNECT evil.test:443 HTTP/1.1', own))).toBe(400)
    const upgrade = [host(), 'Upgrade: websocket']
    expect(await status(rawRequest('GET / HTTP/1.1', upgrade))).toBe(400)
    expect(
      await status(`GET / HTTP/1.1\r\n${host()}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`),
    ).toBe(400)
    expect(await status(rawRequest('POST / HTTP/1.1', [host(), 'Expect: miracles']))).toBe(417)
    expect(await status(rawRequest('POST / HTTP/1.1', ['Host: evil.test', 'Expect: 100-continue']))).toBe(421)
    expect(await status('\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03')).toBe(400)
    expect(await status(rawRequest('GET / HTTP/1.1', [host(), `X: ${'x'.repeat(66_000)}`]))).toBe(431)
    await stillServes()
  })

  it('cuts a client that sends its headers or its body one byte at a time', async () => {
    const slowHeaders = await sendRaw(server.port, `GET / HTTP/1.1\r\n${host()}\r\nX: `)
    expect([slowHeaders.status, slowHeaders.body]).toEqual([408, ''])
    const slowBody = await sendRaw(
      server.port,
      `POST /api/session HTTP/1.1\r\n${host()}\r\nOrigin: ${server.origin}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{`,
    )
    expect([slowBody.status, slowBody.body]).toEqual([408, ''])
    await stillServes()
  })
})

describe('connections', () => {
  it('are fewer than the files that a run needs', () => {
    expect([undefined, 20, 256, 1_024, 1_048_576].map(mostConnections)).toEqual([256, 8, 64, 256, 256])
  })

  it('beyond the most are turned away, and those that only wait make room for the next', async () => {
    const small = await startTestApp({
      limits: { ...limits, headersMs: 60_000, requestMs: 60_000, connections: 3 },
    })
    const silent = Array.from({ length: 6 }, () => net.connect(small.port, '127.0.0.1'))
    let ended = 0
    for (const socket of silent)
      socket
        .resume()
        .on('error', () => undefined)
        .on('close', () => (ended += 1))
    while (ended < 3) await new Promise((resolve) => setImmediate(resolve))
    const open = silent.filter((socket) => !socket.closed)
    expect(open).toHaveLength(3)
    for (const socket of open)
      socket.write(`GET ${small.page} HTTP/1.1\r\nHost: 127.0.0.1:${small.port}\r\n\r\n`)
    await Promise.all(open.map((socket) => once(socket, 'data')))
    const refused = net.connect(small.port, '127.0.0.1')
    refused.resume().on('error', () => undefined)
    await Promise.all([...open, refused].map((socket) => socket.closed || once(socket, 'close')))
    const next = await sendRaw(small.port, rawRequest('GET / HTTP/1.1', [`Host: 127.0.0.1:${small.port}`]))
    expect(next.status).toBe(200)
    await small.close()
  })
})

describe('judge', () => {
  it('never throws, and lets only the one Host through, whatever comes', () => {
    const header = fc.oneof(fc.constantFrom('Host', 'host', 'HOST', 'Upgrade', 'Sec-Fetch-Mode'), fc.string())
    const value = fc.oneof(fc.constantFrom('127.0.0.1:7420', 'localhost:7420', 'navigate'), fc.string())
    const target = fc.oneof(fc.webPath(), fc.string(), fc.constantFrom('/', '//', '*', '/#'))
    const raw = fc.array(fc.tuple(header, value)).map((pairs) => pairs.flat())
    fc.assert(
      fc.property(raw, fc.option(target, { nil: undefined }), fc.string(), (rawHeaders, url, method) => {
        const refusal = judge({ rawHeaders, method, ...(url === undefined ? {} : { url }) }, 7420)
        if (refusal) return [307, 400, 421].includes(refusal.status)
        const hosts = rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'host' && at % 2)
        return hosts.length === 1 && hosts[0] === '127.0.0.1:7420' && /^\/(?!\/)[^#\s]*$/.test(url ?? '')
      }),
      { numRuns: 5_000 },
    )
  })
})
