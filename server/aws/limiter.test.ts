import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { waitBefore } from './backoff.ts'
import { afterSuccess, afterThrottling, Limiter, openWindow, withMax } from './limiter.ts'
import type { Window } from './limiter.ts'

const throttled = new Error('throttled')
const judge = (error: unknown) => (error === throttled ? ('throttled' as const) : ('other' as const))

describe('the window', () => {
  const event = fc.oneof(
    fc.constant({ kind: 'success' as const }),
    fc.record({ kind: fc.constant('throttled' as const), age: fc.nat(3) }),
    fc.record({ kind: fc.constant('max' as const), max: fc.integer({ min: -3, max: 80 }) }),
  )
  const apply = (window: Window, each: typeof event extends fc.Arbitrary<infer T> ? T : never): Window => {
    if (each.kind === 'success') return afterSuccess(window)
    if (each.kind === 'max') return withMax(window, each.max)
    return afterThrottling(window, Math.max(0, window.epoch - each.age))
  }

  it('stays between one and the maximum, whatever happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2, max: 80 }), fc.array(event, { maxLength: 80 }), (max, events) => {
        let window = openWindow(max)
        for (const each of events) {
          const before = window
          window = apply(window, each)
          expect(window.limit).toBeGreaterThanOrEqual(1)
          expect(window.limit).toBeLessThanOrEqual(window.max)
          if (each.kind === 'success') expect(window.limit - before.limit).toBeLessThanOrEqual(1)
          if (each.kind === 'throttled') expect(window.limit).toBeLessThanOrEqual(before.limit)
        }
      }),
    )
  })

  it('comes back to the maximum when AWS lets it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.nat(20), (max, halvings) => {
        let window = openWindow(max)
        for (let n = 0; n < halvings; n += 1) window = afterThrottling(window, window.epoch)
        for (let n = 0; n < 10_000 && window.limit < max; n += 1) window = afterSuccess(window)
        expect(window.limit).toBe(max)
      }),
    )
  })

  it('halves once for all calls that were let in together', () => {
    const open = openWindow(8)
    const once = afterThrottling(open, open.epoch)
    expect(once.limit).toBe(4)
    expect(afterThrottling(once, open.epoch).limit).toBe(4)
    expect(afterThrottling(once, once.epoch).limit).toBe(2)
  })
})

describe('Limiter', () => {
  const next = () => new Promise((resolve) => setImmediate(resolve))

  it('never has more in flight than allowed, loses no call, and keeps accounts apart', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.record({ account: fc.constantFrom('a', 'b'), fails: fc.boolean(), turns: fc.nat(3) }), {
          maxLength: 40,
        }),
        async (max, calls) => {
          const limiter = new Limiter(() => max)
          const inFlight: Record<string, number> = { a: 0, b: 0 }
          const ended = await Promise.allSettled(
            calls.map(({ account, fails, turns }) =>
              limiter.run(
                account,
                async () => {
                  inFlight[account] = (inFlight[account] ?? 0) + 1
                  expect(inFlight[account]).toBeLessThanOrEqual(max)
                  for (let n = 0; n <= turns; n += 1) await next()
                  inFlight[account] = (inFlight[account] ?? 0) - 1
                  if (fails) throw throttled
                },
                judge,
              ),
            ),
          )
          expect(ended.map(({ status }) => status === 'rejected')).toEqual(calls.map(({ fails }) => fails))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('lets repeats go first', async () => {
    const limiter = new Limiter(() => 1)
    const order: string[] = []
    let free = () => {}
    const holder = limiter.run('a', () => new Promise<void>((resolve) => (free = resolve)), judge)
    const rest = [
      limiter.run('a', async () => order.push('first'), judge),
      limiter.run('a', async () => order.push('repeat'), judge, { repeat: true }),
    ]
    await next()
    free()
    await Promise.all([holder, ...rest])
    expect(order).toEqual(['repeat', 'first'])
  })

  it('lets go of a call that is stopped while it waits, and of no other', async () => {
    const limiter = new Limiter(() => 1)
    const stop = new AbortController()
    let free = () => {}
    const holder = limiter.run('a', () => new Promise<void>((resolve) => (free = resolve)), judge)
    const stopped = limiter.run('a', async () => 'ran', judge, { signal: stop.signal })
    const waiting = limiter.run('a', async () => 'ran', judge)
    stop.abort(new Error('stopped'))
    await expect(stopped).rejects.toThrow('stopped')
    free()
    await holder
    expect(await waiting).toBe('ran')
  })
})

describe('waitBefore', () => {
  it('is jitter within a bound that doubles up to a limit', () => {
    fc.assert(
      fc.property(
        fc.nat(5_000),
        fc.boolean(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (waits, slow, random) => {
          const longest = slow ? 20_000 : 5_000
          const wait = waitBefore(waits, slow, () => random)
          expect(wait).toBeGreaterThanOrEqual(1)
          expect(wait).toBeLessThanOrEqual(Math.min(longest, (slow ? 500 : 250) * 2 ** Math.min(waits, 20)))
        },
      ),
    )
    expect(waitBefore(30, true, () => 0.999)).toBeGreaterThan(19_000)
  })
})
