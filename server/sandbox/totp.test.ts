import { expect, it } from 'vitest'
import { base32 } from './accessKeyId.ts'
import { matchingStep, totp, totpStep } from './totp.ts'

const seed = base32(Buffer.from('12345678901234567890'))

// RFC 6238, appendix B, the last six of its eight digits.
it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at %i seconds shows %s', (seconds, code) => {
  expect(totp(seed, totpStep(seconds * 1000))).toBe(code)
})

it('takes the code of the step before and after, and no other', () => {
  const at = 1_234_567_890_000
  const step = totpStep(at)
  for (const drift of [-1, 0, 1]) expect(matchingStep(seed, totp(seed, step + drift), at)).toBe(step + drift)
  for (const drift of [-2, 2]) expect(matchingStep(seed, totp(seed, step + drift), at)).toBeUndefined()
})
