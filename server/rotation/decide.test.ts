import { describe, expect, it } from 'vitest'
import type { StepName } from '../api/run.ts'
import type { Entry, NewEntry } from './entries.ts'
import { decide, stand, type StepShape } from './machine.ts'

/** A saga with two steps that can be undone, one that cannot, the pivot, and two after it. */
const steps: readonly StepShape[] = [
  { name: 'check' },
  { name: 'makeRoom', undo: true },
  { name: 'create', undo: true },
  { name: 'verify' },
  { name: 'save', pivot: true },
  { name: 'prove' },
  { name: 'retire' },
]

const because = (name: string) => ({ name, title: name, detail: name })
/** One that others brought about, and that another try does not heal. */
const moved = because('file-moved')
const [refused, stray, noWay] = [because('refused'), because('stray'), because('no way')]

const started = (step: StepName, facts?: object): NewEntry => ({ phase: 'started', step, ...wrap(facts) })
const did = (step: StepName, facts?: object): NewEntry => ({ phase: 'done', step, ...wrap(facts) })
const failed = (step: StepName, trouble = refused): NewEntry => ({ phase: 'failed', step, trouble })
const found = (found: 'in' | 'out', step: StepName, facts?: object): NewEntry => ({
  phase: 'settled',
  step,
  found,
  ...wrap(facts),
})
const unclear = (step: StepName, trouble = stray): NewEntry => ({
  phase: 'settled',
  step,
  found: 'unclear',
  trouble,
})
const undoing = (step: StepName): NewEntry => ({ phase: 'undoing', step })
const undone = (step: StepName): NewEntry => ({ phase: 'undone', step })
const undoFailed = (step: StepName): NewEntry => ({ phase: 'undoFailed', step, trouble: noWay })
const halted = (trouble = refused): NewEntry => ({ phase: 'halted', trouble })
const finished = (outcome: 'done' | 'rolledBack' | 'stopped'): NewEntry => ({ phase: 'finished', outcome })
const [resumed, retried, stopping] = (['resumed', 'retried', 'stopping'] as const).map((phase): NewEntry => ({
  phase,
})) as [NewEntry, NewEntry, NewEntry]

const taken: NewEntry = { phase: 'superseding', by: 'a newer run' }

function wrap(facts?: object) {
  return facts && { facts: { ...facts } }
}

type Entries = (NewEntry | readonly NewEntry[])[]

const journal = (...entries: Entries): Entry[] =>
  entries.flat().map((entry) => ({ at: '2026-03-01T00:00:00.000Z', ...entry }) as Entry)
/** All steps up to this one, done. */
const upTo = (last: StepName) =>
  steps.slice(0, steps.findIndex((step) => step.name === last) + 1).map(({ name }) => did(name))

/** What is next, in short: `run check`, `halt no way`, `over done`. */
function next(...entries: Entries): string {
  const decision = decide(steps, journal(...entries))
  switch (decision.kind) {
    case 'halt':
      return `halt ${decision.trouble.name}`
    case 'over':
      return `over ${decision.outcome}`
    default:
      return `${decision.kind} ${decision.step.name}`
  }
}

describe('what is next, by the journal alone', () => {
  it.each<[string, string, Entries]>([
    ['nothing yet', 'run check', []],
    ['a step is done', 'run makeRoom', [started('check'), did('check')]],
    ['all before the pivot are done', 'run save', [upTo('verify')]],
    ['the pivot is done', 'run prove', [upTo('save')]],
    ['all are done', 'over done', [upTo('retire')]],
    [
      'what was noted or alarmed on the way changes nothing',
      'run verify',
      [
        upTo('create'),
        { phase: 'noted', step: 'verify', facts: { polls: 1 } },
        { phase: 'alarm', trouble: stray },
      ],
    ],

    ['a step failed', 'settle check', [started('check'), failed('check')]],
    ['its process died', 'settle create', [upTo('makeRoom'), started('create')]],
    [
      'a step without effect failed',
      'over rolledBack',
      [started('check'), failed('check'), found('out', 'check')],
    ],
    [
      'the failed step left nothing behind',
      'undo makeRoom',
      [started('check'), upTo('makeRoom'), started('create'), failed('create'), found('out', 'create')],
    ],
    [
      'the failed step left its effect',
      'undo create',
      [started('check'), upTo('makeRoom'), started('create'), failed('create'), found('in', 'create')],
    ],
    [
      'a later one failed: the last is undone first',
      'undo create',
      [started('check'), upTo('create'), failed('verify'), found('out', 'verify')],
    ],
    [
      'it is undone: then the one before',
      'undo makeRoom',
      [
        started('check'),
        upTo('create'),
        failed('verify'),
        found('out', 'verify'),
        undoing('create'),
        undone('create'),
      ],
    ],
    [
      'the process died while undoing',
      'undo create',
      [
        started('check'),
        upTo('create'),
        failed('verify'),
        found('out', 'verify'),
        undoing('create'),
        resumed,
      ],
    ],
    [
      'all is undone',
      'over rolledBack',
      [
        started('check'),
        upTo('create'),
        failed('verify'),
        found('out', 'verify'),
        undoing('create'),
        undone('create'),
        undoing('makeRoom'),
        undone('makeRoom'),
      ],
    ],

    [
      'nobody can tell whether it had an effect',
      'halt stray',
      [upTo('makeRoom'), failed('create'), unclear('create')],
    ],
    [
      'a retry of that looks again',
      'settle create',
      [upTo('makeRoom'), failed('create'), unclear('create'), halted(stray), retried],
    ],
    [
      'so does a new process that found it not yet told',
      'settle create',
      [upTo('makeRoom'), failed('create'), unclear('create'), resumed],
    ],
    [
      'a new process that found it told waits for nobody',
      'settle create',
      [upTo('makeRoom'), failed('create'), unclear('create'), halted(stray), resumed],
    ],
    [
      'undoing failed',
      'halt no way',
      [upTo('create'), failed('verify'), found('out', 'verify'), undoing('create'), undoFailed('create')],
    ],
    [
      'a retry of that undoes once more',
      'undo create',
      [
        upTo('create'),
        failed('verify'),
        found('out', 'verify'),
        undoing('create'),
        undoFailed('create'),
        halted(noWay),
        retried,
      ],
    ],
    [
      'so does a new process',
      'undo create',
      [
        upTo('create'),
        failed('verify'),
        found('out', 'verify'),
        undoing('create'),
        undoFailed('create'),
        resumed,
      ],
    ],

    ['a process died before anything began', 'over stopped', [resumed]],
    ['a process died between two steps', 'undo create', [started('check'), upTo('create'), resumed]],
    ['the same, when nothing needs undoing', 'over rolledBack', [started('check'), did('check'), resumed]],
    ['it was stopped before anything began', 'over stopped', [stopping]],
    ['it was stopped between two steps', 'undo create', [started('check'), upTo('create'), stopping]],
    [
      'what a stop sent back is undone',
      'over stopped',
      [started('check'), upTo('makeRoom'), stopping, undoing('makeRoom'), undone('makeRoom')],
    ],

    ['a newer run takes over what had not begun', 'over superseded', [taken]],
    [
      'a newer run takes over what had not been saved: that goes back',
      'undo create',
      [upTo('verify'), taken],
    ],
    [
      'and is closed once it is back',
      'over superseded',
      [upTo('verify'), taken, undoing('create'), undone('create'), undoing('makeRoom'), undone('makeRoom')],
    ],
    [
      'or where it cannot go back',
      'over superseded',
      [upTo('verify'), taken, undoing('create'), undoFailed('create')],
    ],
    [
      'what stood still is looked at once more first',
      'settle create',
      [upTo('makeRoom'), failed('create'), unclear('create'), halted(stray), taken],
    ],
    [
      'and closed where that tells nothing again',
      'over superseded',
      [upTo('makeRoom'), failed('create'), unclear('create'), halted(stray), taken, unclear('create')],
    ],
    ['of what is saved nothing is done any more', 'over superseded', [upTo('save'), failed('prove'), taken]],
    [
      'what it waited for changes nothing',
      'run verify',
      [upTo('create'), { phase: 'waiting', trouble: stray }],
    ],

    [
      'the pivot failed without effect',
      'undo create',
      [upTo('verify'), failed('save'), found('out', 'save')],
    ],
    [
      'a crash in the pivot, and no profile holds the new key',
      'undo create',
      [upTo('verify'), started('save'), resumed, found('out', 'save')],
    ],
    [
      'a crash in the pivot, and a profile holds it: it is finished',
      'run save',
      [upTo('verify'), started('save'), resumed, found('in', 'save')],
    ],
    [
      'the pivot failed with its effect: a person is told',
      'halt refused',
      [upTo('verify'), failed('save'), found('in', 'save')],
    ],
    [
      'and a retry finishes it',
      'run save',
      [upTo('verify'), failed('save'), found('in', 'save'), halted(), retried],
    ],
    [
      'a profile that once held it goes forward, even if it no longer does',
      'run save',
      [
        upTo('verify'),
        started('save'),
        resumed,
        found('in', 'save'),
        started('save'),
        resumed,
        found('out', 'save'),
      ],
    ],
    ['a new process behind the pivot goes on', 'run prove', [upTo('save'), resumed]],
    ['a stop behind the pivot goes on', 'run prove', [upTo('save'), stopping]],
    [
      'a crash behind the pivot is gone on from',
      'run prove',
      [upTo('save'), started('prove'), resumed, found('out', 'prove')],
    ],
    [
      'unless it turns out done',
      'run retire',
      [upTo('save'), started('prove'), resumed, found('in', 'prove')],
    ],
    [
      'a failure behind the pivot waits for the person',
      'halt refused',
      [upTo('save'), failed('prove'), found('out', 'prove')],
    ],
    [
      'the latest one',
      'halt no way',
      [
        upTo('save'),
        failed('prove'),
        found('out', 'prove'),
        halted(),
        retried,
        failed('prove', noWay),
        found('out', 'prove'),
      ],
    ],
    [
      'until it is retried',
      'run prove',
      [upTo('save'), failed('prove'), found('out', 'prove'), halted(), retried],
    ],
    [
      'another try meets the same, and others have moved on: it is over as it stands',
      'over superseded',
      [
        ...[upTo('save'), failed('prove', moved), found('out', 'prove'), halted(moved)],
        ...[retried, failed('prove', moved), found('out', 'prove')],
      ],
    ],
    [
      'not where another thing went wrong before',
      'halt file-moved',
      [
        ...[upTo('save'), failed('prove'), found('out', 'prove'), halted()],
        ...[retried, failed('prove', moved), found('out', 'prove')],
      ],
    ],
    [
      'nor at the first time, whoever looks',
      'halt file-moved',
      [upTo('save'), failed('prove', moved), resumed, failed('prove', moved), found('out', 'prove')],
    ],
    [
      'nobody can tell before the pivot either, and another process met the same',
      'over superseded',
      [
        ...[upTo('makeRoom'), started('create'), resumed, unclear('create', moved), halted(moved)],
        ...[resumed, unclear('create', moved)],
      ],
    ],
    [
      'or taken on by a new process',
      'run prove',
      [upTo('save'), failed('prove'), resumed, found('out', 'prove')],
    ],
    [
      'a failure that had its effect is none',
      'run retire',
      [upTo('save'), failed('prove'), found('in', 'prove')],
    ],
    ['nobody can tell, behind the pivot', 'halt stray', [upTo('save'), failed('prove'), unclear('prove')]],

    [
      'it waits for the person',
      'halt no way',
      [upTo('save'), failed('prove'), found('out', 'prove'), halted(noWay)],
    ],
    ['it was over: done', 'over done', [upTo('retire'), finished('done')]],
    ['it was over: rolled back', 'over rolledBack', [upTo('create'), resumed, finished('rolledBack')]],
    ['it was over: stopped', 'over stopped', [stopping, finished('stopped')]],
    ['what is done is not retried', 'over done', [upTo('retire'), finished('done'), retried]],
    [
      'what was rolled back begins anew',
      'run check',
      [started('check'), upTo('create'), resumed, finished('rolledBack'), retried],
    ],
    [
      'what was stopped begins anew',
      'run check',
      [started('check'), upTo('create'), stopping, finished('stopped'), retried],
    ],
    [
      'and ends as rolled back, not as stopped, when it then fails',
      'over rolledBack',
      [stopping, finished('stopped'), retried, started('check'), failed('check'), found('out', 'check')],
    ],
    [
      'and as stopped, when the next process finds that it never began',
      'over stopped',
      [started('check'), did('check'), resumed, finished('rolledBack'), retried, resumed],
    ],
  ])('%s: %s', (_, expected, entries) => {
    expect(next(...entries)).toBe(expected)
  })

  it('a step that was begun is settled before anything else happens', () => {
    for (const [index, { name }] of steps.entries()) {
      const before = steps.slice(0, index).map((step) => did(step.name))
      expect(next(before, started(name))).toBe(`settle ${name}`)
    }
  })

  it('without a pivot a saga ends where its last step does', () => {
    expect(decide([{ name: 'check' }], journal(did('check')))).toEqual({ kind: 'over', outcome: 'done' })
  })
})

describe('where it stands', () => {
  it('knows every fact, the later one over the earlier one', () => {
    const { facts } = stand(
      steps,
      journal(
        started('check', { a: 1, b: 1 }),
        did('check', { b: 2, c: 2 }),
        { phase: 'noted', step: 'create', facts: { c: 3, d: 3 } },
        found('in', 'create', { d: 4 }),
        { phase: 'undone', step: 'create', facts: { e: null } },
      ),
    )
    expect(facts).toEqual({ a: 1, b: 2, c: 3, d: 4, e: null })
  })

  it('of a new rotation says nothing', () => {
    expect(stand(steps, [])).toEqual({
      marks: new Map(),
      facts: {},
      committed: false,
      aborting: false,
      stopping: false,
      closing: false,
      begun: false,
      halted: false,
    })
  })

  it('says why it failed, and keeps that when its way back then stood still for another reason', () => {
    const stood = [
      started('check'),
      upTo('create'),
      failed('verify'),
      found('out', 'verify'),
      undoing('create'),
      undoFailed('create'),
      halted(noWay),
    ]
    expect(stand(steps, journal(...stood))).toMatchObject({ trouble: refused, stuck: noWay, halted: true })
    const back = journal(...stood, retried, undoing('create'), undone('create'), finished('rolledBack'))
    const { trouble, stuck, halted: waits, finished: end } = stand(steps, back)
    expect([trouble, stuck, waits, end]).toEqual([refused, undefined, false, 'rolledBack'])
  })

  it('forgets all of a rotation that begins anew', () => {
    const first = journal(
      started('check', { newKey: 'x' }),
      upTo('create'),
      stopping,
      failed('verify'),
      found('out', 'verify'),
      undone('create'),
      finished('stopped'),
      retried,
    )
    expect(stand(steps, first)).toEqual(stand(steps, []))
  })

  it('is committed from the moment that the pivot is done or found to be', () => {
    expect(stand(steps, journal(upTo('verify'), started('save'))).committed).toBe(false)
    expect(stand(steps, journal(upTo('save'))).committed).toBe(true)
    expect(stand(steps, journal(upTo('verify'), started('save'), found('in', 'save'))).committed).toBe(true)
    expect(stand(steps, journal(upTo('verify'), started('save'), found('out', 'save'))).committed).toBe(false)
  })
})
