import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'
import { Failure } from './failure.ts'
import { lockHolder, takeLock } from './lock.ts'
import { isRunning, ownIdentity } from './processIdentity.ts'

let directory: string
let file: string
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'keyturn-lock-'))
  file = path.join(directory, 'lock')
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(directory, { recursive: true, force: true })
})

const worker = (...args: string[]) =>
  spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('testing/lockWorker.ts', import.meta.url)), ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
const clock = systemClock
const dead = async () => ({
  ...(await ownIdentity()),
  pid: 2 ** 22 - 1,
  nonce: 'a'.repeat(24),
  since: 'then',
})
const reason = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

it(
  'lets one in at a time, over processes, however many stale locks lie about',
  { timeout: 60_000 },
  async () => {
    const counter = path.join(directory, 'counter')
    await fs.writeFile(counter, '0')
    await fs.writeFile(file, JSON.stringify(await dead()))
    const workers = Array.from({ length: 4 }, () => worker(file, counter, '15'))
    const codes = await Promise.all(workers.map(async (each) => (await once(each, 'close'))[0] as number))
    expect(codes).toEqual([0, 0, 0, 0])
    expect(await fs.readFile(counter, 'utf8')).toBe('60')
    expect(await fs.readdir(directory)).toEqual(['counter'])
  },
)

it('says who holds it, and takes it over when that process is killed', { timeout: 60_000 }, async () => {
  const holder = worker(file, '-', 'hold')
  await once(holder.stdout, 'data')
  const error = await reason(takeLock(file, { clock, subject: 'the credentials file' }))
  expect(error).toBeInstanceOf(Failure)
  expect((error as Failure).trouble).toMatchObject({
    name: 'file-busy',
    detail: expect.stringContaining(`process ${holder.pid} on `),
  })
  holder.kill('SIGKILL')
  await once(holder, 'close')
  const lock = await takeLock(file, { clock })
  expect(JSON.parse(await fs.readFile(file, 'utf8'))).toMatchObject({ pid: process.pid })
  await lock.release()
  expect(await fs.readdir(directory)).toEqual([])
})

it('sees that a pid was given to another process', async () => {
  const me = await ownIdentity()
  expect(await isRunning(me)).toBe(true)
  const earlier = { ...me, started: 'before' }
  expect(await isRunning(earlier)).toBe(false)
  await fs.writeFile(file, JSON.stringify({ ...earlier, nonce: 'b'.repeat(24), since: 'then' }))
  await (await takeLock(file, { clock })).release()
  expect(await fs.readdir(directory)).toEqual([])
})

it('takes the lock of before a reboot for stale, and one of another machine or container for held', async () => {
  const me = await ownIdentity()
  if (me.boot === undefined) return
  expect(await isRunning({ ...me, boot: 'other' })).toBe(false)
  expect(await isRunning({ pid: 2 ** 22 - 1, host: me.host })).toBe(true)
  expect(await isRunning({ ...me, pid: 2 ** 22 - 1, system: 'other' })).toBe(true)
  expect(await isRunning({ ...me, boot: 'other', host: 'elsewhere' })).toBe(true)
  expect(await isRunning({ ...me, pid: 2 ** 22 - 1, space: 'pid:[1]' })).toBe(true)
})

describe('a lock of a world whose processes cannot be asked about, as WSL beside Windows', () => {
  const theirs = async () => {
    const { boot, space, ...rest } = await dead()
    return { ...rest, system: boot === undefined && space === undefined ? 'linux' : 'win32', beats: true }
  }
  /** A clock whose waits take no time, and what happens in the n-th of them. */
  const waiting = (at = -1, act: () => Promise<void> = async () => undefined) => {
    let waits = 0
    const sleep = async () => {
      if (++waits === at) await act()
    }
    return { clock: { ...clock, sleep }, waits: () => waits }
  }
  const touch = (seconds: number) => {
    const time = Date.now() / 1000 + seconds
    return fs.utimes(file, time, time)
  }
  const text = async () => `${JSON.stringify(await theirs())}\n`

  it('is held while it is touched, though no process here has its number', async () => {
    await fs.writeFile(file, await text())
    const { clock: now, waits } = waiting()
    expect(await reason(takeLock(file, { clock: now }))).toMatchObject({ trouble: { name: 'file-busy' } })
    expect(waits()).toBe(0)
  })

  it('is taken over when it was not touched for ten seconds', async () => {
    await fs.writeFile(file, await text())
    await touch(-60)
    const { clock: now, waits } = waiting()
    await (await takeLock(file, { clock: now })).release()
    expect(waits()).toBe(400)
    expect(await fs.readdir(directory)).toEqual([])
  })

  it.each([-50, 3_600])('is held where it is touched meanwhile by a clock %s s away', async (seconds) => {
    await fs.writeFile(file, await text())
    await touch(seconds - 5)
    const { clock: now, waits } = waiting(200, () => touch(seconds))
    expect(await reason(takeLock(file, { clock: now }))).toMatchObject({ trouble: { name: 'file-busy' } })
    expect(waits()).toBe(200)
    expect(await fs.readFile(file, 'utf8')).toBe(await text())
  })

  it('of an older version, which does not touch it, is held', async () => {
    await fs.writeFile(file, JSON.stringify({ ...(await theirs()), beats: undefined }))
    await touch(-60)
    expect(await reason(takeLock(file, { clock }))).toMatchObject({ trouble: { name: 'file-busy' } })
  })

  it('is touched by us while we hold it, and not when another has it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const lock = await takeLock(file, { clock })
      await touch(-60)
      const utimes = vi.spyOn(fs, 'utimes')
      const beaten = () => expect(utimes).toHaveBeenCalledTimes(1)
      vi.advanceTimersByTime(2_000)
      await vi.waitFor(beaten)
      expect(Date.now() - (await fs.stat(file)).mtimeMs).toBeLessThan(10_000)
      await fs.writeFile(file, await text())
      const reads = vi.spyOn(fs, 'open')
      vi.advanceTimersByTime(2_000)
      await vi.waitFor(() => expect(reads).toHaveBeenCalled())
      await lock.release()
      vi.advanceTimersByTime(20_000)
      beaten()
      expect(await fs.readFile(file, 'utf8')).toBe(await text())
    } finally {
      vi.useRealTimers()
    }
  })
})

it('takes an empty lock file for one being written, and an old one for left by a crash', async () => {
  await fs.writeFile(file, '')
  expect(await reason(takeLock(file, { clock }))).toBeInstanceOf(Failure)
  const longAgo = Date.now() / 1000 - 3600
  await fs.utimes(file, longAgo, longAgo)
  await (await takeLock(file, { clock })).release()
  expect(await fs.readdir(directory)).toEqual([])
})

it('takes over from a taker that died while taking over', async () => {
  const holder = await dead()
  await fs.writeFile(file, JSON.stringify(holder))
  await fs.writeFile(`${file}-${holder.nonce}`, JSON.stringify({ ...holder, nonce: 'c'.repeat(24) }))
  await (await takeLock(file, { clock })).release()
  expect(await fs.readdir(directory)).toEqual([])
})

it('lets exactly one of many takers of a dead lock win', async () => {
  for (let round = 0; round < 50; round++) {
    await fs.writeFile(file, JSON.stringify({ ...(await dead()), nonce: String(round).padStart(24, '0') }))
    const results = await Promise.all(
      Array.from({ length: 6 }, () => takeLock(file, { clock }).catch(() => undefined)),
    )
    const locks = results.filter((each) => each !== undefined)
    expect(locks.length).toBeLessThanOrEqual(1)
    const lock = locks[0] ?? (await takeLock(file, { clock, patienceMs: 1_000 }))
    await lock.release()
    expect(await fs.readdir(directory)).toEqual([])
  }
})

it('is not locked out by a lock of its own that could not be removed', async () => {
  await takeLock(file, { clock }).then((lock) => fs.rename(file, `${file}.away`).then(() => lock.release()))
  await fs.rename(`${file}.away`, file)
  await (await takeLock(file, { clock })).release()
  expect(await fs.readdir(directory)).toEqual([])
})

it('tells who holds it without a touch: this process, nobody, or nobody any more', async () => {
  expect(await lockHolder(file)).toBeUndefined()
  const lock = await takeLock(file, { clock })
  expect(await lockHolder(file)).toMatchObject({ pid: process.pid })
  await lock.release()
  await fs.writeFile(file, JSON.stringify(await dead()))
  expect(await lockHolder(file)).toBeUndefined()
  expect(await fs.readdir(directory)).toEqual(['lock'])
})

it('says what stands in its place, and lets go of one whose place was taken', async () => {
  const lock = await takeLock(file, { clock })
  await fs.rm(file)
  await fs.mkdir(file)
  await lock.release()
  expect(await reason(takeLock(file, { clock }))).toMatchObject({ trouble: { name: 'lock-unusable' } })
  await fs.rmdir(file)
  await (await takeLock(file, { clock })).release()
})

it('takes what names no holder for one being written', async () => {
  await fs.writeFile(file, JSON.stringify({ ...(await dead()), nonce: 'short' }))
  expect(await reason(takeLock(file, { clock }))).toBeInstanceOf(Failure)
})

describe('what happens between two looks', () => {
  /** Of another machine, which this one cannot ask: taken to run. */
  const living = async () =>
    `${JSON.stringify({ ...(await dead()), boot: 'other', host: 'elsewhere', nonce: 'e'.repeat(24) })}\n`

  /** Lets `act` happen just before the n-th opening of the lock for reading. */
  function before(nth: number, act: () => Promise<void>): void {
    const open = fs.open
    let reads = 0
    vi.spyOn(fs, 'open').mockImplementation(async (at, flags, mode) => {
      if (at === file && flags === 'r' && ++reads === nth) await act()
      return open(at, flags, mode)
    })
  }

  it('a lock that is let go is taken at the next try', async () => {
    await fs.writeFile(file, await living())
    before(1, () => fs.unlink(file))
    const lock = await takeLock(file, { clock, patienceMs: 1_000 })
    expect(await lockHolder(file)).toMatchObject({ pid: process.pid })
    await lock.release()
  })

  it('a dead lock that another one takes over meanwhile is left to that one', async () => {
    await fs.writeFile(file, JSON.stringify(await dead()))
    const theirs = await living()
    before(2, () => fs.writeFile(file, theirs))
    expect(await reason(takeLock(file, { clock }))).toBeInstanceOf(Failure)
    expect(await fs.readFile(file, 'utf8')).toBe(theirs)
    expect(await fs.readdir(directory)).toEqual(['lock'])
  })

  it('a dead lock that its taker lets go of at once is gone, and ours is made', async () => {
    await fs.writeFile(file, JSON.stringify(await dead()))
    before(2, () => fs.unlink(file))
    await (await takeLock(file, { clock })).release()
    expect(await fs.readdir(directory)).toEqual([])
  })

  it('one that was taken for dead while it was being written sees that it lost', async () => {
    const theirs = await living()
    before(1, () => fs.writeFile(file, theirs))
    expect(await reason(takeLock(file, { clock }))).toBeInstanceOf(Failure)
    expect(await fs.readFile(file, 'utf8')).toBe(theirs)
  })
})
