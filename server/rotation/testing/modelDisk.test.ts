import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mountModel } from './fsOnModel.ts'
import { endings, keyOf, ModelDisk } from './modelDisk.ts'

let disk: ModelDisk
let unmount: () => void
beforeEach(() => {
  disk = new ModelDisk()
  unmount = mountModel(disk)
})
afterEach(() => unmount())

const paths = ['a', 'b', 'd', 'd/a', 'd/e', 'd/e/a', 'a/x']
const path = fc.constantFrom(...paths)
const bytes = fc.string({ maxLength: 5 })
const move = fc.oneof(
  fc.record({ call: fc.constantFrom('open wx', 'open ax', 'open r', 'open r+'), path }),
  fc.record({
    call: fc.constantFrom('read', 'read on', 'stat', 'close', 'sync'),
    path,
  }),
  fc.record({ call: fc.constantFrom('write', 'overwrite'), path, bytes }),
  fc.record({ call: fc.constant('truncate'), path, length: fc.nat({ max: 6 }) }),
  fc.record({ call: fc.constant('rename'), path, to: path }),
  fc.record({
    call: fc.constantFrom('mkdir', 'unlink', 'rm', 'rm -f'),
    path,
  }),
  fc.record({
    call: fc.constantFrom('readFile', 'readdir', 'lstat', 'realpath'),
    path,
  }),
)
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never

/** Does one thing under a root; what it answers, errors by their code. */
async function answer(root: string, handles: Map<string, FileHandle>, next: Move): Promise<unknown> {
  const at = join(root, next.path)
  const handle = handles.get(next.path)
  try {
    switch (next.call) {
      case 'open wx':
      case 'open ax':
      case 'open r':
      case 'open r+':
        if (handle) return 'open already'
        handles.set(next.path, await fs.open(at, next.call.slice(5)))
        return 'open'
      case 'read': {
        const buffer = Buffer.alloc(20)
        const read = await handle?.read(buffer, 0, 20, 1)
        return buffer.toString('utf8', 0, read?.bytesRead)
      }
      case 'read on':
        return await handle?.readFile('utf8')
      case 'stat': {
        const stat = await handle?.stat()
        return stat && [stat.isFile(), stat.isFile() && stat.size]
      }
      case 'sync':
        return await handle?.sync()
      case 'close':
        handles.delete(next.path)
        return await handle?.close()
      case 'write':
        return (await handle?.write(Buffer.from(next.bytes), 0, next.bytes.length, 2))?.bytesWritten
      case 'overwrite':
        return await handle?.writeFile(next.bytes)
      case 'truncate':
        return await handle?.truncate(next.length)
      case 'rename':
        // Keyturn renames no directory.
        if ((await fs.lstat(at)).isDirectory()) return 'a directory'
        return await fs.rename(at, join(root, next.to))
      case 'mkdir':
        return void (await fs.mkdir(at))
      case 'unlink':
        return await fs.unlink(at)
      case 'rm':
        return await fs.rm(at)
      case 'rm -f':
        return await fs.rm(at, { force: true })
      case 'readFile':
        return await fs.readFile(at, 'utf8')
      case 'readdir':
        return (await fs.readdir(at)).sort()
      case 'lstat': {
        const stat = await fs.lstat(at, { bigint: true })
        return [stat.isDirectory(), stat.isFile() && stat.size]
      }
      case 'realpath':
        return (await fs.realpath(at)).slice(root.length)
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

it('answers as a real file system does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 40 }), async (moves) => {
      const real = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyturn-real-'))
      await fs.mkdir(join(real, 'state'))
      const [model, handles, modelled] = [new ModelDisk(), new Map(), new Map()]
      unmount()
      unmount = mountModel(model)
      try {
        for (const [index, next] of moves.entries()) {
          const expected = await answer(real, handles, next)
          expect([index, await answer(model.root, modelled, next)]).toEqual([index, expected])
        }
      } finally {
        for (const handle of handles.values()) await handle.close()
        rmSync(real, { recursive: true })
      }
    }),
    { numRuns: 1000, seed: Number(process.env['KEYTURN_SEED'] ?? 20260301) },
  )
})

describe('what a death leaves', () => {
  const after = (ending: (typeof endings)[number]) => {
    const next = new ModelDisk()
    next.restore(disk.after(ending))
    return next
  }
  const textAt = (from: ModelDisk, name: string) => {
    const node = from.find(join(from.root, name))
    return node?.kind === 'file' ? node.data.toString() : node?.kind
  }

  it('loses in a power cut what was not fsynced, content and names apart', async () => {
    disk.lay('credentials', 'old')
    const handle = await fs.open(join(disk.root, 'new'), 'wx')
    await handle.writeFile('new')
    await fs.rename(join(disk.root, 'new'), disk.credentials)
    expect(endings.map((ending) => textAt(after(ending), 'credentials'))).toEqual(['new', 'old', '', 'old'])
    await handle.sync()
    expect(endings.map((ending) => textAt(after(ending), 'credentials'))).toEqual([
      'new',
      'old',
      'new',
      'old',
    ])
    const directory = await fs.open(disk.root, 'r')
    await directory.sync()
    expect(new Set(endings.map((ending) => textAt(after(ending), 'credentials')))).toEqual(new Set(['new']))
    await handle.truncate(1)
    expect(endings.map((ending) => textAt(after(ending), 'credentials'))).toEqual(['n', 'new', 'new', 'n'])
  })

  it('loses with a directory that was not fsynced all that is in it', async () => {
    await fs.mkdir(join(disk.state, 'undo'))
    const handle = await fs.open(join(disk.state, 'undo', 'x'), 'wx')
    await handle.sync()
    const directory = await fs.open(join(disk.state, 'undo'), 'r')
    await directory.sync()
    expect(endings.map((ending) => textAt(after(ending), 'state/undo/x'))).toEqual([
      '',
      undefined,
      '',
      undefined,
    ])
  })

  it('still counts as lost after a kill what was not fsynced before it', async () => {
    await fs.mkdir(join(disk.state, 'runs'))
    disk.restore(disk.after('killed'))
    expect(textAt(disk, 'state/runs')).toBe('directory')
    expect(textAt(after(endings[1]), 'state/runs')).toBeUndefined()
  })

  it('tells states apart by what the next life can see, and by what it can lose', async () => {
    const key = () => keyOf(disk.after('killed'))
    const keys = [key()]
    const handle = await fs.open(join(disk.root, '.a.keyturn-0123456789abcdef.tmp'), 'wx')
    keys.push(key())
    await handle.writeFile('1')
    keys.push(key())
    await handle.sync()
    keys.push(key())
    expect(new Set(keys).size).toBe(4)
    await fs.rename(
      join(disk.root, '.a.keyturn-0123456789abcdef.tmp'),
      join(disk.root, '.a.keyturn-fedcba9876543210.tmp'),
    )
    expect(key()).toBe(keys[3])
  })

  it('puts a boundary before and after each act that writes, and one into each write', async () => {
    const labels: string[] = []
    disk.onBoundary = (label) => labels.push(`${label}: ${textAt(disk, 'x')}`)
    const handle = await fs.open(join(disk.root, 'x'), 'wx')
    await handle.write(Buffer.from('1234'), 0, 4, 0)
    expect(labels).toEqual(['before write: ', 'within write: 12', 'after write: 1234'])
  })
})
