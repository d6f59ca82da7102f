import type { Account, LastUsed, User, Which } from '../api/inventory.ts'
import type { OldKeyMode } from '../api/plan.ts'
import type { Trouble } from '../api/problem.ts'
import type { RunKind, StepName } from '../api/run.ts'

/** What one rotation (or undo, or act on an old key) is about; written once, when its run begins. No secrets. */
export interface Spec {
  readonly id: string
  readonly kind: RunKind
  /** The key that the profiles hold when it begins, and that is retired at the end. */
  readonly from: string
  /** Known beforehand only where an old pair is put back; else `create` finds it. */
  readonly to?: string
  readonly profiles: readonly { readonly name: string; readonly file: Which }[]
  /** The other key of the same user whose profiles get the new key too; it is deleted to make room. */
  readonly merge?: {
    readonly key: string
    readonly profiles: readonly { readonly name: string; readonly file: Which }[]
  }
  /** For a mend: the profiles are gone, and are written anew, each with the region that it had there, by `placeName`. */
  readonly anew?: { readonly regions: Readonly<Record<string, string>> }
  /** A key that no profile holds, deleted to make room because the person picked it in the plan. */
  readonly spare?: string
  /** What happens to `from` at the end. */
  readonly retire: OldKeyMode
  /** For keep: after so many days `from` is due to be turned off. */
  readonly keepDays?: number
  readonly account?: Account
  readonly user?: User
  /** Of `from`, as AWS recorded it before Keyturn's own calls. */
  readonly lastUsed?: LastUsed
  /** Whose pair signs where it is not the user's own: an administrator's profile. */
  readonly adminProfile?: string
  /** The same, but only where AWS refuses the user's own pair. */
  readonly adminIfRefused?: string
  readonly mfaSerial?: string
  /** It waits for the other rotations of its run: without its key nobody could sign for them. */
  readonly last?: boolean
  /** Programs named for this run alone, by absolute path: a recovery runs them too, before the old key goes. */
  readonly hooks?: readonly string[]
  /** The key id whose pair in the files signs an act on an old key. */
  readonly via?: string
  /** The rotation that this one undoes, or whose old key it acts on. */
  readonly undoes?: string
}

/** The user's other key, which goes to make room: the one that was picked, else the merged one. */
export function spareOf({ spare, merge }: Pick<Spec, 'spare' | 'merge'>): string | undefined {
  return spare ?? merge?.key
}

/** What a step found or did, as ids, times, states and counts; enough to settle and to undo it after a crash. */
export type Facts = Readonly<Record<string, unknown>>

/**
 * How a rotation ended. `superseded`: a newer run of the same user took over what it had left, the person closed it as
 * it stood, or the world has moved on so far that nothing of it is left to do.
 */
export type Outcome = 'done' | 'rolledBack' | 'stopped' | 'superseded'

/**
 * `started`: the intention, durable before the act. `settled`: what a look at the files and at AWS found after a
 * crash or an error. `resumed`: a new process took the rotation on. `retried`: the person asked for another try.
 * `waiting`: an act waits
 * until what it depends on can be known again. `superseding`: the run `by` takes over what this one left. `closing`: the
 * person ends it as it stands. `halted`: it waits for the person. `finished`: it is over.
 */
export type Entry =
  | {
      readonly at: string
      readonly phase: 'started' | 'done'
      readonly step: StepName
      readonly facts?: Facts
    }
  | {
      readonly at: string
      readonly phase: 'failed'
      readonly step: StepName
      readonly trouble: Trouble
      readonly facts?: Facts
    }
  | { readonly at: string; readonly phase: 'noted'; readonly step: StepName; readonly facts: Facts }
  | ({ readonly at: string; readonly phase: 'settled'; readonly step: StepName } & Settled)
  | {
      readonly at: string
      readonly phase: 'undoing' | 'undone'
      readonly step: StepName
      readonly facts?: Facts
    }
  | { readonly at: string; readonly phase: 'undoFailed'; readonly step: StepName; readonly trouble: Trouble }
  | { readonly at: string; readonly phase: 'resumed' | 'retried' | 'stopping' | 'closing' }
  | { readonly at: string; readonly phase: 'superseding'; readonly by: string }
  | { readonly at: string; readonly phase: 'waiting' | 'halted'; readonly trouble: Trouble }
  | { readonly at: string; readonly phase: 'finished'; readonly outcome: Outcome; readonly trouble?: Trouble }
  | { readonly at: string; readonly phase: 'alarm'; readonly trouble: Trouble }

/** `in`: its effect is there, wholly or in part. `out`: it is not. `unclear`: only a person can tell, and reads why. */
export type Settled =
  | { readonly found: 'in' | 'out'; readonly facts?: Facts }
  | { readonly found: 'unclear'; readonly trouble: Trouble; readonly facts?: Facts }

/** Entry as the caller gives it; the journal adds the time. */
export type NewEntry = Entry extends infer E ? (E extends Entry ? Omit<E, 'at'> : never) : never
