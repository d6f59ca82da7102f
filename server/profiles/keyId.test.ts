import { expect, it } from 'vitest'
import { keyIdOrMask, parseKeyId } from './keyId.ts'

it.each(['AKIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE', 'LKIAQAAAAAAAHFR7TTXR', 'AKIA000000000001'])(
  '%s is a key id',
  (id) => {
    expect(parseKeyId(id)).toBe(id)
    expect(keyIdOrMask(id)).toBe(id)
  },
)

it.each([
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'wJalrXUtnFEMIaK7MDENGabPxRfiCYEXAMPLEKEY',
  '',
  'None',
  'test',
  'AKIA',
  'AKIAIOSFODN',
  'akiaiosfodnn7example',
  'AKIAIOSFODNN7EXAMPLE ',
  'AKIAIOSFODNN7EXAMPLE\u200b',
  'AKIAIOSFODNN7EXAMPLE\n',
  '"AKIAIOSFODNN7EXAMPLE"',
  'YOUR_ACCESS_KEY_ID',
  'YOURACCESSKEYID0000',
  '<access-key>',
  '${AWS_ACCESS_KEY_ID}',
  'op://vault/aws/id',
  '****ABCD',
  'AKIAXXXXXXXXXXXXXXXX',
  `AKIA${'A'.repeat(125)}`,
])('%j is none, and is masked', (text) => {
  expect(parseKeyId(text)).toBeUndefined()
  expect(keyIdOrMask(text)).toBe('••••••••')
})
