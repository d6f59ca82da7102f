import fs from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { withWindowsFiles } from '../../platform/testing/windows.ts'
import { pair, section, StoreFixture, troubleOf } from '../testing/storeFixture.ts'

let files: StoreFixture
beforeEach(() => {
  files = new StoreFixture()
})
afterEach(() => {
  vi.restoreAllMocks()
  files.remove()
})

const change = (from: number, to: number) => ({
  file: 'credentials' as const,
  profile: 'dev',
  from: pair(from),
  to: pair(to),
})

/** Runs `then` in the place of the nth wait for another program, which takes no time. */
function atWait(nth: number, then: () => Promise<unknown>): () => number {
  let waits = 0
  vi.spyOn(systemClock, 'sleep').mockImplementation(async () => {
    if (++waits === nth) await then()
  })
  return () => waits
}

describe('a save where a file that is open cannot be renamed onto, as on Windows', () => {
  it('keeps no replaced file open, saves again and again, and leaves nothing behind', async () => {
    await files.put('credentials', section('dev', 1))
    await withWindowsFiles(async (_held, refused) => {
      const store = files.open()
      expect((await store.read()).files.credentials).toMatchObject({ writable: true, loose: false })
      expect((await store.read()).files.credentials.mode).toBeUndefined()
      await store.preflight(['credentials'])
      await store.swap([change(1, 2)])
      expect(await files.text('credentials')).toBe(section('dev', 2))
      await store.swap([change(2, 3)])
      expect(await store.reconcile()).toEqual({ settled: true, notes: [] })
      await store.release()
      expect(refused).toEqual([])
    })
    expect(await files.text('credentials')).toBe(section('dev', 3))
    expect(await files.leftOver()).toEqual([])
  })

  it('waits until another program has closed the file', async () => {
    await files.put('credentials', section('dev', 1))
    await withWindowsFiles(async (held, refused) => {
      const waits = atWait(3, async () => held.delete(files.credentials))
      held.add(files.credentials)
      await files.open().swap([change(1, 2)])
      expect(waits()).toBe(3)
      expect(refused).toEqual(Array(3).fill('rename credentials'))
    })
    expect(await files.text('credentials')).toBe(section('dev', 2))
    expect(await files.leftOver()).toEqual([])
  })

  it('is refused before a key is made where the file cannot be replaced', async () => {
    await files.put('credentials', section('dev', 1))
    await withWindowsFiles(async (held, refused) => {
      const waits = atWait(Infinity, async () => undefined)
      held.add(files.credentials)
      const trouble = await troubleOf(files.open().preflight(['credentials']))
      expect(trouble).toMatchObject({ name: 'file-unwritable', code: 'EPERM' })
      expect(trouble?.detail).toContain('another program has it open')
      expect(trouble?.remedy).toContain(`icacls "${files.credentials}" /grant "`)
      expect(waits()).toBeGreaterThan(100)
      expect(new Set(refused)).toEqual(new Set(['rename credentials']))
      held.clear()
      await files.open().preflight(['credentials'])
    })
    expect(await files.text('credentials')).toBe(section('dev', 1))
    expect(await files.leftOver()).toEqual([])
  })

  it('names Windows’ own command for a file that is marked read-only', async () => {
    await files.put('credentials', section('dev', 1))
    await fs.chmod(files.credentials, 0o444)
    await withWindowsFiles(async () => {
      expect(await troubleOf(files.open().preflight(['credentials']))).toMatchObject({
        detail: expect.stringContaining('it is marked read-only.'),
        remedy: `If it may be changed: attrib -r "${files.credentials}"`,
      })
    })
  })

  it('waits in a look, too, for a program that has the file open for a moment', async () => {
    await files.put('credentials', section('dev', 1))
    const open = fs.open
    const busy = () => Object.assign(new Error('EBUSY: resource busy or locked'), { code: 'EBUSY' })
    let refusals = 3
    vi.spyOn(fs, 'open').mockImplementation(async (file, ...rest) => {
      if (file === files.credentials && refusals-- > 0) throw busy()
      return open(file, ...rest)
    })
    await withWindowsFiles(async () => {
      expect((await files.open().read()).files.credentials).toMatchObject({ state: 'ok' })
      refusals = Infinity
      expect((await files.open().read()).files.credentials).toMatchObject({
        state: 'unreadable',
        problems: [{ trouble: { detail: `${files.credentials}: another program has it open.` } }],
      })
    })
  })

  it('never renames over what was written while it waited', async () => {
    await files.put('credentials', section('dev', 1))
    await withWindowsFiles(async (held) => {
      atWait(2, async () => {
        await fs.writeFile(files.credentials, section('dev', 1) + section('theirs', 9))
        held.delete(files.credentials)
      })
      held.add(files.credentials)
      await files.open().swap([change(1, 2)])
    })
    expect(await files.text('credentials')).toBe(section('dev', 2) + section('theirs', 9))
  })

  it('says so where it is never let go, with the file as it was', async () => {
    await files.put('credentials', section('dev', 1))
    await withWindowsFiles(async (held) => {
      atWait(Infinity, async () => undefined)
      held.add(files.credentials)
      const trouble = await troubleOf(files.open().swap([change(1, 2)]))
      expect(trouble).toMatchObject({ name: 'file-write', code: 'EPERM' })
      expect(trouble?.detail).toContain('another program has it open')
      held.clear()
    })
    expect(await files.text('credentials')).toBe(section('dev', 1))
    expect(await files.leftOver()).toEqual([])
  })
})
