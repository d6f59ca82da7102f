import fc from 'fast-check'
import { expect, it } from 'vitest'
import { accessKeyId, accountOf, base32, fromBase32 } from './accessKeyId.ts'

it.each([
  ['ASIAY34FZKBOKMUTVV7A', '609629065308'],
  ['AKIAIOSFODNN7EXAMPLE', undefined],
  ['AKIA', undefined],
  ['not an id', undefined],
])('reads the account of %s as %s', (id, account) => {
  expect(accountOf(id)).toBe(account)
})

it('makes ids that read back as their account, whatever the noise', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 999_999_999_999n }),
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      fc.constantFrom('AKIA' as const, 'ASIA' as const),
      (number, noise, prefix) => {
        const account = number.toString().padStart(12, '0')
        const id = accessKeyId(prefix, account, noise)
        expect(id).toMatch(/^A[KS]IA[A-Z2-7]{16}$/)
        expect(accountOf(id)).toBe(account)
      },
    ),
  )
})

it('reads Base32 back as what was written, also where the bits do not fill the last character', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase32(base32(bytes))).toEqual(bytes)
    }),
  )
})

it('writes the vectors of RFC 4648', () => {
  expect(base32(Buffer.from('foobar'))).toBe('MZXW6YTBOI')
  expect(Buffer.from(fromBase32('mzxw 6ytb oi======')).toString()).toBe('foobar')
  expect(() => fromBase32('1')).toThrow('not a Base32 character')
})
