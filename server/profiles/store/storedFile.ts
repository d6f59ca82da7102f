import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Which } from '../../api/inventory.ts'
import { createFile, replaceFile } from '../../platform/atomicFile.ts'
import type { Clock } from '../../platform/clock.ts'
import { foreignForm } from '../agreement/foreignForms.ts'
import { onceLetGo } from '../../platform/letGo.ts'
import { ownFiles } from '../../platform/ownFiles.ts'
import { codeOf } from './fileTrouble.ts'
import { loadFile, readFromStart, versionOf } from './load.ts'
import type { Loaded } from './load.ts'
import type { FileLocation } from '../locations.ts'
import { readWithAll } from '../agreement/reading.ts'
import type { Reading, SharedConfigReader } from '../agreement/reading.ts'
import { placeToBe, writableTarget } from './target.ts'
import { trySplice } from '../agreement/trial.ts'

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
  /** Someone wrote to it what is not merged yet. */
  pending?: boolean
  /** Of the inode when it was last looked at. */
  version: string
}

/** So that a long run does not use up the process's open files; a writer that old has ended. */
const mostHeld = 32
const mostHeldBytes = 64 * 1024 * 1024

/** One of the two files: read with all readers, replaced by compare-and-swap, its replaced inodes kept. */
export class StoredFile {
  readonly which: Which
  readonly path: string
  /** What named it, as `FileLocation` says. */
  readonly from: string
  readonly replaced: Replaced[] = []
  /** Settings of other programs that were merged into the file, by section and key, since the inodes were let go. */
  readonly brought = new Map<string, string>()
  readonly #clock: Clock
  readonly #reader: SharedConfigReader
  #ours: string | undefined
  #expected = false
  #cache: Reading | undefined
  #tried: Reading | undefined

  constructor(which: Which, { path, from }: FileLocation, reader: SharedConfigReader, clock: Clock) {
    this.which = which
    this.path = path
    this.from = from
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
    const foreign = foreignForm(loaded.bytes, this.path)
    if (foreign) return { loaded: { state: 'unreadable', trouble: foreign } }
    const reading = await this.parse(loaded.bytes)
    if (reading.profiles.size > 0) this.#expected = true
    return { loaded, reading }
  }

  /**
   * The view with the pairs that could not be saved; the last answer is kept. Only for a look: a save compares for
   * itself, and the shorter its time between reading and renaming, the less another program that keeps writing can
   * hold it up.
   */
  async tried(view: View): Promise<View> {
    const { loaded, reading } = view
    if (!reading) return view
    if (!this.#tried?.document.bytes.equals(reading.document.bytes)) {
      const refused = await trySplice(reading, this.path, (trial) =>
        readWithAll(trial, this.which, this.#reader),
      )
      this.#tried = refused.size === 0 ? reading : { ...reading, refused }
    }
    return { loaded, reading: this.#tried }
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
    const handle = await ownFiles.open(target.real, 'r')
    let placed = false
    // Windows renames onto no file that is open, not even in this process; nor can another program write to a
    // replaced file there, since the rename waits until it has let go.
    const keepsOpen = process.platform !== 'win32'
    try {
      const stat = await handle.stat({ bigint: true })
      if (!keepsOpen) await handle.close()
      const stillSame = async () => {
        const now = await fs.stat(this.path, { bigint: true })
        const content = keepsOpen
          ? await readFromStart(handle, Number(now.size))
          : await onceLetGo(() => fs.readFile(target.real))
        // Windows may tell the volume's number of an open file in another form than that of a name.
        const elsewhere = keepsOpen && now.dev !== stat.dev
        if (now.ino !== stat.ino || elsewhere || !content.equals(loaded.bytes))
          throw new MovedMeanwhile('changed')
      }
      await replaceFile(target.real, bytes, stat, stillSame, (made) => {
        this.#ours = versionOf(made)
        if (!keepsOpen) return
        placed = true
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
  }

  /**
   * Makes the file where there is none.
   * @throws MovedMeanwhile where there is one by now; the file system's error; NotDurableError
   */
  async create(bytes: Buffer): Promise<void> {
    await createFile(await placeToBe(this.path), bytes, (made) => {
      this.#ours = versionOf(made)
    }).catch((error: unknown) => {
      throw codeOf(error) === 'EEXIST' ? new MovedMeanwhile('there by now') : error
    })
  }

  /** To be called when all of them have been looked at: one let go unseen would take another program's write along. */
  async letOldestGo(): Promise<void> {
    let held = this.replaced.reduce((sum, { content }) => sum + content.length, 0)
    // The one just replaced is always kept, and so are those with something to tell.
    for (const each of this.replaced.slice(0, -1)) {
      if (this.replaced.length <= mostHeld && held <= mostHeldBytes) return
      if (each.pending) continue
      this.replaced.splice(this.replaced.indexOf(each), 1)
      held -= each.content.length
      await each.handle.close().catch(() => undefined)
    }
  }

  /**
   * Where the system opens no further file: all but the one just replaced, and those that somebody has written to since the
   * last look.
   */
  async letUnchangedGo(): Promise<void> {
    for (const each of this.replaced.slice(0, -1)) {
      if (each.pending) continue
      const version = versionOf(await each.handle.stat({ bigint: true }))
      if (version !== each.version) continue
      this.replaced.splice(this.replaced.indexOf(each), 1)
      await each.handle.close().catch(() => undefined)
    }
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
