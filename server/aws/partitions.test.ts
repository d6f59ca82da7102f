import { IAMClient, ListAccessKeysCommand } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { HttpRequest } from '@smithy/core/protocols'
import { describe, expect, it } from 'vitest'
import { resolveTarget } from './endpoints.ts'
import { partitionOf } from './partitions.ts'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

/** Where the SDK itself would send a call for a region, and for which region it would sign it. */
async function sentBySdk(service: 'iam' | 'sts', region: string, fips = false, dualStack = false) {
  let sent: HttpRequest | undefined
  const config = {
    region,
    useFipsEndpoint: fips,
    useDualstackEndpoint: dualStack,
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' },
    requestHandler: {
      handle: (request: HttpRequest) => {
        sent = request
        return Promise.reject(new Error('not sent'))
      },
    },
  }
  const call =
    service === 'iam'
      ? new IAMClient(config).send(new ListAccessKeysCommand({}))
      : new STSClient(config).send(new GetCallerIdentityCommand({}))
  await call.catch(() => undefined)
  const signedFor = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(sent?.headers.authorization ?? '')?.[1]
  return { endpoint: `https://${sent?.hostname}`, signingRegion: signedFor, custom: false }
}

const regions: [region: string, partition: string][] = [
  ['us-east-1', 'aws'],
  ['eu-central-2', 'aws'],
  ['il-central-1', 'aws'],
  ['mx-central-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['cn-northwest-1', 'aws-cn'],
  ['us-gov-east-1', 'aws-us-gov'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-iso-west-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eu-isoe-west-1', 'aws-iso-e'],
  ['us-isof-south-1', 'aws-iso-f'],
  ['eusc-de-east-1', 'aws-eusc'],
]

describe('partitions', () => {
  it.each(regions)(
    '%s is of %s, with the hosts and signing regions that the SDK has',
    async (region, name) => {
      expect(partitionOf(region).name).toBe(name)
      const target = resolveTarget({ values: { region }, services: {} }, {})
      expect(target.iam).toEqual(await sentBySdk('iam', region))
      expect(target.sts).toEqual(await sentBySdk('sts', region))
    },
  )

  it.each(regions)('%s of %s has the FIPS and dual-stack hosts that the SDK has', async (region) => {
    for (const [fips, dualStack] of [
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const values = { region, use_fips_endpoint: `${fips}`, use_dualstack_endpoint: `${dualStack}` }
      const target = resolveTarget({ values, services: {} }, {})
      expect(target.iam).toEqual(await sentBySdk('iam', region, fips, dualStack))
      expect(target.sts).toEqual(await sentBySdk('sts', region, fips, dualStack))
    }
  })

  it.each([
    ['eu-west-1', false, false, 'iam.amazonaws.com', 'sts.eu-west-1.amazonaws.com'],
    ['us-east-2', true, false, 'iam-fips.amazonaws.com', 'sts-fips.us-east-2.amazonaws.com'],
    ['eu-west-1', false, true, 'iam.global.api.aws', 'sts.eu-west-1.api.aws'],
    ['us-gov-east-1', true, false, 'iam.us-gov.amazonaws.com', 'sts.us-gov-east-1.amazonaws.com'],
    ['cn-north-1', false, false, 'iam.cn-north-1.amazonaws.com.cn', 'sts.cn-north-1.amazonaws.com.cn'],
    ['us-iso-west-1', false, false, 'iam.us-iso-east-1.c2s.ic.gov', 'sts.us-iso-west-1.c2s.ic.gov'],
  ])('%s, FIPS %s, dual stack %s: the hosts by name', (region, fips, dualStack, iam, sts) => {
    const values = { region, use_fips_endpoint: `${fips}`, use_dualstack_endpoint: `${dualStack}` }
    const target = resolveTarget({ values, services: {} }, {})
    expect([target.iam.endpoint, target.sts.endpoint]).toEqual([`https://${iam}`, `https://${sts}`])
  })

  it('takes an unknown region for one of the standard partition', () => {
    expect(partitionOf('xx-new-1').name).toBe('aws')
  })
})
