import http from 'node:http'
import { describe, expect, it } from 'vitest'
import type { AwsFailure } from '../keys/iam.ts'
import { resolveTarget } from './endpoints.ts'
import { withSandbox } from './testing/adapter.ts'
import { httpServer } from './testing/servers.ts'
import { signerFor } from './testing/signer.ts'

const ann = { id: 'AKIARZPUZDIKAAAAAAAA', secret: 'canaryAnnSecretKey0123456789abcdefABCDEF' }
const bob = { id: 'AKIARZPUZDIKAABBBBBB', secret: 'canaryBobSecretKey0123456789abcdefABCDEF' }

type Away = 'refuses' | 'fails' | 'hangs up' | 'is not enabled'

/** AWS, in which the STS of no region but the main one is there. `how` may change meanwhile. */
async function regionAway(region: string, how: { now: Away | 'works' }) {
  const { sandbox, ...rest } = await withSandbox([
    { name: 'ann', keys: [ann] },
    { name: 'bob', keys: [{ ...bob, status: 'Inactive' }] },
  ])
  const asked: string[] = []
  const error = (code: string) =>
    `<ErrorResponse><Error><Code>${code}</Code><Message>x</Message></Error><RequestId>1</RequestId></ErrorResponse>`
  const { port } = await httpServer((request, response) => {
    const [, , scope, service] = /Credential=([^/]+)\/\d+\/([^/]+)\/(\w+)\//.exec(
      request.headers.authorization ?? '',
    )!
    asked.push(`${service} ${scope}`)
    if (service === 'sts' && scope !== 'us-east-1' && how.now !== 'works') {
      if (how.now === 'refuses') return response.writeHead(403).end(error('InvalidClientTokenId'))
      if (how.now === 'is not enabled') return response.writeHead(403).end(error('RegionDisabledException'))
      if (how.now === 'fails') return response.writeHead(503).end(error('ServiceUnavailable'))
      return void request.socket.resetAndDestroy()
    }
    const { method, url: path, headers } = request
    const onward = http.request({ host: '127.0.0.1', port: sandbox.port, method, path, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    request.pipe(onward)
  })
  return { ...rest, sandbox, asked, sign: signerFor(`http://127.0.0.1:${port}`, region) }
}

describe('whoAmI', () => {
  it.each<Away>(['refuses', 'is not enabled', 'fails', 'hangs up'])(
    'is told by the main STS where that of the region %s and IAM accepts the pair',
    async (how) => {
      const { iam, sign, asked } = await regionAway('eu-south-2', { now: how })
      expect((await iam.whoAmI(sign(ann))).userName).toBe('ann')
      expect(asked.slice(-2)).toEqual(['iam eu-south-2', 'sts us-east-1'])
      // Once it is known, nobody is asked in vain.
      asked.length = 0
      expect((await iam.whoAmI(sign(ann))).userName).toBe('ann')
      expect(asked).toEqual(['sts us-east-1'])
    },
  )

  it.each<Away | 'works'>(['refuses', 'works'])(
    'believes both refusals of a pair that is off: %s',
    async (now) => {
      const { iam, sign, asked } = await regionAway('eu-south-2', { now })
      const error: unknown = await iam.whoAmI(sign(bob)).catch((thrown: unknown) => thrown)
      expect((error as AwsFailure).kind).toBe('invalid-key')
      expect(asked).toEqual(['sts eu-south-2', 'iam eu-south-2'])
    },
  )

  it('believes the refusal of a region that has accepted a key of the account', async () => {
    const how: { now: Away | 'works' } = { now: 'works' }
    const { iam, sign, asked } = await regionAway('eu-south-2', how)
    await iam.whoAmI(sign(ann))
    asked.length = 0
    await expect(iam.whoAmI(sign(bob))).rejects.toMatchObject({ kind: 'invalid-key' })
    expect(asked).toEqual(['sts eu-south-2'])
    // An outage comes to any region, though.
    how.now = 'fails'
    expect((await iam.whoAmI(sign(ann))).userName).toBe('ann')
  })

  it('waits as long as it may where nobody answers', async () => {
    const { iam, sign, sandbox, clock } = await regionAway('eu-south-2', { now: 'fails' })
    sandbox.control.fault({ service: 'iam' }, { kind: 'error-before', status: 503 })
    await expect(iam.whoAmI(sign(ann), { patienceMs: 20_000 })).rejects.toMatchObject({ kind: 'ambiguous' })
    expect(clock.slept.reduce((sum, ms) => sum + ms)).toBeGreaterThan(15_000)
  })

  it('asks the main STS at once for a name that no region has', async () => {
    for (const region of ['us-east-1a', 'Ireland', 'auto', 'us-east-1 # home']) {
      const { iam, sandbox } = await withSandbox([{ name: 'ann', keys: [ann] }])
      const target = resolveTarget({ values: { region }, services: {} }, {}, sandbox.url)
      const signer = { ...signerFor(sandbox.url)(ann), target }
      expect((await iam.whoAmI(signer)).userName).toBe('ann')
      expect((await iam.listKeys(signer)).keys).toHaveLength(1)
      expect(new Set(sandbox.calls.map((call) => call.region))).toEqual(new Set(['us-east-1']))
    }
    const target = resolveTarget({ values: { region: 'us-east-1a' }, services: {} }, {})
    expect(target.sts.endpoint).toMatch(/^https:\/\/sts(\.us-east-1)?\.amazonaws\.com$/)
  })
})
