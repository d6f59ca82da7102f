import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Which } from '../api/inventory.ts'
import { replaceFile } from '../platform/atomicFile.ts'
import type { Clock } from '../platform/clock.ts'
import { loadFile, readFromStart, versionOf } from './load.ts'
import type { Loaded } from './load.ts'
import { readWithAll } from './reading.ts'
import type { Reading, SharedConfigReader } from './reading.ts'
import { writableTarget } from './target.ts'

/** The file changed between our reading and our rename: read again and compare again. */
export class MovedMeanwhile extends Error {}

/** A file as it was read; `reading` where there is one. */
export interface View {
  readonly loaded: Loaded
  readonly reading?: Reading
}

/** A replaced inode, kept open: a program that had opened it before the rename writes there, where no name leads. */
export interface Replaced {
  readonly handle: FileHandle
  /** Of the content that is known and dealt with. */
  hash: string
  /** What it held when it was replaced. */
  readonly content: Buffer
  /** Of the inode when it was last looked at. */
  version: string
}

/** So that a long run does not use up the process's open files; a writer that old has ended. */
const mostHeld = 64

/** One of the two files: read with all readers, replaced by compare-and-swap, its replaced inodes kept. */
export class StoredFile {
  readonly which: Which
  readonly path: string
  readonly replaced: Replaced[] = []
  /** Settings of other programs that were merged into the file, by section and key, since the inodes were let go. */
  readonly brought = new Map<string, string>()
  /** Hash of the bytes that we last put under the name. */
  #written: string | undefined
  readonly #clock: Clock
  readonly #reader: SharedConfigReader
  #ours: string | undefined
  #expected = false
  #cache: Reading | undefined

  constructor(which: Which, path: string, reader: SharedConfigReader, clock: Clock) {
    this.which = which
    this.path = path
    this.#reader = reader
    this.#clock = clock
  }

  async view(): Promise<View> {
    const loaded = await loadFile(this.path, {
      clock: this.#clock,
      expected: this.#expected,
      ours: this.#ours,
    })
    if (loaded.state === 'missing' || loaded.state === 'empty') this.#expected = false
    if (!('bytes' in loaded)) return { loaded }
    const reading = await this.parse(loaded.bytes)
    if (reading.profiles.size > 0) this.#expected = true
    return { loaded, reading }
  }

  /** What the readers make of these bytes; the last answer is kept. */
  async parse(bytes: Buffer): Promise<Reading> {
    if (this.#cache?.document.bytes.equals(bytes)) return this.#cache
    return (this.#cache = await readWithAll(bytes, this.which, this.#reader))
  }

  /**
   * Puts new bytes in the place of what `view` saw.
   * @throws MovedMeanwhile where the file is no longer what was seen; the file system's error; NotDurableError
   */
  async replace(view: View, bytes: Buffer): Promise<void> {
    const { loaded } = view
    if (!('bytes' in loaded)) throw new MovedMeanwhile('nothing to replace')
    const target = await writableTarget(this.path)
    const handle = await fs.open(target.real, 'r')
    let placed = false
    try {
      const stat = await handle.stat({ bigint: true })
      const stillSame = async () => {
        const now = await fs.stat(this.path, { bigint: true })
        const content = await readFromStart(handle, Number(now.size))
        if (now.ino !== stat.ino || now.dev !== stat.dev || !content.equals(loaded.bytes))
          throw new MovedMeanwhile('changed')
      }
      await replaceFile(target.real, bytes, stat, stillSame, (made) => {
        placed = true
        this.#ours = versionOf(made)
        this.#written = hashOf(bytes)
        this.replaced.push({
          handle,
          hash: hashOf(loaded.bytes),
          content: loaded.bytes,
          version: versionOf(stat),
        })
      })
    } finally {
      if (!placed) await handle.close().catch(() => undefined)
    }
    while (this.replaced.length > mostHeld)
      await this.replaced
        .shift()
        ?.handle.close()
        .catch(() => undefined)
  }

  /** Whether these are the bytes that we last put under the name. */
  isOurs(bytes: Buffer): boolean {
    return hashOf(bytes) === this.#written
  }

  /** Closes the replaced inodes. */
  async release(): Promise<void> {
    this.brought.clear()
    for (const { handle } of this.replaced.splice(0)) await handle.close().catch(() => undefined)
  }
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
