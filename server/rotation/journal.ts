import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { OldKeyMode } from '../api/plan.ts'
import type { Trouble } from '../api/problem.ts'
import { Beginner, RunKind, StepName } from '../api/run.ts'
import { oneOf } from '../api/words.ts'
import type { Target } from '../keys/iam.ts'
import type { Entry, Spec } from './entries.ts'
import { makeDirectory, syncDirectory } from '../platform/atomicFile.ts'
import { ownFiles, whyNot } from '../platform/ownFiles.ts'
import type { Asked } from './ledger.ts'
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
  /** Who began it; none: the page, or a Keyturn that did not note it. */
  readonly by?: Beginner
  /** All keys that it was asked for; none: a Keyturn that did not note it, or no rotation. */
  readonly asked?: readonly Asked[]
  /** It was begun because keys had leaked. */
  readonly leak?: boolean
  readonly rotations: readonly { readonly spec: Spec; readonly target: Target }[]
}

interface Line {
  readonly rotation: string
  readonly entry: Entry
}

/** Where the journal of a run is. */
export const journalPath = (directory: string, run: string): string => join(directory, `${run}.jsonl`)

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
    const journal = new Journal(journalPath(directory, header.run), 0)
    try {
      await makeDirectory(directory)
      journal.#file = await ownFiles.open(journal.path, 'ax', 0o600)
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
    const journal = new Journal(journalPath(directory, recorded.header.run), recorded.soundBytes)
    try {
      journal.#file = await ownFiles.open(journal.path, 'r+')
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

/** A journal that cannot be taken for one. The message is a clause, such as 'line 3 is damaged'. */
class Damaged extends Error {}

const name = Type.String({ minLength: 1 })
const profiles = Type.Array(Type.Object({ name: Type.String(), file: oneOf(['credentials', 'config']) }))
/** What everything that reads a header counts on; what else stands there is told by its types. */
const Header = Type.Object({
  version: Type.Literal(1),
  run: name,
  kind: RunKind,
  at: name,
  oldKey: OldKeyMode,
  by: Type.Optional(Beginner),
  asked: Type.Optional(
    Type.Array(
      Type.Object({
        key: name,
        profiles: Type.Array(Type.String()),
        reason: Type.Optional(Type.Object({ name, title: Type.String() })),
      }),
    ),
  ),
  leak: Type.Optional(Type.Boolean()),
  rotations: Type.Array(
    Type.Object({
      spec: Type.Object({
        id: name,
        kind: RunKind,
        from: name,
        to: Type.Optional(name),
        profiles,
        merge: Type.Optional(Type.Object({ key: name, profiles })),
        retire: OldKeyMode,
        keepDays: Type.Optional(Type.Number()),
        anew: Type.Optional(Type.Object({ regions: Type.Record(Type.String(), Type.String()) })),
        hooks: Type.Optional(Type.Array(name)),
      }),
      target: Type.Object({}),
    }),
  ),
})

function headerOf(text: string): RunHeader {
  const header = jsonOf(text, 'its header is not JSON')
  if (typeof header !== 'object' || header === null || Reflect.get(header, 'version') !== 1)
    throw new Damaged('its header is of no version that this Keyturn knows')
  if (!Value.Check(Header, header) || !Number.isFinite(Date.parse(header.at)))
    throw new Damaged('its header is of no kind that this Keyturn knows')
  return header as unknown as RunHeader
}

function jsonOf(text: string, why: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Damaged(why, { cause: error })
  }
}

const steps = new Set<unknown>(StepName.enum)
const outcomes = new Set<unknown>(['done', 'rolledBack', 'stopped', 'superseded'])
const found = new Set<unknown>(['in', 'out', 'unclear'])
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** By hand, since a long history has some hundred thousand of them, and each start reads all. */
function isEntry(entry: object): boolean {
  const { at, phase, step, facts, trouble, by, outcome, ...rest } = entry as Record<string, unknown>
  if (typeof at !== 'string' || !(facts === undefined || isObject(facts))) return false
  const hasWords = isObject(trouble) && typeof Reflect.get(trouble as object, 'detail') === 'string'
  if (trouble !== undefined && !hasWords) return false
  switch (phase) {
    case 'started':
    case 'done':
    case 'noted':
    case 'undoing':
    case 'undone':
      return steps.has(step)
    case 'failed':
    case 'undoFailed':
      return steps.has(step) && hasWords
    case 'settled':
      return steps.has(step) && found.has(rest['found']) && (rest['found'] !== 'unclear' || hasWords)
    case 'resumed':
    case 'retried':
    case 'stopping':
    case 'closing':
      return true
    case 'superseding':
      return typeof by === 'string'
    case 'waiting':
    case 'halted':
    case 'alarm':
      return hasWords
    case 'finished':
      return outcomes.has(outcome)
    default:
      return false
  }
}

/** Not one line of it is whole: the run never began, and nothing was done for it. */
class NeverBegan extends Damaged {}

/** Reads one run's file. @throws Error whose message, or `whyNot` of it, says why it cannot be taken for one */
export async function readRun(path: string): Promise<RecordedRun> {
  const bytes = await ownFiles.read(path, mostBytes)
  const end = (bytes?.lastIndexOf(0x0a) ?? -1) + 1
  const lines = bytes?.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
  const [first, ...rest] = lines ?? []
  if (first === undefined) throw new NeverBegan('it has no header')
  const header = headerOf(first)
  const entries = new Map<string, Entry[]>(header.rotations.map((each) => [each.spec.id, []]))
  for (const [index, text] of rest.entries()) {
    const where = `line ${index + 2}`
    const line = jsonOf(text, `${where} is damaged`) as Line | null
    const list = entries.get(line?.rotation ?? '')
    if (!line || !list) throw new Damaged(`${where} names a rotation that the header does not`)
    // Whoever folds the entries counts on their phase: without one the start would fail, and with it every other run.
    if (typeof line.entry?.phase !== 'string') throw new Damaged(`${where} holds no entry`)
    if (!isEntry(line.entry)) throw new Damaged(`${where} is of no kind that this Keyturn knows`)
    list.push(line.entry)
  }
  // Its path is made of that name again when the run goes on.
  if (`${header.run}.jsonl` !== basename(path)) throw new Damaged('its header is of another run')
  return { header, entries, soundBytes: end }
}

export interface ReadRuns {
  readonly runs: readonly RecordedRun[]
  /** Files that could not be read, with why; they are left alone and shown. */
  readonly damaged: readonly { readonly path: string; readonly why: string }[]
}

/** What a journal that was set aside means to the person. */
export function damagedJournal({ path, why }: ReadRuns['damaged'][number]): Trouble {
  return {
    name: 'journal-damaged',
    title: 'A journal cannot be read',
    detail: `${path}: ${why}. What its run did is not shown.`,
    remedy: 'Check the keys; if an unknown key shows up, look at it in the AWS console.',
  }
}

/**
 * All runs, oldest first. A file without one whole line is a run that never began: nothing was done for it. Whatever
 * stands in the place of a journal, it costs no other run.
 * @throws the file system's error where the directory is there and cannot be read
 */
export async function readRuns(directory: string): Promise<ReadRuns> {
  const runs: RecordedRun[] = []
  const damaged: { path: string; why: string }[] = []
  const names = (await ownFiles.list(directory)).filter((each) => each.endsWith('.jsonl')).sort()
  for (let from = 0; from < names.length; from += readAtOnce) {
    const paths = names.slice(from, from + readAtOnce).map((each) => join(directory, each))
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
/** A run of a thousand keys writes a few of them. */
const mostBytes = 256 * 1024 * 1024

async function readOrWhy(path: string): Promise<RecordedRun | { path: string; why: string } | undefined> {
  try {
    return await readRun(path)
  } catch (error) {
    if (error instanceof NeverBegan) return undefined
    return { path, why: error instanceof Damaged ? error.message : whyNot(error) }
  }
}

function journalFailure(error: unknown): JournalFailure {
  return new JournalFailure(
    `The journal could not be written (${(error as Error).message}). Nothing more is done until it can.`,
    { cause: error },
  )
}
