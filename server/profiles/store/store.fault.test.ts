import { describe, expect, it } from 'vitest'
import { faults } from '../testing/faultyFs.ts'
import { saveUnderFault } from '../testing/saveUnderFault.ts'

describe('a failing call of the file system, at every call in turn until none fails', () => {
  it.each(faults)('%s once', async (fault) => {
    let nth = 1
    while (await saveUnderFault(fault, nth, false)) nth++
    expect(nth).toBeGreaterThan(fault === 'short-write' || fault === 'fsync' ? 3 : 20)
  })

  it.each(faults)('%s from then on', async (fault) => {
    let nth = 1
    while (await saveUnderFault(fault, nth, true)) nth++
    expect(nth).toBeGreaterThan(fault === 'short-write' || fault === 'fsync' ? 3 : 20)
  })
})
