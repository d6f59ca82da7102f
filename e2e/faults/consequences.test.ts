import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import type { OldKeyMode } from '../../server/api/plan.ts'
import { planText } from '../../server/commands/planText.ts'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { addUser, many, section, shapes } from './shapes.ts'

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

const person = fc.record({
  keys: fc.constantFrom(1, 2),
  bothInFile: fc.boolean(),
  room: fc.constantFrom('none', 'delete', 'merge'),
  leftOut: fc.boolean(),
  keptActive: fc.boolean(),
})
const plain = { keys: 1, bothInFile: false, room: 'none', leftOut: false, keptActive: false }
const wishes = fc.record({
  people: fc.array(person, { minLength: 1, maxLength: 3 }),
  oldKey: fc.constantFrom(...modes),
  makeRoom: fc.constantFrom('ours-quiet' as const, 'inactive' as const, 'ask' as const),
  leak: fc.boolean(),
})

it('names beforehand, in numbers too, what any choices make AWS change', { timeout: 20_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(wishes, async ({ people, oldKey, makeRoom, leak }) => {
      await using closing = { [Symbol.asyncDispose]: () => bench.close() }
      void closing
      bench = await openBench()
      const { calls } = bench.ground.sandbox
      // One at least can be rotated: a plan without any is not started.
      const laid = [plain, ...people].map((each) => ({ ...each, ...addUser(bench.ground, each.keys) }))
      const held = laid.flatMap(({ pairs, bothInFile, name }) =>
        pairs.slice(0, bothInFile ? 2 : 1).map((pair, at) => section(`${name}-${at}`, pair)),
      )
      bench.ground.lay('credentials', held.join(''))
      bench.ground.lay('config', undefined)
      const two = laid.filter(({ keys }) => keys === 2)
      const firsts = (of: typeof laid) => of.flatMap(({ pairs }) => pairs.slice(0, 1).map(({ id }) => id))
      const before = calls.length
      const { plan, run } = await bench.rotate({
        keys: 'all',
        oldKey,
        makeRoom,
        leak,
        deleteSpares: two
          .filter(({ room, bothInFile }) => room === 'delete' && !bothInFile)
          .flatMap(({ pairs }) => pairs.slice(1).map(({ id }) => id)),
        merge: two
          .filter(({ room, bothInFile }) => room === 'merge' && bothInFile)
          .flatMap(({ pairs }) => pairs.map(({ id }) => id)),
        leaveOut: firsts(laid.filter(({ leftOut }) => leftOut)),
        keepActive: firsts(laid.filter(({ keptActive }) => keptActive)),
      })
      expect(run.state).toBe('done')
      const { make, deactivate, deleteForGood, stay } = plan.consequences
      const acted = (action: string) =>
        new Set(calls.slice(before).flatMap((call) => (call.action === action && call.changed) || []))
      expect(acted('DeleteAccessKey')).toEqual(new Set(deleteForGood))
      const off = acted('UpdateAccessKey')
      expect(new Set([...off, ...deactivate])).toEqual(off)
      expect([...deactivate, ...deleteForGood]).toEqual(expect.arrayContaining([...off]))
      expect(acted('CreateAccessKey').size).toBe(make.length)
      for (const { key } of stay) expect([...off, ...acted('DeleteAccessKey')]).not.toContain(key)
      const text = planText(plan, bench.clock.now(), () => [])
      expect(text.match(/· (\d+) deleted for good/)?.[1] ?? '0').toBe(String(deleteForGood.length))
    }),
    { numRuns: 25, seed: 17 },
  )
})
