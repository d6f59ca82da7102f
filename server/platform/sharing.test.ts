import { describe, expect, it } from 'vitest'
import { sharing } from './sharing.ts'

/** An act whose ends are in the test's hands. */
function held() {
  const ends: ((fail?: Error) => void)[] = []
  const act = sharing(
    () =>
      new Promise<number>((resolve, reject) => {
        const turn = ends.length + 1
        ends.push((fail) => (fail ? reject(fail) : resolve(turn)))
      }),
  )
  return { act, ends }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('calls that come while one is under way', () => {
  it('share the next, which begins after the last of them asked', async () => {
    const { act, ends } = held()
    const first = act()
    await settled()
    const waiting = [act(), act(), act()]
    await settled()
    expect(ends).toHaveLength(1)
    ends[0]?.()
    await settled()
    expect(ends).toHaveLength(2)
    const late = act()
    ends[1]?.()
    await settled()
    ends[2]?.()
    expect(await Promise.all([first, ...waiting, late])).toEqual([1, 2, 2, 2, 3])
  })

  it('are not spoilt by one that failed before', async () => {
    const { act, ends } = held()
    const first = act()
    await settled()
    const second = act()
    ends[0]?.(new Error('no'))
    await expect(first).rejects.toThrow('no')
    await settled()
    ends[1]?.()
    expect(await second).toBe(2)
  })
})
