import type { Tidying } from '../../api/inventory.ts'
import { Failure } from '../../platform/failure.ts'
import { classify } from '../classify.ts'
import { IniDocument } from '../ini/document.ts'
import { writeFailure } from './fileTrouble.ts'
import { samePair } from '../keyPair.ts'
import type { Reading } from '../agreement/reading.ts'
import { splice } from '../ini/splice.ts'
import type { Edit } from '../ini/splice.ts'
import { hashOf, MovedMeanwhile } from './storedFile.ts'
import type { StoredFile, View } from './storedFile.ts'
import { linesOf, tidy } from '../ini/tidy.ts'
import type { Tidied } from '../ini/tidy.ts'

/** An edit that was made. Holds no value: blanks, quotes and colons alone. */
interface Done {
  /** Of the file after it. */
  readonly hash: string
  readonly inverse: readonly Edit[]
}

/** How the store lets a change of the file be made: one at a time, with the file's lock, and looked back at. */
export type Guard = <T>(use: () => Promise<T>) => Promise<T>

/** Tidies one file, and takes that back as long as the file is as it left it. */
export class FileTidier {
  readonly #file: StoredFile
  readonly #guard: Guard
  /** In memory alone: what is undone is blanks, and the file itself is as good with it. */
  #done: Done | undefined

  constructor(file: StoredFile, guard: Guard) {
    this.#file = file
    this.#guard = guard
  }

  /** What tidying would do, and the hash to confirm. @throws Failure */
  async look(): Promise<Tidying> {
    return (await this.#look()).tidying
  }

  /** Does what was shown, if the file is still of this hash. @throws Failure */
  tidy(hash: string): Promise<Tidying> {
    return this.#guard(async () => {
      const view = await this.#file.view()
      if (view.reading && hashOf(view.reading.document.bytes) !== hash)
        throw new Failure(moved(this.#file.path))
      const { tidying, tidied } = await this.#look(view)
      await put(this.#file, view, tidied.bytes)
      this.#done = { hash: hashOf(tidied.bytes), inverse: tidied.inverse }
      return { ...tidying, hash: this.#done.hash, applied: true }
    })
  }

  /** Takes the last edit back. @throws Failure */
  undo(): Promise<Tidying> {
    return this.#guard(async () => {
      const { which, path } = this.#file
      const view = await this.#file.view()
      const { document } = readable(view, path)
      if (!this.#done) throw new Failure(nothingDone(path))
      if (!this.canUndo(document)) throw new Failure(moved(path))
      const bytes = splice(document.bytes, this.#done.inverse)
      await put(this.#file, view, bytes)
      this.#done = undefined
      return {
        which,
        path,
        hash: hashOf(bytes),
        lines: linesOf(document, IniDocument.parse(bytes)),
        applied: true,
      }
    })
  }

  /** Whether the file is as the last edit left it. */
  canUndo({ bytes }: IniDocument): boolean {
    return this.#done !== undefined && hashOf(bytes) === this.#done.hash
  }

  async #look(seen?: View): Promise<{ readonly tidying: Tidying; readonly tidied: Tidied }> {
    const { which, path } = this.#file
    const reading = readable(seen ?? (await this.#file.view()), path)
    const tidied = tidy(reading.document, which)
    if (!tidied || !(await keepsPairs(this.#file, reading, tidied.bytes))) throw new Failure(nothing(path))
    const hash = hashOf(reading.document.bytes)
    return { tidied, tidying: { which, path, hash, lines: [...tidied.lines], applied: false } }
  }
}

async function put(file: StoredFile, view: View, bytes: Buffer): Promise<void> {
  try {
    await file.replace(view, bytes)
  } catch (error) {
    throw error instanceof MovedMeanwhile ? new Failure(moved(file.path)) : writeFailure(file.path, error)
  }
}

/** The other readers, too: each pair that could be rotated is the same, and can be rotated, after. */
async function keepsPairs(file: StoredFile, before: Reading, bytes: Buffer): Promise<boolean> {
  const paths = { credentials: file.path, config: file.path }
  const pairs = (reading: Reading) => classify({ [file.which]: reading }, paths)
  const after = new Map(pairs(await file.parse(bytes)).map((each) => [each.name, each]))
  return pairs(before).every(({ name, pair, rotatable }) => {
    const then = after.get(name)
    return !rotatable || (then?.rotatable === true && !!pair && !!then.pair && samePair(pair, then.pair))
  })
}

function readable({ loaded, reading }: View, path: string): Reading {
  if (reading) return reading
  throw new Failure(loaded.state === 'unreadable' ? loaded.trouble : nothing(path))
}

const nothing = (path: string) => ({
  name: 'nothing-to-tidy',
  title: 'Nothing to tidy',
  detail: `${path} has no line that could be mended without a change of what it means.`,
})

const nothingDone = (path: string) => ({
  name: 'nothing-to-undo',
  title: 'Nothing to take back',
  detail: `Since Keyturn was started no lines of ${path} were tidied, or that was taken back.`,
})

const moved = (path: string) => ({
  name: 'file-moved',
  title: 'The file was changed meanwhile',
  detail: `${path} is not what was shown any more. Nothing was written.`,
  remedy: 'Look at it again.',
})
