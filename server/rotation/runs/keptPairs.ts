import type { Trouble } from '../../api/problem.ts'
import type { Target } from '../../keys/iam.ts'
import { trustedOffsetMs } from '../../keys/ports.ts'
import { Failure } from '../../platform/failure.ts'
import type { FilesSnapshot } from '../../profiles/ports.ts'
import type { Spec } from '../entries.ts'
import { interlock } from '../interlock.ts'
import type { UndoEntry } from '../undoStore.ts'
import type { RunsDeps, RunsParts } from './parts.ts'
import { keysOf } from './runIndex.ts'

type Parts = Pick<RunsDeps, 'undo' | 'shop'> &
  Pick<RunsParts, 'index' | 'present' | 'fates' | 'outcomes' | 'views' | 'news'>

/** The pairs that the undo store holds: what is offered because of them, and when they may go. */
export class KeptPairs {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What the undo store holds: the undo offers follow from it. */
  async look(): Promise<void> {
    const { undo, index, present } = this.#parts
    const entries = await undo.list()
    present.kept.clear()
    present.cuts.clear()
    present.sums.clear()
    for (const live of index.all()) live.over = undefined
    this.#parts.outcomes.changed()
    for (const entry of entries) this.#keep(entry.key, entry)
  }

  /** Its own pairs alone: a run of a thousand would read the thousand kept ones at the end of each rotation. */
  async lookAt(spec: Spec): Promise<void> {
    for (const key of keysOf(spec)) {
      const entry = this.#parts.undo.entry(key)
      // One that cannot be read now stays as it was known.
      await entry.then((kept) => this.#keep(key, kept)).catch(() => undefined)
    }
  }

  /**
   * Removes kept pairs that are older than the setting says; never one of an unfinished rotation, and none that may be the
   * last copy of what works for its user. A clock that is set wrong would have all of them go: nothing does before this
   * process has heard AWS's, and the two agree.
   */
  async expire(): Promise<void> {
    const { undo, shop, index, fates } = this.#parts
    const offset = shop.awsOffset()
    if (offset === undefined || Math.abs(offset) > trustedOffsetMs) return
    const unfinished = new Set(index.unfinished().map(({ spec }) => spec.id))
    const gone: string[] = []
    let off: ReadonlySet<string> | undefined
    for (const entry of await undo.expired(shop.settings().undoDays)) {
      if (unfinished.has(entry.rotation)) continue
      off ??= fates.off()
      if (await this.#lastCopy(entry, off)) continue
      await undo.remove(entry.key)
      gone.push(entry.key)
    }
    await this.#went(gone)
  }

  /** Forgets one because the person asked. */
  async forget(key: string): Promise<void> {
    const { undo, present, views, fates } = this.#parts
    const entry = (await undo.list()).find((each) => each.key === key)
    if (!entry)
      throw new Failure({
        name: 'not-found',
        title: 'Nothing kept',
        detail: `No secret of ****${key.slice(-4)} is kept.`,
      })
    const { rotation } = entry
    if (present.driven.has(rotation) || views.known(rotation)?.rotation.state === 'interrupted') {
      throw new Failure({
        name: 'unfinished',
        title: 'Still needed',
        detail: 'A rotation that is not finished needs this pair.',
        remedy: 'Finish or roll back that rotation first.',
      })
    }
    const last = await this.#lastCopy(entry, fates.off(), true)
    if (last) throw new Failure(last)
    await undo.remove(key)
    await this.#went([key])
  }

  async #went(keys: readonly string[]): Promise<void> {
    await this.look()
    this.#parts.news.ofKeys(new Set(keys))
    this.#parts.news.runsAbout(keys)
  }

  #keep(key: string, entry: UndoEntry | undefined): void {
    const { shop, index, present, outcomes } = this.#parts
    const days = shop.settings().undoDays
    outcomes.changed()
    index.outdate(key)
    for (const [id, sum] of entry?.sums ?? []) present.sums.set(id, sum)
    if (entry?.cut) present.cuts.set(key, entry.rotation)
    else present.cuts.delete(key)
    if (entry?.old) present.kept.set(key, new Date(Date.parse(entry.at) + days * 86_400_000).toISOString())
    else present.kept.delete(key)
  }

  /**
   * Why what is kept under an old key may be the last copy that works; undefined where a file holds another.
   * @param ask whether AWS may be asked: what a run left active may have been turned off by others since
   */
  async #lastCopy(
    { key, rotation, newKey, cut }: UndoEntry,
    off: ReadonlySet<string>,
    ask = false,
  ): Promise<Trouble | undefined> {
    const { shop, index, present } = this.#parts
    const { store, seen, proofs } = shop
    const snapshot = await store.read()
    const files = await seen.look(snapshot, [])
    const known = index.rotation(rotation)
    const active = new Set([key, ...(known ? index.keysOfUser(known.spec) : [])])
    if (newKey !== undefined) active.add(newKey)
    // What a run has turned off signs nothing, whichever file holds it by now.
    for (const each of off) active.delete(each)
    if (ask) for (const each of await this.#refused(active, snapshot, known?.target)) active.delete(each)
    // What AWS refused when its lines were taken out is no copy that works.
    const gone = (cut === true || present.gone.has(key)) && newKey === undefined
    const answer = interlock(
      { kind: 'drop-secret', key, gone, active },
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
    const { iam } = this.#parts.shop
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
}
