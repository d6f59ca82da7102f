import { appendFileSync, readdirSync, readlinkSync } from 'node:fs'
import fs from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProfileStore } from '../ports.ts'
import { pair, section, StoreFixture, troubleOf } from '../testing/storeFixture.ts'

let files: StoreFixture
let store: ProfileStore

/** So many saves that several replaced inodes are held. */
beforeEach(async () => {
  files = new StoreFixture()
  await files.put('credentials', section('a', 1))
  store = files.open()
  for (let n = 1; n <= 5; n += 1) await store.swap([change(n)])
  expect(held()).toHaveLength(5)
})
afterEach(async () => {
  await store.release()
  files.remove()
})

const change = (n: number) => ({ file: 'credentials' as const, profile: 'a', from: pair(n), to: pair(n + 1) })

/** The handles of this process on files of the fixture that have no name any more. */
function held(): string[] {
  const open = readdirSync('/proc/self/fd').map((fd) => `/proc/self/fd/${fd}`)
  return open.filter((fd) => {
    try {
      return readlinkSync(fd).startsWith(files.directory)
    } catch {
      return false
    }
  })
}

/** The system opens no file in this way while it is done. */
async function without<T>(opens: (flags: unknown) => boolean, act: () => Promise<T>): Promise<T> {
  const { open } = fs
  fs.open = (async (file: string, flags?: string | number, mode?: number) => {
    if (opens(flags)) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
    return open(file, flags, mode)
  }) as typeof open
  try {
    return await act()
  } finally {
    fs.open = open
  }
}

describe.skipIf(process.platform !== 'linux')('handles that nothing but caution holds are let go', () => {
  it.each<[string, (flags: unknown) => boolean, () => Promise<unknown>]>([
    ['a look', (flags) => typeof flags === 'number', () => store.read()],
    ['the trial before a key is made', (flags) => flags === 'wx', () => store.preflight(['credentials'])],
    ['a save', (flags) => flags === 'wx', () => store.swap([change(6)])],
  ])('where %s finds none', async (_, opens, act) => {
    const trouble = await without(opens, () => troubleOf(act()))
    if (trouble) expect(trouble.code).toBe('EMFILE')
    expect(held()).toHaveLength(1)
    await store.swap([change(6)])
    expect(await files.text('credentials')).toBe(section('a', 7))
  })

  it('but those that somebody has written to since', async () => {
    appendFileSync(held()[1] as string, '# theirs\n')
    await without(
      (flags) => flags === 'wx',
      () => troubleOf(store.preflight(['credentials'])),
    )
    expect(held()).toHaveLength(2)
  })
})
