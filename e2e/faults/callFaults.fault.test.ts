import { expect, it } from 'vitest'
import { failEveryCall, ways } from './callFaults.ts'
import { shapeNamed } from './shapes.ts'

// A merge that deletes has every step there is; of the others a sample is enough.
it.each([
  { shape: 'merged', oldKey: 'delete', most: Infinity },
  { shape: 'single', oldKey: 'deactivate', most: 100 },
  { shape: 'single', oldKey: 'delete', most: 100 },
  { shape: 'two keys, spare deleted', oldKey: 'deactivate', most: 100 },
] as const)(
  'comes to a designed end whichever call fails: $shape, $oldKey',
  async ({ shape, oldKey, most }) => {
    const { calls, plays, outcomes } = await failEveryCall(shapeNamed(shape), oldKey, most)
    expect(plays).toBe(Math.min(calls * Object.keys(ways).length * 2, most))
    expect(outcomes.get('done')).toBeGreaterThan(0)
    console.log(
      `failing calls, ${shape}, ${oldKey}: ${calls} calls in ${Object.keys(ways).length} ways, once and for good: ${plays} plays, 0 violations; ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`,
    )
  },
)
