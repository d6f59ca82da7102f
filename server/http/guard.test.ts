import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionHeader } from '../api/session.ts'
import { defaultSettings } from '../api/settings.ts'
import { securityHeaders } from './headers.ts'
import { rawRequest, sendRaw } from './testing/rawSocket.ts'
import { StreamReader } from './testing/streamReader.ts'
import { startTestApp } from './testing/testApp.ts'
import type { TestApp, TestSession } from './testing/testApp.ts'

let server: TestApp
let session: TestSession
beforeAll(async () => {
  server = await startTestApp()
  session = await server.signIn()
})
afterAll(() => server.close())

/** Over a raw socket, since fetch sets or forbids the headers that matter here. */
function send(line: string, headers: Record<string, string>, body = '') {
  const all: Record<string, string> = { Host: `127.0.0.1:${server.port}`, ...headers }
  if (body !== '') all['Content-Length'] = String(Buffer.byteLength(body))
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return sendRaw(server.port, rawRequest(`${line} HTTP/1.1`, lines, body))
}

const withoutOrigin = () => ({ cookie: session.cookie, [sessionHeader]: session.token })
const noCors = (reply: { headers: ReadonlyMap<string, string> }) =>
  [...reply.headers.keys()].filter((name) => name.startsWith('access-control-'))

describe('fetch metadata', () => {
  it.each(['same-site', 'cross-site', 'none', 'garbage', 'same-origin, same-origin', ''])(
    'refuses the API to Sec-Fetch-Site: %s, with everything else in order',
    async (site) => {
      const headers = { ...session.headers, 'Sec-Fetch-Site': site }
      for (const line of ['GET /api/settings', 'GET /api/events', 'POST /api/server/stop']) {
        const reply = await send(line, headers)
        expect([line, reply.status, noCors(reply)]).toEqual([line, 403, []])
      }
      expect(server.state.stops).toBe(0)
    },
  )

  it('lets the page read without Origin, as browsers send it', async () => {
    const reply = await send('GET /api/settings', { ...withoutOrigin(), 'Sec-Fetch-Site': 'same-origin' })
    expect(reply.status).toBe(200)
  })

  it('wants the exact Origin of a client without fetch metadata, for reads too', async () => {
    expect((await send('GET /api/settings', withoutOrigin())).status).toBe(403)
    expect((await send('GET /api/settings', session.headers)).status).toBe(200)
  })

  it('serves the shell to a navigation of the whole tab from anywhere, and to nothing else of another site', async () => {
    const status = async (site: string, mode: string, dest: string) =>
      (
        await send(`GET ${server.page}`, {
          'Sec-Fetch-Site': site,
          'Sec-Fetch-Mode': mode,
          'Sec-Fetch-Dest': dest,
        })
      ).status
    expect(await status('cross-site', 'navigate', 'document')).toBe(200)
    expect(await status('none', 'navigate', 'document')).toBe(200)
    for (const site of ['cross-site', 'same-site']) {
      expect(await status(site, 'navigate', 'iframe')).toBe(403)
      expect(await status(site, 'navigate', 'embed')).toBe(403)
      expect(await status(site, 'no-cors', 'image')).toBe(403)
      expect(await status(site, 'no-cors', 'script')).toBe(403)
      expect(await status(site, 'cors', 'empty')).toBe(403)
    }
    const asset = await send(`GET ${server.page}assets/index-abc123.js`, {
      'Sec-Fetch-Site': 'same-site',
      'Sec-Fetch-Mode': 'no-cors',
      'Sec-Fetch-Dest': 'script',
    })
    expect(asset.status).toBe(403)
  })
})

describe('Origin', () => {
  const forms: [string, (port: number) => string | undefined][] = [
    ['missing', () => undefined],
    ['null', () => 'null'],
    ['empty', () => ''],
    ['another port', (port) => `http://127.0.0.1:${port + 1}`],
    ['no port', () => 'http://127.0.0.1'],
    ['localhost', (port) => `http://localhost:${port}`],
    ['upper case', (port) => `HTTP://127.0.0.1:${port}`],
    ['https', (port) => `https://127.0.0.1:${port}`],
    ['a trailing slash', (port) => `http://127.0.0.1:${port}/`],
    ['a trailing dot', (port) => `http://127.0.0.1.:${port}`],
    ['ours twice', (port) => `http://127.0.0.1:${port}, http://127.0.0.1:${port}`],
    ['ours as a prefix', (port) => `http://127.0.0.1:${port}.evil.test`],
    ['foreign', () => 'https://evil.test'],
  ]
  it.each(forms)('refuses a write when it is %s', async (_name, form) => {
    const origin = form(server.port)
    const headers = { ...withoutOrigin(), ...(origin === undefined ? {} : { Origin: origin }) }
    const calls = ['POST /api/server/stop', 'POST /api/session', 'DELETE /api/session', 'PUT /api/settings']
    for (const line of calls) {
      expect([line, (await send(line, { ...headers, 'Sec-Fetch-Site': 'same-origin' })).status]).toEqual([
        line,
        403,
      ])
      expect([line, (await send(line, headers)).status]).toEqual([line, 403])
    }
    expect(server.state.stops).toBe(0)
  })

  it('refuses a read that claims a foreign one', async () => {
    const headers = { ...withoutOrigin(), 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.test' }
    expect((await send('GET /api/settings', headers)).status).toBe(403)
  })

  it('does not burn the launch secret on a foreign exchange', async () => {
    const secret = server.launchSecrets.issue()
    const body = JSON.stringify({ secret })
    const json = { 'Content-Type': 'application/json' }
    expect((await send('POST /api/session', { ...json, Origin: 'https://evil.test' }, body)).status).toBe(403)
    expect((await server.exchange(secret)).status).toBe(200)
  })
})

describe('paths spelled differently', () => {
  it('are held to the same rules, since the route that matched decides', async () => {
    for (const path of ['/%61pi/settings', '/ap%69/settings', '/api/%73ettings']) {
      expect([path, (await send(`GET ${path}`, { Origin: server.origin })).status]).toEqual([path, 401])
      expect([path, (await send(`GET ${path}`, { 'Sec-Fetch-Site': 'same-site' })).status]).toEqual([
        path,
        403,
      ])
    }
  })

  it('do not reach another file: 404 or 400 for every traversal, dotfile, link and directory', async () => {
    const paths = [
      '/index.html',
      '/../package.json',
      '/./index.html',
      '/assets/../index.html',
      '/assets/%2e%2e/index.html',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '/..%2f..%2fetc%2fpasswd',
      '/..%5c..%5cetc%5cpasswd',
      '/%252e%252e/etc/passwd',
      '/..;/etc/passwd',
      '/assets/..;/index.html',
      '/%c0%ae%c0%ae/etc/passwd',
      '/etc/passwd',
      '//etc/passwd',
      '/%2fetc%2fpasswd',
      '/assets//index-abc123.js',
      '/assets%2findex-abc123.js',
      '/assets/',
      '/assets',
      '/.env',
      '/%2eenv',
      '/planted.txt',
      '/planted/passwd',
      '/%00',
      '/index.html%00.js',
      '/assets/index-abc123.js%00',
      '/%',
      '/%ff',
      '/file:///etc/passwd',
    ]
    const below = server.page.slice(0, -1)
    for (const path of paths.flatMap((path) => [path, `${below}${path}`])) {
      const reply = await send(`GET ${path}`, {})
      expect([path, [400, 404].includes(reply.status ?? 0), reply.body]).toEqual([path, true, ''])
    }
  })

  it('know nothing of the page beside its path: not at /, not with a letter more or less', async () => {
    const bare = await send('GET /', {})
    expect([bare.status, bare.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(bare.body).toContain('Paste the link from the terminal')
    expect(bare.body).not.toContain(server.page)
    const page = server.page.slice(1, -1)
    expect(page).toMatch(/^[\w-]{22}$/)
    for (const path of [page, `${page}x/`, `${page.slice(1)}/`, `${page.toLowerCase()}/`, `x/${page}/`, ''])
      for (const file of ['assets/index-abc123.js', 'index.html'])
        expect([path, (await send(`GET /${path}${file}`, {})).status]).toEqual([path, 404])
  })

  it('serve the listed files with their types, whatever the query', async () => {
    const shell = await send(`GET ${server.page}?x=%2e%2e`, {})
    expect([shell.status, shell.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const asset = await send(`GET ${server.page}assets/index-abc123.js`, {})
    expect([asset.status, asset.headers.get('content-type'), asset.body]).toEqual([
      200,
      'application/javascript; charset=utf-8',
      'export {}\n',
    ])
    expect((await send(`HEAD ${server.page}`, {})).body).toBe('')
    expect((await send('HEAD /', {})).body).toBe('')
  })
})

describe('bodies', () => {
  const json = { 'Content-Type': 'application/json' }
  const post = (body: string, headers: Record<string, string> = json) =>
    send('POST /api/sample/1', { ...session.headers, ...headers }, body)

  it('takes JSON', async () => {
    expect((await post('{"count":1}')).status).toBe(200)
    expect((await post('{"count":1}', { 'Content-Type': 'application/json; charset=utf-8' })).status).toBe(
      200,
    )
  })

  it.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/json garbage',
    'application/ json',
    'application/octet-stream',
    '',
  ])('refuses a body sent as %j', async (type) => {
    const reply = await post('{"count":1}', { 'Content-Type': type })
    expect([reply.status, JSON.parse(reply.body).type]).toEqual([415, 'urn:keyturn:problem:not-json'])
  })

  it('takes 16 KiB and not a byte more, announced or not', async () => {
    const sized = (bytes: number) => JSON.stringify({ count: 1, note: 'x'.repeat(bytes - 21) })
    expect(Buffer.byteLength(sized(16_384))).toBe(16_384)
    expect((await post(sized(16_384))).status).toBe(200)
    expect((await post(sized(16_385))).status).toBe(413)
    expect((await post(sized(1_048_576))).status).toBe(413)
    const chunk = 'x'.repeat(20_000)
    const chunked = `${chunk.length.toString(16)}\r\n${chunk}\r\n0\r\n\r\n`
    const lines = Object.entries({ ...session.headers, ...json }).map(([name, value]) => `${name}: ${value}`)
    const reply = await sendRaw(
      server.port,
      rawRequest(
        'POST /api/sample/1 HTTP/1.1',
        [`Host: 127.0.0.1:${server.port}`, 'Transfer-Encoding: chunked', ...lines],
        chunked,
      ),
    )
    expect(reply.status).toBe(413)
  })

  it.each([
    '{"__proto__":{"count":1},"count":1}',
    '{"count":1,"note":"x","constructor":{"prototype":{"a":1}}}',
    '{"\\u005f_proto__":{},"count":1}',
    '{"count":1,"more":true}',
    '{"count":"1"}',
    '{"count":1.5}',
    '{"count":-1}',
    '{"count":null}',
    '{}',
    '[]',
    'null',
    '"x"',
    '{',
    '{"count":1}x',
    '\u0000',
  ])('refuses %s', async (body) => {
    const reply = await post(body)
    expect([reply.status, JSON.parse(reply.body).type]).toEqual([400, 'urn:keyturn:problem:invalid-request'])
    expect(reply.body).not.toContain('__proto__')
  })

  it('does not repeat what was sent', async () => {
    const reply = await post('{"count":"wJalrXUtnFEMI"}')
    expect(reply.body).not.toContain('wJalr')
  })
})

describe('answers', () => {
  const calls: [string, number][] = [
    ['GET /', 200],
    ['HEAD /', 200],
    ['POST /', 405],
    ['OPTIONS /', 405],
    ['GET /nowhere', 404],
    ['DELETE /nowhere', 404],
    ['GET /%', 400],
    [`POST /api/sample/${'x'.repeat(2_000)}`, 414],
    ['GET /api/settings', 200],
    ['HEAD /api/settings', 405],
    ['POST /api/settings', 405],
    ['PATCH /api/settings', 405],
    ['OPTIONS /api/settings', 405],
    ['PUT /api/settings', 400],
    ['GET /api/nowhere', 404],
    ['POST /api/nowhere', 404],
    ['GET /api/sample/crash', 500],
    ['GET /api/sample/failure', 409],
    ['GET /api/openapi.json', 200],
    ['PROPFIND /api/settings', 404],
    ['TRACE /', 404],
  ]

  it.each(calls)('carries every security header and no CORS header: %s', async (line, status) => {
    const reply = await send(line, session.headers)
    const { 'content-security-policy': policy, ...rest } = securityHeaders
    expect(Object.fromEntries(reply.headers)).toMatchObject(rest)
    expect(reply.headers.get('content-security-policy')).toBe(policy)
    expect(noCors(reply)).toEqual([])
    expect(reply.headers.get('x-powered-by') ?? reply.headers.get('server')).toBeUndefined()
    expect(reply.status).toBe(status)
  })

  it.each([
    ['POST /', 'GET, HEAD'],
    ['OPTIONS /api/settings?x=1', 'GET, PUT'],
    ['DELETE /api/sample/17', 'POST'],
    ['PATCH /api/sample/crash', 'GET, POST'],
  ])('says which methods an address takes: %s', async (line, allow) => {
    const reply = await send(line, session.headers)
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, allow])
  })

  it.each(['POST /api/sample', 'DELETE /api/sample/', 'DELETE /api/sample/17/18', 'POST /api/settings/'])(
    'knows no address beside: %s',
    async (line) => {
      const reply = await send(line, session.headers)
      expect([reply.status, reply.headers.get('allow')]).toEqual([404, undefined])
    },
  )

  it('carries them without a session, from a foreign page, and from the front', async () => {
    const refusals = [
      await send('GET /api/settings', {}),
      await send('GET /api/settings', { Origin: server.origin }),
      await send('GET /api/settings', { ...session.headers, 'Sec-Fetch-Site': 'cross-site' }),
      await send('GET /', { Host: 'evil.test' }),
      await send('GET //', {}),
      await sendRaw(server.port, 'garbage\r\n\r\n'),
    ]
    expect(refusals.map((reply) => reply.status)).toEqual([403, 401, 403, 421, 400, 400])
    for (const reply of refusals) expect(Object.fromEntries(reply.headers)).toMatchObject(securityHeaders)
  })

  it('has the policy that SECURITY.md names', () => {
    expect(securityHeaders['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';" +
        "connect-src 'self';form-action 'none';base-uri 'none';frame-ancestors 'none';" +
        "require-trusted-types-for 'script';trusted-types svelte-trusted-html",
    )
    expect(securityHeaders).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    })
  })

  it('refuses preflights, for private networks too', async () => {
    for (const origin of ['https://evil.test', server.origin]) {
      const reply = await send('OPTIONS /api/server/stop', {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': sessionHeader,
        'Access-Control-Request-Private-Network': 'true',
        'Access-Control-Request-Local-Network': 'true',
      })
      expect([401, 403]).toContain(reply.status)
      expect(noCors(reply)).toEqual([])
    }
  })

  it('speaks problem details, with the remedy and AWS’s words', async () => {
    const reply = await send('GET /api/sample/failure', session.headers)
    expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(JSON.parse(reply.body)).toEqual({
      type: 'urn:keyturn:problem:file-moved',
      status: 409,
      title: 'The file changed',
      detail: 'It holds another pair.',
      remedy: 'Plan anew.',
      code: 'X',
      requestId: 'r-1',
    })
  })

  it('says nothing of an unforeseen error, and logs it without the secret in it', async () => {
    const reply = await send('GET /api/sample/crash', session.headers)
    expect(JSON.parse(reply.body)).toMatchObject({ type: 'urn:keyturn:problem:unexpected', status: 500 })
    expect(reply.body).not.toContain('could not be read')
    const line = server.log.at(-1) ?? ''
    expect(line).toContain('could not be read')
    expect(line).toContain('[redacted]')
    expect(line).not.toContain('wJalrXUtnFEMI')
    expect(server.log.join('')).not.toContain(session.token)
  })

  it('leaves out what is not declared', async () => {
    const reply = await send('GET /api/sample/surplus', session.headers)
    expect(reply.body).toBe('{"ok":true}')
  })

  it('describes itself as OpenAPI, each call with its problems', async () => {
    const reply = await send('GET /api/openapi.json', session.headers)
    const document = JSON.parse(reply.body)
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/events',
      '/api/sample/crash',
      '/api/sample/failure',
      '/api/sample/surplus',
      '/api/sample/{id}',
      '/api/server/stop',
      '/api/session',
      '/api/settings',
    ])
    for (const path of Object.values(document.paths) as Record<string, { responses: object }>[]) {
      for (const call of Object.values(path)) {
        expect(Object.keys(call.responses)).toEqual(expect.arrayContaining(['4XX', '5XX']))
      }
    }
    expect(document.components.schemas).toHaveProperty('Rotation')
    expect(reply.body).not.toContain('"$id"')
  })
})

describe('settings and stop', () => {
  it('replaces the settings as a whole, tells every stream, and refuses half of them', async () => {
    const reader = await StreamReader.open(server.origin, session.headers)
    await reader.until(1)
    const json = { ...session.headers, 'Content-Type': 'application/json' }
    const half = await send('PUT /api/settings', json, JSON.stringify({ theme: 'dark' }))
    expect(half.status).toBe(400)
    const next = { ...defaultSettings, theme: 'dark' }
    expect((await send('PUT /api/settings', json, JSON.stringify(next))).status).toBe(200)
    const surplus = JSON.stringify({ ...next, more: 1 })
    expect((await send('PUT /api/settings', json, surplus)).status).toBe(400)
    await reader.until(2)
    expect(reader.events[1]).toMatchObject({ name: 'settings', data: { settings: { theme: 'dark' } } })
    reader.close()
  })

  it('asks for the stop once its reply is sent', async () => {
    const reply = await send('POST /api/server/stop', session.headers)
    expect([reply.status, reply.body, server.state.stops]).toEqual([202, '{"stopping":true}', 1])
  })
})
