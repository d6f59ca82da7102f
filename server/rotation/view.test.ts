import { describe, expect, it } from 'vitest'
import type { Rotation, StepView } from '../api/run.ts'
import type { Spec } from './entries.ts'
import type { RunHeader } from './journal.ts'
import type { Recorded } from './recorded.ts'
import { viewHistory, viewRotation, viewRun, type Now } from './view.ts'

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 12, 0, second)).toISOString()
const uncoded = { name: 'refused', title: 'R', detail: 'R.' }
const refused = { ...uncoded, code: 'AccessDenied' }
const account = { id: '111122223333', derived: false }
const user = { name: 'ann', arn: 'arn:ann' }

const spec: Spec = {
  id: 'r1.1',
  kind: 'rotate',
  from: 'AKIAOLD',
  profiles: [{ name: 'dev', file: 'credentials' }],
  retire: 'deactivate',
}
const merging: Spec = { ...spec, merge: { key: 'AKIASECOND', profiles: [{ name: 'two', file: 'config' }] } }

/** What the journal of a rotation tells that is done, its old key inactive. */
const over: Recorded = {
  begun: true,
  halted: false,
  finished: 'done',
  newKey: 'AKIANEW',
  steps: [],
  oldKeyState: 'inactive',
  deleted: [],
  notes: [],
  ranHooks: false,
}
const { finished: _, ...unfinished } = over
const { newKey: __, ...nothingMade } = over

/** Nothing under way; the new key is in the file, nothing is kept. */
const quiet: Now = {
  driven: new Set(),
  notes: new Map(),
  codes: new Map(),
  holds: new Map([['credentials:dev', 'AKIANEW']]),
  kept: new Map(),
  cuts: new Map(),
  later: new Map(),
  gone: new Set(),
  stopping: new Set(),
  hooks: false,
}
const kept = new Map([['AKIAOLD', at(9)]])
const driven = new Set(['r1.1'])

const view = (recorded: Partial<Recorded>, now: Partial<Now> = {}, of: Spec = spec) =>
  viewRotation('r1', of, { ...over, ...recorded }, { ...quiet, ...now })

it('tells until when the old key stays on, once that counts, and while it does', () => {
  const steps = [{ name: 'retire' as const, state: 'done' as const, finishedAt: '2026-03-01T12:00:00.000Z' }]
  const grace: Spec = { ...spec, retire: 'keep', keepDays: 7 }
  const until = (recorded: Partial<Recorded>, of = grace) => view(recorded, {}, of).keptUntil
  expect(until({ oldKeyState: 'active', steps })).toBe('2026-03-08T12:00:00.000Z')
  expect(until({ oldKeyState: 'inactive', steps })).toBeUndefined()
  expect(until({ oldKeyState: 'active', steps: [] })).toBeUndefined()
  expect(until({ oldKeyState: 'active', steps }, { ...spec, retire: 'keep' })).toBeUndefined()
})

describe('an undo is offered while it can work, and only then', () => {
  it.each<[Rotation['undo'], Rotation['oldKeyState'], string, string]>([
    [['restore'], 'active', 'held', 'kept'],
    [[], 'active', 'held', 'gone'],
    [['reactivate', 'restore'], 'inactive', 'held', 'kept'],
    [['reactivate'], 'inactive', 'held', 'gone'],
    [['restore'], 'unknown', 'held', 'kept'],
    [[], 'unknown', 'held', 'gone'],
    [[], 'deleted', 'held', 'kept'],
    [[], 'deleted', 'held', 'gone'],
    [[], 'active', 'replaced', 'kept'],
    [[], 'inactive', 'replaced', 'kept'],
    [[], 'inactive', 'back', 'kept'],
    [[], 'inactive', 'removed', 'kept'],
    [[], 'unknown', 'removed', 'kept'],
    [[], 'deleted', 'removed', 'kept'],
  ])('%j where the old key is %s, the new one %s, the old pair %s', (offers, oldKeyState, place, pair) => {
    const id = { held: 'AKIANEW', replaced: 'AKIATHIRD', back: 'AKIAOLD' }[place]
    const now = {
      holds: new Map(id === undefined ? [] : [['credentials:dev', id]]),
      kept: pair === 'kept' ? kept : new Map([['AKIANEW', at(9)]]),
    }
    expect(view({ oldKeyState }, now).undo).toEqual(offers)
    // A rotation whose old key could not be retired stands still, and can be undone all the same.
    const halted = { ...unfinished, halted: true, oldKeyState }
    expect(viewRotation('r1', spec, halted, { ...quiet, ...now }).undo).toEqual(offers)
  })

  it('while any profile holds the new key, wherever and whatever its name is by now', () => {
    const second = new Map([
      ['credentials:dev', 'AKIATHIRD'],
      ['config:two', 'AKIANEW'],
    ])
    expect(view({}, { holds: second, kept }, merging).undo).toEqual(['reactivate', 'restore'])
    expect(view({}, { holds: second, kept }).undo).toEqual(['reactivate', 'restore'])
    const elsewhere = new Map([['config:dev', 'AKIANEW']])
    expect(view({}, { holds: elsewhere, kept }).undo).toEqual(['reactivate', 'restore'])
  })

  it.each<[string, Recorded, Partial<Now>]>([
    ['is rolled back', { ...over, finished: 'rolledBack' }, {}],
    ['was stopped', { ...over, finished: 'stopped' }, {}],
    ['is under way', unfinished, { driven }],
    ['waits for its turn', { ...unfinished, begun: false }, { driven }],
    ['was interrupted', unfinished, {}],
    ['is undone', over, { later: new Map([['r1.1', { undone: true, oldKey: 'inactive' }]]) }],
    ['has made no key', nothingMade, {}],
  ])('never while it %s', (_when, recorded, now) => {
    expect(viewRotation('r1', spec, recorded, { ...quiet, kept, ...now }).undo).toEqual([])
  })

  it('never where it has made no key and the profile is gone', () => {
    expect(viewRotation('r1', spec, nothingMade, { ...quiet, holds: new Map(), kept }).undo).toEqual([])
  })

  it.each(['reactivate', 'restore', 'activate', 'deactivate', 'delete'] as const)(
    'never of a %s: it is undone by rotating',
    (kind) => {
      expect(view({}, { kept }, { ...spec, kind, to: 'AKIANEW' }).undo).toEqual([])
    },
  )

  it('by what a later act did to the old key', () => {
    const since = (oldKey: Rotation['oldKeyState']) => new Map([['r1.1', { undone: false, oldKey }]])
    expect(view({}, { kept, later: since('active') })).toMatchObject({
      state: 'done',
      oldKeyState: 'active',
      undo: ['restore'],
    })
    expect(view({}, { kept, later: since('deleted') }).undo).toEqual([])
    expect(view({ oldKeyState: 'active' }, { later: since('inactive') }).undo).toEqual(['reactivate'])
  })

  it('never once any run has deleted the old key', () => {
    const later = new Map([['r1.1', { undone: false, oldKey: 'active' as const }]])
    expect(view({}, { kept, later, gone: new Set(['AKIAOLD']) })).toMatchObject({
      oldKeyState: 'deleted',
      undo: [],
    })
    expect(view({}, { kept, gone: new Set(['AKIANEW']) }).undo).toEqual(['reactivate', 'restore'])
  })
})

describe('a rotation', () => {
  it.each<[Rotation['state'], Recorded, Partial<Now>]>([
    ['done', over, {}],
    ['done', over, { later: new Map([['r1.1', { undone: false, oldKey: 'active' }]]) }],
    ['undone', over, { later: new Map([['r1.1', { undone: true, oldKey: 'active' }]]) }],
    ['done', over, { later: new Map([['r1.2', { undone: true, oldKey: 'active' }]]) }],
    ['done', over, { driven }],
    ['rolledBack', { ...over, finished: 'rolledBack' }, {}],
    ['stopped', { ...over, finished: 'stopped' }, {}],
    ['running', unfinished, { driven }],
    ['running', { ...unfinished, halted: true }, { driven }],
    ['waiting', { ...unfinished, begun: false }, { driven }],
    ['failed', { ...unfinished, halted: true }, {}],
    ['interrupted', unfinished, { driven: new Set(['r1.2']) }],
  ])('is %s after %j', (state, recorded, now) => {
    expect(viewRotation('r1', spec, recorded, { ...quiet, ...now }).state).toBe(state)
  })

  it('shows a problem where it came to nothing or stands still, and no other', () => {
    const problem = refused
    expect(view({ problem })).not.toHaveProperty('problem')
    expect(
      view({ problem }, { later: new Map([['r1.1', { undone: true, oldKey: 'active' }]]) }),
    ).not.toHaveProperty('problem')
    const going = { ...unfinished, problem }
    expect(viewRotation('r1', spec, going, { ...quiet, driven })).not.toHaveProperty('problem')
    expect(viewRotation('r1', spec, { ...going, begun: false }, { ...quiet, driven }).problem).toBe(refused)
    expect(viewRotation('r1', spec, going, quiet).problem).toBe(refused)
    expect(viewRotation('r1', spec, { ...going, halted: true }, quiet).problem).toBe(refused)
    expect(view({ problem, finished: 'rolledBack' }).problem).toBe(refused)
  })

  it('notes what is happening in the step under way, and in no other', () => {
    const steps: StepView[] = [
      { name: 'check', state: 'done' },
      { name: 'create', state: 'failed' },
      { name: 'verify', state: 'running' },
      { name: 'save', state: 'pending' },
    ]
    const going = { ...unfinished, steps }
    const notes = new Map([['r1.1', 'pass 2 of 3']])
    const shown = viewRotation('r1', spec, going, { ...quiet, driven, notes })
    expect(shown.step).toBe('verify')
    expect(shown.steps).toStrictEqual([
      steps[0],
      steps[1],
      { name: 'verify', state: 'running', note: 'pass 2 of 3' },
      steps[3],
    ])
    expect(viewRotation('r1', spec, going, { ...quiet, notes }).steps).toStrictEqual(steps)
    expect(viewRotation('r1', spec, going, { ...quiet, driven }).steps).toStrictEqual(steps)
    const failed = viewRotation('r1', spec, { ...going, steps: steps.slice(0, 2) }, quiet)
    expect(failed.step).toBe('create')
    expect(view({ steps: steps.slice(0, 1) })).not.toHaveProperty('step')
  })

  it('shows the step for hooks where there are any, or where it failed', () => {
    const steps = (state: StepView['state']): StepView[] => [
      { name: 'prove', state: 'done' },
      { name: 'hook', state },
      { name: 'retire', state: 'pending' },
    ]
    const shown = (state: StepView['state'], ranHooks: boolean, now: Partial<Now> = {}, of: Spec = spec) =>
      view({ steps: steps(state), ranHooks }, now, of).steps.some(({ name }) => name === 'hook')
    const named = { ...spec, hooks: ['/usr/bin/deploy'] }
    expect(shown('done', true)).toBe(true)
    // There are some now; there were none then.
    expect(shown('done', false, { hooks: true }, named)).toBe(false)
    for (const state of ['pending', 'running', 'skipped'] as const) {
      expect(shown(state, false)).toBe(false)
      expect(shown(state, false, {}, { ...spec, hooks: [] })).toBe(false)
      expect(shown(state, false, { hooks: true })).toBe(true)
      expect(shown(state, false, {}, named)).toBe(true)
    }
    expect(shown('failed', false)).toBe(true)
    expect(view({ steps: steps('done') }).steps.map(({ name }) => name)).toEqual(['prove', 'retire'])
  })

  it('tells all that is known of it, and is silent of the rest', () => {
    const lastUsed = { at: at(0), service: 's3' }
    const alarm = { ...refused, name: 'alarm' }
    expect(
      view(
        { account, alarm, notes: ['Merged.'] },
        { kept, codes: new Map([['r1.1', 'arn:mfa']]) },
        { ...merging, user, lastUsed },
      ),
    ).toStrictEqual({
      id: 'r1.1',
      run: 'r1',
      key: 'AKIAOLD',
      newKey: 'AKIANEW',
      profiles: [
        { name: 'dev', file: 'credentials', state: 'new' },
        { name: 'two', file: 'config', state: 'other' },
      ],
      account,
      user,
      state: 'done',
      steps: [],
      oldKeyState: 'inactive',
      undo: ['reactivate', 'restore'],
      undoUntil: at(9),
      mfa: { device: 'arn:mfa' },
      alarm,
      notes: ['Merged.'],
      lastUsed,
    })
    expect(viewRotation('r1', spec, { ...nothingMade, finished: 'rolledBack' }, quiet)).toStrictEqual({
      id: 'r1.1',
      run: 'r1',
      key: 'AKIAOLD',
      profiles: [{ name: 'dev', file: 'credentials', state: 'other' }],
      state: 'rolledBack',
      steps: [],
      oldKeyState: 'inactive',
      undo: [],
      notes: [],
    })
  })

  it('names the profile whose device it waits for, where that is not its own', () => {
    const codes = new Map([['r1.1', 'arn:mfa']])
    expect(view({}, { codes }).mfa).toStrictEqual({ device: 'arn:mfa' })
    expect(view({}, { codes }, { ...spec, adminProfile: 'admin' }).mfa).toStrictEqual({
      device: 'arn:mfa',
      signer: 'admin',
    })
    expect(view({}, {}, { ...spec, adminProfile: 'admin' })).not.toHaveProperty('mfa')
  })

  it('tells which key each profile holds', () => {
    const states = (holds: [string, string][], recorded: Recorded = over) =>
      viewRotation('r1', merging, recorded, { ...quiet, holds: new Map(holds) }).profiles.map(
        ({ state }) => state,
      )
    expect(states([['credentials:dev', 'AKIAOLD']])).toEqual(['old', 'other'])
    expect(states([['config:two', 'AKIANEW']])).toEqual(['other', 'new'])
    expect(states([['config:two', 'AKIASECOND']])).toEqual(['other', 'other'])
    expect(states([], nothingMade)).toEqual(['other', 'other'])
  })
})

const header: RunHeader = {
  version: 1,
  run: 'r1',
  kind: 'rotate',
  at: at(0),
  oldKey: 'deactivate',
  rotations: [],
}
const rotation = (state: Rotation['state'], part: Partial<Rotation> = {}): Rotation => ({
  ...view({}),
  state,
  ...part,
})

describe('a run', () => {
  it.each<[string, Rotation['state'][]]>([
    ['running', ['done', 'running', 'interrupted']],
    ['running', ['waiting', 'failed']],
    ['interrupted', ['done', 'interrupted', 'stopped']],
    ['done', ['done', 'undone']],
    ['stopped', ['done', 'stopped', 'failed']],
    ['partial', ['done', 'rolledBack']],
    ['partial', ['failed', 'undone']],
    ['failed', ['rolledBack', 'failed']],
  ])('is %s of %j', (state, states) => {
    expect(
      viewRun(
        header,
        states.map((each) => rotation(each)),
        [],
        quiet,
      ).state,
    ).toBe(state)
  })

  it('ends with the last entry of its rotations', () => {
    const recorded = [
      { ...over, lastAt: at(3) },
      { ...over, lastAt: at(5) },
      { ...over, lastAt: at(4) },
      over,
    ]
    const rotations = [rotation('done')]
    expect(viewRun(header, rotations, recorded, quiet)).toStrictEqual({
      id: 'r1',
      kind: 'rotate',
      state: 'done',
      stopping: false,
      startedAt: at(0),
      finishedAt: at(5),
      oldKey: 'deactivate',
      rotations,
    })
    for (const state of ['running', 'waiting', 'interrupted'] as const)
      expect(viewRun(header, [rotation(state)], recorded, quiet)).not.toHaveProperty('finishedAt')
    expect(viewRun(header, rotations, [over], quiet)).not.toHaveProperty('finishedAt')
    expect(viewRun(header, [rotation('failed')], recorded, quiet).finishedAt).toBe(at(5))
  })

  it('tells what it undoes, and that it is stopping', () => {
    const stopping = new Set(['r1'])
    const running = [rotation('running')]
    expect(viewRun(header, [rotation('stopped')], [], { ...quiet, stopping }).stopping).toBe(false)
    expect(viewRun({ ...header, undoes: 'r0' }, running, [], { ...quiet, stopping })).toMatchObject({
      undoes: 'r0',
      stopping: true,
    })
    expect(viewRun(header, [], [], quiet)).not.toHaveProperty('undoes')
  })
})

describe('a line of the history', () => {
  const steps: StepView[] = [
    { name: 'check', state: 'done', startedAt: at(1), finishedAt: at(2) },
    { name: 'create', state: 'done', startedAt: at(2), finishedAt: at(9) },
    { name: 'verify', state: 'done', startedAt: at(5), finishedAt: at(4) },
    { name: 'save', state: 'running', startedAt: at(6) },
    { name: 'prove', state: 'failed', finishedAt: at(7) },
    { name: 'retire', state: 'pending' },
  ]
  const run = viewRun(header, [], [], quiet)

  it('tells of a rotation what happened, when, and how long each step took', () => {
    expect(viewHistory(run, rotation('failed', { account, user, problem: refused, steps }))).toStrictEqual({
      run: 'r1',
      rotation: 'r1.1',
      kind: 'rotate',
      startedAt: at(1),
      finishedAt: at(9),
      oldKeyMode: 'deactivate',
      account: '111122223333',
      user: 'ann',
      profiles: ['dev'],
      key: 'AKIAOLD',
      newKey: 'AKIANEW',
      outcome: 'failed',
      problem: 'R.',
      code: 'AccessDenied',
      steps: [
        { name: 'check', milliseconds: 1000 },
        { name: 'create', milliseconds: 7000 },
        // The clock was put back.
        { name: 'verify', milliseconds: 0 },
      ],
    })
  })

  it('has the name of the account where AWS told it', () => {
    const named = rotation('done', { account: { ...account, alias: 'acme' } })
    expect(viewHistory(run, named)).toMatchObject({ account: account.id, accountAlias: 'acme' })
    expect(viewHistory(run, rotation('done', { account }))).not.toHaveProperty('accountAlias')
  })

  it('begins with the first step that began, else with the run', () => {
    expect(viewHistory(run, rotation('done', { steps: steps.slice(3) })).startedAt).toBe(at(6))
    expect(viewHistory(run, rotation('done', { steps: [...steps].reverse() })).startedAt).toBe(at(6))
    const { newKey: _new, ...made } = rotation('rolledBack', { problem: uncoded })
    expect(viewHistory(run, made)).toStrictEqual({
      run: 'r1',
      rotation: 'r1.1',
      kind: 'rotate',
      startedAt: at(0),
      oldKeyMode: 'deactivate',
      profiles: ['dev'],
      key: 'AKIAOLD',
      outcome: 'rolledBack',
      problem: 'R.',
      steps: [],
    })
    expect(viewHistory(run, rotation('done'))).not.toHaveProperty('problem')
  })
})
