import { expect, it } from 'vitest'
import { NotDurableError, ShortWriteError } from './atomicFile.ts'
import { diskFailure, telling } from './diskTrouble.ts'

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
  code: 'ENOSPC',
  path: '/state/undo/x.json',
})

it('says why a disk refused, and where', () => {
  expect(diskFailure(full)?.trouble).toMatchObject({
    name: 'disk',
    detail: '/state/undo/x.json could not be written: the disk is full (ENOSPC).',
    code: 'ENOSPC',
  })
  expect(diskFailure(new ShortWriteError(9, 4))?.trouble.detail).toContain('the disk is full')
  expect(diskFailure(new NotDurableError(Object.assign(new Error('x'), { code: 'EIO' })))?.trouble.code).toBe(
    'EIO',
  )
})

it('leaves every other error a defect', () => {
  expect(diskFailure(new TypeError('x'))).toBeUndefined()
  expect(diskFailure(Object.assign(new Error('x'), { code: 'ERR_ASSERTION' }))).toBeUndefined()
  expect(diskFailure('ENOSPC')).toBeUndefined()
})

it('tells a refusal of the disk after what is true', async () => {
  await expect(telling('The new key is in use.', () => Promise.reject(full))).rejects.toMatchObject({
    trouble: {
      name: 'disk',
      detail: expect.stringMatching(/^The new key is in use\. .*disk is full/) as string,
    },
  })
  await expect(telling('x', () => Promise.reject(new TypeError('y')))).rejects.toThrow(TypeError)
})
