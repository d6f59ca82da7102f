import { setTimeout as delay } from 'node:timers/promises'
import type { Trouble } from '../../api/problem.ts'
import { droppable } from '../droppable.ts'
import type { Entry, NewEntry, Spec } from '../entries.ts'
import { drive, JournalFailure, LeftWaiting, stand, type Standing } from '../machine.ts'
import { stepsFor } from '../sagas.ts'
import { commandPatienceMs, World, type WorldHooks } from '../world.ts'
import { type InRun, type LiveRun, stopSwitch } from './liveRun.ts'
import { Turns } from './turns.ts'
import type { RunsDeps, RunsParts } from './parts.ts'
import { asTrouble } from './runTroubles.ts'

type Parts = Pick<RunsDeps, 'shop' | 'drainPatienceMs' | 'onDefect'> &
  Pick<RunsParts, 'index' | 'present' | 'fates' | 'outcomes' | 'kept' | 'news'>

/** Drives rotations by the machine, each to its end or to where it must stand still, and journals what becomes of them. */
export class Driver {
  readonly #parts: Parts
  readonly #turns = new Turns()
  /** Entries that were written in all, by which a drain sees that something still moves. */
  #appended = 0
  /** Aborts once the process ends: no look at AWS keeps it. */
  readonly #leaving = stopSwitch()
  #closing = false
  /** Something is left to the journal, since it made no headway. */
  #left = false
  #abandoned = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Nothing new is begun from now on. */
  close(): void {
    this.#closing = true
  }

  get closing(): boolean {
    return this.#closing
  }

  /** Drives a rotation in its turn, after what older runs of the same user left open is superseded. */
  follow(rotation: InRun): void {
    const { live, spec } = rotation
    const { index, present } = this.#parts
    this.#turns.take(live, spec, async () => {
      try {
        for (const old of index.leftOpenBeside(spec)) await this.#supersede(old, live)
        await this.#drive(rotation, live.stop.signal)
      } finally {
        present.driven.delete(spec.id)
        present.notes.delete(spec.id)
        present.codes.delete(spec.id)
        await this.#over(live, spec)
      }
    })
  }

  /** A newer run has been at these keys: of this one nothing is acted on, but it must come to an end. */
  overtake(rotation: InRun, newer: LiveRun): void {
    const { live, spec } = rotation
    this.#turns.take(live, spec, () =>
      this.#end(rotation, { phase: 'superseding', by: newer.id }, live.stop.signal),
    )
  }

  /** Ends a rotation that waits for the person as it stands. */
  closeAsItStands(rotation: InRun): void {
    const { live, spec } = rotation
    this.#turns.take(live, spec, () => this.#end(rotation, { phase: 'closing' }, live.stop.signal))
  }

  /**
   * Ends a rotation that a newer run takes over: what it left unsettled is looked at, a key that it made and nobody holds
   * is taken back, and of what it had committed nothing is acted on any more.
   */
  async #supersede(old: InRun, by: LiveRun): Promise<void> {
    await this.#end(old, { phase: 'superseding', by: by.id }, by.stop.signal)
  }

  async #end(rotation: InRun, why: NewEntry, stop: AbortSignal): Promise<void> {
    const { live, spec } = rotation
    const { driven } = this.#parts.present
    if (driven.has(spec.id) || live.recorded(spec).finished) return
    driven.add(spec.id)
    try {
      await live.open()
      await this.append(live, spec, why)
      live.broken.delete(spec.id)
      await this.#drive(rotation, stop)
    } catch (error) {
      live.broken.set(spec.id, this.trouble(error))
    } finally {
      driven.delete(spec.id)
      await this.#over(live, spec)
    }
  }

  /** @param stop of whoever drives it: of a newer run, where that takes this rotation over */
  async #drive({ live, spec, target }: InRun, stop: AbortSignal): Promise<void> {
    const { shop, present, drainPatienceMs } = this.#parts
    const steps = stepsFor(spec)
    const standing = () => stand(steps, live.entries(spec))
    const worldHooks = this.#worldHooks(live, spec, standing)
    try {
      const hooks = shop.hooks.and(spec.hooks ?? [])
      // A timer must come to its end, though a page that would show what is waited for drives its run.
      const byCommand = live.by === 'terminal' || live.by === 'timer'
      const waitPatienceMs = Math.min(shop.waitPatienceMs, byCommand ? commandPatienceMs : Infinity)
      const iam = droppable(shop.iam, {
        stopped: stop,
        // What is looked at to settle a step that failed is not, though the step could have been stopped.
        stoppable: () => worldHooks.stoppable() && !hasFailed(standing()),
        leaving: this.#leaving.signal,
        graceMs: drainPatienceMs / 4,
      })
      const world = new World({ ...shop, iam, hooks, waitPatienceMs }, spec, target, stop, worldHooks)
      await drive(
        steps,
        { entries: () => live.entries(spec), append: (entry) => this.append(live, spec, entry) },
        world,
        (error) => this.trouble(error),
        () => present.stopping.has(live.id),
      )
    } catch (error) {
      if (!(error instanceof LeftWaiting)) live.broken.set(spec.id, this.trouble(error))
      this.#left ||= this.#closing
    }
  }

  #worldHooks(live: LiveRun, spec: Spec, standing: () => Standing): WorldHooks {
    const { index, present, fates, news } = this.#parts
    return {
      note: (text) => this.#note(live, spec, text),
      record: (step, facts) => this.append(live, spec, { phase: 'noted', step, facts }),
      alarm: (trouble) => this.append(live, spec, { phase: 'alarm', trouble }),
      waits: (trouble) => this.#waits(live, spec, trouble),
      needed: () => index.neededBeside(spec),
      ours: () => fates.ours(),
      waitForCode: (device) => {
        if (device === undefined) present.codes.delete(spec.id)
        else present.codes.set(spec.id, device)
        news.rotation(live, spec)
      },
      stoppable: () => {
        const { committed, aborting } = standing()
        return !committed && !aborting
      },
    }
  }

  /** Resolves when the entry is durable, and what follows from it is told. */
  async append(live: LiveRun, spec: Spec, entry: NewEntry): Promise<void> {
    if (this.#abandoned) throw new JournalFailure('This process has ended its runs.')
    this.#appended += 1
    const { shop, present, fates, outcomes, news } = this.#parts
    const before = live.recorded(spec).newKey
    await live.append(spec, { at: new Date(shop.clock.now()).toISOString(), ...entry } as Entry)
    fates.changed()
    // That a step has begun changes nothing of what follows from all runs.
    if (entry.phase !== 'started') outcomes.changed()
    if (entry.phase === 'started' || entry.phase === 'undoing') present.notes.delete(spec.id)
    const { newKey } = live.recorded(spec)
    if (newKey !== before) fates.changedOurs()
    if (entry.phase === 'done' && entry.step === 'save' && newKey !== undefined) present.saved(spec, newKey)
    news.rotation(live, spec)
  }

  /** What is waited for is durable once, so that a restart can tell it. */
  async #waits(live: LiveRun, spec: Spec, trouble: Trouble): Promise<void> {
    this.#note(live, spec, trouble.detail)
    const last = live.entries(spec).at(-1)
    if (last?.phase === 'waiting' && last.trouble.detail === trouble.detail) return
    await this.append(live, spec, { phase: 'waiting', trouble })
  }

  #note(live: LiveRun, spec: Spec, text: string | undefined): void {
    const { present, news } = this.#parts
    if (present.notes.get(spec.id) === text) return
    if (text === undefined) present.notes.delete(spec.id)
    else present.notes.set(spec.id, text)
    news.rotation(live, spec)
  }

  async #over(live: LiveRun, spec: Spec): Promise<void> {
    await this.#after(live, spec).catch(this.#parts.onDefect)
  }

  /** What follows from the end of a rotation; and of its run, where it was the last one that was driven. */
  async #after(live: LiveRun, spec: Spec): Promise<void> {
    const { shop, index, present, fates, outcomes, kept, news, onDefect } = this.#parts
    index.ended(live, spec)
    outcomes.changed()
    fates.changed()
    index.sort(live)
    await kept.lookAt(spec)
    if (present.driven.size === 0) await shop.store.release().catch(onDefect)
    news.rotation(live, spec)
    const undone = spec.undoes === undefined ? undefined : index.rotation(spec.undoes)
    if (undone) news.rotation(undone.live, undone.spec)
    news.ofKeys(new Set(live.recorded(spec).deleted.filter((key) => key !== spec.from)))
    if (live.rotations.some((each) => present.driven.has(each.spec.id))) return
    news.run(live)
    await live.close(!index.isOpen(live))
  }

  trouble(error: unknown): Trouble {
    return asTrouble(error, this.#parts.onDefect)
  }

  /** Resolves when nothing is driven any more. */
  idle(): Promise<void> {
    return this.#turns.over()
  }

  /**
   * Waits for what is under way. A step that makes no headway is left to the journal: from then on nothing more is done or
   * written by this process.
   * @returns whether something is left so
   */
  async drain(): Promise<{ readonly left: boolean }> {
    const { index, present, drainPatienceMs } = this.#parts
    this.#leaving.abort()
    const idle = this.idle().then(() => true)
    for (let [moved, seen] = [performance.now(), this.#appended]; !this.#abandoned;) {
      if (await Promise.race([idle, delay(drainPatienceMs / 8, false, { ref: false })])) break
      if (this.#appended !== seen) [moved, seen] = [performance.now(), this.#appended]
      this.#abandoned = performance.now() - moved >= drainPatienceMs
    }
    if (this.#abandoned) present.driven.clear()
    for (const live of index.all()) await live.shut()
    return { left: this.#left || this.#abandoned }
  }
}

function hasFailed({ marks }: Pick<Standing, 'marks'>): boolean {
  return [...marks.values()].includes('failed')
}
