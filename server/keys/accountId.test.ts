import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { accountIdOf } from './accountId.ts'
import { isCanaryAccount } from './canary.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** An id of the present kind that holds the account: the inverse of what is tested. */
function idOf(account: bigint, filler: bigint): string {
  let bits = ((1n << 47n) | (account << 7n)) * 4n + (filler & 3n)
  let text = ''
  for (let n = 0; n < 10; n += 1) {
    text = alphabet[Number(bits & 31n)] + text
    bits >>= 5n
  }
  return `AKIA${text}AAAAAA`
}

describe('accountIdOf', () => {
  it.each([
    ['ASIAY34FZKBOKMUTVV7A', '609629065308'],
    ['AKIAWI2WUXBKWKCGKWVU', '431289055317'],
    ['AKIAIOSFODNN7EXAMPLE', undefined],
    ['AKIAJEXAMPLEEXAMPLEA', undefined],
    ['AKIA', undefined],
    ['akiawi2wuxbkwkcgkwvu', undefined],
    ['AKIAWI2WUXBKWKCGKWV1', undefined],
    ['AKIAWI2WUXBKWKCGKWVUA', undefined],
    ['', undefined],
  ])('of %j is %j', (id, account) => {
    expect(accountIdOf(id)).toBe(account)
  })

  it('finds every account again, with its leading zeros', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 999_999_999_999n), fc.bigInt(0n, 3n), (account, filler) => {
        expect(accountIdOf(idOf(account, filler))).toBe(account.toString().padStart(12, '0'))
      }),
    )
  })
})

describe('isCanaryAccount', () => {
  it('knows the published accounts, and takes nothing else for one', () => {
    expect(isCanaryAccount('992382622183')).toBe(true)
    expect(isCanaryAccount(accountIdOf(idOf(52310077262n, 0n)))).toBe(true)
    expect(isCanaryAccount('123456789012')).toBe(false)
    expect(isCanaryAccount(undefined)).toBe(false)
  })
})
