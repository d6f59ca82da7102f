import { expect, it } from 'vitest'
import { failEveryCall } from './callFaults.ts'
import { shapeNamed } from './shapes.ts'

it.each([
  { shape: 'single', oldKey: 'deactivate' },
  { shape: 'single', oldKey: 'delete' },
  { shape: 'two keys, spare deleted', oldKey: 'deactivate' },
  { shape: 'merged', oldKey: 'delete' },
] as const)('comes to a designed end whichever call fails: $shape, $oldKey', async ({ shape, oldKey }) => {
  const { calls, plays, outcomes } = await failEveryCall(shapeNamed(shape), oldKey)
  expect(plays).toBe(calls * 12)
  expect(outcomes.get('done')).toBeGreaterThan(0)
  console.log(
    `failing calls, ${shape}, ${oldKey}: ${calls} calls in 6 ways, once and for good: ${plays} plays, 0 violations; ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`,
  )
})
