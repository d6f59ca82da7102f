import type { ServerEvent } from '../../api/events.ts'
import type { Bus } from '../../platform/bus.ts'
import type { UndoStore } from '../undoStore.ts'
import type { Workshop } from '../world.ts'
import { Driver } from './driver.ts'
import { KeptPairs } from './keptPairs.ts'
import { KeyFates, type KeyFatesDeps } from './keyFates.ts'
import { Outcomes, type OutcomesDeps } from './outcomes.ts'
import { Present } from './present.ts'
import { RunIndex } from './runIndex.ts'
import { RunNews } from './runNews.ts'
import { RunViews } from './runViews.ts'

export interface RunsDeps extends KeyFatesDeps, Pick<OutcomesDeps, 'rest'> {
  readonly directory: string
  readonly shop: Workshop
  readonly undo: UndoStore
  readonly bus: Bus<ServerEvent>
  /** How long the end of the process waits for a step that makes no headway, in milliseconds. */
  readonly drainPatienceMs: number
  /** Told of errors that nobody foresaw. */
  readonly onDefect: (error: unknown) => void
}

/** Each knows one thing of all runs, and those above it. */
export interface RunsParts {
  readonly present: Present
  readonly index: RunIndex
  readonly fates: KeyFates
  readonly views: RunViews
  readonly outcomes: Outcomes
  readonly news: RunNews
  readonly kept: KeptPairs
  readonly driver: Driver
}

export function partsOf(deps: RunsDeps): RunsParts {
  const present = new Present()
  const index = new RunIndex(present)
  const fates = new KeyFates(index, present, deps)
  const views = new RunViews(index, present, fates)
  const outcomes = new Outcomes(index, present, fates, views, { ...deps, settings: deps.shop.settings })
  const news = new RunNews(index, views, deps.bus)
  const kept = new KeptPairs({ ...deps, index, present, fates, outcomes, views, news })
  const driver = new Driver({ ...deps, index, present, fates, outcomes, kept, news })
  return { present, index, fates, views, outcomes, news, kept, driver }
}
