import fs, { type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OldKeyMode } from '../api/plan.ts'
import type { RunKind } from '../api/run.ts'
import type { Target } from '../keys/iam.ts'
import type { Entry, Spec } from './entries.ts'
import { makeDirectory, syncDirectory } from '../platform/atomicFile.ts'
import { JournalFailure } from './machine.ts'

/** The first line of a run's file: what it is about. */
export interface RunHeader {
  readonly version: 1
  readonly run: string
  readonly kind: RunKind
  readonly at: string
  readonly oldKey: OldKeyMode
  /** The run whose rotations this one undoes. */
  readonly undoes?: string
  readonly rotations: readonly { readonly spec: Spec; readonly target: Target }[]
}

interface Line {
  readonly rotation: string
  readonly entry: Entry
}

/** A run as its file tells it. */
export interface RecordedRun {
  readonly header: RunHeader
  readonly entries: ReadonlyMap<string, readonly Entry[]>
  /** Bytes up to the end of the last whole line: what comes after is a torn append of a crash. */
  readonly soundBytes: number
}

/**
 * One run's journal: append-only JSON lines, 0600, no secrets. An append resolves when its bytes are on the disk;
 * appends that wait for the same fsync share it.
 */
export class Journal {
  readonly path: string
  #file: FileHandle | undefined
  #size: number
  #waiting: { text: string; resolve: () => void; reject: (error: unknown) => void }[] = []
  #writing = false
  #broken: JournalFailure | undefined

  private constructor(path: string, size: number) {
    this.path = path
    this.#size = size
  }

  /** Creates the run's file; durable, its directory entry included, when it resolves. */
  static async create(directory: string, header: RunHeader): Promise<Journal> {
    const journal = new Journal(join(directory, `${header.run}.jsonl`), 0)
    try {
      await makeDirectory(directory)
      journal.#file = await fs.open(journal.path, 'ax', 0o600)
      await journal.#append(`${JSON.stringify(header)}\n`)
      await syncDirectory(dirname(journal.path))
    } catch (error) {
      await journal.close().catch(() => undefined)
      throw error instanceof JournalFailure ? error : journalFailure(error)
    }
    return journal
  }

  /** Opens the file of a run that goes on; a torn last line is cut off first. */
  static async reopen(directory: string, recorded: RecordedRun): Promise<Journal> {
    const journal = new Journal(join(directory, `${recorded.header.run}.jsonl`), recorded.soundBytes)
    try {
      journal.#file = await fs.open(journal.path, 'r+')
      await journal.#file.truncate(recorded.soundBytes)
    } catch (error) {
      await journal.close().catch(() => undefined)
      throw journalFailure(error)
    }
    return journal
  }

  append(rotation: string, entry: Entry): Promise<void> {
    const line: Line = { rotation, entry }
    return this.#append(`${JSON.stringify(line)}\n`)
  }

  /** Open, and every append so far is on the disk: else only one that is read afresh may go on. */
  get sound(): boolean {
    return this.#file !== undefined && this.#broken === undefined
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #append(text: string): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject })
      if (!this.#writing) void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#write(Buffer.from(batch.map((each) => each.text).join('')))
        for (const each of batch) each.resolve()
      } catch (error) {
        // Once an append failed, what stands at the end of the file is not known: only a fresh read may go on.
        this.#broken = journalFailure(error)
        for (const each of [...batch, ...this.#waiting]) each.reject(this.#broken)
        this.#waiting = []
      }
    }
    this.#writing = false
  }

  async #write(bytes: Buffer): Promise<void> {
    const file = this.#file
    if (!file) throw new Error('the journal is closed')
    let written = 0
    while (written < bytes.length) {
      const { bytesWritten } = await file.write(bytes, written, bytes.length - written, this.#size + written)
      if (bytesWritten === 0) throw new Error('nothing was written')
      written += bytesWritten
    }
    await file.sync()
    this.#size += bytes.length
  }
}

/** Reads one run's file. @throws Error where its header is not whole or a line in the middle is not readable */
export async function readRun(path: string): Promise<RecordedRun> {
  const bytes = await fs.readFile(path)
  const end = bytes.lastIndexOf(0x0a) + 1
  const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
  const [first, ...rest] = lines
  if (first === undefined) throw new Error('it has no header')
  const header = JSON.parse(first) as RunHeader
  if (header.version !== 1 || !Array.isArray(header.rotations))
    throw new Error('its header is of no version that this Keyturn knows')
  const entries = new Map<string, Entry[]>(header.rotations.map((each) => [each.spec.id, []]))
  for (const [index, text] of rest.entries()) {
    let line: Line
    try {
      line = JSON.parse(text) as Line
    } catch (error) {
      throw new Error(`line ${index + 2} is damaged`, { cause: error })
    }
    const list = entries.get(line.rotation)
    if (!list) throw new Error(`line ${index + 2} names a rotation that the header does not`)
    // Whoever folds the entries counts on their phase: without one the start would fail, and with it every other run.
    if (typeof line.entry?.phase !== 'string') throw new Error(`line ${index + 2} holds no entry`)
    list.push(line.entry)
  }
  return { header, entries, soundBytes: end }
}

export interface ReadRuns {
  readonly runs: readonly RecordedRun[]
  /** Files that could not be read, with why; they are left alone and shown. */
  readonly damaged: readonly { readonly path: string; readonly why: string }[]
}

/** All runs, oldest first. A file without one whole line is a run that never began: nothing was done for it. */
export async function readRuns(directory: string): Promise<ReadRuns> {
  const names = (await fs.readdir(directory).catch(missingIsEmpty))
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
  const runs: RecordedRun[] = []
  const damaged: { path: string; why: string }[] = []
  for (let from = 0; from < names.length; from += readAtOnce) {
    const paths = names.slice(from, from + readAtOnce).map((name) => join(directory, name))
    for (const read of await Promise.all(paths.map(readOrWhy))) {
      if (!read) continue
      if ('why' in read) damaged.push(read)
      else runs.push(read)
    }
  }
  return { runs, damaged }
}

/** Journals that are read side by side: enough to keep the disk busy, and far below any limit of open files. */
const readAtOnce = 64

async function readOrWhy(path: string): Promise<RecordedRun | { path: string; why: string } | undefined> {
  try {
    return await readRun(path)
  } catch (error) {
    return (await neverBegan(path)) ? undefined : { path, why: (error as Error).message }
  }
}

async function neverBegan(path: string): Promise<boolean> {
  return !(await fs.readFile(path)).includes(0x0a)
}

function missingIsEmpty(error: unknown): string[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
  throw error
}

function journalFailure(error: unknown): JournalFailure {
  return new JournalFailure(
    `The journal could not be written (${(error as Error).message}). Nothing more is done until it can.`,
    { cause: error },
  )
}
