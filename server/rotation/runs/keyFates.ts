import type { Fates } from '../ledger.ts'
import type { LeftByName } from '../leftByName.ts'
import type { Workshop } from '../world.ts'
import type { Present } from './present.ts'
import type { RunIndex } from './runIndex.ts'

export interface KeyFatesDeps {
  readonly shop: Pick<Workshop, 'settings'>
  /** Keys that AWS refuses, as checks found. */
  readonly refused: () => ReadonlySet<string>
  /** Keys that stay as they are by name. */
  readonly leftByName: LeftByName
}

/** What has become of each key by all runs together; worked out once, until one of them changes. */
export class KeyFates {
  readonly #index: RunIndex
  readonly #present: Present
  readonly #deps: KeyFatesDeps
  #ours: ReadonlySet<string> | undefined
  #byRuns: Pick<Fates, 'replaced' | 'off'> | undefined

  constructor(index: RunIndex, present: Present, deps: KeyFatesDeps) {
    this.#index = index
    this.#present = present
    this.#deps = deps
  }

  changed(): void {
    this.#byRuns = undefined
  }

  /** A run made a key, or is there, or is not. */
  changedOurs(): void {
    this.#ours = undefined
  }

  /** By the runs, AWS's answers, and the person's word. */
  now(): Fates {
    this.#byRuns ??= this.#replacedAndOff()
    const { exclusions } = this.#deps.shop.settings()
    return {
      ...this.#byRuns,
      refused: this.#deps.refused(),
      leftByName: new Map([
        ...exclusions.map((key) => [key, undefined] as const),
        ...this.#deps.leftByName.all(),
      ]),
    }
  }

  /** Ids that Keyturn made or replaced. */
  ours(): ReadonlySet<string> {
    return (this.#ours ??= new Set(
      this.#index
        .rotations()
        .flatMap(({ live, spec }) => [spec.from, live.recorded(spec).newKey ?? spec.from]),
    ))
  }

  /** Keys that the last run which had to do with them has turned off or deleted. */
  off(): ReadonlySet<string> {
    const off = new Set(this.#present.gone)
    for (const { live, spec } of this.#index.rotations()) {
      const { finished, newKey, oldKeyState } = live.recorded(spec)
      if (oldKeyState === 'inactive' || oldKeyState === 'deleted') off.add(spec.from)
      else if (oldKeyState === 'active') off.delete(spec.from)
      if (finished === 'done' && newKey !== undefined) off.delete(newKey)
    }
    return off
  }

  #replacedAndOff(): Pick<Fates, 'replaced' | 'off'> {
    const replaced = new Map<string, string>()
    const off = new Map<string, string>()
    for (const { live, spec } of this.#index.rotations(this.#index.oldestFirst())) {
      const { finished, oldKeyState, deleted } = live.recorded(spec)
      for (const key of deleted) off.set(key, live.id)
      if (finished !== 'done') continue
      if (spec.kind === 'rotate' && this.#present.later.get(spec.id)?.undone !== true) {
        replaced.set(spec.from, live.id)
        if (spec.merge) replaced.set(spec.merge.key, live.id)
      }
      if (oldKeyState === 'inactive' || oldKeyState === 'deleted') off.set(spec.from, live.id)
      else if (oldKeyState === 'active') off.delete(spec.from)
      if (spec.to !== undefined) off.delete(spec.to)
      if (spec.kind === 'remove') off.set(spec.from, live.id)
      if (spec.kind === 'put-back') off.delete(spec.from)
    }
    return { replaced, off }
  }
}
