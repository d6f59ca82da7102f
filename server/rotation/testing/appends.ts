import fs, { type FileHandle } from 'node:fs/promises'
import { onTestFinished, vi } from 'vitest'

/** Calls this before every append to a journal, until the returned function is called or the test ends. */
async function onAppend(act: (text: string) => void): Promise<() => void> {
  const any = await fs.open('/dev/null')
  const prototype = Object.getPrototypeOf(any) as FileHandle
  await any.close()
  const write = prototype.write
  const spy = vi.spyOn(prototype, 'write').mockImplementation(async function (
    this: FileHandle,
    ...args: unknown[]
  ) {
    act(String(args[0]))
    return Reflect.apply(write, this, args) as never
  })
  onTestFinished(() => void spy.mockRestore())
  return () => void spy.mockRestore()
}

/** Something happens when the journal is about to hold these words for the first time. */
export async function beforeAppend(words: string, act: () => void): Promise<void> {
  const end = await onAppend((text) => {
    if (!text.includes(words)) return
    end()
    act()
  })
}

/**
 * The disk refuses the first append that holds these words, and all that follow, until the returned function is called: nothing
 * is done after it, as if the process had ended.
 */
export async function fullFrom(words: string): Promise<() => void> {
  let full = false
  return onAppend((text) => {
    full ||= text.includes(words)
    if (full) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  })
}
