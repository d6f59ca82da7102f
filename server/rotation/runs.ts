import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServerEvent } from '../api/events.ts'
import type { Trouble } from '../api/problem.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Beginner, HistoryRow, Rotation, Run } from '../api/run.ts'
import type { WentBack } from '../api/inventory.ts'
import type { Target } from '../keys/iam.ts'
import type { Bus } from '../platform/bus.ts'
import { diskFailure } from '../platform/diskTrouble.ts'
import { Failure } from '../platform/failure.ts'
import { whyNot } from '../platform/ownFiles.ts'
import { trustedOffsetMs } from '../keys/ports.ts'
import type { ReplacedKey } from '../keys/ports.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import { droppable } from './droppable.ts'
import type { Entry, NewEntry, Spec } from './entries.ts'
import {
  damagedJournal,
  Journal,
  journalPath,
  readRun,
  type ReadRuns,
  readRuns,
  type RecordedRun,
  type RunHeader,
} from './journal.ts'
import { type Account, type Fates, leftOf, ledgerOf } from './ledger.ts'
import { interlock } from './interlock.ts'
import { drive, type DriveLog, JournalFailure, LeftWaiting, stand, type Standing } from './machine.ts'
import type { LeftByName } from './leftByName.ts'
import { recordedOf, type Recorded } from './recorded.ts'
import { replacedKeys } from './replaced.ts'
import { stepsFor } from './sagas.ts'
import type { UndoEntry, UndoStore } from './undoStore.ts'
import { wentBack, writtenBy, type Written } from './wentBack.ts'
import { type LaterAct, viewHistory, viewRotation, viewRun } from './view.ts'
import { commandPatienceMs, World, type WorldHooks, type Workshop } from './world.ts'

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
  /** Its view once it is over, for what follows from all runs; what the files hold now is of before. */
  over?: Run
  stop: AbortController
  /** Who drives it on now. */
  by?: Beginner
  /** Its rotations that are driven now. */
  readonly underway: Set<Promise<unknown>>
  /** Its one writer, while one of its rotations is driven; whoever comes meanwhile waits for the same. */
  journal?: Promise<Journal>
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
  readonly undo: UndoStore
  readonly bus: Bus<ServerEvent>
  /** How long the end of the process waits for a step that makes no headway, in milliseconds. */
  readonly drainPatienceMs: number
  /** Keys that AWS refuses, as checks found. */
  readonly refused: () => ReadonlySet<string>
  /** Keys that stay as they are by name. */
  readonly leftByName: LeftByName
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
  /** By old key: the runs that are about it. */
  readonly #about = new Map<string, Set<string>>()
  readonly #driven = new Set<string>()
  readonly #notes = new Map<string, string>()
  readonly #codes = new Map<string, string>()
  readonly #holds = new Map<string, string>()
  readonly #kept = new Map<string, string>()
  /** Of every pair that is kept, by its id: see `sumOf`. */
  readonly #sums = new Map<string, string>()
  readonly #later = new Map<string, LaterAct>()
  readonly #gone = new Set<string>()
  readonly #stopping = new Set<string>()
  /** Runs with a rotation that is not finished; the only ones that a start, an expiry or a snapshot need look at. */
  readonly #open = new Set<string>()
  readonly #users = new Map<string, Promise<unknown>>()
  readonly #underway = new Set<Promise<unknown>>()
  /** What follows from all runs, until one of them changes. */
  #derived:
    | {
        readonly replaced: readonly ReplacedKey[]
        readonly written: Written
        readonly off: ReadonlySet<string>
      }
    | undefined
  #ours: ReadonlySet<string> | undefined
  #fates: Pick<Fates, 'replaced' | 'off'> | undefined
  readonly damaged: ReadRuns['damaged']
  #closing = false
  /** Entries that were written in all, by which a drain sees that something still moves. */
  #appended = 0
  /** Aborts once the process ends: no look at AWS keeps it. */
  readonly #leaving = stopSwitch()
  /** Something is left to the journal, since it made no headway. */
  #left = false
  #abandoned = false
  /** When the last id was given, in milliseconds since the epoch. */
  #newest = 0
  #hooked = false

  private constructor(deps: RunsDeps, recorded: ReadRuns) {
    this.#deps = deps
    const damaged = [...recorded.damaged]
    for (const run of recorded.runs) {
      try {
        this.#viewBare(this.#adopt(run))
      } catch {
        // Whole lines of a form that nothing here made; the start must not fail, and with it every other run.
        this.#disown(run.header)
        damaged.push({
          path: journalPath(deps.directory, run.header.run),
          why: 'it is not what Keyturn wrote',
        })
      }
      const at = Date.parse(run.header.at)
      if (at > this.#newest) this.#newest = at
    }
    this.damaged = damaged
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

  /** @returns an id that sorts by time */
  newId(): string {
    // Two of the same millisecond would sort by chance, and which of two runs is the newer one decides what is acted on.
    this.#newest = Math.max(this.#deps.shop.clock.now(), this.#newest + 1)
    const at = new Date(this.#newest).toISOString().replaceAll(/[-:.]/g, '')
    return `${at}-${randomBytes(3).toString('hex')}`
  }

  /** Journals the run, then drives all its rotations at once. @throws JournalFailure where it could not be journaled */
  async start(run: NewRun): Promise<Run> {
    if (this.#closing) throw new Failure(closing)
    this.#refuseDriven(run.rotations.map((each) => each.spec))
    const { id, ...rest } = run
    const header: RunHeader = { version: 1, run: id, at: this.#now(), ...rest }
    // Claimed before the first await, so that two requests for one key cannot both pass.
    for (const { spec } of run.rotations) this.#driven.add(spec.id)
    const live = this.#adopt({ header, entries: new Map() })
    this.#derived = this.#ours = undefined
    if (run.by !== undefined) live.by = run.by
    try {
      await this.#lookForHooks()
      live.journal = Journal.create(this.#deps.directory, header)
      await live.journal
    } catch (error) {
      for (const { spec } of run.rotations) this.#driven.delete(spec.id)
      this.#disown(header)
      throw new Failure(this.#words(error))
    }
    this.#publishRun(live)
    for (const each of run.rotations) this.#follow(live, each.spec, each.target)
    // One that could replace nothing still keeps the account of what it was asked for.
    if (run.rotations.length === 0) await this.#closeJournal(live)
    return this.#view(live)
  }

  /**
   * Other rotations that are not over and have to do with the same user or the same keys, and that this process does
   * not drive: what they know is of before.
   */
  #openOf(spec: Spec): { live: Live; spec: Spec; target: Target }[] {
    return [...this.#open].sort().flatMap((id) => {
      const live = this.#live(id)
      return live.header.rotations
        .filter(
          (each) =>
            each.spec.id !== spec.id &&
            !this.#driven.has(each.spec.id) &&
            !recorded(live, each.spec).finished &&
            this.#related(spec, each.spec),
        )
        .map((each) => ({ live, ...each }))
    })
  }

  #related(one: Spec, other: Spec): boolean {
    if (one.user && other.user && one.user.arn === other.user.arn) return true
    const keys = new Set(this.#keysOf(one))
    return this.#keysOf(other).some((key) => keys.has(key))
  }

  #keysOf(spec: Spec): string[] {
    const { newKey } = recorded(this.#live(this.#home.get(spec.id) as string), spec)
    return [...keysOf(spec), ...(newKey === undefined ? [] : [newKey])]
  }

  /** The newest run of the same user that began after this rotation's: what this one knows is of before it. */
  #newerThan(run: string, spec: Spec): string | undefined {
    return [...this.#runs.keys()]
      .filter((id) => id > run)
      .sort()
      .findLast((id) => this.#live(id).header.rotations.some((each) => this.#related(spec, each.spec)))
  }

  /**
   * Ends a rotation that a newer run takes over: what it left unsettled is looked at, a key that it made and nobody holds
   * is taken back, and of what it had committed nothing is acted on any more.
   */
  async #supersede(old: { live: Live; spec: Spec; target: Target }, by: string, stop: AbortSignal) {
    await this.#end(old, { phase: 'superseding', by }, stop)
  }

  async #end(
    { live, spec, target }: { live: Live; spec: Spec; target: Target },
    why: { phase: 'superseding'; by: string } | { phase: 'closing' },
    stop: AbortSignal,
  ): Promise<void> {
    if (this.#driven.has(spec.id) || recorded(live, spec).finished) return
    this.#driven.add(spec.id)
    try {
      await this.#writer(live)
      await this.#append(live, spec, why)
      live.broken.delete(spec.id)
      await this.#drive(live, spec, target, stop)
    } catch (error) {
      live.broken.set(spec.id, this.#words(error))
    } finally {
      this.#driven.delete(spec.id)
      await this.#after(live, spec).catch(this.#deps.onDefect)
    }
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
    const fates = this.#fatesNow()
    return {
      runs: from.slice(0, limit).map((id) => this.#view(this.#live(id), fates)),
      more: from.length > limit,
    }
  }

  all(): Run[] {
    const fates = this.#fatesNow()
    return [...this.#runs.values()].map((live) => this.#view(live, fates))
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
    return this.#derive().replaced
  }

  /** Profiles that hold a key again which a run has replaced there, or are gone since a run wrote them. */
  wentBack(snapshot: FilesSnapshot): WentBack[] {
    const { written, off } = this.#derive()
    const takenOut = new Set(this.#deps.shop.settings().takenOut)
    return wentBack(written, snapshot, { off, takenOut, sums: this.#sums })
  }

  /** What is still open of all that runs were asked for. */
  ledger(): Ledger {
    return ledgerOf(this.#accounts().sort((a, b) => b.run.localeCompare(a.run)))
  }

  /** Keys whose rows are closed by nothing but what a check found. */
  deadByFinding(): string[] {
    return this.#accounts().flatMap(({ left }) =>
      left.filter(({ closedBy }) => closedBy === 'dead').map(({ key }) => key),
    )
  }

  /** What each run was asked for, and what it left; in no order. */
  #accounts() {
    const fates = this.#fatesNow()
    return [...this.#runs.values()].flatMap((live) => {
      const account = accountOf(live.header, this.#viewOver(live))
      return account ? [{ ...account, left: leftOf(account, fates) }] : []
    })
  }

  /** Leaves keys as they are by name, or takes that back; the ledger follows. */
  async leave(keys: readonly string[], left: boolean, why?: string): Promise<void> {
    await this.#deps.leftByName.put(keys, left, why)
    for (const live of this.#runs.values())
      if (live.header.asked?.some(({ key }) => keys.includes(key))) this.#publishRun(live)
  }

  #fatesNow(): Fates {
    this.#fates ??= fatesOf([...this.#runs.values()], this.#later)
    const { exclusions } = this.#deps.shop.settings()
    return {
      ...this.#fates,
      refused: this.#deps.refused(),
      leftByName: new Map([
        ...exclusions.map((key) => [key, undefined] as const),
        ...this.#deps.leftByName.all(),
      ]),
    }
  }

  #derive() {
    if (this.#derived) return this.#derived
    const runs = [...this.#runs.values()].map((live) => this.#viewOver(live))
    const merged = [...this.#runs.values()].flatMap(({ header }) =>
      header.rotations.flatMap(({ spec }) => spec.merge?.key ?? []),
    )
    const wrote = new Map(
      [...this.#runs.values()].flatMap((live) =>
        live.header.rotations.map(({ spec }) => [spec.id, recorded(live, spec).wrote] as const),
      ),
    )
    return (this.#derived = {
      replaced: replacedKeys(runs, this.#kept),
      written: writtenBy(runs, merged, (id) => wrote.get(id)),
      off: this.#offKeys(),
    })
  }

  /**
   * Between steps: what is committed is finished, what is begun goes back, the rest stays untouched. A rotation that waits
   * for the person is closed as it stands: what the world made impossible would wait for ever.
   */
  stop(id: string): Run {
    const live = this.#live(id)
    if (this.#view(live).state !== 'running') this.#close(live)
    else if (!this.#stopping.has(id)) {
      this.#stopping.add(id)
      live.stop.abort()
      this.#publishRun(live)
    }
    return this.#view(live)
  }

  #close(live: Live): void {
    if (this.#closing) return
    const standing = live.header.rotations.filter(({ spec }) => this.#viewOne(live, spec).state === 'failed')
    if (standing.length > 0 && this.#stopping.delete(live.header.run)) live.stop = stopSwitch()
    for (const { spec, target } of standing)
      this.#serve(live, spec, () => this.#end({ live, spec, target }, { phase: 'closing' }, live.stop.signal))
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

  /** Resolves when none of these runs is driven any more. */
  async ended(ids: readonly string[]): Promise<void> {
    const underway = () => ids.flatMap((id) => [...this.#live(id).underway])
    while (underway().length > 0) await Promise.allSettled(underway())
  }

  /**
   * Stops every run and waits for what is under way; starts nothing new. A step that makes no headway is left to the journal:
   * from then on nothing more is done or written by this process.
   * @returns whether something is left so
   */
  async drain(): Promise<{ readonly left: boolean }> {
    this.#closing = true
    for (const id of this.#open) this.stop(id)
    this.#leaving.abort()
    const idle = this.idle().then(() => true)
    const { drainPatienceMs } = this.#deps
    for (let [moved, seen] = [performance.now(), this.#appended]; !this.#abandoned;) {
      if (await Promise.race([idle, delay(drainPatienceMs / 8, false, { ref: false })])) break
      if (this.#appended !== seen) [moved, seen] = [performance.now(), this.#appended]
      this.#abandoned = performance.now() - moved >= drainPatienceMs
    }
    if (this.#abandoned) this.#driven.clear()
    for (const live of this.#runs.values()) await (await live.journal?.catch(() => undefined))?.close()
    return { left: this.#left || this.#abandoned }
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

  /**
   * Removes kept pairs that are older than the setting says; never one of an unfinished rotation, and none that may be the
   * last copy of what works for its user. A clock that is set wrong would have all of them go: nothing does before this
   * process has heard AWS's, and the two agree.
   */
  async expireUndo(): Promise<void> {
    const offset = this.#deps.shop.awsOffset()
    if (offset === undefined || Math.abs(offset) > trustedOffsetMs) return
    const unfinished = new Set<string>()
    for (const id of this.#open) {
      const live = this.#live(id)
      for (const { spec } of live.header.rotations)
        if (!recorded(live, spec).finished) unfinished.add(spec.id)
    }
    const { undo, shop } = this.#deps
    const gone: string[] = []
    let off: ReadonlySet<string> | undefined
    for (const entry of await undo.expired(shop.settings().undoDays)) {
      if (unfinished.has(entry.rotation)) continue
      off ??= this.#offKeys()
      if (await this.#lastCopy(entry, off)) continue
      await undo.remove(entry.key)
      gone.push(entry.key)
    }
    await this.lookAtUndoStore()
    this.#publishTouched(new Set(gone))
    this.#publishHomes(gone)
  }

  /** Forgets one kept pair because the person asked. */
  async forgetPair(key: string): Promise<void> {
    const { undo } = this.#deps
    const entry = (await undo.list()).find((each) => each.key === key)
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
    const last = await this.#lastCopy(entry, this.#offKeys(), true)
    if (last) throw new Failure(last)
    await undo.remove(key)
    await this.lookAtUndoStore()
    this.#publishTouched(new Set([key]))
    this.#publishHomes([key])
  }

  /**
   * Why what is kept under an old key may be the last copy that works; undefined where a file holds another.
   * @param ask whether AWS may be asked: what a run left active may have been turned off by others since
   */
  async #lastCopy(
    { key, rotation, newKey }: UndoEntry,
    off: ReadonlySet<string>,
    ask = false,
  ): Promise<Trouble | undefined> {
    const { store, seen, proofs } = this.#deps.shop
    const snapshot = await store.read()
    const files = await seen.look(snapshot, [])
    const known = this.rotation(rotation)
    const active = new Set([key, ...this.#keysOfUser(known?.spec)])
    if (newKey !== undefined) active.add(newKey)
    // What a run has turned off signs nothing, whichever file holds it by now.
    for (const each of off) active.delete(each)
    if (ask) for (const each of await this.#refused(active, snapshot, known?.target)) active.delete(each)
    const answer = interlock(
      { kind: 'drop-secret', key, gone: this.#gone.has(key) && newKey === undefined, active },
      { files, proved: proofs, needed: new Map() },
    )
    return answer.say === 'go' ? undefined : answer.why
  }

  /** Of these keys those that a file holds and AWS does not accept now; where it cannot be asked, that is all. */
  async #refused(
    keys: ReadonlySet<string>,
    { profiles }: FilesSnapshot,
    target: Target | undefined,
  ): Promise<string[]> {
    const { iam } = this.#deps.shop
    const pairs = new Map(
      profiles.flatMap(({ pair }) => (pair && keys.has(pair.id) ? [[pair.id, pair]] : [])),
    )
    const asked = [...pairs.values()].map((pair) =>
      target === undefined
        ? pair.id
        : iam.whoAmI({ kind: 'own', pair, target }, { patienceMs: 0 }).then(
            () => [],
            () => pair.id,
          ),
    )
    return (await Promise.all(asked)).flat()
  }

  /** Keys that the last run which had to do with them has turned off or deleted. */
  #offKeys(): ReadonlySet<string> {
    const off = new Set(this.#gone)
    for (const live of this.#runs.values()) {
      for (const { spec } of live.header.rotations) {
        const { finished, newKey, oldKeyState } = recorded(live, spec)
        if (oldKeyState === 'inactive' || oldKeyState === 'deleted') off.add(spec.from)
        else if (oldKeyState === 'active') off.delete(spec.from)
        if (finished === 'done' && newKey !== undefined) off.delete(newKey)
      }
    }
    return off
  }

  /** Every key that runs have given to the same user. */
  #keysOfUser(spec: Spec | undefined): string[] {
    if (!spec) return []
    return [...this.#runs.values()].flatMap((live) =>
      live.header.rotations
        .filter((each) => this.#related(spec, each.spec))
        .flatMap((each) => this.#keysOf(each.spec)),
    )
  }

  /** What the undo store holds: the undo offers follow from it. */
  async lookAtUndoStore(): Promise<void> {
    const entries = await this.#deps.undo.list()
    this.#kept.clear()
    this.#sums.clear()
    for (const live of this.#runs.values()) delete live.over
    this.#derived = undefined
    for (const entry of entries) this.#keep(entry.key, entry)
  }

  #disown({ run, rotations }: RunHeader): void {
    this.#runs.delete(run)
    this.#open.delete(run)
    this.#derived = this.#ours = this.#fates = undefined
    for (const { spec } of rotations) {
      this.#home.delete(spec.id)
      this.#about.get(spec.from)?.delete(run)
    }
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
      underway: new Set(),
      broken: new Map(),
    }
    this.#runs.set(run.header.run, live)
    this.#fates = undefined
    for (const { spec } of run.header.rotations) {
      const about = this.#about.get(spec.from) ?? new Set<string>()
      this.#about.set(spec.from, about.add(run.header.run))
    }
    for (const { spec } of run.header.rotations) this.#rememberLater(live, spec)
    this.#openOrNot(live)
    this.#forgetEntries(live)
    return live
  }

  async #goOn(
    id: string,
    phase: 'retried' | 'resumed',
    which: (rotation: Rotation) => boolean,
    by: Beginner = 'page',
  ): Promise<Run> {
    if (this.#closing) throw new Failure(closing)
    const live = this.#live(id)
    const chosen = live.header.rotations.filter(
      ({ spec }) => !this.#driven.has(spec.id) && which(this.#viewOne(live, spec)),
    )
    if (chosen.length === 0) return this.#view(live)
    const overtaken = new Map(chosen.map(({ spec }) => [spec.id, this.#newerThan(id, spec)]))
    const current = chosen.filter(({ spec }) => overtaken.get(spec.id) === undefined)
    const past = chosen.filter(({ spec }) => !current.some((each) => each.spec.id === spec.id))
    this.#refuseDriven(current.map((each) => each.spec))
    if (current.length === 0 && past.every(({ spec }) => recorded(live, spec).finished))
      throw new Failure(overtakenBy(String([...overtaken.values()][0])))
    for (const { spec } of current) this.#driven.add(spec.id)
    live.by = by
    try {
      await this.#lookForHooks()
      if (this.#stopping.delete(id)) live.stop = stopSwitch()
      await this.#writer(live)
      for (const { spec } of current) await this.#append(live, spec, { phase })
      for (const { spec } of current) live.broken.delete(spec.id)
    } catch (error) {
      for (const { spec } of current) this.#driven.delete(spec.id)
      throw new Failure(this.#words(error))
    }
    for (const { spec, target } of current) this.#follow(live, spec, target)
    // A newer run has been at these keys since: of this one nothing is acted on, but it must come to an end.
    for (const { spec, target } of past)
      this.#serve(live, spec, () =>
        this.#supersede({ live, spec, target }, overtaken.get(spec.id) as string, live.stop.signal),
      )
    this.#publishRun(live)
    return this.#view(live)
  }

  /**
   * The run's journal, open for appending: the one that is open, or read afresh where it is not sound. Each caller waits for
   * the one before it: two writers would overwrite each other's entries.
   */
  #writer(live: Live): Promise<Journal> {
    const before = live.journal
    return (live.journal = (async () => {
      const journal = await before?.catch(() => undefined)
      return journal?.sound ? journal : this.#reopened(live, journal)
    })())
  }

  /** From the disk, as after a crash: what the last failed append left at the end of the file is cut off. */
  async #reopened(live: Live, before: Journal | undefined): Promise<Journal> {
    await before?.close()
    const recorded = await readRun(journalPath(this.#deps.directory, live.header.run)).catch(
      (cause: unknown) => {
        throw new JournalFailure('The journal of this run can no longer be read.', { cause })
      },
    )
    for (const [rotation, entries] of recorded.entries) live.entries.set(rotation, [...entries])
    live.recorded.clear()
    delete live.history
    delete live.over
    return Journal.reopen(this.#deps.directory, recorded)
  }

  #follow(live: Live, spec: Spec, target: Target): void {
    this.#serve(live, spec, async () => {
      try {
        for (const old of this.#openOf(spec)) await this.#supersede(old, live.header.run, live.stop.signal)
        await this.#drive(live, spec, target, live.stop.signal)
      } finally {
        this.#driven.delete(spec.id)
        this.#notes.delete(spec.id)
        this.#codes.delete(spec.id)
        await this.#after(live, spec).catch(this.#deps.onDefect)
      }
    })
  }

  /** One rotation of a user after the other, in the order in which they were asked for. */
  #serve({ underway }: Live, spec: Spec, act: () => Promise<void>): void {
    const before = spec.last ? [...underway] : []
    const inTurn = async () => {
      await Promise.allSettled(before)
      await act()
    }
    const promise = this.#serially(spec.user?.arn ?? spec.from, inTurn).finally(() => {
      underway.delete(promise)
      this.#underway.delete(promise)
    })
    underway.add(promise)
    this.#underway.add(promise)
  }

  /** @param stop of whoever drives it: of a newer run, where that takes this rotation over */
  async #drive(live: Live, spec: Spec, target: Target, stop: AbortSignal): Promise<void> {
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
      waits: (trouble) => this.#waits(live, spec, trouble),
      needed: () => this.#needed(spec),
      ours: () => this.ours(),
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
      // A timer must come to its end, though a page that would show what is waited for drives its run.
      const byCommand = live.by === 'terminal' || live.by === 'timer'
      const waitPatienceMs = Math.min(shop.waitPatienceMs, byCommand ? commandPatienceMs : Infinity)
      const iam = droppable(shop.iam, {
        stopped: stop,
        // What is looked at to settle a step that failed is not, though the step could have been stopped.
        stoppable: () => worldHooks.stoppable() && !hasFailed(stand(steps, log.entries())),
        leaving: this.#leaving.signal,
        graceMs: this.#deps.drainPatienceMs / 4,
      })
      const world = new World({ ...shop, iam, hooks, waitPatienceMs }, spec, target, stop, worldHooks)
      await drive(
        steps,
        log,
        world,
        (error) => this.#words(error),
        () => this.#stopping.has(live.header.run),
      )
    } catch (error) {
      if (!(error instanceof LeftWaiting)) live.broken.set(spec.id, this.#words(error))
      this.#left ||= this.#closing
    }
  }

  /** What is waited for is durable once, so that a restart can tell it. */
  async #waits(live: Live, spec: Spec, trouble: Trouble): Promise<void> {
    this.#note(live, spec, trouble.detail)
    const last = entriesOf(live, spec).at(-1)
    if (last?.phase === 'waiting' && last.trouble.detail === trouble.detail) return
    await this.#append(live, spec, { phase: 'waiting', trouble })
  }

  /** Keys that other rotations which are not over have made, replace, or put back. */
  #needed(spec: Spec): ReadonlyMap<string, string> {
    const needed = new Map<string, string>()
    for (const id of this.#open) {
      const live = this.#live(id)
      for (const { spec: other } of live.header.rotations) {
        if (other.id === spec.id || recorded(live, other).finished) continue
        for (const key of this.#keysOf(other)) needed.set(key, id)
      }
    }
    return needed
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
    this.#derived = this.#fates = undefined
    this.#openOrNot(live)
    // Its own pairs alone: a run of a thousand would read the thousand kept ones at the end of each rotation.
    for (const key of keysOf(spec)) {
      const entry = this.#deps.undo.entry(key)
      // One that cannot be read now stays as it was known.
      await entry.then((kept) => this.#keep(key, kept)).catch(() => undefined)
    }
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
    await this.#closeJournal(live)
  }

  async #closeJournal(live: Live): Promise<void> {
    const { journal } = live
    delete live.journal
    this.#forgetEntries(live)
    await (await journal?.catch(() => undefined))?.close()
  }

  /**
   * An undo or an act on an old key changes what is true of the rotation that it belongs to; a key that is deleted, of
   * all that ever replaced it.
   */
  #rememberLater(live: Live, spec: Spec): void {
    const { finished, oldKeyState: oldKey, deleted } = recorded(live, spec)
    for (const key of deleted) {
      this.#gone.add(key)
      this.#outdated(key)
    }
    if (spec.undoes === undefined || finished !== 'done') return
    const undone = this.#runs.get(this.#home.get(spec.undoes) ?? '')
    delete undone?.history
    delete undone?.over
    // A restore retires the new key: the old one is the one that works. After a mere reactivation both do, and the new one is in use:
    // the rotation stands.
    const restored = spec.kind === 'restore'
    this.#later.set(spec.undoes, { undone: restored, oldKey: restored ? 'active' : oldKey })
  }

  async #append(live: Live, spec: Spec, entry: NewEntry): Promise<void> {
    if (this.#abandoned) throw new JournalFailure('This process has ended its runs.')
    this.#appended += 1
    const stamped = { at: this.#now(), ...entry } as Entry
    // Open for as long as one of the run's rotations is driven.
    await (await (live.journal as Promise<Journal>)).append(spec.id, stamped)
    const before = recorded(live, spec).newKey
    entriesOf(live, spec).push(stamped)
    live.recorded.delete(spec.id)
    delete live.history
    this.#fates = undefined
    delete live.over
    // That a step has begun changes nothing of what follows from all runs.
    if (entry.phase !== 'started') this.#derived = undefined
    if (entry.phase === 'started' || entry.phase === 'undoing') this.#notes.delete(spec.id)
    const { newKey } = recorded(live, spec)
    if (newKey !== before) this.#ours = undefined
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

  /** @throws Failure `key-busy` where another rotation that is under way has to do with the same keys */
  #refuseDriven(specs: readonly Spec[]): void {
    const own = new Set(specs.map((spec) => spec.id))
    const busy = new Set<string>()
    for (const id of this.#open) {
      for (const { spec } of this.#live(id).header.rotations) {
        if (own.has(spec.id) || !this.#driven.has(spec.id)) continue
        for (const key of keysOf(spec)) busy.add(key)
      }
    }
    const taken = specs.flatMap(keysOf).find((key) => busy.has(key))
    if (taken === undefined) return
    throw new Failure({
      name: 'key-busy',
      title: 'Already under way',
      detail: `****${taken.slice(-4)} is part of a run that is not finished.`,
      remedy: 'Wait for that run, or stop it first.',
    })
  }

  #keep(key: string, entry: UndoEntry | undefined): void {
    const days = this.#deps.shop.settings().undoDays
    this.#derived = undefined
    this.#outdated(key)
    for (const [id, sum] of entry?.sums ?? []) this.#sums.set(id, sum)
    if (entry?.old) this.#kept.set(key, new Date(Date.parse(entry.at) + days * 86_400_000).toISOString())
    else this.#kept.delete(key)
  }

  #live(id: string): Live {
    const live = this.#runs.get(id)
    if (live) return live
    throw new Failure({ name: 'not-found', title: 'No such run', detail: 'There is no run with this id.' })
  }

  #liveAbout(key: string): Live[] {
    return [...(this.#about.get(key) ?? [])].map((run) => this.#live(run))
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

  #view(live: Live, fates?: Fates): Run {
    const view = this.#viewBare(live)
    const account = accountOf(live.header, view)
    if (!account) return view
    return {
      ...view,
      ...(account.leak && { leak: true }),
      asked: account.asked.length,
      left: leftOf(account, fates ?? this.#fatesNow()),
    }
  }

  /** Without the account of what was asked for, which hangs on other runs, too. */
  #viewBare(live: Live): Run {
    const rotations = live.header.rotations.map(({ spec }) => this.#viewOne(live, spec))
    return viewRun(live.header, rotations, live.recorded.values(), this.#state())
  }

  #viewOver(live: Live): Run {
    if (live.over) return live.over
    const run = this.#viewBare(live)
    if (!this.#open.has(run.id)) live.over = run
    return run
  }

  /** Something became of an old key: what is shown of the runs that replaced it is of before. */
  #outdated(key: string): void {
    for (const live of this.#liveAbout(key)) delete live.over
  }

  #historyOf(live: Live): readonly HistoryRow[] {
    if (live.history) return live.history
    const run = this.#viewBare(live)
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
    for (const live of new Set(keys.flatMap((key) => this.#liveAbout(key)))) this.#publishRun(live)
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

/** What a run was asked for, beside what it did; undefined of one that was asked for no keys. */
function accountOf({ run, asked, leak = false, rotations }: RunHeader, view: Run): Account | undefined {
  if (!asked) return undefined
  const parts = rotations.map(({ spec }, index) => ({ spec, view: view.rotations[index] as Rotation }))
  return { run, leak, asked, rotations: parts }
}

/** What became of each key, by the runs alone. */
function fatesOf(
  runs: readonly Live[],
  later: ReadonlyMap<string, LaterAct>,
): Pick<Fates, 'replaced' | 'off'> {
  const replaced = new Map<string, string>()
  const off = new Map<string, string>()
  for (const live of [...runs].sort((a, b) => a.header.run.localeCompare(b.header.run))) {
    const { run } = live.header
    for (const { spec } of live.header.rotations) {
      const { finished, oldKeyState, deleted } = recorded(live, spec)
      for (const key of deleted) off.set(key, run)
      if (finished !== 'done') continue
      if (spec.kind === 'rotate' && later.get(spec.id)?.undone !== true) {
        replaced.set(spec.from, run)
        if (spec.merge) replaced.set(spec.merge.key, run)
      }
      if (oldKeyState === 'inactive' || oldKeyState === 'deleted') off.set(spec.from, run)
      else if (oldKeyState === 'active') off.delete(spec.from)
      if (spec.to !== undefined) off.delete(spec.to)
    }
  }
  return { replaced, off }
}

/** Each rotation has its list, though it be empty: one without must never pass for one that has not begun. */
function entriesOf(live: Live, spec: Spec): Entry[] {
  return live.entries.get(spec.id) as Entry[]
}

function hasFailed({ marks }: Pick<Standing, 'marks'>): boolean {
  return [...marks.values()].includes('failed')
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

function overtakenBy(run: string): Trouble {
  return {
    name: 'superseded',
    title: 'A newer run has been here',
    detail: `The run ${run} has changed these keys since, so that nothing of this one is tried again.`,
    remedy: 'Make a new plan for what is to be rotated now.',
  }
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
