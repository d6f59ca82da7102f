import { Failure } from '../../platform/failure.ts'
import type { Spec } from '../entries.ts'
import { type InRun, type LiveRun } from './liveRun.ts'
import type { Present } from './present.ts'

/** All runs, past and under way: found by their id, by their rotations, and by the keys and users that they are about. */
export class RunIndex {
  readonly #present: Present
  readonly #runs = new Map<string, LiveRun>()
  readonly #rotations = new Map<string, InRun>()
  readonly #aboutKey = new Map<string, Set<LiveRun>>()
  /** Runs with a rotation that is not finished; the only ones that a start, an expiry or a snapshot need look at. */
  readonly #open = new Set<LiveRun>()

  constructor(present: Present) {
    this.#present = present
  }

  add(live: LiveRun): void {
    this.#runs.set(live.id, live)
    for (const { spec, target } of live.rotations) {
      this.#rotations.set(spec.id, { live, spec, target })
      this.#aboutKey.set(spec.from, (this.#aboutKey.get(spec.from) ?? new Set()).add(live))
    }
    for (const { spec } of live.rotations) this.ended(live, spec)
    this.sort(live)
    if (!this.isOpen(live)) live.forgetEntries()
  }

  remove(live: LiveRun): void {
    this.#runs.delete(live.id)
    this.#open.delete(live)
    for (const { spec } of live.rotations) {
      this.#rotations.delete(spec.id)
      this.#aboutKey.get(spec.from)?.delete(live)
    }
  }

  find(run: string): LiveRun | undefined {
    return this.#runs.get(run)
  }

  /** @throws Failure `not-found` */
  get(run: string): LiveRun {
    const live = this.#runs.get(run)
    if (live) return live
    throw new Failure({ name: 'not-found', title: 'No such run', detail: 'There is no run with this id.' })
  }

  /** In the order in which they were taken in. */
  all(): LiveRun[] {
    return [...this.#runs.values()]
  }

  oldestFirst(): LiveRun[] {
    return this.all().sort(byId)
  }

  open(): LiveRun[] {
    return [...this.#open].sort(byId)
  }

  isOpen(live: LiveRun): boolean {
    return this.#open.has(live)
  }

  rotation(id: string): InRun | undefined {
    return this.#rotations.get(id)
  }

  /** Every rotation. */
  rotations(runs: readonly LiveRun[] = this.all()): InRun[] {
    return runs.flatMap((live) => live.rotations.map((each) => ({ live, ...each })))
  }

  /** Those that are not over, though none may be driven. */
  unfinished(): InRun[] {
    return this.rotations(this.open()).filter(({ live, spec }) => !live.recorded(spec).finished)
  }

  /** The runs that are about an old key. */
  about(key: string): LiveRun[] {
    return [...(this.#aboutKey.get(key) ?? [])]
  }

  /** Puts a run with those that are open, or with those that are over. */
  sort(live: LiveRun): void {
    const isOver = live.rotations.every(
      ({ spec }) => !this.#present.driven.has(spec.id) && live.recorded(spec).finished,
    )
    if (isOver) this.#open.delete(live)
    else this.#open.add(live)
  }

  /**
   * An undo or an act on an old key changes what is true of the rotation that it belongs to; a key that is deleted, of
   * all that ever replaced it.
   */
  ended(live: LiveRun, spec: Spec): void {
    const { finished, oldKeyState: oldKey, deleted } = live.recorded(spec)
    for (const key of deleted) {
      this.#present.gone.add(key)
      this.outdate(key)
    }
    if (spec.undoes === undefined || finished !== 'done') return
    this.rotation(spec.undoes)?.live.outdate()
    // A restore retires the new key: the old one is the one that works. After a mere reactivation both do, and the new one is in use:
    // the rotation stands.
    const restored = spec.kind === 'restore'
    const undone = restored || spec.kind === 'put-back'
    this.#present.later.set(spec.undoes, { undone, oldKey: restored ? 'active' : oldKey })
  }

  /** Something became of an old key: what is shown of the runs that replaced it is of before. */
  outdate(key: string): void {
    for (const live of this.about(key)) live.over = undefined
  }

  /** Every key that a rotation has to do with. */
  keysOf(spec: Spec): string[] {
    const { newKey } = (this.#rotations.get(spec.id) as InRun).live.recorded(spec)
    return [...keysOf(spec), ...(newKey === undefined ? [] : [newKey])]
  }

  /** Every key that runs have given to the same user. */
  keysOfUser(spec: Spec): string[] {
    return this.rotations()
      .filter((each) => this.#isRelated(spec, each.spec))
      .flatMap((each) => this.keysOf(each.spec))
  }

  /**
   * Other rotations that are not over and have to do with the same user or the same keys, and that this process does
   * not drive: what they know is of before.
   */
  leftOpenBeside(spec: Spec): InRun[] {
    return this.unfinished().filter(
      (each) =>
        each.spec.id !== spec.id &&
        !this.#present.driven.has(each.spec.id) &&
        this.#isRelated(spec, each.spec),
    )
  }

  /** The newest run of the same user that began after this rotation's: what this one knows is of before it. */
  newerThan({ id }: LiveRun, spec: Spec): LiveRun | undefined {
    return this.oldestFirst()
      .filter((each) => each.id > id)
      .findLast((each) => each.rotations.some((other) => this.#isRelated(spec, other.spec)))
  }

  /** Keys that other rotations which are not over have made, replace, or put back, each with the run. */
  neededBeside(spec: Spec): ReadonlyMap<string, string> {
    const others = this.unfinished().filter((each) => each.spec.id !== spec.id)
    return new Map(
      others.flatMap((each) => this.keysOf(each.spec).map((key) => [key, each.live.id] as const)),
    )
  }

  /** @throws Failure `key-busy` where another rotation that is under way has to do with the same keys */
  refuseDriven(specs: readonly Spec[]): void {
    const own = new Set(specs.map((spec) => spec.id))
    const driven = this.rotations([...this.#open]).filter(
      ({ spec }) => !own.has(spec.id) && this.#present.driven.has(spec.id),
    )
    const busy = new Set(driven.flatMap(({ spec }) => keysOf(spec)))
    const taken = specs.flatMap(keysOf).find((key) => busy.has(key))
    if (taken === undefined) return
    throw new Failure({
      name: 'key-busy',
      title: 'Already under way',
      detail: `****${taken.slice(-4)} is part of a run that is not finished.`,
      remedy: 'Wait for that run, or stop it first.',
    })
  }

  #isRelated(one: Spec, other: Spec): boolean {
    if (one.user && other.user && one.user.arn === other.user.arn) return true
    const keys = new Set(this.keysOf(one))
    return this.keysOf(other).some((key) => keys.has(key))
  }
}

/** The keys that a rotation begins with. */
export function keysOf(spec: Spec): string[] {
  return [spec.from, spec.to, spec.merge?.key, spec.spare].filter((id) => id !== undefined)
}

/** Ids sort by time. */
function byId(one: LiveRun, other: LiveRun): number {
  return Number(one.id > other.id) - Number(one.id < other.id)
}
