import type { WentBack } from '../../api/inventory.ts'
import type { Ledger, RestRow } from '../../api/ledger.ts'
import type { Run } from '../../api/run.ts'
import type { ReplacedKey } from '../../keys/ports.ts'
import type { FilesSnapshot } from '../../profiles/ports.ts'
import { leftOf, ledgerOf } from '../ledger.ts'
import type { LeftByName } from '../leftByName.ts'
import { replacedKeys } from '../replaced.ts'
import { wentBack, writtenBy, type Written } from '../wentBack.ts'
import type { Workshop } from '../world.ts'
import type { KeyFates } from './keyFates.ts'
import type { InRun } from './liveRun.ts'
import type { Present } from './present.ts'
import type { RunIndex } from './runIndex.ts'
import { accountOf, type RunViews } from './runViews.ts'

export interface OutcomesDeps {
  readonly settings: Workshop['settings']
  /** Keys that stay as they are by name. */
  readonly leftByName: LeftByName
  /** What a theft leaves beside keys, by what was looked at. @param left by name */
  readonly rest: (runs: readonly Run[], left: ReadonlyMap<string, string | undefined>) => readonly RestRow[]
}

/** What all runs together come to: keys replaced, profiles written, and what is still open. */
export class Outcomes {
  readonly #index: RunIndex
  readonly #present: Present
  readonly #fates: KeyFates
  readonly #views: RunViews
  readonly #deps: OutcomesDeps
  /** Until a run changes, or what is kept. */
  #known:
    | {
        readonly replaced: readonly ReplacedKey[]
        readonly written: Written
        readonly off: ReadonlySet<string>
      }
    | undefined

  constructor(index: RunIndex, present: Present, fates: KeyFates, views: RunViews, deps: OutcomesDeps) {
    this.#index = index
    this.#present = present
    this.#fates = fates
    this.#views = views
    this.#deps = deps
  }

  changed(): void {
    this.#known = undefined
  }

  /** Old keys that were replaced and are not put back, the newest rotation of each. */
  replaced(): readonly ReplacedKey[] {
    return this.#now().replaced
  }

  /** Profiles that hold a key again which a run has replaced there, or are gone since a run wrote them. */
  wentBack(snapshot: FilesSnapshot): WentBack[] {
    const { written, off } = this.#now()
    const takenOut = new Set(this.#deps.settings().takenOut)
    return wentBack(written, snapshot, { off, takenOut, sums: this.#present.sums })
  }

  /** What is still open of all that runs were asked for. */
  ledger(): Ledger {
    const leaks = this.#index.all().filter(({ header }) => header.leak)
    const rest = this.#deps.rest(
      leaks.map((live) => this.#views.run(live)),
      this.#deps.leftByName.all(),
    )
    return ledgerOf(
      this.#accounts().sort((a, b) => b.run.localeCompare(a.run)),
      rest,
    )
  }

  /** Keys whose rows are closed by nothing but what a check found. */
  deadByFinding(): string[] {
    return this.#accounts().flatMap(({ left }) =>
      left.filter(({ closedBy }) => closedBy === 'dead').map(({ key }) => key),
    )
  }

  /** What each run was asked for, and what it left; in no order. */
  #accounts() {
    const fates = this.#fates.now()
    return this.#index.all().flatMap((live) => {
      const account = accountOf(live, this.#views.over(live))
      return account ? [{ ...account, left: leftOf(account, fates) }] : []
    })
  }

  #now() {
    if (this.#known) return this.#known
    const runs = this.#index.all().map((live) => this.#views.over(live))
    const merged = this.#index.rotations().flatMap(({ spec }) => spec.merge?.key ?? [])
    const wrote = (rotation: string) => {
      const { live, spec } = this.#index.rotation(rotation) as InRun
      return live.recorded(spec).wrote
    }
    return (this.#known = {
      replaced: replacedKeys(runs, this.#present.kept),
      written: writtenBy(runs, merged, wrote),
      off: this.#fates.off(),
    })
  }
}
