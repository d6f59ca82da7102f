import { join } from 'node:path'
import { findingOf } from '../keys/learn.ts'
import type { Findings } from '../keys/ports.ts'
import { refusedKeys } from '../keys/refused.ts'
import { Acts, type ActsDeps } from './acts.ts'
import { LeftByName } from './leftByName.ts'
import type { RunsDeps } from './runs/parts.ts'
import { Runs } from './runs/runs.ts'
import type { UndoStore } from './undoStore.ts'
import type { Workshop } from './world.ts'

/** What is made of the other parts here, and so the same wherever runs are opened. */
type Made = 'undo' | 'acts' | 'learn'

export interface RunsParts extends Pick<RunsDeps, 'bus' | 'onDefect' | 'drainPatienceMs' | 'rest'> {
  readonly stateDirectory: string
  readonly undo: UndoStore
  readonly findings: Pick<Findings, 'all' | 'put'>
  readonly shop: Omit<Workshop, Made> & { readonly iam: ActsDeps['iam']; readonly store: ActsDeps['store'] }
  /** Of a test, in the place of what is made here. */
  readonly instead?: Partial<Workshop>
}

/** The runs of a state directory, wired: the product, the machine room of the tests and the fault bench have the same. */
export async function openRuns({
  stateDirectory,
  undo,
  findings,
  shop,
  instead = {},
  ...deps
}: RunsParts): Promise<Runs> {
  const { clock, iam, store } = shop
  return Runs.load({
    ...deps,
    directory: join(stateDirectory, 'runs'),
    undo,
    refused: () => refusedKeys(findings.all()),
    leftByName: await LeftByName.open(stateDirectory, clock),
    shop: {
      ...shop,
      undo,
      acts: new Acts({ iam, store, undo }),
      learn: (learnt) => findings.put(findingOf(learnt, findings.all(), clock.now())),
      ...instead,
    },
  })
}
