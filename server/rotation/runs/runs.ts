import type { Ledger } from '../../api/ledger.ts'
import type { Trouble } from '../../api/problem.ts'
import type { Beginner, HistoryRow, Rotation, Run } from '../../api/run.ts'
import type { WentBack } from '../../api/inventory.ts'
import type { ReplacedKey } from '../../keys/ports.ts'
import { Failure } from '../../platform/failure.ts'
import { whyNot } from '../../platform/ownFiles.ts'
import type { FilesSnapshot } from '../../profiles/ports.ts'
import { damagedJournal, journalPath, readRuns, type ReadRuns, type RunHeader } from '../journal.ts'
import { type InRun, LiveRun, stopSwitch } from './liveRun.ts'
import { partsOf, type RunsDeps, type RunsParts } from './parts.ts'
import { RunIds } from './runIds.ts'
import { closing, overtakenBy } from './runTroubles.ts'
import type { KnownRotation } from './runViews.ts'

/** What a new run is made of: `id` and `undoes` of its rotations included. */
export interface NewRun extends Omit<RunHeader, 'version' | 'run' | 'at'> {
  readonly id: string
}

/**
 * What can be asked of runs and done with them. The journal is the truth; this keeps it in memory, drives what is
 * unfinished, and publishes each rotation as soon as its latest entry is durable.
 */
export class Runs {
  readonly #deps: RunsDeps
  readonly #parts: RunsParts
  readonly #ids = new RunIds()
  readonly damaged: ReadRuns['damaged']

  private constructor(deps: RunsDeps, recorded: ReadRuns) {
    this.#deps = deps
    this.#parts = partsOf(deps)
    this.damaged = [...recorded.damaged, ...recorded.runs.flatMap((run) => this.#takeIn(run) ?? [])]
  }

  /** Reads all journals. Drives nothing: what a crash left waits until the person asks (P8). */
  static async load(deps: RunsDeps): Promise<Runs> {
    const runs = new Runs(
      deps,
      await readRuns(deps.directory).catch((error: unknown) => ({
        runs: [],
        damaged: [{ path: deps.directory, why: whyNot(error) }],
      })),
    )
    await runs.lookAtUndoStore()
    return runs
  }

  /** What could not be read, and so is not shown. */
  get troubles(): readonly Trouble[] {
    return [...this.damaged.map(damagedJournal), ...this.#deps.leftByName.troubles]
  }

  /** @returns why it is set aside: the start must not fail, and with it every other run */
  #takeIn(run: ReadRuns['runs'][number]): ReadRuns['damaged'][number] | undefined {
    this.#ids.saw(run.header.at)
    const live = new LiveRun(this.#deps.directory, run)
    try {
      this.#keep('add', live)
      this.#parts.views.bare(live)
      return undefined
    } catch {
      this.#keep('remove', live)
      // Whole lines of a form that nothing here made.
      return { path: journalPath(this.#deps.directory, live.id), why: 'it is not what Keyturn wrote' }
    }
  }

  /** Takes a run in, or out again. */
  #keep(what: 'add' | 'remove', live: LiveRun): void {
    const { index, fates, outcomes } = this.#parts
    index[what](live)
    fates.changed()
    fates.changedOurs()
    outcomes.changed()
  }

  /** @returns an id that sorts by time */
  newId(): string {
    return this.#ids.next(this.#deps.shop.clock.now())
  }

  /** Journals the run, then drives all its rotations at once. @throws JournalFailure where it could not be journaled */
  async start(run: NewRun): Promise<Run> {
    const { index, driver, news, views, present } = this.#parts
    const { driven } = present
    if (driver.closing) throw new Failure(closing)
    index.refuseDriven(run.rotations.map((each) => each.spec))
    const { id, ...rest } = run
    const at = new Date(this.#deps.shop.clock.now()).toISOString()
    const header: RunHeader = { version: 1, run: id, at, ...rest }
    // Claimed before the first await, so that two requests for one key cannot both pass.
    for (const { spec } of run.rotations) driven.add(spec.id)
    const live = new LiveRun(this.#deps.directory, { header, entries: new Map() })
    this.#keep('add', live)
    live.by = run.by
    try {
      await this.#lookForHooks()
      await live.begin()
    } catch (error) {
      for (const { spec } of run.rotations) driven.delete(spec.id)
      this.#keep('remove', live)
      throw new Failure(driver.trouble(error))
    }
    news.run(live)
    for (const each of run.rotations) driver.follow({ live, ...each })
    // One that could replace nothing still keeps the account of what it was asked for.
    if (run.rotations.length === 0) await live.close(true)
    return views.run(live)
  }

  /**
   * Between steps: what is committed is finished, what is begun goes back, the rest stays untouched. A rotation that waits
   * for the person is closed as it stands: what the world made impossible would wait for ever.
   */
  stop(id: string): Run {
    const { index, driver, news, views, present } = this.#parts
    const live = index.get(id)
    if (views.run(live).state === 'running') {
      if (!present.stopping.has(id)) {
        present.stopping.add(id)
        live.stop.abort()
        news.run(live)
      }
    } else if (!driver.closing) {
      const standing = live.rotations.filter(({ spec }) => views.rotation(live, spec).state === 'failed')
      if (standing.length > 0) this.#unstop(live)
      for (const each of standing) driver.closeAsItStands({ live, ...each })
    }
    return views.run(live)
  }

  #unstop(live: LiveRun): void {
    if (this.#parts.present.stopping.delete(live.id)) live.stop = stopSwitch()
  }

  /** Once more what failed or was stopped: from the step that stood still, or from the start where nothing is left. */
  async retry(id: string): Promise<Run> {
    return this.#goOn(
      id,
      'retried',
      ({ state }) => state === 'failed' || state === 'rolledBack' || state === 'stopped',
    )
  }

  /** Finishes or rolls back what a crash left. Idempotent, and may itself be killed. */
  async recover(id: string, by?: Beginner): Promise<Run> {
    return this.#goOn(id, 'resumed', (rotation) => rotation.state === 'interrupted', by)
  }

  async #goOn(
    id: string,
    phase: 'retried' | 'resumed',
    which: (rotation: Rotation) => boolean,
    by: Beginner = 'page',
  ): Promise<Run> {
    const { index, driver, news, views, present } = this.#parts
    const { driven } = present
    if (driver.closing) throw new Failure(closing)
    const live = index.get(id)
    const chosen = live.rotations
      .filter(({ spec }) => !driven.has(spec.id) && which(views.rotation(live, spec)))
      .map((each): InRun => ({ live, ...each }))
    if (chosen.length === 0) return views.run(live)
    const current: InRun[] = []
    const past: { rotation: InRun; newer: LiveRun }[] = []
    for (const rotation of chosen) {
      const newer = index.newerThan(live, rotation.spec)
      if (newer) past.push({ rotation, newer })
      else current.push(rotation)
    }
    index.refuseDriven(current.map(({ spec }) => spec))
    const [overtaken] = past
    if (
      current.length === 0 &&
      overtaken &&
      past.every(({ rotation }) => live.recorded(rotation.spec).finished)
    )
      throw new Failure(overtakenBy(overtaken.newer.id))
    for (const { spec } of current) driven.add(spec.id)
    live.by = by
    try {
      await this.#lookForHooks()
      this.#unstop(live)
      await live.open()
      for (const { spec } of current) await driver.append(live, spec, { phase })
      for (const { spec } of current) live.broken.delete(spec.id)
    } catch (error) {
      for (const { spec } of current) driven.delete(spec.id)
      throw new Failure(driver.trouble(error))
    }
    for (const rotation of current) driver.follow(rotation)
    for (const { rotation, newer } of past) driver.overtake(rotation, newer)
    news.run(live)
    return views.run(live)
  }

  /** For the views alone: what is run is asked for when its step comes. */
  async #lookForHooks(): Promise<void> {
    this.#parts.present.hooks = await this.#deps.shop.hooks.any().catch(() => true)
  }

  /** Leaves keys as they are by name, or takes that back; the ledger follows. */
  async leave(keys: readonly string[], left: boolean, why?: string): Promise<void> {
    await this.#deps.leftByName.put(keys, left, why)
    for (const live of this.#parts.index.all())
      if (live.header.leak || live.header.asked?.some(({ key }) => keys.includes(key)))
        this.#parts.news.run(live)
  }

  get(id: string): Run | undefined {
    const live = this.#parts.index.find(id)
    return live && this.#parts.views.run(live)
  }

  /** @throws Failure `not-found` */
  existing(id: string): Run {
    return this.#parts.views.run(this.#parts.index.get(id))
  }

  /** Newest first. @param before only runs older than this one */
  list(before: string | undefined, limit: number): { runs: Run[]; more: boolean } {
    return this.#parts.views.page(before, limit)
  }

  all(): Run[] {
    return this.#parts.views.all()
  }

  /** A line for each rotation, newest first. */
  history(): HistoryRow[] {
    return this.#parts.views.history()
  }

  rotation(id: string): KnownRotation | undefined {
    return this.#parts.views.known(id)
  }

  /** Ids that Keyturn made or replaced. */
  ours(): ReadonlySet<string> {
    return this.#parts.fates.ours()
  }

  replaced(): readonly ReplacedKey[] {
    return this.#parts.outcomes.replaced()
  }

  wentBack(snapshot: FilesSnapshot): WentBack[] {
    return this.#parts.outcomes.wentBack(snapshot)
  }

  ledger(): Ledger {
    return this.#parts.outcomes.ledger()
  }

  deadByFinding(): string[] {
    return this.#parts.outcomes.deadByFinding()
  }

  /** Runs that are under way, interrupted, or wait for the person. */
  unfinished(): Run[] {
    return this.#parts.views.all(this.#parts.index.open())
  }

  interrupted(): Run[] {
    return this.unfinished().filter((run) => run.state === 'interrupted')
  }

  get busy(): boolean {
    return this.#parts.present.driven.size > 0
  }

  /** Resolves when nothing is driven any more. */
  idle(): Promise<void> {
    return this.#parts.driver.idle()
  }

  /** Resolves when none of these runs is driven any more. */
  async ended(ids: readonly string[]): Promise<void> {
    const underway = () => ids.flatMap((id) => [...this.#parts.index.get(id).underway])
    while (underway().length > 0) await Promise.allSettled(underway())
  }

  /** Stops every run and waits for what is under way; starts nothing new. @returns whether something is left to the journal */
  async drain(): Promise<{ readonly left: boolean }> {
    this.#parts.driver.close()
    for (const { id } of this.#parts.index.open()) this.stop(id)
    return this.#parts.driver.drain()
  }

  /** What the profiles hold, as last read: the page's profile states and undo offers follow from it. */
  sawFiles(snapshot: FilesSnapshot): void {
    this.#parts.news.ofKeys(this.#parts.present.sawFiles(snapshot))
  }

  lookAtUndoStore(): Promise<void> {
    return this.#parts.kept.look()
  }

  expireUndo(): Promise<void> {
    return this.#parts.kept.expire()
  }

  forgetPair(key: string): Promise<void> {
    return this.#parts.kept.forget(key)
  }
}
