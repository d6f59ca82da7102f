import { ListAccessKeysCommand } from '@aws-sdk/client-iam'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import net from 'node:net'
import { expect, it } from 'vitest'
import type { Sandbox } from './sandbox.ts'
import { clientsOf, codeOf, sandboxOf, wentWell } from './testing/clients.ts'
import type { TestPair } from './testing/clients.ts'

const body = 'Action=GetCallerIdentity&Version=2011-06-15'

async function signed({ url, port }: Sandbox, { id, secret }: TestPair, text = body, applyChecksum = true) {
  const signer = new SignatureV4({
    service: 'sts',
    region: 'eu-west-1',
    sha256: Sha256,
    applyChecksum,
    credentials: { accessKeyId: id, secretAccessKey: secret },
  })
  const request = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path: '/',
    headers: { host: `127.0.0.1:${port}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: text,
  })
  const { host: _, ...headers } = request.headers
  return { url, headers, body: text }
}

async function send(request: { url: string; headers: Record<string, string>; body: string }) {
  const response = await fetch(request.url, { method: 'POST', headers: request.headers, body: request.body })
  const text = await response.text()
  return {
    status: response.status,
    code: /<Code>(.*)<\/Code>/.exec(text)?.[1],
    text,
    headers: response.headers,
  }
}

async function start() {
  const sandbox = await sandboxOf([{ name: 'alice' }], { controlToken: 'open sesame' })
  return { sandbox, pair: sandbox.control.addKey('alice') }
}

it('answers as AWS does: XML, a request id, its own clock in the Date header', async () => {
  const { sandbox, pair } = await start()
  const good = await send(await signed(sandbox, pair))
  expect(good.status).toBe(200)
  const id = good.headers.get('x-amzn-requestid')
  expect(good.text).toBe(
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/alice</Arn><UserId>${/AIDA\w+/.exec(good.text)?.[0]}</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>\n`,
  )
  sandbox.control.behave({ clockOffsetMs: -3_600_000 })
  const late = await send(await signed(sandbox, pair))
  expect(late.code).toBe('SignatureDoesNotMatch')
  expect(late.text).toContain('<Type>Sender</Type>')
  const behind = Date.now() - Date.parse(late.headers.get('date')!)
  expect(Math.round(behind / 60_000)).toBe(60)
})

it.each<[string, (request: Awaited<ReturnType<typeof signed>>) => void, string]>([
  ['an unsigned one', (r) => delete r.headers['authorization'], 'MissingAuthenticationToken'],
  ['another body', (r) => (r.body += '&UserName=bob'), 'SignatureDoesNotMatch'],
  [
    'a header changed after signing',
    (r) => (r.headers['content-type'] = 'application/x-www-form-urlencoded; charset=utf-8'),
    'SignatureDoesNotMatch',
  ],
  [
    'the signature of another secret',
    (r) => (r.headers['authorization'] = r.headers['authorization']!.replace(/.{4}$/, '0000')),
    'SignatureDoesNotMatch',
  ],
  [
    'a signature cut short',
    (r) => (r.headers['authorization'] = r.headers['authorization']!.slice(0, -1)),
    'SignatureDoesNotMatch',
  ],
  ['another scheme', (r) => (r.headers['authorization'] = 'Basic YWxpY2U6c2VjcmV0'), 'IncompleteSignature'],
  [
    'no signature in the header',
    (r) => (r.headers['authorization'] = r.headers['authorization']!.replace(/, Signature.*/, '')),
    'IncompleteSignature',
  ],
  [
    'a scope of three parts',
    (r) => (r.headers['authorization'] = r.headers['authorization']!.replace('/sts/aws4_request', '')),
    'IncompleteSignature',
  ],
  ['no date', (r) => delete r.headers['x-amz-date'], 'IncompleteSignature'],
  ['a date that is none', (r) => (r.headers['x-amz-date'] = '20269999T999999Z'), 'IncompleteSignature'],
  [
    'another day than the scope',
    (r) => (r.headers['x-amz-date'] = '20200101T000000Z'),
    'Date in Credential scope does not match',
  ],
  [
    'a host that is not signed',
    (r) => (r.headers['authorization'] = r.headers['authorization']!.replace(';host;', ';')),
    "'Host' or ':authority' must be a 'SignedHeader'",
  ],
])('refuses %s', async (_what, tamper, said) => {
  const { sandbox, pair } = await start()
  const request = await signed(sandbox, pair)
  expect((await send(request)).status).toBe(200)
  tamper(request)
  expect((await send(request)).text).toContain(said)
})

it('binds the body to the signature, with its hash in a header or without', async () => {
  const { sandbox, pair } = await start()
  for (const checksum of [true, false]) {
    const request = await signed(sandbox, pair, body, checksum)
    expect('x-amz-content-sha256' in request.headers).toBe(checksum)
    expect((await send(request)).status).toBe(200)
    expect((await send({ ...request, body: `${body}&DurationSeconds=900` })).code).toBe(
      'SignatureDoesNotMatch',
    )
  }
})

it('knows no other action, and no action of another version', async () => {
  const { sandbox, pair } = await start()
  for (const text of [
    'Action=AssumeRoleWithSAML&Version=2011-06-15',
    'Action=GetCallerIdentity&Version=2010-05-08',
    'Action=constructor&Version=2011-06-15',
    'Version=2011-06-15',
    '',
  ])
    expect((await send(await signed(sandbox, pair, text))).code).toBe('InvalidAction')
})

it('says something plain to a browser, and survives what is no request at all', async () => {
  const { sandbox, pair } = await start()
  expect((await fetch(sandbox.url)).status).toBe(200)
  expect((await fetch(`${sandbox.url}/favicon.ico`)).status).toBe(404)
  expect((await fetch(sandbox.url, { method: 'PUT', body: 'x' })).status).toBe(405)
  expect((await fetch(sandbox.url, { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(413)

  const raw = (text: string | Uint8Array) =>
    new Promise<string>((resolve) => {
      const socket = net.connect(sandbox.port, '127.0.0.1', () => socket.end(text))
      let reply = ''
      socket.on('data', (chunk) => (reply += chunk))
      socket.on('error', () => resolve(reply))
      socket.on('close', () => resolve(reply))
    })
  expect(await raw('rubbish\r\n\r\n')).toContain('400 Bad Request')
  expect(await raw('GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('404')
  expect(await raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nshort')).not.toContain('200')
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 60 }),
      async (text, scope) => {
        const headers = {
          authorization: `AWS4-HMAC-SHA256 Credential=${encodeURIComponent(scope)}/20260101/x/iam/aws4_request, SignedHeaders=host, Signature=0`,
          'x-amz-date': '20260101T000000Z',
        }
        const { status } = await send({ url: sandbox.url, headers, body: text })
        expect(status).toBe(403)
      },
    ),
    { numRuns: 50 },
  )
  expect(await codeOf(clientsOf(sandbox, pair).iam.send(new ListAccessKeysCommand()))).toBe(wentWell)
})

it('can be controlled from another process by whoever has the token', async () => {
  const { sandbox, pair } = await start()
  const control = async (call: unknown, args?: unknown, token = 'open sesame') => {
    const response = await fetch(`${sandbox.url}/_control`, {
      method: 'POST',
      headers: { 'x-control-token': token },
      body: JSON.stringify({ call, args }),
    })
    return { status: response.status, ...((await response.json()) as { result?: unknown; error?: string }) }
  }
  expect((await control('keys', ['alice'], 'open sesam')).status).toBe(401)
  expect((await control('constructor')).status).toBe(400)
  expect((await control('onCall', [])).status).toBe(400)
  expect((await control('keys', ['nobody'])).error).toContain('0 users')
  expect((await control('authenticates', [pair.id, pair.secret])).result).toBe(true)
  const { result } = await control('fault', [{ action: 'ListAccessKeys' }, { kind: 'throttle' }])
  const { iam } = clientsOf(sandbox, pair)
  expect(await codeOf(iam.send(new ListAccessKeysCommand()))).toBe('Throttling')
  expect((await control('removeFault', [(result as { id: number }).id])).result).toBe(true)
  expect(await codeOf(iam.send(new ListAccessKeysCommand()))).toBe(wentWell)
  const { result: calls } = await control('calls')
  expect((calls as { outcome: string }[]).map(({ outcome }) => outcome)).toEqual(['Throttling', 'ok'])

  const closed = await sandboxOf([])
  const response = await fetch(`${closed.url}/_control`, { method: 'POST', body: '{}' })
  expect(response.status).toBe(404)
})
