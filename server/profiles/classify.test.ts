import { describe, expect, it } from 'vitest'
import { readSharedConfig } from '../aws/sharedConfigReader.ts'
import { classify } from './classify.ts'
import { readWithAll } from './agreement/reading.ts'

const two = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n'
const look = async (credentials: string, config = '') =>
  classify(
    {
      credentials: await readWithAll(Buffer.from(credentials), 'credentials', readSharedConfig),
      config: await readWithAll(Buffer.from(config), 'config', readSharedConfig),
    },
    { credentials: 'CREDENTIALS', config: 'CONFIG' },
  )

describe('kind', () => {
  it.each([
    [`[a]\n${two}`, '', 'access-key', true],
    [`[a]\n${two}`, '[profile a]\nregion = x', 'access-key', true],
    ['', `[profile a]\n${two}`, 'access-key', true],
    [`[a]\n${two}aws_session_token = t==`, '', 'access-key', false],
    [`[a]\n${two}aws_security_token = t`, '', 'access-key', false],
    [`[a]\n${two.replace('AKIA', 'ASIA')}aws_session_token = t==`, '', 'temporary', false],
    [`[a]\n${two}aws_session_token =`, '', 'access-key', true],
    [`[a]\n${two}`, '[profile a]\naws_session_token = t', 'access-key', true],
    ['[a]\naws_session_token = t', `[profile a]\n${two}`, 'access-key', true],
    ['', `[profile a]\n${two}aws_session_token = t`, 'access-key', false],
    [`[a]\n${two}`, '[profile a]\nlogin_session = s', 'access-key', true],
    ['', `[profile a]\n${two}login_session = s`, 'sso', false],
    [`[a]\n${two}role_arn = r`, '', 'assume-role', false],
    [`[a]\n${two.replace('AKIA', 'ASIA')}`, '', 'temporary', false],
    ['', '[profile a]\nsso_session = s', 'sso', false],
    [`[a]\n${two}`, '[profile a]\nsso_start_url = s', 'sso', false],
    ['', '[profile a]\nrole_arn = r\nsource_profile = b', 'assume-role', false],
    [`[a]\n${two}`, '[profile a]\nrole_arn = r\nsource_profile = a', 'access-key', true],
    ['', '[profile a]\nrole_arn = r\nweb_identity_token_file = f', 'web-identity', false],
    ['', '[profile a]\ncredential_process = p', 'process', false],
    [`[a]\n${two}credential_process = p`, '', 'access-key', true],
    ['', `[profile a]\n${two}credential_process = p`, 'process', false],
    ['[a]\naws_access_key_id = AKIA', '', 'incomplete', false],
    ['', '[profile a]\nregion = x', 'incomplete', false],
  ])('%j with %j: %s', async (credentials, config, kind, rotatable) => {
    const [found, ...more] = await look(credentials, config)
    expect(more).toEqual([])
    expect(found).toMatchObject({ name: 'a', kind, rotatable })
    expect(found?.reason === undefined).toBe(rotatable)
  })
})

describe('what a profile is follows from what the tools do with its pair', () => {
  it.each<[string, string, string, RegExp]>([
    [
      `[a]\n${two}aws_session_token = t==`,
      '',
      'left-over-token',
      /long-term key.*Remove aws_session_token on line 4; then it can be rotated/,
    ],
    [`[a]\naws_security_token = t\n${two}`, '', 'left-over-token', /Remove aws_security_token on line 2/],
    [`[a]\n${two}role_arn = r`, '', 'role-without-source', /no source.*remove role_arn if the pair is meant/],
    ['', '[profile a]\nrole_arn = r', 'role-without-source', /neither source_profile nor credential_source/],
    [
      '',
      '[profile a]\nrole_arn = r\nsource_profile = gone',
      'role-without-source',
      /\[gone\], which is in neither/,
    ],
    [
      '',
      '[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a',
      'role-without-source',
      /in a circle/,
    ],
    [
      '',
      '[profile a]\nrole_arn = r\nsource_profile = b\ncredential_source = Environment\n[profile b]\n',
      'role-without-source',
      /both source_profile and credential_source/,
    ],
    [
      '',
      '[profile a]\nrole_arn = r\ncredential_source = Environment',
      'role-profile',
      /with what Environment gives/,
    ],
    [`[b]\n${two}`, '[profile a]\nrole_arn = r\nsource_profile = b', 'role-profile', /source profile \[b\]/],
    [
      '',
      `[profile a]\n${two}login_session = s`,
      'sso-profile',
      /login_session.*move it to a profile of its own/,
    ],
  ])('%j with %j: %s', async (credentials, config, name, words) => {
    const found = (await look(credentials, config)).find((each) => each.name === 'a')
    expect(found?.reason?.name).toBe(name)
    expect(`${found?.reason?.detail} ${found?.reason?.remedy}`).toMatch(words)
  })

  it('says where a token stands that one tool adds to the pair', async () => {
    const [found] = await look(`[a]\n${two}`, '[profile a]\naws_session_token = t')
    expect(found?.warning).toMatchObject({
      name: 'token-elsewhere',
      remedy: 'Remove the session token of [a] from CONFIG.',
    })
  })
})

describe('a pair in a section that no tool reads', () => {
  it.each([
    [`[s3-backups]\n${two}`, 's3-backups', 'Ignored by every tool', '[profile s3-backups]'],
    [
      `[profile Someone's Mac]\n${two}`,
      "profile Someone's Mac",
      'Ignored by every tool but',
      '[profile Someones-Mac]',
    ],
    [`[profile my mac]\n${two}`, 'profile my mac', 'Ignored by every tool but', '[profile my-mac]'],
    [`[Profile x]\n${two}`, 'Profile x', 'Ignored by every tool', '[profile Profile-x]'],
    [`[DEFAULT]\n${two}`, 'DEFAULT', 'Ignored by every tool', '[default]'],
    [`[sso-session x]\n${two}`, 'sso-session x', 'Ignored by every tool', '[profile sso-session-x]'],
  ])('%j', async (config, name, title, header) => {
    const found = await look('', config)
    expect(found).toMatchObject([
      {
        name,
        file: 'config',
        line: 1,
        kind: 'ignored',
        rotatable: false,
        pair: { id: 'AKIAIOSFODNN7EXAMPLE' },
      },
    ])
    expect(found[0]?.reason?.name).toBe('section-ignored')
    expect(found[0]?.reason?.title).toContain(title)
    expect(found[0]?.reason?.detail).toContain('its key is not rotated')
    expect(found[0]?.reason?.remedy).toContain(`write ${header} on line 1`)
  })

  it('does not stand in the way of a profile of its name', async () => {
    const found = await look(`[a]\n${two}`, `[profile a]\nregion = x\n[a]\n${two}`)
    expect(found.map(({ name, file, kind, rotatable }) => [name, file, kind, rotatable])).toEqual([
      ['a', 'credentials', 'access-key', true],
      ['a', 'config', 'ignored', false],
    ])
  })

  it('is nothing where it holds no pair', async () => {
    expect(await look('', '[plugins]\nx = y\n[s3]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n')).toEqual([])
  })
})

it('finds a pair in both files, says which one is used, and keeps secrets out of the settings', async () => {
  const found = await look(
    `[a]\n${two}`,
    `[profile a]\n${two}region = x\nservices = s\n[services s]\niam =\n  endpoint_url = u\n`,
  )
  expect(found.map(({ file, warning }) => [file, warning?.name])).toEqual([
    ['credentials', undefined],
    ['config', 'pair-shadowed'],
  ])
  expect(found[0]?.settings).toEqual({
    values: { aws_access_key_id: 'AKIAIOSFODNN7EXAMPLE', region: 'x', services: 's' },
    services: { iam: { endpoint_url: 'u' } },
  })
  expect(JSON.stringify(found)).not.toContain('wJalr')
})

it('follows source profiles to the end, through chains, not in circles', async () => {
  const role = (name: string, source: string) =>
    `[profile ${name}]\nrole_arn = r\nsource_profile = ${source}\n`
  const found = await look(
    `[a]\n${two}`,
    role('r1', 'a') + role('r2', 'r1') + role('x', 'y') + role('y', 'x') + role('z', 'gone'),
  )
  expect(
    Object.fromEntries(
      found
        .filter(({ usedByRoles }) => usedByRoles.length > 0)
        .map(({ name, usedByRoles }) => [name, usedByRoles]),
    ),
  ).toEqual({ a: ['r1', 'r2'] })
})

describe('where readers differ, the line and the edit are named', () => {
  it.each<[string, string, RegExp]>([
    ['[a] # mine\n' + two, 'Line 1', /on a line of its own/],
    ['  [a]\n' + two, 'Line 1', /Remove the blanks/],
    ['["a"]\n' + two, 'Line 1', /without quotes/],
    ['[a b]\n' + two, 'Line 1', /without blanks/],
    ['[profile a]\n' + two, 'Line 1', /write \[a\]/],
    ['[constructor]\n' + two, 'Line 1', /Rename/],
    ['[a#b]\n' + two, 'Line 1', /Rename/],
    ['[a]\n' + two.replace('aws_access', 'AWS_ACCESS'), 'Line 2', /lower case/],
    ['[a]\n' + two.replace(' =', ':'), 'Line 2', /equals sign/],
    ['[a]\n' + two.replace(/I\n/, 'I # old\n'), 'Line 3', /line of its own/],
    ['[a]\n' + two.replace(/= w(.*)/, '= "w$1"'), 'Line 3', /Remove the quotes/],
    ['[a]\n' + two + '  region = x\n', 'Line 4', /same column/],
    ['[a]\n' + two + two, 'Line 4', /Keep one/],
    ['[a]\n' + two + '[b]\n[a]\n', 'Line 5', /Merge the two/],
    ['\ufeff[a]\n' + two, 'Line 1', /byte order mark/],
    ['[b]\ngarbage\n[a]\n' + two, 'Line 2', /key = value/],
    ['x = y\n[a]\n' + two, 'Line 1', /below a header/],
    ['[DEFAULT]\naws_session_token = t\n[a]\n' + two, '', /./],
    ['[a]\n' + two + 's3 =\n  aws_access_key_id = x\n', 'Line 2', /block/],
    ['[a]\n' + two.replace('\n', '\r'), 'Line 2', /line endings/],
  ])('%j', async (text, title, remedy) => {
    const found = (await look(text)).find(({ pair }) => pair !== undefined)
    expect(found?.rotatable).toBe(false)
    expect(found?.reason?.title).toContain(title)
    expect(found?.reason?.remedy).toMatch(remedy)
    expect(JSON.stringify(found?.reason)).not.toContain('wJalr')
  })

  it.each([
    '[a.b]\n' + two,
    '[my own prof]\n' + two,
    '[a]\r\n  aws_access_key_id = AKIAIOSFODNN7EXAMPLE\r\n  aws_secret_access_key = B2\r\n',
    '[a]\ns3 =\n    x = y\n' + two,
    '[a]\n' + two + '\n# garbage elsewhere is a comment\n[b]\nregion: x\n',
    '[DEFAULT]\nregion = x\n[a]\n' + two,
    '# é\n[café]\n' + two,
  ])('writable: %j', async (text) => {
    const found = (await look(text)).find(({ pair }) => pair !== undefined)
    expect(found?.reason).toBeUndefined()
    expect(found?.rotatable).toBe(true)
  })
})
