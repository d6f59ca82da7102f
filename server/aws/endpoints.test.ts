import { describe, expect, it } from 'vitest'
import { Failure } from '../platform/failure.ts'
import { resolveTarget } from './endpoints.ts'

const settings = (
  values: Record<string, string> = {},
  services: Record<string, Record<string, string>> = {},
) => ({
  values,
  services,
})

describe('resolveTarget: region', () => {
  it.each([
    ['profile', settings({ region: 'cn-north-1' }), { AWS_REGION: 'eu-west-1' }, 'cn-north-1', 'aws-cn'],
    [
      'environment',
      settings(),
      { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-west-2' },
      'eu-west-1',
      'aws',
    ],
    ['environment', settings(), { AWS_DEFAULT_REGION: 'us-gov-west-1' }, 'us-gov-west-1', 'aws-us-gov'],
    [
      'environment',
      settings({ region: ' ' }),
      { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' },
      'us-west-2',
      'aws',
    ],
    ['default', settings(), {}, 'us-east-1', 'aws'],
    ['profile', settings({ region: 'aws-global' }), {}, 'us-east-1', 'aws'],
    ['profile', settings({ region: 'eu-west-1 # home' }), {}, 'eu-west-1', 'aws'],
    ['profile', settings({ region: 'cn-north-1 ; work' }), {}, 'cn-north-1', 'aws-cn'],
    ['profile', settings({ region: 'aws-cn-global' }), {}, 'cn-north-1', 'aws-cn'],
  ])('from the %s', (source, profile, env, region, partition) => {
    expect(resolveTarget(profile, env)).toMatchObject({ regionSource: source, region, partition })
  })

  it.each(['evil.test/', 'x@evil.test', 'a b', '-x', 'a'.repeat(70), 'x#'])(
    'refuses %j, which would change the host',
    (region) => {
      expect(() => resolveTarget(settings({ region }), {})).toThrow(Failure)
    },
  )

  it.each(['us-east-1a', 'Ireland', 'auto'])(
    'goes to the main STS for %j, which no region is called',
    (region) => {
      const { sts, mainSts, iam } = resolveTarget(settings({ region }), {})
      expect(sts.endpoint).toBe('https://sts.us-east-1.amazonaws.com')
      expect(iam.endpoint).toBe('https://iam.amazonaws.com')
      expect(mainSts).toBeUndefined()
    },
  )

  it('names the console of the partition, and none where there is none', () => {
    expect(resolveTarget(settings({ region: 'us-gov-east-1' }), {}).consoleHost).toBe(
      'console.amazonaws-us-gov.com',
    )
    expect(resolveTarget(settings({ region: 'us-iso-east-1' }), {})).not.toHaveProperty('consoleHost')
  })
})

describe('resolveTarget: endpoint', () => {
  const all = settings({ endpoint_url: 'http://own' }, { iam: { endpoint_url: 'http://section' } })
  const env = { AWS_ENDPOINT_URL_IAM: 'http://env-iam', AWS_ENDPOINT_URL: 'http://env' }

  it.each([
    ['--endpoint-url', all, env, 'http://flag', 'http://flag', 'http://flag'],
    ['the variable of the service', all, env, undefined, 'http://env-iam', 'http://env'],
    ['the variable of all', all, { AWS_ENDPOINT_URL: 'http://env' }, undefined, 'http://env', 'http://env'],
    ['the services section', all, {}, undefined, 'http://section', 'http://own'],
    ['the profile', settings({ endpoint_url: 'http://own/' }), {}, undefined, 'http://own', 'http://own'],
  ])('%s comes first', (_, profile, environment, override, iam, sts) => {
    const target = resolveTarget(
      { ...profile, values: { ...profile.values, region: 'eu-west-1' } },
      environment,
      override,
    )
    expect(target.iam).toEqual({ endpoint: iam, signingRegion: 'eu-west-1', custom: true })
    expect(target.sts).toEqual({ endpoint: sts, signingRegion: 'eu-west-1', custom: true })
  })

  it.each([
    [{ ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'TRUE' }, all],
    [env, settings({ ...all.values, ignore_configured_endpoint_urls: 'true' })],
  ])('are passed over on request, except for the flag', (environment, profile) => {
    expect(resolveTarget(profile, environment).iam).toMatchObject({
      endpoint: 'https://iam.amazonaws.com',
      custom: false,
    })
    expect(resolveTarget(profile, environment, 'http://flag').iam.endpoint).toBe('http://flag')
  })

  it.each(['ftp://x', 'nonsense', 'http://user:word@x', 'https://x/?a=b', 'https://x/#f', '//x'])(
    'refuses %j',
    (url) => {
      expect(() => resolveTarget(settings({ endpoint_url: url }), {})).toThrow(/nothing was sent/)
    },
  )
})

describe('resolveTarget: FIPS and dual stack', () => {
  const fips = settings({ use_fips_endpoint: 'true' })

  it.each([
    ['the profile', fips, {}, true],
    ['the variable', settings(), { AWS_USE_FIPS_ENDPOINT: 'TRUE' }, true],
    ['the variable before the profile', fips, { AWS_USE_FIPS_ENDPOINT: 'false' }, false],
    ['neither', settings(), {}, false],
  ])('are asked for by %s', (_, profile, env, wanted) => {
    const target = resolveTarget(profile, env)
    expect(target.iam.endpoint).toBe(`https://iam${wanted ? '-fips' : ''}.amazonaws.com`)
    expect(target.fips === true).toBe(wanted)
    const dual = resolveTarget(settings({ use_dualstack_endpoint: ' True ' }), env)
    expect(dual.sts.endpoint).toMatch(/us-east-1\.api\.aws$/)
    expect(resolveTarget(settings(), { AWS_USE_DUALSTACK_ENDPOINT: 'true' }).iam.endpoint).toBe(
      'https://iam.global.api.aws',
    )
  })

  it('are refused beside a custom endpoint, as AWS’s rules do, and where it is not clear what is wanted', () => {
    for (const [profile, override] of [
      [fips, 'http://flag'],
      [settings({ use_dualstack_endpoint: 'true', endpoint_url: 'http://own' }), undefined],
      [settings({ use_fips_endpoint: 'yes' }), undefined],
    ] as const) {
      expect(() => resolveTarget(profile, {}, override)).toThrow(/othing was sent/)
    }
    expect(() => resolveTarget(settings(), { AWS_USE_FIPS_ENDPOINT: '1' })).toThrow('AWS_USE_FIPS_ENDPOINT')
  })

  it('keep the profile’s bundle of authorities with them', () => {
    expect(resolveTarget(settings({ ca_bundle: ' /ca.pem ' }), {}).caBundle).toBe('/ca.pem')
    expect(resolveTarget(settings(), {})).not.toHaveProperty('caBundle')
  })
})
