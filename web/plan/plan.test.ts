import { describe, expect, it } from 'vitest'
import { maskLine } from './mask.ts'
import { sectionsOf } from './sections.ts'

describe('maskLine', () => {
  it.each([
    ['aws_access_key_id = AKIAWKEYTURNXXXX7Q2D', 'aws_access_key_id = AKIAWKEYTURNXXXX7Q2D'],
    ['aws_secret_access_key = ••••••••', 'aws_secret_access_key = ••••••••'],
    ['aws_secret_access_key = (new secret)', 'aws_secret_access_key = (new secret)'],
    ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', 'aws_secret_access_key = ••••••••'],
    ['  AWS_Secret_Access_Key=wJalr', '  AWS_Secret_Access_Key=••••••••'],
    ['aws_session_token: abc==', 'aws_session_token: ••••••••'],
    ['aws_secret_access_key = (New Secret wJalr1)', 'aws_secret_access_key = ••••••••'],
  ])('%s', (line, shown) => expect(maskLine(line)).toBe(shown))
})

it('gathers the changed lines of each profile in the order of the file', () => {
  const line = { file: 'credentials' as const, path: 'p', before: '', after: '' }
  const found = sectionsOf([
    { ...line, profile: 'a', line: 9 },
    { ...line, profile: 'b', line: 1 },
    { ...line, profile: 'a', line: 8 },
  ])
  expect(found.map(({ profile, lines }) => [profile, lines.map((each) => each.line)])).toEqual([
    ['a', [8, 9]],
    ['b', [1]],
  ])
})
