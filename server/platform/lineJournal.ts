import path from 'node:path'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { Trouble } from '../api/problem.ts'
import { makeDirectory, syncDirectory } from './atomicFile.ts'
import type { Clock } from './clock.ts'
import { Failure } from './failure.ts'
import { ownFiles, whyNot } from './ownFiles.ts'

/**
 * A small journal of our own: a JSON object a line, 0600, each fsynced before `append` resolves, so that what it says was
 * begun is known after a crash.
 */
export class LineJournal<Schema extends TSchema> {
  readonly #file: string
  readonly #schema: Schema
  readonly #clock: Clock

  /** @param schema of a line, its time included */
  constructor(file: string, schema: Schema, clock: Clock) {
    this.#file = file
    this.#schema = schema
    this.#clock = clock
  }

  /** None where there is no such file. @throws Failure `notes-unreadable`: then nobody knows what was begun */
  async lines(): Promise<Static<Schema>[]> {
    const bytes = await ownFiles.read(this.#file).catch((error: unknown) => {
      throw new Failure(unreadable(this.#file, error), { cause: error })
    })
    return parseLines(this.#schema, bytes?.toString('utf8') ?? '')
  }

  /** Why `lines` has none to give, to be told beside what does not depend on them. */
  async troubles(): Promise<Trouble[]> {
    return this.lines().then(
      () => [],
      (error: Failure) => [error.trouble],
    )
  }

  /** Adds a line, with its time. @throws Failure `notes-unwritable`: then nothing may be done */
  async append(line: Omit<Static<Schema>, 'at'>): Promise<void> {
    await this.#write(line).catch((error: unknown) => {
      throw new Failure(unwritable(this.#file, error), { cause: error })
    })
  }

  async #write(line: Omit<Static<Schema>, 'at'>): Promise<void> {
    await makeDirectory(path.dirname(this.#file))
    // Before it is opened: that of a FIFO waits until somebody reads it.
    await ownFiles.read(this.#file)
    const handle = await ownFiles.open(this.#file, 'a+', 0o600)
    try {
      // A line that a crash cut off must not swallow the next.
      const { size } = await handle.stat()
      const last = Buffer.alloc(1)
      if (size > 0) await handle.read(last, 0, 1, size - 1)
      const torn = size > 0 && last.toString() !== '\n'
      const text = JSON.stringify({ at: new Date(this.#clock.now()).toISOString(), ...line })
      await handle.writeFile(`${torn ? '\n' : ''}${text}\n`)
      await handle.sync()
      if (size === 0) await syncDirectory(path.dirname(this.#file))
    } finally {
      await handle.close()
    }
  }
}

function unreadable(file: string, error: unknown): Trouble {
  return {
    name: 'notes-unreadable',
    title: 'Notes of Keyturn cannot be read',
    detail: `${file}: ${whyNot(error)}. What stands there is not shown, and nothing that depends on it is done.`,
    remedy: 'Put the file back, or remove what stands in its place.',
  }
}

function unwritable(file: string, error: unknown): Trouble {
  return {
    name: 'notes-unwritable',
    title: 'Keyturn cannot write this down',
    detail: `${file}: ${whyNot(error)}. Nothing is done that could not be known after a crash.`,
    remedy: 'Free some space, or make the file writable for you.',
  }
}

/** What is no whole line of that form is passed over: a crash tears the last one. */
export function parseLines<Schema extends TSchema>(schema: Schema, text: string): Static<Schema>[] {
  return text.split('\n').flatMap((each) => {
    try {
      const line: unknown = JSON.parse(each)
      return Value.Check(schema, line) ? [line] : []
    } catch {
      return []
    }
  })
}
