import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import type { ServerEvent } from '../api/events.ts'
import type { Trouble } from '../api/problem.ts'
import type { HistoryRow, Rotation, Run } from '../api/run.ts'
import type { Target } from '../keys/iam.ts'
import type { Bus } from '../platform/bus.ts'
import { diskFailure } from '../platform/diskTrouble.ts'
import { Failure } from '../platform/failure.ts'
import type { ReplacedKey } from '../keys/ports.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import type { Entry, NewEntry, Spec } from './entries.ts'
import { Journal, readRun, readRuns, type ReadRuns, type RecordedRun, type RunHeader } from './journal.ts'
import { drive, type DriveLog, JournalFailure, stand } from './machine.ts'
import { recordedOf, type Recorded } from './recorded.ts'
import { replacedKeys } from './replaced.ts'
import { stepsFor } from './sagas.ts'
import type { UndoEntry } from './undoStore.ts'
import { type LaterAct, viewHistory, viewRotation, viewRun } from './view.ts'
import { World, type WorldHooks, type Workshop } from './world.ts'

/** What a new run is made of: `id` and `undoes` of its rotations included. */
export interface NewRun extends Omit<RunHeader, 'version' | 'run' | 'at'> {
  readonly id: string
}

interface Live {
  readonly header: RunHeader
  /** Of each rotation, while the run is not over. Then only what was worked out from them stays in memory. */
  readonly entries: Map<string, Entry[]>
  readonly recorded: Map<string, Recorded>
  /** Its lines of the history, once it is over and they have been asked for. */
  history?: readonly HistoryRow[]
  stop: AbortController
  journal?: Journal
  /** Rotations whose journal could not be written: they stand still until a fresh start. */
  readonly broken: Map<string, Trouble>
}

export interface KnownRotation {
  readonly run: RunHeader
  readonly rotation: Rotation
  readonly spec: Spec
  readonly target: Target
}

export interface RunsDeps {
  readonly directory: string
  readonly shop: Workshop
  readonly bus: Bus<ServerEvent>
  /** Told of errors that nobody foresaw. */
  readonly onDefect: (error: unknown) => void
}

/**
 * All runs, past and under way. The journal is the truth; this keeps it in memory, drives what is unfinished, and
 * publishes each rotation as soon as its latest entry is durable.
 */
export class Runs {
  readonly #deps: RunsDeps
  readonly #runs = new Map<string, Live>()
  readonly #home = new Map<string, string>()
  readonly #driven = new Set<string>()
  readonly #notes = new Map<string, string>()
  readonly #codes = new Map<string, string>()
  readonly #holds = new Map<string, string>()
  readonly #kept = new Map<string, string>()
  readonly #later = new Map<string, LaterAct>()
  readonly #gone = new Set<string>()
  readonly #stopping = new Set<string>()
  /** Runs with a rotation that is not finished; the only ones that a start, an expiry or a snapshot need look at. */
  readonly #open = new Set<string>()
  readonly #users = new Map<string, Promise<unknown>>()
  readonly #underway = new Set<Promise<unknown>>()
  #replaced: readonly ReplacedKey[] | undefined
  #ours: ReadonlySet<string> | undefined
  readonly damaged: ReadRuns['damaged']
  #closing = false
  #hooked = false

  private constructor(deps: RunsDeps, recorded: ReadRuns) {
    this.#deps = deps
    this.damaged = recorded.damaged
    for (const run of recorded.runs) this.#adopt(run)
  }

  /** Reads all journals. Drives nothing: what a crash left waits until the person asks (P8). */
  static async load(deps: RunsDeps): Promise<Runs> {
    const runs = new Runs(deps, await readRuns(deps.directory))
    await runs.lookAtUndoStore()
    return runs
  }

  /** @returns an id that sorts by time */
  newId(): string {
    const at = new Date(this.#deps.shop.clock.now()).toISOString().replaceAll(/[-:.]/g, '')
    return `${at}-${randomBytes(3).toString('hex')}`
  }

  /** Journals the run, then drives all its rotations at once. @throws JournalFailure where it could not be journaled */
  async start(run: NewRun): Promise<Run> {
    if (this.#closing) throw new Failure(closing)
    this.#refuseBusy(run.rotations.map((each) => each.spec))
    const { id, ...rest } = run
    const header: RunHeader = { version: 1, run: id, at: this.#now(), ...rest }
    // Claimed before the first await, so that two requests for one key cannot both pass.
    for (const { spec } of run.rotations) this.#driven.add(spec.id)
    const live = this.#adopt({ header, entries: new Map() })
    try {
      await this.#lookForHooks()
      live.journal = await Journal.create(this.#deps.directory, header)
    } catch (error) {
      this.#runs.delete(id)
      this.#open.delete(id)
      for (const { spec } of run.rotations) {
        this.#driven.delete(spec.id)
        this.#home.delete(spec.id)
      }
      throw new Failure(this.#words(error))
    }
    this.#publishRun(live)
    for (const each of run.rotations) this.#follow(live, each.spec, each.target)
    return this.#view(live)
  }

  get(id: string): Run | undefined {
    const live = this.#runs.get(id)
    return live && this.#view(live)
  }

  /** @throws Failure `not-found` */
  existing(id: string): Run {
    return this.#view(this.#live(id))
  }

  /** Newest first. @param before only runs older than this one */
  list(before: string | undefined, limit: number): { runs: Run[]; more: boolean } {
    const ids = [...this.#runs.keys()].sort().reverse()
    const from = before === undefined ? ids : ids.filter((id) => id < before)
    return { runs: from.slice(0, limit).map((id) => this.#view(this.#live(id))), more: from.length > limit }
  }

  all(): Run[] {
    return [...this.#runs.values()].map((live) => this.#view(live))
  }

  /** A line for each rotation, newest first. */
  history(): HistoryRow[] {
    return [...this.#runs.values()].flatMap((live) => this.#historyOf(live)).reverse()
  }

  rotation(id: string): KnownRotation | undefined {
    const live = this.#runs.get(this.#home.get(id) ?? '')
    const found = live?.header.rotations.find((each) => each.spec.id === id)
    if (!live || !found) return undefined
    return { run: live.header, rotation: this.#viewOne(live, found.spec), ...found }
  }

  /** Ids that Keyturn made or replaced. */
  ours(): ReadonlySet<string> {
    if (this.#ours) return this.#ours
    const ids = new Set<string>()
    this.#ours = ids
    for (const live of this.#runs.values()) {
      for (const { spec } of live.header.rotations) {
        ids.add(spec.from)
        const { newKey } = recorded(live, spec)
        if (newKey !== undefined) ids.add(newKey)
      }
    }
    return ids
  }

  /** Old keys that were replaced and are not put back, the newest rotation of each. */
  replaced(): readonly ReplacedKey[] {
    this.#replaced ??= replacedKeys(this.all(), this.#kept)
    return this.#replaced
  }

  /** Between steps: what is committed is finished, what is begun goes back, the rest stays untouched. */
  stop(id: string): Run {
    const live = this.#live(id)
    if (this.#view(live).state === 'running' && !this.#stopping.has(id)) {
      this.#stopping.add(id)
      live.stop.abort()
      this.#publishRun(live)
    }
    return this.#view(live)
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
  async recover(id: string): Promise<Run> {
    return this.#goOn(id, 'resumed', (rotation) => rotation.state === 'interrupted')
  }

  /** Runs that are under way, interrupted, or wait for the person. */
  unfinished(): Run[] {
    return [...this.#open].sort().map((id) => this.#view(this.#live(id)))
  }

  interrupted(): Run[] {
    return this.unfinished().filter((run) => run.state === 'interrupted')
  }

  get busy(): boolean {
    return this.#driven.size > 0
  }

  /** Resolves when nothing is driven any more. */
  async idle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.allSettled([...this.#underway])
  }

  /** Stops every run and waits for what is under way; starts nothing new. */
  async drain(): Promise<void> {
    this.#closing = true
    for (const id of this.#open) this.stop(id)
    await this.idle()
    for (const live of this.#runs.values()) await live.journal?.close()
  }

  /** What the profiles hold, as last read: the page's profile states and undo offers follow from it. */
  sawFiles(snapshot: FilesSnapshot): void {
    const before = new Map(this.#holds)
    this.#holds.clear()
    for (const profile of snapshot.profiles) {
      if (profile.pair) this.#holds.set(`${profile.file}:${profile.name}`, profile.pair.id)
    }
    const changed = new Set<string>()
    for (const [place, id] of [...before, ...this.#holds]) {
      if (this.#holds.get(place) !== before.get(place)) changed.add(id).add(before.get(place) ?? id)
    }
    if (changed.size > 0) this.#publishTouched(changed)
  }

  /** Removes kept pairs that are older than the setting says; never one of an unfinished rotation. */
  async expireUndo(): Promise<void> {
    const unfinished = new Set<string>()
    for (const id of this.#open) {
      const live = this.#live(id)
      for (const { spec } of live.header.rotations)
        if (!recorded(live, spec).finished) unfinished.add(spec.id)
    }
    const gone = await this.#deps.shop.undo.expire(this.#deps.shop.settings().undoDays, unfinished)
    await this.lookAtUndoStore()
    this.#publishTouched(new Set(gone))
    this.#publishHomes(gone)
  }

  /** Forgets one kept pair because the person asked. */
  async forgetPair(key: string): Promise<void> {
    const entry = (await this.#deps.shop.undo.list()).find((each) => each.key === key)
    if (!entry)
      throw new Failure({
        name: 'not-found',
        title: 'Nothing kept',
        detail: `No secret of ****${key.slice(-4)} is kept.`,
      })
    if (this.#driven.has(entry.rotation) || this.rotation(entry.rotation)?.rotation.state === 'interrupted') {
      throw new Failure({
        name: 'unfinished',
        title: 'Still needed',
        detail: 'A rotation that is not finished needs this pair.',
        remedy: 'Finish or roll back that rotation first.',
      })
    }
    await this.#deps.shop.undo.remove(key)
    await this.lookAtUndoStore()
    this.#publishTouched(new Set([key]))
    this.#publishHomes([key])
  }

  /** What the undo store holds: the undo offers follow from it. */
  async lookAtUndoStore(): Promise<void> {
    const entries = await this.#deps.shop.undo.list()
    this.#kept.clear()
    this.#replaced = undefined
    for (const entry of entries) this.#keep(entry.key, entry)
  }

  #adopt(run: Pick<RecordedRun, 'header' | 'entries'>): Live {
    const entries = new Map<string, Entry[]>()
    for (const { spec } of run.header.rotations) {
      entries.set(spec.id, [...(run.entries.get(spec.id) ?? [])])
      this.#home.set(spec.id, run.header.run)
    }
    const live: Live = {
      header: run.header,
      entries,
      recorded: new Map(),
      stop: stopSwitch(),
      broken: new Map(),
    }
    this.#runs.set(run.header.run, live)
    for (const { spec } of run.header.rotations) this.#rememberLater(live, spec)
    this.#openOrNot(live)
    this.#forgetEntries(live)
    return live
  }

  async #goOn(
    id: string,
    phase: 'retried' | 'resumed',
    which: (rotation: Rotation) => boolean,
  ): Promise<Run> {
    if (this.#closing) throw new Failure(closing)
    const live = this.#live(id)
    const chosen = live.header.rotations.filter(
      ({ spec }) => !this.#driven.has(spec.id) && which(this.#viewOne(live, spec)),
    )
    if (chosen.length === 0) return this.#view(live)
    this.#refuseBusy(chosen.map((each) => each.spec))
    for (const { spec } of chosen) this.#driven.add(spec.id)
    try {
      await this.#lookForHooks()
      if (this.#stopping.delete(id)) live.stop = stopSwitch()
      if (!live.journal?.sound) {
        await live.journal?.close()
        await this.#reload(live)
      }
      for (const { spec } of chosen) await this.#append(live, spec, { phase })
      for (const { spec } of chosen) live.broken.delete(spec.id)
    } catch (error) {
      for (const { spec } of chosen) this.#driven.delete(spec.id)
      throw new Failure(this.#words(error))
    }
    for (const { spec, target } of chosen) this.#follow(live, spec, target)
    this.#publishRun(live)
    return this.#view(live)
  }

  /** From the disk, as after a crash: what the last failed append left at the end of the file is cut off. */
  async #reload(live: Live): Promise<void> {
    const recorded = await readRun(join(this.#deps.directory, `${live.header.run}.jsonl`)).catch(
      (cause: unknown) => {
        throw new JournalFailure('The journal of this run can no longer be read.', { cause })
      },
    )
    for (const [rotation, entries] of recorded.entries) live.entries.set(rotation, [...entries])
    live.recorded.clear()
    delete live.history
    live.journal = await Journal.reopen(this.#deps.directory, recorded)
  }

  #follow(live: Live, spec: Spec, target: Target): void {
    const promise = this.#serially(spec.user?.arn ?? spec.from, () =>
      this.#drive(live, spec, target),
    ).finally(async () => {
      this.#driven.delete(spec.id)
      this.#notes.delete(spec.id)
      this.#codes.delete(spec.id)
      await this.#after(live, spec).catch(this.#deps.onDefect)
      this.#underway.delete(promise)
    })
    this.#underway.add(promise)
  }

  async #drive(live: Live, spec: Spec, target: Target): Promise<void> {
    const { shop } = this.#deps
    const steps = stepsFor(spec)
    const log: DriveLog = {
      entries: () => entriesOf(live, spec),
      append: (entry) => this.#append(live, spec, entry),
    }
    const worldHooks: WorldHooks = {
      note: (text) => this.#note(live, spec, text),
      record: (step, facts) => this.#append(live, spec, { phase: 'noted', step, facts }),
      alarm: (trouble) => this.#append(live, spec, { phase: 'alarm', trouble }),
      waitForCode: (device) => {
        if (device === undefined) this.#codes.delete(spec.id)
        else this.#codes.set(spec.id, device)
        this.#publish(live, spec)
      },
      stoppable: () => {
        const { committed, aborting } = stand(steps, log.entries())
        return !committed && !aborting
      },
    }
    try {
      const hooks = shop.hooks.and(spec.hooks ?? [])
      const world = new World({ ...shop, hooks }, spec, target, live.stop.signal, worldHooks)
      await drive(
        steps,
        log,
        world,
        (error) => this.#words(error),
        () => this.#stopping.has(live.header.run),
      )
    } catch (error) {
      live.broken.set(spec.id, this.#words(error))
    }
  }

  #openOrNot(live: Live): void {
    const over = live.header.rotations.every(
      ({ spec }) => !this.#driven.has(spec.id) && recorded(live, spec).finished,
    )
    if (over) this.#open.delete(live.header.run)
    else this.#open.add(live.header.run)
  }

  /** Only where its journal is closed too: a run that goes on reads both from the file. */
  #forgetEntries(live: Live): void {
    if (this.#open.has(live.header.run) || live.journal) return
    for (const { spec } of live.header.rotations) recorded(live, spec)
    live.entries.clear()
  }

  async #after(live: Live, spec: Spec): Promise<void> {
    this.#rememberLater(live, spec)
    this.#replaced = undefined
    this.#openOrNot(live)
    // Its own pairs alone: a run of a thousand would read the thousand kept ones at the end of each rotation.
    for (const key of keysOf(spec)) this.#keep(key, await this.#deps.shop.undo.entry(key))
    if (!this.busy) await this.#deps.shop.store.release().catch(this.#deps.onDefect)
    this.#publish(live, spec)
    if (spec.undoes !== undefined) {
      const undone = this.#runs.get(this.#home.get(spec.undoes) ?? '')
      const its = undone?.header.rotations.find((each) => each.spec.id === spec.undoes)
      if (undone && its) this.#publish(undone, its.spec)
    }
    const spare = recorded(live, spec).deleted.filter((key) => key !== spec.from)
    if (spare.length > 0) this.#publishTouched(new Set(spare))
    if (live.header.rotations.some((each) => this.#driven.has(each.spec.id))) return
    this.#publishRun(live)
    const { journal } = live
    delete live.journal
    this.#forgetEntries(live)
    await journal?.close()
  }

  /**
   * An undo or an act on an old key changes what is true of the rotation that it belongs to; a key that is deleted, of
   * all that ever replaced it.
   */
  #rememberLater(live: Live, spec: Spec): void {
    const { finished, oldKeyState: oldKey, deleted } = recorded(live, spec)
    for (const key of deleted) this.#gone.add(key)
    if (spec.undoes === undefined || finished !== 'done') return
    delete this.#runs.get(this.#home.get(spec.undoes) ?? '')?.history
    // A restore retires the new key: the old one is the one that works.
    this.#later.set(
      spec.undoes,
      spec.kind === 'restore'
        ? { undone: true, oldKey: 'active' }
        : { undone: spec.kind === 'reactivate', oldKey },
    )
  }

  async #append(live: Live, spec: Spec, entry: NewEntry): Promise<void> {
    const stamped = { at: this.#now(), ...entry } as Entry
    // Open for as long as one of the run's rotations is driven.
    await (live.journal as Journal).append(spec.id, stamped)
    entriesOf(live, spec).push(stamped)
    live.recorded.delete(spec.id)
    delete live.history
    this.#replaced = this.#ours = undefined
    if (entry.phase === 'started' || entry.phase === 'undoing') this.#notes.delete(spec.id)
    const { newKey } = recorded(live, spec)
    if (entry.phase === 'done' && entry.step === 'save' && newKey !== undefined) this.#savedNow(spec, newKey)
    this.#publish(live, spec)
  }

  #savedNow(spec: Spec, newKey: string): void {
    for (const profile of [...spec.profiles, ...(spec.merge?.profiles ?? [])]) {
      this.#holds.set(`${profile.file}:${profile.name}`, newKey)
    }
  }

  #note(live: Live, spec: Spec, text: string | undefined): void {
    if (this.#notes.get(spec.id) === text) return
    if (text === undefined) this.#notes.delete(spec.id)
    else this.#notes.set(spec.id, text)
    this.#publish(live, spec)
  }

  #words(error: unknown): Trouble {
    if (error instanceof JournalFailure) return unwritable(error)
    const failure = error instanceof Failure ? error : diskFailure(error)
    if (failure) return failure.trouble
    this.#deps.onDefect(error)
    return {
      name: 'defect',
      title: 'A mistake of Keyturn’s',
      detail: 'Something happened that Keyturn does not know. The terminal has the details.',
      remedy: 'Retry; please report it with the lines from the terminal.',
    }
  }

  /** One rotation per IAM user at a time: the two-key quota is not safe against two at once. */
  #serially(user: string, act: () => Promise<void>): Promise<void> {
    const next = (this.#users.get(user) ?? Promise.resolve()).then(act, act)
    this.#users.set(user, next)
    void next.finally(() => {
      if (this.#users.get(user) === next) this.#users.delete(user)
    })
    return next
  }

  /** @throws Failure `key-busy` where another rotation that is not over has to do with the same keys */
  #refuseBusy(specs: readonly Spec[]): void {
    const own = new Set(specs.map((spec) => spec.id))
    const busy = new Set<string | undefined>()
    for (const id of this.#open) {
      const live = this.#live(id)
      for (const { spec } of live.header.rotations) {
        if (own.has(spec.id)) continue
        const state = this.#viewOne(live, spec).state
        if (state !== 'waiting' && state !== 'running' && state !== 'interrupted') continue
        for (const key of keysOf(spec)) busy.add(key)
      }
    }
    const taken = specs.flatMap(keysOf).find((key) => busy.has(key))
    if (taken === undefined) return
    throw new Failure({
      name: 'key-busy',
      title: 'Already under way',
      detail: `****${taken.slice(-4)} is part of a run that is not finished.`,
      remedy: 'Wait for that run, or finish or roll it back first.',
    })
  }

  #keep(key: string, entry: UndoEntry | undefined): void {
    const days = this.#deps.shop.settings().undoDays
    this.#replaced = undefined
    if (entry) this.#kept.set(key, new Date(Date.parse(entry.at) + days * 86_400_000).toISOString())
    else this.#kept.delete(key)
  }

  #live(id: string): Live {
    const live = this.#runs.get(id)
    if (live) return live
    throw new Failure({ name: 'not-found', title: 'No such run', detail: 'There is no run with this id.' })
  }

  /** For the views alone: what is run is asked for when its step comes. */
  async #lookForHooks(): Promise<void> {
    this.#hooked = await this.#deps.shop.hooks.any().catch(() => true)
  }

  #state() {
    return {
      driven: this.#driven,
      notes: this.#notes,
      codes: this.#codes,
      holds: this.#holds,
      kept: this.#kept,
      later: this.#later,
      gone: this.#gone,
      stopping: this.#stopping,
      hooks: this.#hooked,
    }
  }

  #viewOne(live: Live, spec: Spec): Rotation {
    const view = viewRotation(live.header.run, spec, recorded(live, spec), this.#state())
    const broken = live.broken.get(spec.id)
    return broken ? { ...view, state: 'interrupted', problem: broken } : view
  }

  #view(live: Live): Run {
    const rotations = live.header.rotations.map(({ spec }) => this.#viewOne(live, spec))
    return viewRun(live.header, rotations, live.recorded.values(), this.#state())
  }

  #historyOf(live: Live): readonly HistoryRow[] {
    if (live.history) return live.history
    const run = this.#view(live)
    const rows = run.rotations.map((rotation) => viewHistory(run, rotation))
    if (!this.#open.has(run.id)) live.history = rows
    return rows
  }

  #publish(live: Live, spec: Spec): void {
    this.#deps.bus.publish({ type: 'rotation', run: live.header.run, rotation: this.#viewOne(live, spec) })
  }

  #publishRun(live: Live): void {
    this.#deps.bus.publish({ type: 'run', run: this.#view(live) })
  }

  /** The runs that replaced these keys: an ended run makes the inventory follow, whose old keys tell what is kept. */
  #publishHomes(keys: readonly string[]): void {
    for (const live of this.#runs.values())
      if (live.header.rotations.some(({ spec }) => keys.includes(spec.from))) this.#publishRun(live)
  }

  /** The rotations that have to do with these keys, as old or as new. */
  #publishTouched(keys: ReadonlySet<string>): void {
    for (const live of this.#runs.values()) {
      for (const { spec } of live.header.rotations)
        if (keys.has(spec.from) || keys.has(recorded(live, spec).newKey ?? '')) this.#publish(live, spec)
    }
  }

  #now(): string {
    return new Date(this.#deps.shop.clock.now()).toISOString()
  }
}

function recorded(live: Live, spec: Spec): Recorded {
  const known = live.recorded.get(spec.id)
  if (known) return known
  const made = recordedOf(spec, entriesOf(live, spec))
  live.recorded.set(spec.id, made)
  return made
}

/** Each rotation has its list, though it be empty: one without must never pass for one that has not begun. */
function entriesOf(live: Live, spec: Spec): Entry[] {
  return live.entries.get(spec.id) as Entry[]
}

/** One switch for all rotations of a run: each of their waits listens to it. */
function stopSwitch(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

function keysOf(spec: Spec): string[] {
  return [spec.from, spec.to, spec.merge?.key, spec.spare].filter((id) => id !== undefined)
}

const closing: Trouble = {
  name: 'stopping',
  title: 'Keyturn is stopping',
  detail: 'Nothing new is begun while Keyturn ends.',
  remedy: 'Start it again.',
}

function unwritable(error: JournalFailure): Trouble {
  return {
    name: 'journal-unwritable',
    title: 'The journal cannot be written',
    detail: error.message,
    remedy: 'Make room on the disk that holds Keyturn’s state directory, then press Finish or roll back.',
  }
}
