import net from 'node:net'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AwsFailure } from '../keys/iam.ts'
import type { Iam, Signer } from '../keys/iam.ts'
import { adapter, closeAfterTest } from './testing/adapter.ts'
import { httpServer, proxyTo } from './testing/servers.ts'
import { signerFor } from './testing/signer.ts'
import { makeAuthority } from './testing/tls.ts'
import type { TestAuthority } from './testing/tls.ts'

const ann = { id: 'AKIARZPUZDIKAAAAAAAA', secret: 'canaryAnnSecretKey0123456789abcdefABCDEF' }
const other = 'AKIARZPUZDIKAABBBBBB'
const quick = { connect: 5_000, answer: 1_500 }

let authority: TestAuthority
beforeAll(async () => {
  authority = await makeAuthority()
})
afterAll(() => authority.remove())

/** Bytes as they come from whoever connects; with `secure`, what is inside of TLS. */
async function rawServer(
  talk: (inside: net.Socket, outside: net.Socket) => void,
  secure = true,
): Promise<{ port: number }> {
  const server = net.createServer((outside) => {
    outside.on('error', () => outside.destroy())
    if (!secure) return talk(outside, outside)
    const inside = new tls.TLSSocket(outside, {
      isServer: true,
      secureContext: tls.createSecureContext(authority.server),
    })
    inside.on('error', () => inside.destroy())
    talk(inside, outside)
  })
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closeAfterTest({
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  })
  return { port: (server.address() as AddressInfo).port }
}

const changes: [action: string, call: (iam: Iam, signer: Signer) => Promise<unknown>][] = [
  ['CreateAccessKey', (iam, signer) => iam.createKey(signer, { patienceMs: 0 })],
  ['UpdateAccessKey', (iam, signer) => iam.setKeyStatus(signer, other, 'Inactive', { patienceMs: 0 })],
  ['UpdateAccessKey', (iam, signer) => iam.setKeyStatus(signer, other, 'Active', { patienceMs: 0 })],
  ['DeleteAccessKey', (iam, signer) => iam.deleteKey(signer, other, { patienceMs: 0 })],
]

async function failureOf(call: Promise<unknown>): Promise<AwsFailure> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AwsFailure)) throw new Error(`no AwsFailure: ${String(error)}`)
  return error
}

const page = (status: number, body = '<html><body>Blocked by policy</body></html>') =>
  `HTTP/1.1 ${status} Whatever\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** What a server, a filter or a cable does once the first byte of the request is out. */
const afterTheFirstByte: [what: string, talk: (inside: net.Socket, outside: net.Socket) => void][] = [
  ['the connection is reset', (inside, outside) => inside.once('data', () => outside.resetAndDestroy())],
  ['the connection ends', (inside) => inside.once('data', () => inside.end())],
  // Not TLS any more: the client's library calls this EPROTO or ERR_SSL_…, as it does a handshake that fails.
  [
    'a TLS record breaks',
    (inside, outside) => inside.once('data', () => outside.write('HTTP/1.1 200 OK\r\n\r\n')),
  ],
  ['nothing is said', (inside) => inside.once('data', () => undefined)],
  ['half a head comes', (inside) => inside.once('data', () => inside.write('HTTP/1.1 200 OK\r\nConte'))],
  ['half a body comes', (inside) => inside.once('data', () => inside.end(page(200).slice(0, -9)))],
  [
    'a byte comes now and then',
    (inside) =>
      inside.once('data', () => {
        inside.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
        const drip = setInterval(() => inside.write('x'), 50)
        inside.once('close', () => clearInterval(drip))
      }),
  ],
  [
    'more comes than any answer has',
    (inside) =>
      inside.once('data', () => {
        inside.write('HTTP/1.1 200 OK\r\nContent-Length: 1200000000\r\n\r\n')
        const more = () => void (inside.writable && inside.write(Buffer.alloc(65_536, 'x'), more))
        more()
      }),
  ],
  ...[200, 302, 403, 404, 407, 429, 451, 502, 503, 511].map(
    (status): [string, (inside: net.Socket) => void] => [
      `a page comes with ${status}`,
      (inside) => inside.once('data', () => inside.end(page(status))),
    ],
  ),
  [
    'somebody’s XML error comes',
    (inside) =>
      inside.once('data', () =>
        inside.end(
          page(403, '<?xml version="1.0"?><Error><Code>AccessDenied</Code><RequestId>1</RequestId></Error>'),
        ),
      ),
  ],
]

describe('after the first byte of a call that changes something', () => {
  it.each(afterTheFirstByte)('%s: it may have been acted on, and is sent once', async (_what, talk) => {
    let came = 0
    const { port } = await rawServer((inside, outside) => {
      inside.once('data', () => (came += 1))
      talk(inside, outside)
    })
    const env = { AWS_CA_BUNDLE: authority.caFile }
    const failures = await Promise.all(
      changes.map(([, call]) => {
        const { iam } = adapter({ env, timeouts: quick })
        return failureOf(call(iam, signerFor(`https://127.0.0.1:${port}`)(ann)))
      }),
    )
    expect(came).toBe(changes.length)
    for (const [at, [action]] of changes.entries()) {
      const failure = failures[at]!
      expect(failure).toMatchObject({ kind: 'ambiguous', trouble: { name: 'outcome-unknown' } })
      const words = Object.values(failure.trouble).join(' ')
      expect(words).toContain(`AWS may have carried out ${action}, or not`)
      expect(words).not.toMatch(/not sent|certificate|another program|Nothing was changed/i)
      expect(failure.date).toBeDefined()
    }
  })
})

describe('before the first byte of a call', () => {
  const create = (url: string, env: Record<string, string> = { AWS_CA_BUNDLE: authority.caFile }) =>
    failureOf(adapter({ env, timeouts: quick }).iam.createKey(signerFor(url)(ann), { patienceMs: 0 }))

  it('a server that speaks no TLS is no bad certificate', async () => {
    const { port } = await httpServer((_, response) => response.end('hello'))
    const failure = await create(`https://127.0.0.1:${port}`)
    expect(failure).toMatchObject({ kind: 'network', trouble: { name: 'network-tls-handshake' } })
    expect(failure.trouble.detail).not.toContain('certificate')
  })

  it.each<[string, (inside: net.Socket, outside: net.Socket) => void]>([
    ['reset', (_, outside) => outside.resetAndDestroy()],
    ['ended', (_, outside) => outside.end()],
    ['silent', (_, outside) => outside.pause()],
  ])('a handshake that is %s sent nothing', async (_what, talk) => {
    const { port } = await rawServer((socket) => talk(socket, socket), false)
    expect(await create(`https://127.0.0.1:${port}`)).toMatchObject({
      kind: 'network',
      trouble: { detail: expect.stringContaining('was not sent') },
    })
  })

  it('a proxy that opens no way sent nothing; one that opens it to a page did', async () => {
    const refusing = await proxyTo(1, { refuse: 502 })
    const env = { HTTPS_PROXY: `http://127.0.0.1:${refusing.port}`, AWS_CA_BUNDLE: authority.caFile }
    expect((await create('https://iam.test', env)).kind).toBe('network')
    const portal = await httpServer((_, response) => response.end('<html>Sign in'), authority.server)
    const opening = await proxyTo(portal.port)
    const through = { HTTPS_PROXY: `http://127.0.0.1:${opening.port}`, AWS_CA_BUNDLE: authority.caFile }
    expect((await create('https://iam.test', through)).kind).toBe('ambiguous')
  })

  it('plain http is sent once the connection stands, through a proxy too', async () => {
    const { port } = await rawServer((socket, outside) => {
      socket.once('data', () => outside.resetAndDestroy())
    }, false)
    expect((await create(`http://127.0.0.1:${port}`)).kind).toBe('ambiguous')
    expect((await create('http://iam.test', { HTTP_PROXY: `http://127.0.0.1:${port}` })).kind).toBe(
      'ambiguous',
    )
  })
})

it('a connection that is kept counts as one over which the next request goes at once', async () => {
  let calls = 0
  const { port } = await httpServer((request, response) => {
    request.resume()
    calls += 1
    if (calls > 1) return void response.socket?.resetAndDestroy()
    const list =
      '<ListAccessKeysResponse><ListAccessKeysResult><IsTruncated>false</IsTruncated><AccessKeyMetadata/></ListAccessKeysResult>' +
      '<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListAccessKeysResponse>'
    response.end(list)
  })
  const { iam } = adapter()
  const signer = signerFor(`http://127.0.0.1:${port}`)(ann)
  await iam.listKeys(signer).catch(() => undefined)
  expect((await failureOf(iam.createKey(signer))).kind).toBe('ambiguous')
  expect(calls).toBe(2)
})

it.each([302, 429, 502, 511])('an address that is no IAM says so within two seconds: %d', async (status) => {
  const { port } = await httpServer((_, response) => response.writeHead(status).end('Bad gateway'))
  const { iam, clock } = adapter()
  const failure = await failureOf(iam.whoAmI(signerFor(`http://127.0.0.1:${port}`)(ann)))
  expect(failure.trouble).toMatchObject({ title: `127.0.0.1:${port} does not speak IAM` })
  expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(1_000)
})

it.each([
  [
    'MinIO, with the error document of S3 and a request id',
    400,
    '<?xml version="1.0"?><Error><Code>InvalidAccessKeyId</Code><Resource>/</Resource><RequestId>17A</RequestId></Error>',
  ],
  [
    'MinIO’s own STS, which does not know the action',
    400,
    '<ErrorResponse><Error><Code>InvalidParameterValue</Code><Message>Unsupported action GetCallerIdentity</Message></Error><RequestId>17F</RequestId></ErrorResponse>',
  ],
  ['R2', 501, '<Error><Code>NotImplemented</Code></Error>'],
  ['a gateway for APIs', 404, '{"message":"no Route matched","code":"NotFound"}'],
])('says within two seconds that it is no IAM: %s', async (_, status, body) => {
  const { port } = await httpServer((_request, response) => response.writeHead(status).end(body))
  const { iam, clock } = adapter()
  const { trouble } = await failureOf(iam.whoAmI(signerFor(`http://127.0.0.1:${port}`)(ann)))
  expect(trouble.title).toBe(`127.0.0.1:${port} does not speak IAM`)
  expect(Object.values(trouble).join(' ')).not.toMatch(/AWS (answered|refused|does not)|console/)
  expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(1_000)
})
