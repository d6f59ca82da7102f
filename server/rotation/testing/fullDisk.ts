import fs, { type FileHandle } from 'node:fs/promises'
import { onTestFinished, vi } from 'vitest'

/**
 * The disk refuses the first append that holds these words, and all that follow, until the returned function is called: in a
 * journal, where the process might as well have ended.
 */
export async function fullFrom(words: string): Promise<() => void> {
  const any = await fs.open('/dev/null')
  const prototype = Object.getPrototypeOf(any) as FileHandle
  await any.close()
  const write = prototype.write
  let full = false
  const spy = vi.spyOn(prototype, 'write').mockImplementation(function (
    this: FileHandle,
    ...args: unknown[]
  ) {
    full ||= String(args[0]).includes(words)
    if (full) return Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
    return Reflect.apply(write, this, args) as never
  })
  onTestFinished(() => void spy.mockRestore())
  return () => void spy.mockRestore()
}
