import { describe, expect, it } from 'vitest'
import { saveUnderFault } from '../testing/saveUnderFault.ts'

/** A sample of store.fault.test.ts, which tries every call with every error. */
describe('a failing call of the file system', () => {
  it.each(['short-write', 'fsync'] as const)('%s, at every call', async (fault) => {
    let nth = 1
    while (await saveUnderFault(fault, nth, false)) nth++
    expect(nth).toBeGreaterThan(3)
  })

  it.each([
    ['ENOSPC', false, 1],
    ['EIO', false, 2],
    ['EACCES', false, 3],
    ['EROFS', true, 2],
  ] as const)(
    '%s, lasting: %s, at every third call from the %i.',
    { timeout: 60_000 },
    async (fault, lasting, first) => {
      let nth = first
      while (await saveUnderFault(fault, nth, lasting)) nth += 3
      expect(nth).toBeGreaterThan(20)
    },
  )
})
