import { describe, expect, it } from 'vitest'
import { readSharedConfig } from '../aws/sharedConfigReader.ts'
import { classify } from './classify.ts'
import { readWithAll } from './reading.ts'

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
    [`[a]\n${two}aws_session_token = t==`, '', 'temporary', false],
    [`[a]\n${two}aws_security_token = t`, '', 'temporary', false],
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
    '[a]\r\n  aws_access_key_id = A1\r\n  aws_secret_access_key = B2\r\n',
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
