import type { Trouble } from '../api/problem.ts'
import type { StepName } from '../api/run.ts'
import type { Entry, Facts, Found, NewEntry } from './entries.ts'

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
  settle?(
    world: World,
    known: Facts,
  ): Promise<{ readonly found: Found; readonly facts?: Facts; readonly trouble?: Trouble }>
  /** Takes the effect back; idempotent; must not need what only a finished `do` returned. */
  undo?(world: World, known: Facts): Promise<Facts>
  readonly pivot?: true
}

/** What decide needs to know of a step. */
export type StepShape = Pick<Step<never>, 'name' | 'pivot'> & { readonly undo?: unknown }

export interface Act {
  readonly kind: 'run' | 'settle' | 'undo'
  readonly step: StepName
}

export interface Over {
  readonly kind: 'rotated' | 'rolledBack' | 'stopped'
}

export type Decision = Act | Over | { readonly kind: 'halt'; readonly trouble: Trouble }

type Mark =
  'pending' | 'started' | 'failed' | 'done' | 'out' | 'unclear' | 'undoing' | 'undoFailed' | 'undone'

/** Where a rotation stands, folded from its entries alone. */
export interface Standing {
  readonly marks: ReadonlyMap<StepName, Mark>
  readonly facts: Facts
  /** The pivot's effect is there: forward only. */
  readonly committed: boolean
  /** Not committed, and something went wrong, or the process died, or the person stopped it: back only. */
  readonly aborting: boolean
  readonly stopping: boolean
  /** Why it failed or was sent back, where it did. */
  readonly trouble?: Trouble
  readonly begun: boolean
  readonly halted: boolean
  readonly finished?: 'done' | 'rolledBack' | 'stopped'
}

/** Folds entries into a standing. Later facts win; a retry after a rollback begins anew. */
export function stand(steps: readonly StepShape[], entries: readonly Entry[]): Standing {
  const pivot = steps.find((step) => step.pivot)?.name
  let marks = new Map<StepName, Mark>()
  let facts: Record<string, unknown> = {}
  let committed = false
  let aborting = false
  let stopping = false
  let begun = false
  let halted = false
  let trouble: Trouble | undefined
  let finished: Standing['finished']

  for (const entry of entries) {
    if ('facts' in entry && entry.facts) facts = { ...facts, ...entry.facts }
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
        if (entry.trouble && entry.found === 'unclear') trouble = entry.trouble
        if (entry.found === 'unclear') marks.set(entry.step, 'unclear')
        else if (entry.step === pivot) {
          // The effect decides, not what the journal had time to say: half saved is saved, and is finished forward.
          committed = committed || entry.found === 'in'
          marks.set(entry.step, 'out')
        } else marks.set(entry.step, entry.found === 'in' ? 'done' : 'out')
        if (!committed) aborting = true
        break
      case 'undoing':
        marks.set(entry.step, 'undoing')
        break
      case 'undone':
        marks.set(entry.step, 'undone')
        break
      case 'undoFailed':
        marks.set(entry.step, 'undoFailed')
        break
      case 'resumed':
        if (!committed) aborting = true
        halted = false
        tryAgain(marks)
        break
      case 'stopping':
        stopping = true
        if (!committed) aborting = true
        break
      case 'retried':
        halted = false
        if (finished === 'rolledBack' || finished === 'stopped') {
          marks = new Map()
          facts = {}
          aborting = stopping = begun = false
          trouble = finished = undefined
        } else {
          tryAgain(marks)
          if (committed) trouble = undefined
        }
        break
      case 'halted':
        halted = true
        trouble = entry.trouble
        break
      case 'finished':
        finished = entry.outcome
        break
      case 'noted':
      case 'alarm':
        break
    }
  }
  return {
    marks,
    facts,
    committed,
    aborting,
    stopping,
    begun,
    halted,
    ...(trouble && { trouble }),
    ...(finished && { finished }),
  }
}

/** The step that stood still is looked at, or undone, once more; what is done stays done. */
function tryAgain(marks: Map<StepName, Mark>): void {
  for (const [name, mark] of marks) {
    if (mark === 'unclear') marks.set(name, 'failed')
    if (mark === 'undoFailed') marks.set(name, 'undoing')
  }
}

const lost: Trouble = {
  name: 'unfinished',
  title: 'Stopped here',
  detail: 'A step did not finish and its effect is not clear.',
  remedy: 'Retry; Keyturn looks again before it does anything.',
}

/** Pure: the journal alone says what happens next, so that a crash is no more than a reload. */
export function decide(steps: readonly StepShape[], entries: readonly Entry[]): Decision {
  const standing = stand(steps, entries)
  const { marks, committed, aborting } = standing
  const mark = (step: StepShape) => marks.get(step.name) ?? 'pending'

  if (standing.finished) return { kind: standing.finished === 'done' ? 'rotated' : standing.finished }
  if (standing.halted) return { kind: 'halt', trouble: standing.trouble ?? lost }

  const unsettled = steps.findLast((step) => mark(step) === 'started' || mark(step) === 'failed')
  if (unsettled) return { kind: 'settle', step: unsettled.name }

  const unclear = steps.find((step) => mark(step) === 'unclear')
  if (unclear) return { kind: 'halt', trouble: standing.trouble ?? lost }

  if (!committed && aborting) {
    const stuck = steps.find((step) => mark(step) === 'undoFailed')
    if (stuck) return { kind: 'halt', trouble: lastUndoTrouble(entries) ?? lost }
    const dirty = steps.findLast(
      (step) => step.undo !== undefined && (mark(step) === 'done' || mark(step) === 'undoing'),
    )
    if (dirty) return { kind: 'undo', step: dirty.name }
    return { kind: standing.stopping || !standing.begun ? 'stopped' : 'rolledBack' }
  }

  const next = steps.find((step) => mark(step) !== 'done')
  if (!next) return { kind: 'rotated' }
  // After the pivot a step that failed waits for the person; a crash is no failure and is simply gone on from.
  if (committed && mark(next) === 'out' && failedSinceRetry(entries, next.name)) {
    return { kind: 'halt', trouble: standing.trouble ?? lost }
  }
  return { kind: 'run', step: next.name }
}

function lastUndoTrouble(entries: readonly Entry[]): Trouble | undefined {
  const entry = entries.findLast((each) => each.phase === 'undoFailed')
  return entry?.phase === 'undoFailed' ? entry.trouble : undefined
}

function failedSinceRetry(entries: readonly Entry[], step: StepName): boolean {
  const index = entries.findLastIndex((entry) => entry.phase === 'failed' && entry.step === step)
  return (
    index >= 0 &&
    !entries.slice(index).some((entry) => entry.phase === 'retried' || entry.phase === 'resumed')
  )
}

/** Thrown where the journal itself cannot be written: nothing more may be done, since no intention can be durable. */
export class JournalFailure extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'JournalFailure'
  }
}

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
 */
export async function drive<World>(
  steps: readonly Step<World>[],
  log: DriveLog,
  world: World,
  troubleOf: (error: unknown) => Trouble,
  stopAsked: () => boolean,
): Promise<Decision> {
  for (;;) {
    const standing = stand(steps, log.entries())
    if (stopAsked() && !standing.stopping && !standing.committed && !standing.finished && !standing.halted) {
      await log.append({ phase: 'stopping' })
      continue
    }
    const decision = decide(steps, log.entries())
    if (decision.kind !== 'halt' && !('step' in decision)) {
      if (!standing.finished) {
        await log.append({ phase: 'finished', outcome: decision.kind === 'rotated' ? 'done' : decision.kind })
      }
      return decision
    }
    if (decision.kind === 'halt') {
      if (!standing.halted) await log.append({ phase: 'halted', trouble: decision.trouble })
      return decision
    }
    const { step: name } = decision
    const step = steps.find((each) => each.name === name)
    if (!step) throw new Error(`no step ${name}`)
    if (decision.kind === 'run') await run(step, log, world, troubleOf)
    if (decision.kind === 'settle') await settle(step, log, world, troubleOf)
    if (decision.kind === 'undo') await undo(step, log, world, troubleOf)
  }

  function known(): Facts {
    return stand(steps, log.entries()).facts
  }

  async function run(step: Step<World>, log: DriveLog, world: World, words: typeof troubleOf) {
    try {
      const before = await step.before?.(world, known())
      await log.append({ phase: 'started', step: step.name, ...(before && { facts: before }) })
      const facts = await step.do(world, known())
      await log.append({ phase: 'done', step: step.name, facts })
    } catch (error) {
      if (error instanceof JournalFailure) throw error
      await log.append({ phase: 'failed', step: step.name, trouble: words(error) })
    }
  }

  async function settle(step: Step<World>, log: DriveLog, world: World, words: typeof troubleOf) {
    try {
      const { found, facts, trouble } = (await step.settle?.(world, known())) ?? { found: 'out' as const }
      await log.append({
        phase: 'settled',
        step: step.name,
        found,
        ...(facts && { facts }),
        ...(trouble && { trouble }),
      })
    } catch (error) {
      if (error instanceof JournalFailure) throw error
      // That nobody can look does not replace why it failed.
      const { marks, trouble } = stand(steps, log.entries())
      const why = marks.get(step.name) === 'failed' ? trouble : undefined
      await log.append({ phase: 'settled', step: step.name, found: 'unclear', trouble: why ?? words(error) })
    }
  }

  async function undo(step: Step<World>, log: DriveLog, world: World, words: typeof troubleOf) {
    await log.append({ phase: 'undoing', step: step.name })
    try {
      const facts = await step.undo?.(world, known())
      await log.append({ phase: 'undone', step: step.name, ...(facts && { facts }) })
    } catch (error) {
      if (error instanceof JournalFailure) throw error
      await log.append({ phase: 'undoFailed', step: step.name, trouble: words(error) })
    }
  }
}
