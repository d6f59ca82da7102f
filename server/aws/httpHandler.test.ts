import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AwsFailure } from '../keys/iam.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { resolveTarget } from './endpoints.ts'
import { account, adapter, closeAfterTest } from './testing/adapter.ts'
import { httpServer, proxyTo, tlsInFrontOf } from './testing/servers.ts'
import { signerFor } from './testing/signer.ts'
import { makeAuthority } from './testing/tls.ts'
import type { TestAuthority } from './testing/tls.ts'

const ann = { id: 'AKIARZPUZDIKAAAAAAAA', secret: 'canaryAnnSecretKey0123456789abcdefABCDEF' }

let authority: TestAuthority
beforeAll(async () => {
  authority = await makeAuthority()
})
afterAll(() => authority.remove())

async function sandbox() {
  const started = await startSandbox({ accounts: [{ id: account, users: [{ name: 'ann', keys: [ann] }] }] })
  closeAfterTest(started)
  return started
}

async function failureOf(call: Promise<unknown>): Promise<AwsFailure> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AwsFailure)) throw new Error(`no AwsFailure: ${String(error)}`)
  return error
}

describe('through a proxy', () => {
  it('tunnels TLS to AWS, with the private authority and the password of the proxy', async () => {
    const { port } = await sandbox()
    const front = await tlsInFrontOf(port, authority.server)
    const proxy = await proxyTo(front)
    const env = { HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${proxy.port}`, AWS_CA_BUNDLE: authority.caFile }
    const { iam } = adapter({ env })
    const signer = signerFor('https://iam.test')(ann)
    expect((await iam.whoAmI(signer)).userName).toBe('ann')
    expect((await iam.listKeys(signer)).keys).toHaveLength(1)
    const authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
    // One connection serves both calls.
    expect(proxy.seen).toEqual([{ line: 'CONNECT iam.test:443', authorization }])
  })

  it('takes a proxy that speaks TLS itself', async () => {
    const { port } = await sandbox()
    const front = await tlsInFrontOf(port, authority.server)
    const proxy = await proxyTo(front, { tls: authority.server })
    const env = { https_proxy: `https://127.0.0.1:${proxy.port}`, AWS_CA_BUNDLE: authority.caFile }
    expect((await adapter({ env }).iam.whoAmI(signerFor('https://iam.test')(ann))).userName).toBe('ann')
    expect(proxy.seen).toHaveLength(1)
  })

  it.each([
    [
      { region: 'us-east-2', use_fips_endpoint: 'true' },
      'iam-fips.amazonaws.com',
      'sts-fips.us-east-2.amazonaws.com',
    ],
    [{ region: 'eu-west-1', use_dualstack_endpoint: 'true' }, 'iam.global.api.aws', 'sts.eu-west-1.api.aws'],
    [{ region: 'cn-northwest-1' }, 'iam.cn-north-1.amazonaws.com.cn', 'sts.cn-northwest-1.amazonaws.com.cn'],
  ])('asks for the hosts of a profile with %j', async (values, iamHost, stsHost) => {
    // It opens no way: nothing of this test reaches AWS.
    const proxy = await proxyTo(1, { refuse: 403 })
    const { iam } = adapter({ env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } })
    const signer = { ...signerFor('')(ann), target: resolveTarget({ values, services: {} }, {}) }
    await failureOf(iam.listKeys(signer))
    await failureOf(iam.whoAmI(signer))
    expect([...new Set(proxy.seen.map(({ line }) => line))]).toEqual([
      `CONNECT ${iamHost}:443`,
      `CONNECT ${stsHost}:443`,
    ])
  })

  it('forwards plain http with the whole address, and the signature holds', async () => {
    const { port, calls } = await sandbox()
    const proxy = await proxyTo(port)
    const { iam } = adapter({ env: { HTTP_PROXY: `127.0.0.1:${proxy.port}` } })
    expect((await iam.whoAmI(signerFor('http://iam.test:4566')(ann))).userName).toBe('ann')
    expect(proxy.seen).toEqual([{ line: 'POST http://iam.test:4566/' }])
    expect(calls).toMatchObject([{ host: 'iam.test:4566', outcome: 'ok' }])
  })

  it('goes round it for loopback and for NO_PROXY', async () => {
    const { url } = await sandbox()
    const proxy = await proxyTo(1)
    const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` }
    expect((await adapter({ env }).iam.whoAmI(signerFor(url)(ann))).userName).toBe('ann')
    expect(proxy.seen).toEqual([])
  })

  it.each([407, 403, 502])('says that it was the proxy which refused: %d', async (refuse) => {
    const proxy = await proxyTo(1, { refuse })
    const env = { HTTPS_PROXY: `http://user:canary-proxy-password@127.0.0.1:${proxy.port}` }
    const failure = await failureOf(adapter({ env }).iam.createKey(signerFor('https://iam.test')(ann)))
    expect(failure).toMatchObject({
      kind: 'network',
      trouble: { name: 'network-proxy', title: 'The proxy refused' },
    })
    expect(JSON.stringify(failure.trouble)).not.toContain('canary')
    expect(proxy.seen).toHaveLength(1)
  })

  it('says that the proxy cannot be reached', async () => {
    const { port } = await httpServer((_, response) => response.end())
    const env = { HTTPS_PROXY: `http://nowhere.invalid:${port}` }
    const call = adapter({ env }).iam.createKey(signerFor('https://iam.test')(ann), { patienceMs: 1_000 })
    expect(await failureOf(call)).toMatchObject({
      kind: 'network',
      trouble: { title: 'The proxy cannot be reached' },
    })
  })

  it.each(['socks5://127.0.0.1:1', 'http://', 'ftp://x'])('refuses a setting such as %s', async (value) => {
    const call = adapter({ env: { HTTPS_PROXY: value } }).iam.whoAmI(signerFor('https://iam.test')(ann))
    expect(await failureOf(call)).toMatchObject({ kind: 'network', trouble: { name: 'proxy-invalid' } })
  })
})

describe('certificates', () => {
  it('of a private authority are trusted through AWS_CA_BUNDLE', async () => {
    const { port } = await sandbox()
    const front = await tlsInFrontOf(port, authority.server)
    const signer = signerFor(`https://127.0.0.1:${front}`)(ann)
    const { iam } = adapter({ env: { AWS_CA_BUNDLE: authority.caFile } })
    expect((await iam.whoAmI(signer)).userName).toBe('ann')
  })

  it('are trusted by a profile through its ca_bundle, and by no other profile', async () => {
    const { port, calls } = await sandbox()
    const front = await tlsInFrontOf(port, authority.server)
    const signer = signerFor(`https://127.0.0.1:${front}`)(ann)
    const trusting = { ...signer, target: { ...signer.target, caBundle: authority.caFile } }
    const { iam } = adapter()
    expect((await iam.whoAmI(trusting)).userName).toBe('ann')
    expect(await failureOf(iam.whoAmI(signer))).toMatchObject({ trouble: { name: 'network-tls' } })
    expect((await iam.whoAmI(trusting)).userName).toBe('ann')
    expect(calls).toHaveLength(2)
    // The environment's goes before the profile's, as in the AWS CLI, and that before REQUESTS_CA_BUNDLE.
    const env = { AWS_CA_BUNDLE: authority.caFile }
    const other = { ...signer, target: { ...signer.target, caBundle: '/nowhere.pem' } }
    expect((await adapter({ env }).iam.whoAmI(other)).userName).toBe('ann')
    const last = { REQUESTS_CA_BUNDLE: authority.caFile }
    expect((await adapter({ env: last }).iam.whoAmI(signer)).userName).toBe('ann')
    expect(await failureOf(adapter({ env: last }).iam.whoAmI(other))).toMatchObject({
      trouble: {
        name: 'ca-bundle-unreadable',
        detail: expect.stringContaining('ca_bundle names /nowhere.pem'),
      },
    })
  })

  it('that nobody vouches for are refused at once, and nothing is sent', async () => {
    const { port, calls } = await sandbox()
    const front = await tlsInFrontOf(port, authority.server)
    const { iam, clock } = adapter()
    const failure = await failureOf(iam.createKey(signerFor(`https://127.0.0.1:${front}`)(ann)))
    expect(failure).toMatchObject({ kind: 'network', trouble: { name: 'network-tls' } })
    expect(clock.slept).toEqual([])
    expect(calls).toEqual([])
  })

  it('for another name are refused', async () => {
    const { port } = await sandbox()
    const proxy = await proxyTo(await tlsInFrontOf(port, authority.server))
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, AWS_CA_BUNDLE: authority.caFile }
    const failure = await failureOf(adapter({ env }).iam.whoAmI(signerFor('https://other.test')(ann)))
    expect(failure.trouble).toMatchObject({
      name: 'network-tls',
      detail: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    })
  })

  it('cannot be read from a bundle that is not there, which is said until it is', async () => {
    const { port } = await sandbox()
    const front = await tlsInFrontOf(port, authority.server)
    const signer = signerFor(`https://127.0.0.1:${front}`)(ann)
    const bundle = `${authority.caFile}.later`
    const { iam } = adapter({ env: { AWS_CA_BUNDLE: bundle } })
    expect((await failureOf(iam.whoAmI(signer))).trouble.name).toBe('ca-bundle-unreadable')
    await fs.copyFile(authority.caFile, bundle)
    expect((await iam.whoAmI(signer)).userName).toBe('ann')
  })

  it('of NODE_EXTRA_CA_CERTS are trusted by a process that is started with it', async () => {
    const { port } = await sandbox()
    const front = await tlsInFrontOf(port, authority.server)
    const here = path.dirname(fileURLToPath(import.meta.url))
    const program = `
      import { createIam } from '${here}/iam.ts'
      import { signerFor } from '${here}/testing/signer.ts'
      const clock = { now: Date.now, sleep: async () => undefined }
      const iam = createIam({ clock, random: Math.random, env: process.env, callsInFlight: () => 8 })
      console.log((await iam.whoAmI(signerFor('https://127.0.0.1:${front}')(${JSON.stringify(ann)}))).userName)
      iam.close()`
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: authority.caFile } },
    )
    expect(stdout).toBe('ann\n')
    // Nor does the SDK's warning about Node versions clutter the terminal.
    expect(stderr).toBe('')
  })
})

describe('answers that are not AWS’s', () => {
  it.each([
    [200, '', 'ambiguous'],
    [200, '<html><body>Please sign in', 'ambiguous'],
    [302, '', 'ambiguous'],
    [403, '<html><body><hr>Forbidden</body></html>', 'ambiguous'],
    [502, '<html>Bad gateway</html>', 'ambiguous'],
    [503, '', 'ambiguous'],
  ])('%d %j to a create are %s', async (status, body, kind) => {
    let came = 0
    const { port } = await httpServer((_, response) => {
      came += 1
      response.writeHead(status, { 'content-type': 'text/html' }).end(body)
    })
    const call = adapter().iam.createKey(signerFor(`http://127.0.0.1:${port}`)(ann), { patienceMs: 0 })
    expect((await failureOf(call)).kind).toBe(kind)
    expect(came).toBe(1)
  })

  it('an empty list is no list', async () => {
    const { port } = await httpServer((_, response) => response.end())
    const { iam } = adapter()
    const signer = signerFor(`http://127.0.0.1:${port}`)(ann)
    expect((await failureOf(iam.listKeys(signer))).kind).toBe('ambiguous')
    expect((await failureOf(iam.whoAmI(signer))).kind).toBe('ambiguous')
  })

  it('a reply that breaks off after the new secret leaves no trace of it', async () => {
    const secret = 'canaryNewSecret'
    const { port } = await httpServer((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'text/xml' })
      response.end(`<CreateAccessKeyResponse><SecretAccessKey>${secret}</SecretAcc`)
    })
    const failure = await failureOf(adapter().iam.createKey(signerFor(`http://127.0.0.1:${port}`)(ann)))
    const { inspect } = await import('node:util')
    expect(failure.kind).toBe('ambiguous')
    expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain(secret)
  })

  it('no answer in time leaves the outcome of a create open', async () => {
    const { port } = await httpServer(() => undefined)
    const { iam } = adapter({ timeouts: { answer: 50 } })
    const failure = await failureOf(iam.createKey(signerFor(`http://127.0.0.1:${port}`)(ann)))
    expect(failure).toMatchObject({ kind: 'ambiguous', trouble: { name: 'outcome-unknown' } })
    expect(Math.abs((failure.date ?? 0) - Date.now())).toBeLessThan(60_000)
  })
})
