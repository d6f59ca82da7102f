import { mkdtempSync, rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeDirectory, sweepDirectory } from './atomicFile.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(path.join(os.tmpdir(), 'keyturn-atomic-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(base, { recursive: true, force: true })
})

/** Directories that are fsynced while `act` runs, in their order; opening `refused` fails with `code`. */
async function synced(act: () => Promise<void>, refused?: string, code = 'EACCES'): Promise<string[]> {
  const open = fs.open
  const seen: string[] = []
  vi.spyOn(fs, 'open').mockImplementation(async (at, flags, mode) => {
    if (at === refused) throw Object.assign(new Error(`${code}: injected`), { code })
    const handle = await open(at, flags, mode)
    const sync = handle.sync.bind(handle)
    handle.sync = () => {
      seen.push(String(at))
      return sync()
    }
    return handle
  })
  await act()
  return seen
}

describe('makeDirectory', () => {
  it('makes durable every name on the way that was missing, for this user alone', async () => {
    const wanted = path.join(base, 'a', 'b')
    expect(await synced(() => makeDirectory(wanted))).toEqual([path.join(base, 'a'), base])
    expect((await fs.stat(wanted)).mode & 0o777).toBe(0o700)
  })

  it('makes durable a name that is there: a crash may have come before its fsync', async () => {
    await fs.mkdir(path.join(base, 'a'))
    expect(await synced(() => makeDirectory(path.join(base, 'a')))).toEqual([base])
  })

  it('lives with a parent that others own and do not let us list, and with no other trouble', async () => {
    await fs.mkdir(path.join(base, 'a'))
    expect(await synced(() => makeDirectory(path.join(base, 'a')), base)).toEqual([])
    await expect(synced(() => makeDirectory(path.join(base, 'a')), base, 'EIO')).rejects.toThrow('EIO')
  })
})

describe('sweepDirectory', () => {
  it('removes what a write that was cut off left, whatever it was of, and nothing else', async () => {
    const others = ['keys.json', '.keys.json.keyturn-0123456789abcdef', '.x.keyturn-012.tmp', 'x.tmp']
    for (const name of [
      ...others,
      '.keys.json.keyturn-0123456789abcdef.tmp',
      '.x.keyturn-fedcba9876543210.tmp',
    ])
      await fs.writeFile(path.join(base, name), '')
    await sweepDirectory(base)
    expect((await fs.readdir(base)).sort()).toEqual(others.sort())
  })

  it('finds nothing where there is no directory yet', async () => {
    await expect(sweepDirectory(path.join(base, 'undo'))).resolves.toBeUndefined()
  })
})
