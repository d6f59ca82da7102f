import type { HistoryRow, Rotation, Run } from '../../api/run.ts'
import type { Target } from '../../keys/iam.ts'
import type { Spec } from '../entries.ts'
import type { RunHeader } from '../journal.ts'
import { type Account, type Fates, leftOf } from '../ledger.ts'
import { viewHistory, viewRotation, viewRun } from '../view.ts'
import type { KeyFates } from './keyFates.ts'
import type { LiveRun } from './liveRun.ts'
import type { Present } from './present.ts'
import type { RunIndex } from './runIndex.ts'

export interface KnownRotation {
  readonly run: RunHeader
  readonly rotation: Rotation
  readonly spec: Spec
  readonly target: Target
}

/** Runs and rotations as they are shown: what the journals tell, and what is true now. */
export class RunViews {
  readonly #index: RunIndex
  readonly #present: Present
  readonly #fates: KeyFates

  constructor(index: RunIndex, present: Present, fates: KeyFates) {
    this.#index = index
    this.#present = present
    this.#fates = fates
  }

  rotation(live: LiveRun, spec: Spec): Rotation {
    const view = viewRotation(live.id, spec, live.recorded(spec), this.#present)
    const broken = live.broken.get(spec.id)
    return broken ? { ...view, state: 'interrupted', problem: broken } : view
  }

  run(live: LiveRun, fates?: Fates): Run {
    const view = this.bare(live)
    const account = accountOf(live, view)
    if (!account) return view
    return {
      ...view,
      ...(account.leak && { leak: true }),
      asked: account.asked.length,
      left: leftOf(account, fates ?? this.#fates.now()),
    }
  }

  /** Without the account of what was asked for, which hangs on other runs, too. */
  bare(live: LiveRun): Run {
    const rotations = live.rotations.map(({ spec }) => this.rotation(live, spec))
    const recorded = live.rotations.map(({ spec }) => live.recorded(spec))
    return viewRun(live.header, rotations, recorded, this.#present)
  }

  /** The bare view, for what follows from all runs: of one that is over it is made once. */
  over(live: LiveRun): Run {
    if (live.over) return live.over
    const run = this.bare(live)
    if (!this.#index.isOpen(live)) live.over = run
    return run
  }

  /** Newest first. @param before only runs older than this one */
  page(before: string | undefined, limit: number): { runs: Run[]; more: boolean } {
    const all = this.#index.oldestFirst().reverse()
    const from = before === undefined ? all : all.filter(({ id }) => id < before)
    return { runs: this.all(from.slice(0, limit)), more: from.length > limit }
  }

  all(runs: readonly LiveRun[] = this.#index.all()): Run[] {
    const fates = this.#fates.now()
    return runs.map((live) => this.run(live, fates))
  }

  /** A line for each rotation, newest first. */
  history(): HistoryRow[] {
    return this.#index
      .all()
      .flatMap((live) => this.#historyOf(live))
      .reverse()
  }

  known(rotation: string): KnownRotation | undefined {
    const found = this.#index.rotation(rotation)
    if (!found) return undefined
    const { live, spec, target } = found
    return { run: live.header, rotation: this.rotation(live, spec), spec, target }
  }

  #historyOf(live: LiveRun): readonly HistoryRow[] {
    if (live.history) return live.history
    const run = this.bare(live)
    const rows = run.rotations.map((rotation) => viewHistory(run, rotation))
    if (!this.#index.isOpen(live)) live.history = rows
    return rows
  }
}

/** What a run was asked for, beside what it did; undefined of one that was asked for no keys. */
export function accountOf({ header, rotations, id }: LiveRun, view: Run): Account | undefined {
  const { asked, leak = false } = header
  if (!asked) return undefined
  const parts = rotations.map(({ spec }, index) => ({ spec, view: view.rotations[index] as Rotation }))
  return { run: id, leak, asked, rotations: parts }
}
