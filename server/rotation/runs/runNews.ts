import type { ServerEvent } from '../../api/events.ts'
import type { Bus } from '../../platform/bus.ts'
import type { Spec } from '../entries.ts'
import type { LiveRun } from './liveRun.ts'
import type { RunIndex } from './runIndex.ts'
import type { RunViews } from './runViews.ts'

/** Publishes runs and rotations, as soon as what there is to tell of them is durable. */
export class RunNews {
  readonly #index: RunIndex
  readonly #views: RunViews
  readonly #bus: Bus<ServerEvent>

  constructor(index: RunIndex, views: RunViews, bus: Bus<ServerEvent>) {
    this.#index = index
    this.#views = views
    this.#bus = bus
  }

  rotation(live: LiveRun, spec: Spec): void {
    this.#bus.publish({ type: 'rotation', run: live.id, rotation: this.#views.rotation(live, spec) })
  }

  run(live: LiveRun): void {
    this.#bus.publish({ type: 'run', run: this.#views.run(live) })
  }

  /** The rotations that have to do with these keys, as old or as new. */
  ofKeys(keys: ReadonlySet<string>): void {
    if (keys.size === 0) return
    for (const { live, spec } of this.#index.rotations())
      if (keys.has(spec.from) || keys.has(live.recorded(spec).newKey ?? '')) this.rotation(live, spec)
  }

  /** The runs that replaced these keys: an ended run makes the inventory follow, whose old keys tell what is kept. */
  runsAbout(keys: readonly string[]): void {
    for (const live of new Set(keys.flatMap((key) => this.#index.about(key)))) this.run(live)
  }
}
