import { describe, expect, it } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { isPlainValue, objection } from './agreement.ts'
import { readWithAll, type Reading } from './reading.ts'

const id = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n'
const secret = 'aws_secret_access_key = wJalr+XUtn/FEMI=\n'
const pair = id + secret

const read = (text: string, which: Reading['which'] = 'credentials') =>
  readWithAll(Buffer.from(text), which, readSharedConfig)
const titleOf = async (text: string, which?: Reading['which']) =>
  objection(await read(text, which), 'a', 'FILE')?.title

describe('a pair may be written', () => {
  it.each<[string, Reading['which']?]>([
    [`[a]\n${pair}`],
    [`[a]\r\n${pair.replaceAll('\n', '\r\n')}`],
    [`# mine\n[b]\nk = v\n\n[a]\nregion = x\n${secret}${id}\n[c]\n`],
    [`[profile a]\n${pair}`, 'config'],
    // What others inherit is none of this pair's business, where it is no part of a pair.
    [`[DEFAULT]\nregion = x\n[a]\n${pair}`],
    // Its own counts.
    [`[DEFAULT]\n${id}[a]\n${pair}`],
    [`[a]\n${pair}aws_session_token = t\n[DEFAULT]\naws_session_token = u\n`],
    // Elsewhere a carriage return may stand alone.
    [`[b]\nk = v\rl = w\n[a]\n${pair}`],
    [`[a]\n${pair}[b]\nk = v\rl = w\n`],
  ])('in %j', async (text, which) => {
    expect(await titleOf(text, which)).toBeUndefined()
  })

  it('of a profile that is not there: nothing is said of it', async () => {
    expect(objection(await read(`[b]\n${pair}`), 'a', 'FILE')).toBeUndefined()
  })
})

describe('a pair may not be written', () => {
  it.each<[string, string, Reading['which']?]>([
    [`k = v\n[a]\n${pair}`, 'Line 1: there is text before'],
    [`[a]\n${pair}[b]\nnonsense\nmore\n`, 'Line 5: neither a header'],
    [`[profile a]\n${pair}[profile "a"]\nk = v\n`, 'Line 4: [profile "a"] names the same', 'config'],
    [`[a]\nk = v\r${pair}`, 'Line 2: a carriage return'],
    [`[DEFAULT]\naws_session_token = t\n[a]\n${pair}`, 'Line 2: aws_session_token stands under'],
    [`[DEFAULT]\nx = y\naws_security_token = t\n[a]\n${pair}`, 'Line 3: aws_security_token stands under'],
    [`[DEFAULT]\n${id}[a]\n${secret}`, 'Line 2: aws_access_key_id stands under'],
    [`[DEFAULT]\n${secret}[a]\n${id}`, 'Line 2: aws_secret_access_key stands under'],
    [`[a]\n${id}`, 'Line 1: tools do not agree'],
    [`[a]\n${secret}`, 'Line 1: tools do not agree'],
    [`[a]\n${id}  more\n${secret}`, 'Line 3: an indented line after aws_access_key_id'],
    [`[a]\n${pair}  more\n`, 'Line 4: an indented line after aws_secret_access_key'],
    [`[a]\n${id}aws_secret_access_key =\n  x = y\n`, 'Line 4: an indented line after aws_secret'],
    [`[a]\n${id}aws_secret_access_key = "s"\n`, 'Line 3: the value of aws_secret_access_key is in quotes'],
    [`[a]\naws_access_key_id = true\n${secret}`, 'Line 2: the value of aws_access_key_id has char'],
    [`[a]\nAWS_ACCESS_KEY_ID = AKIA\n${secret}`, 'Line 2: AWS_ACCESS_KEY_ID is not in lower'],
  ])('in %j', async (text, title, which) => {
    expect(await titleOf(text, which)).toContain(title)
  })

  it.each(['aws', 'ini'] as const)('where %s reads another value of either', async (reader) => {
    for (const key of ['aws_access_key_id', 'aws_secret_access_key']) {
      const reading = await read(`[a]\n${pair}`)
      const values = { ...reading.aws['a'], [key]: 'other' }
      const changed = reader === 'aws' ? { aws: { a: values } } : { ini: new Map([['a', values]]) }
      expect(objection({ ...reading, ...changed }, 'a', 'FILE')?.name).toBe('file-ambiguous')
      const without = reader === 'aws' ? { aws: {} } : { ini: new Map() }
      expect(objection({ ...reading, ...without }, 'a', 'FILE')?.name).toBe('file-ambiguous')
    }
  })
})

it('says what stands where, who reads what, and the edit that ends it', async () => {
  const twice = await read(`[profile a]\n${pair}[profile "a"]\nk = v\n`, 'config')
  expect(objection(twice, 'a', 'FILE')).toEqual({
    name: 'file-ambiguous',
    title: 'Line 4: [profile "a"] names the same profile as [profile a] on line 1',
    detail:
      'FILE, line 4: [profile "a"] names the same profile as [profile a] on line 1. Tools differ in which of the two they take. Keyturn does not write where tools disagree; nothing was changed.',
    remedy: 'Merge the two sections into one, or rename the one on line 4.',
  })
  expect(objection(await read(`[a]\nk = v\rl = w\n${pair}`), 'a', 'FILE')).toMatchObject({
    title: 'Line 2: a carriage return without a line feed',
    detail: expect.stringContaining('The AWS CLI begins a new line there, other tools do not.'),
    remedy: 'Save the file with ordinary line endings; line 2 has an odd one.',
  })
  expect(objection(await read(`[DEFAULT]\n${id}[a]\n${secret}`), 'a', 'FILE')).toMatchObject({
    title: 'Line 2: aws_access_key_id stands under [DEFAULT]',
    detail: expect.stringContaining('let every profile inherit it, [a] too; other tools take [DEFAULT]'),
    remedy:
      'Rename [DEFAULT] to [default] if that profile is meant, or move its lines into the profiles that need them.',
  })
})

it.each([
  ['AKIAIOSFODNN7EXAMPLE', true],
  ['a/b+c=', true],
  ['!~', true],
  ['truely', true],
  ['nottrue', true],
  ['nullable', true],
  ['true', false],
  ['false', false],
  ['null', false],
  ['', false],
  ['a b', false],
  ['a\tb', false],
  ['a\n', false],
  ['\u007f', false],
  ['é', false],
  ['a"b', false],
  ["a'b", false],
  ['a#b', false],
  ['a;b', false],
  ['a\\b', false],
])('%j is plain: %s', (value, plain) => {
  expect(isPlainValue(value)).toBe(plain)
})
