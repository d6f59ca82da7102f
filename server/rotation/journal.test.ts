import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import fs, { type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Entry } from './entries.ts'
import { Journal, readRun, readRuns, type RunHeader } from './journal.ts'
import { JournalFailure } from './machine.ts'
import { target } from './testing/target.ts'

let root: string
let directory: string
const header: RunHeader = {
  version: 1,
  run: '20260301T120000000Z-abcdef',
  kind: 'rotate',
  at: '2026-03-01T12:00:00.000Z',
  oldKey: 'deactivate',
  rotations: [
    {
      spec: { id: 'r.1', kind: 'rotate', from: 'AKIAOLD0000000000000', profiles: [], retire: 'deactivate' },
      target,
    },
  ],
}
const entry: Entry = { at: '2026-03-01T12:00:01.000Z', phase: 'started', step: 'check' }
const path = () => join(directory, `${header.run}.jsonl`)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'keyturn-journal-'))
  directory = join(root, 'runs')
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(root, { recursive: true, force: true })
})

async function handles(): Promise<FileHandle> {
  const probe = await fs.open(join(root, 'probe'), 'w')
  await probe.close()
  return Object.getPrototypeOf(probe) as FileHandle
}

describe('a journal', () => {
  it('is private, and reads back what was appended, at once and in any number', async () => {
    const journal = await Journal.create(directory, header)
    await Promise.all(Array.from({ length: 50 }, () => journal.append('r.1', entry)))
    await journal.close()
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const run = await readRun(path())
    expect(run.header).toEqual(header)
    expect(run.entries.get('r.1')).toEqual(Array.from({ length: 50 }, () => entry))
    expect(run.soundBytes).toBe(statSync(path()).size)
  })

  it('shares one fsync among the appends that wait for it', async () => {
    const journal = await Journal.create(directory, header)
    const sync = vi.spyOn(await handles(), 'sync')
    await Promise.all(Array.from({ length: 50 }, () => journal.append('r.1', entry)))
    expect(sync.mock.calls.length).toBeLessThanOrEqual(2)
    await journal.close()
  })

  it('cuts a torn last line off when the run goes on', async () => {
    const journal = await Journal.create(directory, header)
    await journal.append('r.1', entry)
    await journal.close()
    const whole = readFileSync(path())
    appendFileSync(path(), '{"rotation":"r.1","entry":{"at":"2026')
    const recorded = await readRun(path())
    expect(recorded.entries.get('r.1')).toEqual([entry])
    const again = await Journal.reopen(directory, recorded)
    expect(readFileSync(path())).toEqual(whole)
    await again.append('r.1', entry)
    await again.close()
    expect((await readRun(path())).entries.get('r.1')).toEqual([entry, entry])
  })

  it('does nothing more after an append failed', async () => {
    const journal = await Journal.create(directory, header)
    const write = vi
      .spyOn(await handles(), 'write')
      .mockRejectedValueOnce(Object.assign(new Error('no space'), { code: 'ENOSPC' }))
    const first = journal.append('r.1', entry)
    const second = journal.append('r.1', entry)
    await expect(first).rejects.toBeInstanceOf(JournalFailure)
    await expect(second).rejects.toBeInstanceOf(JournalFailure)
    await expect(journal.append('r.1', entry)).rejects.toThrow('no space')
    expect(write).toHaveBeenCalledTimes(1)
    await journal.close()
  })

  it('writes on after a short write, and gives up where nothing is written', async () => {
    const journal = await Journal.create(directory, header)
    const prototype = await handles()
    const original = prototype.write
    const write = vi.spyOn(prototype, 'write')
    write.mockImplementationOnce(function (this: FileHandle, ...args: unknown[]) {
      args[2] = 5
      return Reflect.apply(original, this, args) as never
    })
    await journal.append('r.1', entry)
    expect((await readRun(path())).entries.get('r.1')).toEqual([entry])
    write.mockResolvedValueOnce({ bytesWritten: 0, buffer: Buffer.alloc(0) } as never)
    await expect(journal.append('r.1', entry)).rejects.toThrow('nothing was written')
    await journal.close()
  })

  it('refuses an append after it was closed', async () => {
    const journal = await Journal.create(directory, header)
    await journal.close()
    await expect(journal.append('r.1', entry)).rejects.toBeInstanceOf(JournalFailure)
  })

  it('cannot be created twice, nor where its directory is a file', async () => {
    await (await Journal.create(directory, header)).close()
    await expect(Journal.create(directory, header)).rejects.toBeInstanceOf(JournalFailure)
    writeFileSync(join(root, 'file'), '')
    await expect(Journal.create(join(root, 'file'), header)).rejects.toThrow('could not be written')
  })

  it('cannot be reopened where it is gone', async () => {
    const journal = await Journal.create(directory, header)
    await journal.close()
    const recorded = await readRun(path())
    rmSync(path())
    await expect(Journal.reopen(directory, recorded)).rejects.toBeInstanceOf(JournalFailure)
  })

  it('is not created where the directory’s entry cannot be made durable', async () => {
    const prototype = await handles()
    const original = prototype.sync
    let syncs = 0
    vi.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
      syncs += 1
      return syncs === 2 ? Promise.reject(new Error('EIO')) : Reflect.apply(original, this, [])
    })
    await expect(Journal.create(directory, header)).rejects.toThrow('EIO')
  })
})

describe('reading journals', () => {
  it('finds none where there is no directory, and says what it cannot read', async () => {
    expect(await readRuns(directory)).toEqual({ runs: [], damaged: [] })
    writeFileSync(join(root, 'file'), '')
    await expect(readRuns(join(root, 'file'))).rejects.toThrow('ENOTDIR')
  })

  it('passes over a run that never began, and names those that are damaged', async () => {
    await (await Journal.create(directory, header)).close()
    const text = readFileSync(path(), 'utf8')
    writeFileSync(join(directory, '1-torn.jsonl'), text.slice(0, 40))
    writeFileSync(
      join(directory, '2-middle.jsonl'),
      `${text}not json\n${JSON.stringify({ rotation: 'r.1', entry })}\n`,
    )
    writeFileSync(join(directory, '3-version.jsonl'), `${JSON.stringify({ ...header, version: 2 })}\n`)
    writeFileSync(
      join(directory, '4-stranger.jsonl'),
      `${text}${JSON.stringify({ rotation: 'r.9', entry })}\n`,
    )
    writeFileSync(join(directory, '5-header.jsonl'), 'x\n')
    writeFileSync(join(directory, '6-hollow.jsonl'), `${text}${JSON.stringify({ rotation: 'r.1' })}\n`)
    writeFileSync(join(directory, '7-null.jsonl'), `${text}null\n`)
    writeFileSync(join(directory, '8-renamed.jsonl'), text)
    mkdirSync(join(directory, '9-directory.jsonl'))
    writeFileSync(join(directory, 'notes.txt'), 'not ours')
    const { runs, damaged } = await readRuns(directory)
    expect(runs.map((run) => run.header.run)).toEqual([header.run])
    expect(damaged.map(({ path: each, why }) => [each.split('/').at(-1), why])).toEqual([
      ['2-middle.jsonl', 'line 2 is damaged'],
      ['3-version.jsonl', 'its header is of no version that this Keyturn knows'],
      ['4-stranger.jsonl', 'line 2 names a rotation that the header does not'],
      ['5-header.jsonl', expect.stringContaining('JSON')],
      ['6-hollow.jsonl', 'line 2 holds no entry'],
      ['7-null.jsonl', 'line 2 names a rotation that the header does not'],
      ['8-renamed.jsonl', 'its header is of another run'],
      ['9-directory.jsonl', expect.stringContaining('directory')],
    ])
  })

  const trouble = { name: 'x', title: 'X', detail: 'It happened.' }
  it.each([
    { phase: 'started', step: 'create' },
    { phase: 'done', step: 'create', facts: { newKey: 'AKIANEW0000000000000' } },
    { phase: 'noted', step: 'create', facts: {} },
    { phase: 'undoing', step: 'create' },
    { phase: 'undone', step: 'create' },
    { phase: 'failed', step: 'create', trouble },
    { phase: 'undoFailed', step: 'create', trouble },
    { phase: 'settled', step: 'create', found: 'in' },
    { phase: 'settled', step: 'create', found: 'unclear', trouble },
    { phase: 'resumed' },
    { phase: 'retried' },
    { phase: 'stopping' },
    { phase: 'superseding', by: 'r' },
    { phase: 'waiting', trouble },
    { phase: 'halted', trouble },
    { phase: 'alarm', trouble },
    { phase: 'finished', outcome: 'done' },
  ])('knows the entry %j, and none that lacks a part of it', async (part) => {
    const readsAs = async (each: object) => {
      const journal = await Journal.create(directory, header)
      await journal.close()
      appendFileSync(path(), `${JSON.stringify({ rotation: 'r.1', entry: each })}\n`)
      const read = await readRun(path()).then(
        ({ entries }) => entries.get('r.1'),
        (error: unknown) => (error as Error).message,
      )
      rmSync(path())
      return read
    }
    const { at } = entry
    expect(await readsAs({ at, ...part })).toEqual([{ at, ...part }])
    const why = 'line 2 is of no kind that this Keyturn knows'
    expect(await readsAs(part)).toBe(why)
    expect(await readsAs({ at, ...part, phase: 'dreamt' })).toBe(why)
    expect(await readsAs({ at, ...part, facts: [] })).toBe(why)
    expect(await readsAs({ at, ...part, facts: null })).toBe(why)
    expect(await readsAs({ at, ...part, trouble: { name: 'without words' } })).toBe(why)
    for (const missing of Object.keys(part).filter((name) => name !== 'phase' && name !== 'facts'))
      expect([missing, await readsAs({ at, ...part, [missing]: undefined })]).toEqual([missing, why])
  })

  it('reads an empty file as a run that never began', async () => {
    await (await Journal.create(directory, header)).close()
    writeFileSync(join(directory, '0-empty.jsonl'), '')
    chmodSync(join(directory, '0-empty.jsonl'), 0o600)
    expect((await readRuns(directory)).damaged).toEqual([])
  })
})
