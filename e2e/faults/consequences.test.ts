import { afterEach, expect, it } from 'vitest'
import type { OldKeyMode } from '../../server/api/plan.ts'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { many, shapes } from './shapes.ts'

// What a plan says before the press is what AWS then sees, key by key, and nothing else.

let bench: Bench
afterEach(() => bench.close())

const modes: readonly OldKeyMode[] = ['deactivate', 'delete', 'keep']
const cases = [...shapes, many(3)].flatMap((shape) =>
  modes.map((oldKey) => [`${shape.name}, ${oldKey}`, shape, oldKey] as const),
)

it.each(cases)('names beforehand each key that AWS is asked to change: %s', async (_, shape, oldKey) => {
  bench = await openBench()
  const laid = shape.lay(bench.ground)
  const { calls } = bench.ground.sandbox
  const before = calls.length
  const { plan, run } = await bench.rotate({ ...laid.wish, oldKey })
  expect(run.state).toBe('done')
  const { make, deactivate, deleteForGood, keepActive } = plan.consequences
  const acted = (action: string) =>
    new Set(calls.slice(before).flatMap((call) => (call.action === action && call.changed) || []))
  expect(acted('DeleteAccessKey')).toEqual(new Set(deleteForGood))
  // What is deleted is turned off first.
  expect([...deactivate, ...deleteForGood]).toEqual(expect.arrayContaining([...acted('UpdateAccessKey')]))
  expect(acted('UpdateAccessKey')).toEqual(new Set([...acted('UpdateAccessKey'), ...deactivate]))
  expect(acted('CreateAccessKey').size).toBe(make.length)
  expect(plan.rotate.map(({ key }) => key)).toEqual(make)
  for (const id of keepActive)
    expect(laid.users.flatMap((user) => bench.ground.sandbox.control.keys(user))).toContainEqual(
      expect.objectContaining({ id, status: 'Active' }),
    )
})
