import { expect, it } from 'vitest'
import { profileOf, servicesOf, shellWords } from './profileNames.ts'

// What `shlex.split` of Python gives, or undefined where it raises.
it.each<[string, string[] | undefined]>([
  ['', []],
  ['profile a', ['profile', 'a']],
  [' profile  a\t', ['profile', 'a']],
  ['a\rb\nc', ['a', 'b', 'c']],
  ['profile a\u00a0b', ['profile', 'a\u00a0b']],
  ['profile # x', ['profile', '#', 'x']],
  ['profile "a b"', ['profile', 'a b']],
  ["profile 'a b'", ['profile', 'a b']],
  ['profile a"b c"d', ['profile', 'ab cd']],
  [`profile "a"'b'c`, ['profile', 'abc']],
  ['profile ""', ['profile', '']],
  ["profile ''", ['profile', '']],
  ['x "\'" y', ['x', "'", 'y']],
  ["x '\"' y", ['x', '"', 'y']],
  ['profile a\\ b', ['profile', 'a b']],
  ['profile \\"a', ['profile', '"a']],
  ['profile "a\\"b"', ['profile', 'a"b']],
  ['profile "a\\\\b"', ['profile', 'a\\b']],
  ['profile "a\\nb"', ['profile', 'a\\nb']],
  ["profile 'a\\b'", ['profile', 'a\\b']],
  ['profile "a', undefined],
  ["profile 'a", undefined],
  ['profile a\\', undefined],
  ['profile "a\\', undefined],
])('splits %j as a shell does', (text, words) => {
  expect(shellWords(text)).toEqual(words)
})

it.each<['credentials' | 'config', string, string | undefined]>([
  ['credentials', 'dev', 'dev'],
  ['credentials', 'profile dev', 'profile dev'],
  ['credentials', 'default', 'default'],
  ['credentials', 'DEFAULT', undefined],
  ['config', 'DEFAULT', undefined],
  ['config', 'default', 'default'],
  ['config', 'profile default', 'default'],
  ['config', 'dev', undefined],
  ['config', 'profile dev', 'dev'],
  ['config', 'profile "my dev"', 'my dev'],
  ['config', 'profile my dev', undefined],
  ['config', 'profile', undefined],
  ['config', 'profile "dev', undefined],
  ['config', 'profiles dev', 'dev'],
  ['config', 'my profile', undefined],
  ['config', 'sso-session dev', undefined],
])('in the %s file [%s] is the profile %s', (which, header, name) => {
  expect(profileOf(which, header)).toBe(name)
})

it.each([
  ['services dev', 'dev'],
  ['services "my dev"', 'my dev'],
  ['services', undefined],
  ['services a b', undefined],
  ['services "a', undefined],
  ['profile services', undefined],
])('[%s] is the services section %s', (header, name) => {
  expect(servicesOf(header)).toBe(name)
})
