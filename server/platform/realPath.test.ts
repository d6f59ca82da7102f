import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { realPath } from './realPath.ts'
import { onPlatform } from './testing/windows.ts'

afterEach(() => vi.restoreAllMocks())

const refuse = (code: string) =>
  vi.spyOn(fs, 'realpath').mockRejectedValue(Object.assign(new Error(code), { code }))

it('looks at each part where Windows does not tell, and only there', async () => {
  const base = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-real-')))
  try {
    await fs.symlink(base, path.join(base, 'link'))
    const link = path.join(base, 'link')
    expect(await realPath(link)).toBe(base)
    refuse('UNKNOWN')
    // Linux's own functions are what is called here: Windows' separators are not.
    const onWindows = await onPlatform('win32', () => realPath(link))
    expect(onWindows).toBe(base)
    await expect(realPath(link)).rejects.toMatchObject({ code: 'UNKNOWN' })
    refuse('ENOENT')
    await expect(onPlatform('win32', () => realPath(link))).rejects.toMatchObject({ code: 'ENOENT' })
  } finally {
    vi.restoreAllMocks()
    await fs.rm(base, { recursive: true })
  }
})
