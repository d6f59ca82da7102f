import { setMaxListeners } from 'node:events'
import type { Trouble } from '../../api/problem.ts'
import type { Beginner, HistoryRow, Run } from '../../api/run.ts'
import type { Target } from '../../keys/iam.ts'
import type { Entry, Spec } from '../entries.ts'
import { Journal, journalPath, readRun, type RecordedRun, type RunHeader } from '../journal.ts'
import { JournalFailure } from '../machine.ts'
import { recordedOf, type Recorded } from '../recorded.ts'

/** A rotation, with the run that it is part of. */
export interface InRun {
  readonly live: LiveRun
  readonly spec: Spec
  readonly target: Target
}

/** One run in memory: what its journal tells, and the one writer of that. */
export class LiveRun {
  readonly header: RunHeader
  readonly #directory: string
  /** Of each rotation, while the run is not over. Then only what was worked out from them stays in memory. */
  readonly #entries = new Map<string, Entry[]>()
  readonly #recorded = new Map<string, Recorded>()
  /** Its lines of the history, once it is over and they have been asked for. */
  history: readonly HistoryRow[] | undefined
  /** Its view once it is over, for what follows from all runs; what the files hold now is of before. */
  over: Run | undefined
  stop = stopSwitch()
  /** Who drives it on now. */
  by: Beginner | undefined
  /** Its rotations that are driven now. */
  readonly underway = new Set<Promise<unknown>>()
  /** Open while one of its rotations is driven; whoever comes meanwhile waits for the same. */
  #journal: Promise<Journal> | undefined
  /** Rotations whose journal could not be written: they stand still until a fresh start. */
  readonly broken = new Map<string, Trouble>()

  constructor(directory: string, { header, entries }: Pick<RecordedRun, 'header' | 'entries'>) {
    this.#directory = directory
    this.header = header
    // Each rotation has its list, though it be empty: one without must never pass for one that has not begun.
    for (const { spec } of header.rotations) this.#entries.set(spec.id, [...(entries.get(spec.id) ?? [])])
  }

  get id(): string {
    return this.header.run
  }

  get rotations(): RunHeader['rotations'] {
    return this.header.rotations
  }

  entries(spec: Spec): readonly Entry[] {
    return this.#entriesOf(spec)
  }

  recorded(spec: Spec): Recorded {
    const known = this.#recorded.get(spec.id)
    if (known) return known
    const made = recordedOf(spec, this.#entriesOf(spec))
    this.#recorded.set(spec.id, made)
    return made
  }

  /** What is shown of it is of before. */
  outdate(): void {
    this.history = this.over = undefined
  }

  /** Puts the run on the disk. @throws JournalFailure */
  async begin(): Promise<void> {
    this.#journal = Journal.create(this.#directory, this.header)
    await this.#journal
  }

  /**
   * Opens its journal for appending: the one that is open, or read afresh where that is not sound. Each caller waits for the
   * one before it: two writers would overwrite each other's entries.
   */
  async open(): Promise<void> {
    const before = this.#journal
    this.#journal = (async () => {
      const journal = await before?.catch(() => undefined)
      return journal?.sound ? journal : this.#reopened(journal)
    })()
    await this.#journal
  }

  /** Resolves when it is on the disk. @throws JournalFailure */
  async append(spec: Spec, entry: Entry): Promise<void> {
    // Open for as long as one of the run's rotations is driven.
    await (await (this.#journal as Promise<Journal>)).append(spec.id, entry)
    this.#entriesOf(spec).push(entry)
    this.#recorded.delete(spec.id)
    this.outdate()
  }

  /** @param isOver its entries are not needed any more: a run that goes on reads them from the file */
  async close(isOver: boolean): Promise<void> {
    const journal = this.#journal
    this.#journal = undefined
    if (isOver) this.forgetEntries()
    await (await journal?.catch(() => undefined))?.close()
  }

  /** The end of the process closes the file under whatever is still written. */
  async shut(): Promise<void> {
    await (await this.#journal?.catch(() => undefined))?.close()
  }

  forgetEntries(): void {
    for (const { spec } of this.rotations) this.recorded(spec)
    this.#entries.clear()
  }

  #entriesOf(spec: Spec): Entry[] {
    return this.#entries.get(spec.id) as Entry[]
  }

  /** From the disk, as after a crash: what the last failed append left at the end of the file is cut off. */
  async #reopened(before: Journal | undefined): Promise<Journal> {
    await before?.close()
    const recorded = await readRun(journalPath(this.#directory, this.id)).catch((cause: unknown) => {
      throw new JournalFailure('The journal of this run can no longer be read.', { cause })
    })
    for (const [rotation, entries] of recorded.entries) this.#entries.set(rotation, [...entries])
    this.#recorded.clear()
    this.outdate()
    return Journal.reopen(this.#directory, recorded)
  }
}

/** One switch for all rotations of a run: each of their waits listens to it. */
export function stopSwitch(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}
