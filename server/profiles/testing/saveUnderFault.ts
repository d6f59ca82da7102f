import { expect } from 'vitest'
import { withFault } from './faultyFs.ts'
import type { Fault } from './faultyFs.ts'
import { pair, section, StoreFixture, troubleOf } from './storeFixture.ts'

const rest = '# kept\r\n[other]\nregion = x'
const credentials = (n: number) => section('a', n) + rest
const config = (n: number) => section('profile b', n, '\r\n') + rest

/**
 * A save of one key into both files while the nth call of the file system fails, and the same save once it no longer
 * does. Both files or neither, whole, told in words without secrets, nothing left beside them.
 * @returns whether the fault fired
 */
export async function saveUnderFault(fault: Fault, nth: number, lasting: boolean): Promise<boolean> {
  const files = new StoreFixture()
  try {
    await files.put('credentials', credentials(1))
    await files.put('config', config(1))
    const store = files.open({ lockPatienceMs: 100 })
    let trouble: Awaited<ReturnType<typeof troubleOf>>
    const fired = await withFault(fault, nth, lasting, async () => {
      trouble = await troubleOf(
        store.swap([
          { file: 'credentials', profile: 'a', from: pair(1), to: pair(2) },
          { file: 'config', profile: 'b', from: pair(1), to: pair(2) },
        ]),
      )
    })
    const [one, two] = [await files.text('credentials'), await files.text('config')]
    const where = `${fault} at call ${nth}${lasting ? ' and after' : ''}: ${trouble?.name ?? 'saved'}`
    const moved = [one === credentials(2), two === config(2)]
    // Whatever happens, each file is the old one or the new one, whole.
    expect([credentials(1), credentials(2)], where).toContain(one)
    expect([config(1), config(2)], where).toContain(two)
    if (!trouble || trouble.name === 'file-not-durable') expect(moved, where).toEqual([true, true])
    else if (!(lasting && trouble.name === 'file-half-written')) expect(moved, where).toEqual([false, false])
    if (trouble) {
      expect(trouble.detail, where).not.toContain('secret/')
      expect(trouble.detail.length, where).toBeGreaterThan(20)
    }
    await store.release()
    // Once the fault is over, the same call succeeds: from the old pairs, or since the new ones are there.
    const again = files.open()
    await again.read()
    await again.swap([
      { file: 'credentials', profile: 'a', from: pair(1), to: pair(2) },
      { file: 'config', profile: 'b', from: pair(1), to: pair(2) },
    ])
    await again.release()
    expect(await files.text('credentials'), where).toBe(credentials(2))
    expect(await files.text('config'), where).toBe(config(2))
    expect(await files.leftOver(), where).toEqual([])
    return fired
  } finally {
    files.remove()
  }
}
