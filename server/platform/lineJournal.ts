import path from 'node:path'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { makeDirectory, syncDirectory } from './atomicFile.ts'
import type { Clock } from './clock.ts'
import { ownFiles } from './ownFiles.ts'

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

  /** None where there is no such file. @throws what `ownFiles.read` throws: then nobody knows what was begun */
  async lines(): Promise<Static<Schema>[]> {
    return parseLines(this.#schema, (await ownFiles.read(this.#file))?.toString('utf8') ?? '')
  }

  /** Adds a line, with its time. @throws the file system's error: then nothing may be done */
  async append(line: Omit<Static<Schema>, 'at'>): Promise<void> {
    await makeDirectory(path.dirname(this.#file))
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
