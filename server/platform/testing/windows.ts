import type { EventEmitter } from 'node:events'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'

/** Runs `task` in a process that takes itself for one on that platform. */
export async function onPlatform<T>(platform: NodeJS.Platform, task: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor
  const { getuid } = process
  Object.defineProperty(process, 'platform', { ...own, value: platform })
  if (platform === 'win32') Reflect.set(process, 'getuid', undefined)
  try {
    return await task()
  } finally {
    Object.defineProperty(process, 'platform', own)
    Reflect.set(process, 'getuid', getuid)
  }
}

type Refusable = 'rename' | 'unlink' | 'rm'

/**
 * A file system that refuses what Windows refuses: to rename onto a file that is open, by whomever, and to open a
 * directory. Modes say nothing. `held` are files that other programs have open.
 */
export async function withWindowsFiles<T>(
  task: (held: Set<string>, refused: string[]) => Promise<T>,
): Promise<T> {
  const held = new Set<string>()
  const refused: string[] = []
  const openHere = new Map<FileHandle, string>()
  const real = { open: fs.open, rename: fs.rename, unlink: fs.unlink, rm: fs.rm }
  const refuse = (call: string, file: string) => {
    refused.push(`${call} ${path.basename(file)}`)
    throw Object.assign(new Error(`EPERM: operation not permitted, ${call} '${file}'`), { code: 'EPERM' })
  }
  const guarded =
    <Call extends Refusable>(call: Call, at: number): ((...args: never[]) => Promise<void>) =>
    async (...args) => {
      const file = path.resolve(String((args as unknown[])[at]))
      // Node shares what it opens for removal, though not for being renamed onto.
      const byUs = call === 'rename' && [...openHere.values()].includes(file)
      if (held.has(file) || byUs) refuse(call, file)
      await (real[call] as (...given: unknown[]) => Promise<void>)(...(args as unknown[]))
    }
  Object.assign(fs, {
    async open(file: string, ...rest: []) {
      const handle = await real.open(file, ...rest)
      if ((await handle.stat()).isDirectory()) {
        await handle.close()
        refuse('open', file)
      }
      openHere.set(handle, path.resolve(file))
      const emitter = handle as unknown as EventEmitter
      emitter.once('close', () => openHere.delete(handle))
      return handle
    },
    rename: guarded('rename', 1),
    unlink: guarded('unlink', 0),
    rm: guarded('rm', 0),
  })
  try {
    return await onPlatform('win32', () => task(held, refused))
  } finally {
    Object.assign(fs, real)
  }
}
