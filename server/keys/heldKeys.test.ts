import { describe, expect, it } from 'vitest'
import { resolveTarget } from '../aws/endpoints.ts'
import { environmentNotices } from './environmentNotices.ts'
import { heldKeys } from './heldKeys.ts'
import { profile } from './testing/profiles.ts'

const a = 'AKIARZPUZDIKAAAAAAAA'
const b = 'AKIARZPUZDIKAABBBBBB'
const held = (...profiles: ReturnType<typeof profile>[]) =>
  heldKeys(profiles, (settings) => resolveTarget(settings, {}))
const settings = (values: Record<string, string>) => ({ settings: { values, services: {} } })

describe('heldKeys', () => {
  it('gives one key for each id, in the order of the files, with all its profiles', () => {
    const keys = held(profile('one', a), profile('two', b), profile('three', a, { file: 'config' }))
    expect(keys.map(({ id, profiles, problem }) => [id, profiles.map(({ name }) => name), problem])).toEqual([
      [a, ['one', 'three'], undefined],
      [b, ['two'], undefined],
    ])
  })

  it('leaves out what has no pair of its own', () => {
    expect(
      held(profile('sso', a, { kind: 'sso' }), profile('temporary', b, { kind: 'temporary' }), {
        ...profile('half', a, { kind: 'incomplete' }),
        pair: undefined,
      }),
    ).toEqual([])
  })

  it.each([
    ['secrets-differ', [profile('x', a), profile('y', a, { secret: 'another' })]],
    ['partitions-differ', [profile('x', a), profile('y', a, settings({ region: 'cn-north-1' }))]],
    [
      'endpoints-differ',
      [profile('x', a), profile('y', a, settings({ endpoint_url: 'http://127.0.0.1:4566' }))],
    ],
    ['region-invalid', [profile('y', a, settings({ region: 'evil.test/' }))]],
    ['endpoint-invalid', [profile('x', a, settings({ endpoint_url: 'ftp://x' }))]],
    ['pair-elsewhere', [profile('x', a), profile('y', a, { kind: 'sso', rotatable: false })]],
    ['file-ambiguous', [profile('x', a), profile('y', a, { rotatable: false })]],
    [
      'line-12',
      [
        profile('x', a, {
          rotatable: false,
          reason: { name: 'line-12', title: 'Line 12', detail: 'Two readings.' },
        }),
      ],
    ],
  ])('says %s, and does not say the secret', (name, profiles) => {
    const [key] = held(...profiles)
    expect(key?.problem?.name).toBe(name)
    expect(JSON.stringify(key)).not.toContain('secret-of')
  })

  it('takes different regions of one partition as one key', () => {
    const [key] = held(
      profile('x', a, settings({ region: 'eu-west-1' })),
      profile('y', a, settings({ region: 'us-east-2' })),
    )
    expect(key?.problem).toBeUndefined()
    expect(key?.target.region).toBe('eu-west-1')
  })
})

describe('where the calls for a key that several profiles hold go', () => {
  it('is where validated cryptography is, if one of them must use it', () => {
    for (const values of [
      [{}, { use_fips_endpoint: 'true' }],
      [{ use_fips_endpoint: 'true' }, { use_fips_endpoint: 'false' }],
    ] as Record<string, string>[][]) {
      const [key] = held(...values.map((each, at) => profile(`p${at}`, a, settings(each))))
      expect(key?.problem).toBeUndefined()
      expect(key?.target.iam.endpoint).toBe('https://iam-fips.amazonaws.com')
    }
  })

  it('is nowhere, and the keys are shown, where the environment is wrong for all', () => {
    const [key] = heldKeys([profile('x', a)], (each) => resolveTarget(each, { AWS_REGION: 'evil.test/' }))
    expect(key).toMatchObject({ id: a, problem: { name: 'region-invalid' } })
    expect(key?.target.iam.endpoint).toBe('https://iam.invalid')
  })
})

describe('environmentNotices', () => {
  const keys = held(profile('one', a), profile('two', a))

  it('says whose key the environment holds', () => {
    const [notice] = environmentNotices({ AWS_ACCESS_KEY_ID: a, AWS_SECRET_ACCESS_KEY: '' }, keys)
    expect(notice).toMatchObject({ name: 'environment-key', detail: expect.stringContaining('[one], [two]') })
    expect(environmentNotices({ AWS_ACCESS_KEY_ID: b }, keys)[0]?.detail).toContain('which no profile holds')
  })

  it('says which profile is chosen', () => {
    expect(environmentNotices({ AWS_PROFILE: 'dev' }, keys)[0]?.title).toBe('AWS_PROFILE chooses [dev]')
    expect(environmentNotices({ AWS_DEFAULT_PROFILE: 'dev' }, keys)).toHaveLength(1)
  })

  it('says nothing where nothing shadows', () => {
    expect(environmentNotices({ AWS_ACCESS_KEY_ID: '', AWS_PROFILE: 'default' }, keys)).toEqual([])
  })

  it('takes a good region of another profile of the key for one that cannot be used', () => {
    const bad = settings({ region: 'EU (Ireland)' })
    const [key] = held(profile('x', a, bad), profile('y', a, settings({ region: 'eu-west-1' })))
    expect(key).toMatchObject({ target: { region: 'eu-west-1' } })
    expect(key?.problem).toBeUndefined()
  })

  it('says which region cannot be used, and where it is written, unless it may be something else', () => {
    const at = { regionAt: { path: '/home/ann/.aws/config', line: 7 } }
    const [key] = held(profile('x', a, { ...settings({ region: 'EU (Ireland)' }), ...at }))
    expect(key?.problem?.detail).toContain('[x]: “EU (Ireland)” on line 7 of /home/ann/.aws/config')
    const secret = 'canary/SecretKey0123456789abcdefABCDEF12'
    const [slip] = held(profile('x', a, { ...settings({ region: secret }), ...at }))
    expect(slip?.problem?.detail).toContain('what is written there on line 7')
    expect(slip?.problem?.detail).not.toContain('canary')
  })
})
