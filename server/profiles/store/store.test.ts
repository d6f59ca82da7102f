import { mkdtempSync, rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { systemClock } from '../../platform/clock.ts'
import { Secret } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import type { SharedConfigReader } from '../agreement/reading.ts'
import { createProfileStore } from './store.ts'
import { MovedMeanwhile, StoredFile } from './storedFile.ts'

let dir: string
let credentials: string
let config: string

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'keyturn-store-'))
  credentials = path.join(dir, 'credentials')
  config = path.join(dir, 'config')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const pair = (n: number): KeyPair => ({
  id: `AKIA${String(n).padStart(16, '0')}`,
  secret: new Secret(`secret/${n}+`.padEnd(40, 'x')),
})
const section = (name: string, n: number, eol = '\n') =>
  `[${name}]${eol}aws_access_key_id = ${pair(n).id}${eol}aws_secret_access_key = ${pair(n).secret.reveal()}${eol}`
const open = (lockPatienceMs = 2_000, reader: SharedConfigReader = readSharedConfig) =>
  createProfileStore({
    locations: { credentials: { path: credentials, from: 'test' }, config: { path: config, from: 'test' } },
    reader,
    clock: systemClock,
    lockPatienceMs,
  })
const text = (file: string) => fs.readFile(file, 'utf8')
const trouble = async (doing: Promise<unknown>) => {
  const error: unknown = await doing.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return (error as { trouble?: { name: string; title: string; detail: string } } | undefined)?.trouble
}

describe('swap', () => {
  it('changes the two values and nothing else', async () => {
    const rest = `# mine\r\n\r\n${section('other', 7, '\r\n')}  ; end`
    await fs.writeFile(credentials, section('dev', 1, '\r\n') + rest, { mode: 0o640 })
    const store = open()
    await store.swap([{ file: 'credentials', profile: 'dev', from: pair(1), to: pair(2) }])
    expect(await text(credentials)).toBe(section('dev', 2, '\r\n') + rest)
    expect((await fs.stat(credentials)).mode & 0o777).toBe(0o640)
    expect(await fs.readdir(dir)).toEqual(['credentials'])
    await store.release()
  })

  it('compares first, and one call that fails leaves the others alone', async () => {
    await fs.writeFile(credentials, section('a', 1) + section('b', 2) + section('c', 3))
    const store = open()
    const results = await Promise.all([
      trouble(store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }])),
      trouble(store.swap([{ file: 'credentials', profile: 'b', from: pair(9), to: pair(12) }])),
      trouble(store.swap([{ file: 'credentials', profile: 'c', from: pair(3), to: pair(13) }])),
      trouble(store.swap([{ file: 'credentials', profile: 'c', from: pair(13), to: pair(14) }])),
    ])
    expect(results.map((each) => each?.name)).toEqual([undefined, 'file-moved', undefined, undefined])
    expect(await text(credentials)).toBe(section('a', 11) + section('b', 2) + section('c', 14))
    await store.release()
  })

  it('counts holding the wanted pair already as done', async () => {
    await fs.writeFile(credentials, section('a', 5))
    const store = open()
    await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(5) }])
    expect(await text(credentials)).toBe(section('a', 5))
  })

  it('saves a key in both files', async () => {
    await fs.writeFile(credentials, section('a', 1))
    await fs.writeFile(config, section('profile b', 1))
    const store = open()
    await store.swap([
      { file: 'credentials', profile: 'a', from: pair(1), to: pair(2) },
      { file: 'config', profile: 'b', from: pair(1), to: pair(2) },
    ])
    expect(await text(credentials)).toBe(section('a', 2))
    expect(await text(config)).toBe(section('profile b', 2))
    await store.release()
  })
})

describe('swap, where something is in the way', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('needs no file for no change', async () => {
    await open().swap([])
    expect(await fs.readdir(dir)).toEqual([])
  })

  it('gives up on a file that never stands still', async () => {
    await fs.writeFile(credentials, section('a', 1))
    const replace = vi.spyOn(StoredFile.prototype, 'replace').mockRejectedValue(new MovedMeanwhile('changed'))
    const store = open()
    expect(
      await trouble(store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(2) }])),
    ).toMatchObject({ name: 'file-write', title: 'Another program keeps writing' })
    expect(replace.mock.calls.length).toBeGreaterThan(5)
    expect(await text(credentials)).toBe(section('a', 1))
    expect(await fs.readdir(dir)).toEqual(['credentials'])
  })

  it('saves for the others what they asked where the pair of one would be misread', async () => {
    await fs.writeFile(credentials, section('a', 1) + section('b', 2) + section('c', 3))
    const store = open(2_000, async (bytes, which) => {
      const read = await readSharedConfig(bytes, which)
      return bytes.includes(pair(12).id) ? { a: read['a'] ?? {} } : read
    })
    const ends = await Promise.all(
      ['a', 'b', 'c'].map((profile, n) =>
        trouble(store.swap([{ file: 'credentials', profile, from: pair(n + 1), to: pair(n + 11) }])),
      ),
    )
    expect(ends.map((each) => each?.name)).toEqual([undefined, 'file-ambiguous', undefined])
    expect(await text(credentials)).toBe(section('a', 11) + section('b', 2) + section('c', 13))
    await store.release()
  })

  it('remembers for reconcile what a save saw taken out', async () => {
    await fs.writeFile(credentials, section('a', 1))
    const late = await fs.open(credentials, 'r+')
    const store = open()
    await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }])
    await late.truncate(0)
    await late.write(`${section('a', 1)}region = x\n`, 0)
    await late.close()
    expect(await store.reconcile()).toMatchObject({ settled: true })
    // A program that had read before the merge takes the setting out; the next save sees that, reconcile tells it.
    await fs.writeFile(credentials, section('a', 11))
    await store.swap([{ file: 'credentials', profile: 'a', from: pair(11), to: pair(21) }])
    const found = await store.reconcile()
    expect(found.settled).toBe(false)
    expect(found.notes.join()).toContain('region of [a]')
    expect(await store.reconcile()).toMatchObject({ settled: true })
    await store.release()
  })
})

describe('reconcile', () => {
  it('merges what another program wrote to the old inode', async () => {
    await fs.writeFile(credentials, section('a', 1) + section('b', 2))
    const late = await fs.open(credentials, 'r+')
    const store = open()
    await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }])
    await late.truncate(0)
    await late.write(`${section('a', 1)}region = x\n${section('b', 2)}`, 0)
    await late.close()
    const found = await store.reconcile()
    expect(found.settled).toBe(true)
    expect(found.notes).toHaveLength(1)
    expect(await text(credentials)).toBe(`${section('a', 11)}region = x\n${section('b', 2)}`)
    await store.release()
  })

  it('writes the new pair again where a stale writer put the old one back', async () => {
    await fs.writeFile(credentials, section('a', 1) + section('b', 2))
    const store = open()
    await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }])
    await fs.writeFile(credentials, `${section('a', 1)}region = x\n${section('b', 2)}`)
    const found = await store.reconcile()
    expect(found.settled).toBe(true)
    expect(await text(credentials)).toBe(`${section('a', 11)}region = x\n${section('b', 2)}`)
    await store.release()
  })

  it('merges both where the file and its old copy were written', async () => {
    await fs.writeFile(credentials, `${section('a', 1)}\n# middle\n\n${section('b', 2)}`)
    const late = await fs.open(credentials, 'r+')
    const store = open()
    await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }])
    await fs.appendFile(credentials, 'region = at-path\n')
    const theirs = `# top\n${section('a', 1)}\n# middle\n\n${section('b', 2)}`
    await late.write(theirs.replace('# top', 'region=').replace('region=', '# top'), 0)
    await late.close()
    const found = await store.reconcile()
    expect(await text(credentials)).toContain(`${section('b', 2)}region = at-path\n`)
    expect(await text(credentials)).toContain(section('a', 11))
    expect(found.settled).toBe(true)
    await store.release()
  })

  it('tells of what it cannot merge, and leaves another pair alone', async () => {
    await fs.writeFile(credentials, `${section('a', 1)}region = x\n${section('b', 2)}`)
    const late = await fs.open(credentials, 'r+')
    const store = open()
    await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }])
    await fs.writeFile(credentials, `${section('a', 11)}region = y\n${section('b', 2)}`)
    await late.truncate(0)
    await late.write(`${section('a', 1)}region = z\n${section('b', 2)}`, 0)
    await late.close()
    const found = await store.reconcile()
    expect(found.settled).toBe(false)
    expect(found.notes.join()).toContain('[a]')
    expect(await text(credentials)).toBe(`${section('a', 11)}region = y\n${section('b', 2)}`)

    await fs.writeFile(credentials, section('a', 7) + section('b', 2))
    const again = await store.reconcile()
    expect(again.settled).toBe(false)
    expect(again.notes.join()).toContain(pair(7).id)
    expect(await text(credentials)).toBe(section('a', 7) + section('b', 2))
    await store.release()
    expect(await store.reconcile()).toEqual({ settled: true, notes: [] })
  })
})

it('tells two that look at once what is to be told once, once, and both what still stands in the way', async () => {
  await fs.writeFile(credentials, section('a', 1) + section('b', 2))
  const late = await fs.open(credentials, 'r+')
  const store = open()
  await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }])
  await late.truncate(0)
  await late.write(`${section('a', 1)}region = x\n${section('b', 2)}`, 0)
  await late.close()
  const merged = await Promise.all([store.reconcile(), store.reconcile()])
  expect(merged).toEqual([
    { settled: true, notes: [expect.stringContaining('merged')] },
    { settled: true, notes: [] },
  ])
  await fs.writeFile(credentials, `${section('a', 7)}region = x\n${section('b', 2)}`)
  const [one, two] = await Promise.all([store.reconcile(), store.reconcile()])
  expect(one).toMatchObject({ settled: false, notes: [expect.stringContaining(pair(7).id)] })
  expect(two).toEqual(one)
  await store.release()
})

describe('two stores over the same files', () => {
  it('one after the other, or the second says who is at work', async () => {
    await fs.writeFile(credentials, section('a', 1) + section('b', 2))
    const [one, two] = [open(), open()]
    await Promise.all([
      one.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(11) }]),
      two.swap([{ file: 'credentials', profile: 'b', from: pair(2), to: pair(12) }]),
    ])
    expect(await text(credentials)).toBe(section('a', 11) + section('b', 12))
    const race = await Promise.all(
      [one, two].map((store, n) =>
        trouble(store.swap([{ file: 'credentials', profile: 'a', from: pair(11), to: pair(20 + n) }])),
      ),
    )
    expect(race.map((each) => each?.name ?? 'done').sort()).toEqual(['done', 'file-moved'])
    await one.release()
    await two.release()
  })
})

describe('watch', () => {
  it('tells of a change in place, a replacement, a file that goes and one that appears', async () => {
    await fs.writeFile(credentials, section('a', 1))
    const store = open()
    let changes = 0
    let wake = () => undefined as void
    const stop = store.watch(() => {
      changes++
      wake()
    })
    const told = async (act: () => Promise<unknown>) => {
      const before = changes
      const heard = new Promise<void>((resolve) => {
        wake = () => (changes > before ? resolve() : undefined)
      })
      await act()
      await heard
      expect(changes).toBeGreaterThan(before)
    }
    await told(() => fs.appendFile(credentials, '# more\n'))
    await told(async () => {
      await fs.writeFile(path.join(dir, 'new'), section('a', 2))
      await fs.rename(path.join(dir, 'new'), credentials)
    })
    await told(() => fs.appendFile(credentials, '# after a replacement\n'))
    await told(() => fs.rm(credentials))
    await told(() => fs.writeFile(credentials, section('a', 3)))
    await told(() => fs.writeFile(config, '[default]\n'))
    stop()
  })
})
