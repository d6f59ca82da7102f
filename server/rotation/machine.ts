import type { Trouble } from '../api/problem.ts'
import type { StepName } from '../api/run.ts'
import { kindOf } from '../api/troubles.ts'
import type { Entry, Facts, NewEntry, Outcome, Settled } from './entries.ts'
import { Failure } from '../platform/failure.ts'
import { stoppedByPerson } from './world.ts'

/**
 * A rotation is a saga whose steps are data. Before the pivot a failure undoes what was done, last step first;
 * from the moment that the pivot's effect is there it only goes forward.
 */
export interface Step<World> {
  readonly name: StepName
  /** Read-only; its facts are journaled with the intention, before the act. */
  before?(world: World, known: Facts): Promise<Facts>
  /** The act. Idempotent: after a settle that found it half done it is called again. Returns facts, never secrets. */
  do(world: World, known: Facts): Promise<Facts>
  /**
   * After a crash or an error: is the effect there? Looks, never acts. Absent where the step has no effect: then
   * the answer is `out` and it is done again or passed over.
   */
  settle?(world: World, known: Facts): Promise<Settled>
  /** Takes the effect back; idempotent; must not need what only a finished `do` returned. */
  undo?(world: World, known: Facts): Promise<Facts>
  readonly pivot?: true
}

/** What decide needs to know of a step. */
export type StepShape = Pick<Step<never>, 'name' | 'pivot'> & { readonly undo?: unknown }

export type Decision<S extends StepShape> =
  | { readonly kind: 'run' | 'settle' | 'undo'; readonly step: S }
  | { readonly kind: 'halt'; readonly trouble: Trouble }
  | { readonly kind: 'over'; readonly outcome: Outcome; readonly trouble?: Trouble }

type Mark = 'started' | 'failed' | 'done' | 'out' | 'unclear' | 'undoing' | 'undoFailed' | 'undone'

/** Where a rotation stands, folded from its entries alone. */
export interface Standing {
  /** None where a step has not begun. */
  readonly marks: ReadonlyMap<StepName, Mark>
  readonly facts: Facts
  /** The pivot's effect is there: forward only. */
  readonly committed: boolean
  /** Not committed, and something went wrong, or the process died, or the person stopped it: back only. */
  readonly aborting: boolean
  readonly stopping: boolean
  /** Why it failed or was sent back, where it did. */
  readonly trouble?: Trouble
  /** What keeps it from going on or back until a person has seen to it. */
  readonly stuck?: Trouble
  readonly begun: boolean
  /** That it waits for the person is in the journal. */
  readonly halted: boolean
  /** The name of the trouble that it stood still for when the person last had it tried again. */
  readonly triedOn?: string
  /** What it waited for when the journal was last written. */
  readonly waiting?: Trouble
  /** The newer run that takes over what this one left. */
  readonly supersededBy?: string
  /** The person ends it as it stands: what nobody would use is taken back if it can be, and nothing is finished. */
  readonly closing: boolean
  readonly finished?: Outcome
}

/** Folds entries into a standing. Later facts win; a retry after a rollback begins anew. */
export function stand(steps: readonly StepShape[], entries: readonly Entry[]): Standing {
  const pivot = steps.find((step) => step.pivot)?.name
  const marks = new Map<StepName, Mark>()
  let facts: Facts = {}
  let committed = false
  let astray = false
  let stopping = false
  let closing = false
  let begun = false
  let halted = false
  let trouble: Trouble | undefined
  let stuck: Trouble | undefined
  let waiting: Trouble | undefined
  let triedOn: string | undefined
  let supersededBy: string | undefined
  let finished: Standing['finished']

  for (const entry of entries) {
    waiting = entry.phase === 'waiting' ? entry.trouble : undefined
    if ('facts' in entry) facts = { ...facts, ...entry.facts }
    switch (entry.phase) {
      case 'started':
        begun = true
        marks.set(entry.step, 'started')
        break
      case 'done':
        marks.set(entry.step, 'done')
        if (entry.step === pivot) committed = true
        break
      case 'failed':
        marks.set(entry.step, 'failed')
        trouble = entry.trouble
        break
      case 'settled':
        if (entry.found === 'unclear') {
          marks.set(entry.step, 'unclear')
          stuck = entry.trouble
        } else if (entry.step === pivot) {
          // The effect decides, not what the journal had time to say: half saved is saved, and is finished forward.
          committed ||= entry.found === 'in'
          marks.set(entry.step, 'out')
        } else marks.set(entry.step, entry.found === 'in' ? 'done' : 'out')
        astray = true
        break
      case 'undoing':
      case 'undone':
        marks.set(entry.step, entry.phase)
        break
      case 'undoFailed':
        marks.set(entry.step, 'undoFailed')
        stuck = entry.trouble
        break
      case 'resumed':
        astray = true
        triedOn = halted ? stuck?.name : undefined
        halted = false
        stuck = undefined
        tryAgain(marks)
        break
      case 'stopping':
        stopping = true
        astray = true
        break
      case 'superseding':
      case 'closing':
        if (entry.phase === 'superseding') supersededBy = entry.by
        else closing = true
        astray = true
        halted = false
        stuck = undefined
        tryAgain(marks)
        break
      case 'retried':
        triedOn = halted ? stuck?.name : undefined
        halted = false
        stuck = undefined
        if (finished === 'rolledBack' || finished === 'stopped') {
          marks.clear()
          facts = {}
          astray = stopping = begun = false
          trouble = finished = undefined
        } else tryAgain(marks)
        break
      case 'halted':
        halted = true
        stuck = entry.trouble
        break
      case 'finished':
        finished = entry.outcome
        if (entry.trouble) trouble = entry.trouble
        break
      case 'waiting':
      case 'noted':
      case 'alarm':
        break
    }
  }
  return {
    marks,
    facts,
    committed,
    aborting: astray && !committed,
    stopping,
    closing,
    begun,
    halted,
    ...(trouble && { trouble }),
    ...(stuck && { stuck }),
    ...(waiting && { waiting }),
    ...(triedOn !== undefined && { triedOn }),
    ...(supersededBy !== undefined && { supersededBy }),
    ...(finished && { finished }),
  }
}

/** The step that stood still is looked at, or undone, once more; what is done stays done. */
function tryAgain(marks: Map<StepName, Mark>): void {
  for (const [name, mark] of marks) {
    if (mark === 'unclear') marks.set(name, 'started')
    if (mark === 'undoFailed') marks.set(name, 'undoing')
  }
}

/** Pure: the journal alone says what happens next, so that a crash is no more than a reload. */
export function decide<S extends StepShape>(steps: readonly S[], entries: readonly Entry[]): Decision<S> {
  const { marks, ...standing } = stand(steps, entries)
  const stands = (step: S, ...any: readonly Mark[]) => any.some((mark) => marks.get(step.name) === mark)

  if (standing.finished) return { kind: 'over', outcome: standing.finished }
  // Whoever took over goes on from what is there: of this one only what nobody would use is taken back, and nothing is
  // finished. The same where the person closes it.
  const superseded = standing.supersededBy !== undefined || standing.closing
  if (superseded && (standing.stuck || standing.committed)) return { kind: 'over', outcome: 'superseded' }
  if (standing.stuck) return stopAt(standing.stuck, standing)

  const unsettled = steps.findLast((step) => stands(step, 'started', 'failed'))
  if (unsettled) return { kind: 'settle', step: unsettled }

  if (standing.aborting) {
    const dirty = steps.findLast((step) => step.undo !== undefined && stands(step, 'done', 'undoing'))
    if (dirty) return { kind: 'undo', step: dirty }
    if (superseded) return { kind: 'over', outcome: 'superseded' }
    return { kind: 'over', outcome: standing.stopping || !standing.begun ? 'stopped' : 'rolledBack' }
  }

  const next = steps.find((step) => !stands(step, 'done'))
  if (!next) return { kind: 'over', outcome: 'done' }
  // After the pivot a step that failed waits for the person; a crash is no failure and is simply gone on from.
  const failure = failureSinceRetry(entries, next.name)
  return failure ? stopAt(failure, standing) : { kind: 'run', step: next }
}

/** For the person; where trying again has met the same, and others have moved on, it is over as it stands. */
function stopAt(trouble: Trouble, { triedOn, halted }: Pick<Standing, 'triedOn' | 'halted'>) {
  const again = !halted && trouble.name === triedOn && kindOf(trouble.name).final
  return again
    ? ({ kind: 'over', outcome: 'superseded', trouble } as const)
    : ({ kind: 'halt', trouble } as const)
}

/** It goes back for a reason of its own, which a stop must not hide. A wait that the stop itself ended is none. */
function goesBack({ aborting, marks, trouble }: Standing): boolean {
  return aborting || ([...marks.values()].includes('failed') && trouble?.name !== stoppedByPerson.name)
}

function failureSinceRetry(entries: readonly Entry[], step: StepName): Trouble | undefined {
  const tried = entries.findLastIndex((entry) => entry.phase === 'retried' || entry.phase === 'resumed')
  return entries
    .slice(tried + 1)
    .filter((entry) => entry.phase === 'failed')
    .findLast((entry) => entry.step === step)?.trouble
}

/** The person is told before that another try may be the last one. */
function closable(trouble: Trouble): Trouble {
  if (!kindOf(trouble.name).final) return trouble
  const closes = 'Where nothing has changed by then, Retry closes this rotation as it stands.'
  return { ...trouble, remedy: [trouble.remedy, closes].filter(Boolean).join(' ') }
}

/** Thrown where the journal itself cannot be written: nothing more may be done, since no intention can be durable. */
export class JournalFailure extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'JournalFailure'
  }
}

/**
 * Thrown where a wait is given up before what it waits for is known: at the end of the process, of the patience of a
 * command, or because the person stops it. Nothing is journaled: the step stands as it stood, and a recovery goes on
 * with it.
 */
export class LeftWaiting extends Error {
  constructor() {
    super('left waiting')
    this.name = 'LeftWaiting'
  }
}

/** Thrown where others have moved the world on so far that nothing of a rotation is left to do: it is over. */
export class MovedOn extends Failure {}

export interface DriveLog {
  entries(): readonly Entry[]
  /** Resolves when the entry is durable. */
  append(entry: NewEntry): Promise<void>
}

/**
 * Impure and small: makes each intention durable, then acts on it, until the journal says that it is over or that
 * a person is needed.
 * @param troubleOf turns whatever was thrown into words
 * @param stopAsked true once the person stops the run: what is not committed goes back, the rest is finished
 * @throws JournalFailure where an entry cannot be made durable; nothing is done after that
 * @throws LeftWaiting where a wait was given up
 */
export async function drive<World>(
  steps: readonly Step<World>[],
  log: DriveLog,
  world: World,
  troubleOf: (error: unknown) => Trouble,
  stopAsked: () => boolean,
): Promise<void> {
  for (;;) {
    const standing = stand(steps, log.entries())
    const may = !standing.stopping && !standing.committed && !standing.finished && !standing.halted
    if (stopAsked() && may && !goesBack(standing)) {
      await log.append({ phase: 'stopping' })
      continue
    }
    const decision = decide(steps, log.entries())
    switch (decision.kind) {
      case 'run':
        await run(decision.step)
        break
      case 'settle':
        await settle(decision.step)
        break
      case 'undo':
        await undo(decision.step)
        break
      case 'halt':
        if (!standing.halted) await log.append({ phase: 'halted', trouble: closable(decision.trouble) })
        return
      case 'over': {
        const { outcome, trouble } = decision
        if (!standing.finished) await log.append({ phase: 'finished', outcome, ...(trouble && { trouble }) })
        return
      }
    }
  }

  function known(): Facts {
    return stand(steps, log.entries()).facts
  }

  /** @throws what ends the drive here without another word in the journal */
  async function isOver(error: unknown): Promise<boolean> {
    if (error instanceof JournalFailure || error instanceof LeftWaiting) throw error
    if (!(error instanceof MovedOn)) return false
    await log.append({ phase: 'finished', outcome: 'superseded', trouble: error.trouble })
    return true
  }

  async function run(step: Step<World>) {
    try {
      const before = await step.before?.(world, known())
      await log.append({ phase: 'started', step: step.name, facts: before })
      const facts = await step.do(world, known())
      await log.append({ phase: 'done', step: step.name, facts })
    } catch (error) {
      if (await isOver(error)) return
      await log.append({ phase: 'failed', step: step.name, trouble: troubleOf(error) })
    }
  }

  async function settle(step: Step<World>) {
    try {
      const settled = (await step.settle?.(world, known())) ?? { found: 'out' as const }
      await log.append({ phase: 'settled', step: step.name, ...settled })
    } catch (error) {
      if (await isOver(error)) return
      // That nobody can look does not replace why it failed.
      const { marks, trouble } = stand(steps, log.entries())
      const why = marks.get(step.name) === 'failed' ? trouble : undefined
      await log.append({
        phase: 'settled',
        step: step.name,
        found: 'unclear',
        trouble: why ?? troubleOf(error),
      })
    }
  }

  async function undo(step: Step<World>) {
    await log.append({ phase: 'undoing', step: step.name })
    try {
      const facts = await step.undo?.(world, known())
      await log.append({ phase: 'undone', step: step.name, facts })
    } catch (error) {
      if (await isOver(error)) return
      await log.append({ phase: 'undoFailed', step: step.name, trouble: troubleOf(error) })
    }
  }
}
