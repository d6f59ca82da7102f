import fs from 'node:fs/promises'
import os from 'node:os'

export type Fault =
  'ENOSPC' | 'EIO' | 'EROFS' | 'EACCES' | 'EXDEV' | 'EMFILE' | 'EDQUOT' | 'short-write' | 'fsync'

export const faults: readonly Fault[] = [
  'ENOSPC',
  'EIO',
  'EROFS',
  'EACCES',
  'EXDEV',
  'EMFILE',
  'EDQUOT',
  'short-write',
  'fsync',
]

const fsCalls = [
  'open',
  'rename',
  'rm',
  'unlink',
  'stat',
  'realpath',
  'readlink',
  'access',
  'readFile',
  'readdir',
  'chmod',
  'mkdir',
] as const
const handleCalls = [
  'writeFile',
  'write',
  'sync',
  'stat',
  'chmod',
  'chown',
  'read',
  'readFile',
  'close',
  'truncate',
] as const

type Call = (this: unknown, ...args: unknown[]) => Promise<unknown>

/**
 * Makes the file system fail at its nth call while `task` runs: once, or from then on.
 * @param nth 1-based, counted over the calls that this fault can hit
 * @returns whether it fired: when it no longer does, every call has had its turn
 */
export async function withFault(
  fault: Fault,
  nth: number,
  lasting: boolean,
  task: () => Promise<void>,
): Promise<boolean> {
  const probe = await fs.open(os.devNull, 'r')
  const handles = Object.getPrototypeOf(probe) as Record<string, Call>
  await probe.close()
  let count = 0
  let fired = false
  const hits = (name: string) => {
    if (fault === 'short-write' ? name !== 'writeFile' : fault === 'fsync' && name !== 'sync') return false
    count++
    if (count !== nth && !(lasting && count > nth)) return false
    fired = true
    return true
  }
  const undo = [
    ...patch(fs as unknown as Record<string, Call>, fsCalls, hits, fault),
    ...patch(handles, handleCalls, hits, fault),
  ]
  try {
    await task()
  } finally {
    for (const restore of undo) restore()
  }
  return fired
}

function patch(
  target: Record<string, Call>,
  names: readonly string[],
  hits: (name: string) => boolean,
  fault: Fault,
) {
  return names.map((name) => {
    const real = target[name] as Call
    target[name] = async function (this: unknown, ...args) {
      if (!hits(name)) return real.apply(this, args)
      if (fault === 'short-write') {
        const bytes = args[0] as Buffer | string
        return real.call(this, Buffer.from(bytes).subarray(0, Math.floor(bytes.length / 2)))
      }
      // A handle whose close reports an error is closed all the same.
      if (name === 'close') await real.apply(this, args)
      const code = fault === 'fsync' ? 'EIO' : fault
      throw Object.assign(new Error(`${code}: injected, ${name}`), { code })
    }
    return () => {
      target[name] = real
    }
  })
}
