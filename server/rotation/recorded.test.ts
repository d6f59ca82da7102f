import { describe, expect, it } from 'vitest'
import type { Entry, Facts, NewEntry, Spec } from './entries.ts'
import { recordedOf } from './recorded.ts'

const spec: Spec = {
  id: 'r1-0',
  kind: 'rotate',
  from: 'AKIAOLD',
  profiles: [{ name: 'dev', file: 'credentials' }],
  retire: 'deactivate',
  account: { id: '000000000000', derived: true, alias: 'acme' },
}
const refused = { name: 'refused', title: 'R', detail: 'R.' }
const noWay = { name: 'no-way', title: 'N', detail: 'N.' }
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 12, 0, second)).toISOString()
/** An entry a second. */
const journal = (...entries: NewEntry[]) =>
  entries.map((entry, index) => ({ at: at(index), ...entry }) as Entry)
const told = (...entries: NewEntry[]) => recordedOf(spec, journal(...entries))
const step = (name: string, ...entries: NewEntry[]) =>
  told(...entries).steps.find((each) => each.name === name)

const before = ['check', 'create', 'verify', 'save', 'prove', 'hook'] as const
const saved = before.flatMap((name): NewEntry[] => [
  { phase: 'started', step: name },
  { phase: 'done', step: name },
])
const retireFailed: NewEntry[] = [
  ...saved,
  { phase: 'started', step: 'retire' },
  { phase: 'failed', step: 'retire', trouble: refused },
  { phase: 'settled', step: 'retire', found: 'out', facts: { oldKey: 'active' } },
  { phase: 'halted', trouble: refused },
]
const rolledBack: NewEntry[] = [
  { phase: 'started', step: 'check' },
  { phase: 'failed', step: 'check', trouble: refused },
  { phase: 'settled', step: 'check', found: 'out' },
  { phase: 'finished', outcome: 'rolledBack' },
]

describe('the steps', () => {
  it('tell what became of each, and when', () => {
    expect(told(...saved.slice(0, 3)).steps.slice(0, 3)).toEqual([
      { name: 'check', state: 'done', startedAt: at(0), finishedAt: at(1) },
      { name: 'create', state: 'running', startedAt: at(2) },
      { name: 'verify', state: 'pending' },
    ])
    expect(step('check', ...rolledBack)).toEqual({
      name: 'check',
      state: 'failed',
      startedAt: at(0),
      finishedAt: at(1),
    })
    expect(step('create', ...rolledBack)).toEqual({ name: 'create', state: 'skipped' })
  })

  it('keep their times when the one that stood still is retried', () => {
    const again: NewEntry[] = [...retireFailed, { phase: 'retried' }]
    expect(step('check', ...again)).toEqual({
      name: 'check',
      state: 'done',
      startedAt: at(0),
      finishedAt: at(1),
    })
    expect(step('retire', ...again)?.state).toBe('running')
    expect(
      step('retire', ...again, { phase: 'started', step: 'retire' }, { phase: 'done', step: 'retire' }),
    ).toEqual({
      name: 'retire',
      state: 'done',
      startedAt: at(17),
      finishedAt: at(18),
    })
  })

  it('begin anew after a rollback', () => {
    expect(told(...rolledBack, { phase: 'retried' }).steps[0]).toEqual({ name: 'check', state: 'pending' })
    expect(told(...rolledBack, { phase: 'retried' }, { phase: 'started', step: 'check' }).steps[0]).toEqual({
      name: 'check',
      state: 'running',
      startedAt: at(5),
    })
  })

  it.each<[string, NewEntry[]]>([
    ['running', [{ phase: 'undoing', step: 'create' }]],
    [
      'undone',
      [
        { phase: 'undoing', step: 'create' },
        { phase: 'undone', step: 'create' },
      ],
    ],
    ['failed', [{ phase: 'undoFailed', step: 'create', trouble: noWay }]],
    ['failed', [{ phase: 'settled', step: 'create', found: 'unclear', trouble: noWay }]],
    ['running', [{ phase: 'settled', step: 'create', found: 'out' }]],
    [
      'undone',
      [
        { phase: 'settled', step: 'create', found: 'out' },
        { phase: 'finished', outcome: 'rolledBack' },
      ],
    ],
    [
      'failed',
      [
        { phase: 'started', step: 'create' },
        { phase: 'halted', trouble: noWay },
      ],
    ],
    ['failed', [{ phase: 'failed', step: 'create', trouble: noWay }]],
    ['skipped', [{ phase: 'finished', outcome: 'stopped' }]],
    ['pending', [{ phase: 'finished', outcome: 'done' }]],
  ])('are %s after %j', (state, entries) => {
    expect(step('create', ...entries)?.state).toBe(state)
  })

  it('begin with their being taken back where a look alone found them done', () => {
    const undoing: NewEntry[] = [
      { phase: 'settled', step: 'create', found: 'in' },
      { phase: 'undoing', step: 'create' },
    ]
    expect(step('create', ...undoing)).toEqual({ name: 'create', state: 'running', startedAt: at(1) })
    expect(step('create', ...undoing, { phase: 'undone', step: 'create' })).toEqual({
      name: 'create',
      state: 'undone',
      startedAt: at(1),
      finishedAt: at(2),
    })
  })

  it('have no end while they are being taken back', () => {
    expect(step('check', ...saved.slice(0, 2), { phase: 'undoing', step: 'check' })).toEqual({
      name: 'check',
      state: 'running',
      startedAt: at(0),
    })
  })
})

describe('the problem', () => {
  it.each<[string | undefined, NewEntry[]]>([
    [undefined, saved],
    ['refused', retireFailed],
    ['refused', rolledBack],
    [
      'interrupted',
      [
        { phase: 'started', step: 'check' },
        { phase: 'resumed' },
        { phase: 'finished', outcome: 'rolledBack' },
      ],
    ],
    [
      undefined,
      [
        { phase: 'failed', step: 'check', trouble: refused },
        { phase: 'stopping' },
        { phase: 'finished', outcome: 'stopped' },
      ],
    ],
    ['refused', [{ phase: 'failed', step: 'create', trouble: refused }]],
    [
      'no-way',
      [
        { phase: 'failed', step: 'create', trouble: refused },
        { phase: 'undoFailed', step: 'create', trouble: noWay },
      ],
    ],
    ['no-way', [{ phase: 'settled', step: 'create', found: 'unclear', trouble: noWay }]],
    [
      'refused',
      [
        { phase: 'failed', step: 'create', trouble: refused },
        { phase: 'undoing', step: 'create' },
      ],
    ],
    [
      'no-way',
      [
        { phase: 'failed', step: 'create', trouble: refused },
        { phase: 'undoFailed', step: 'create', trouble: noWay },
        { phase: 'retried' },
      ],
    ],
  ])('is %s', (name, entries) => {
    expect(told(...entries).problem?.name).toBe(name)
  })

  it('is that Keyturn ended, where nothing else went wrong', () => {
    expect(told({ phase: 'finished', outcome: 'rolledBack' }).problem).toEqual({
      name: 'interrupted',
      title: 'Interrupted, and rolled back',
      detail:
        'Keyturn ended in the middle of this rotation. The unused new key is deleted; the file and the old key are as before.',
      remedy: 'Rotate the key again.',
    })
  })
})

describe('what is known', () => {
  it('of the keys is what the journal found, else what the plan knew', () => {
    expect(told()).toMatchObject({ oldKeyState: 'active', account: spec.account })
    expect(told()).not.toHaveProperty('newKey')
    expect(recordedOf({ ...spec, to: 'AKIAPLANNED' }, []).newKey).toBe('AKIAPLANNED')
    const found = told(
      { phase: 'done', step: 'check', facts: { account: '111122223333' } },
      { phase: 'done', step: 'create', facts: { newKey: 'AKIANEW' } },
      { phase: 'done', step: 'retire', facts: { oldKey: 'inactive' } },
    )
    expect(found).toMatchObject({ newKey: 'AKIANEW', oldKeyState: 'inactive', lastAt: at(2) })
    expect(found).not.toHaveProperty('refusedAt')
    expect(told({ phase: 'done', step: 'confirm', facts: { refusedAt: at(1) } }).refusedAt).toBe(at(1))
    expect(found.account).toEqual({ id: '111122223333', derived: false, alias: 'acme' })
    expect(told({ phase: 'undone', step: 'create', facts: { newKey: null } })).not.toHaveProperty('newKey')
  })

  it.each([
    ['rotate', 'active'],
    ['restore', 'active'],
    ['reactivate', 'unknown'],
    ['deactivate', 'unknown'],
  ] as const)('of the old key before a %s: %s', (kind, state) => {
    expect(recordedOf({ ...spec, kind }, []).oldKeyState).toBe(state)
    expect(
      recordedOf({ ...spec, kind }, journal({ phase: 'done', step: 'retire', facts: { oldKey: 'odd' } }))
        .oldKeyState,
    ).toBe(state)
  })

  it.each(['active', 'inactive', 'deleted', 'unknown'] as const)(
    'of an old key found %s is that',
    (found) => {
      for (const kind of ['rotate', 'deactivate'] as const)
        expect(
          recordedOf({ ...spec, kind }, journal({ phase: 'done', step: 'retire', facts: { oldKey: found } }))
            .oldKeyState,
        ).toBe(found)
    },
  )

  it('of the account has no name that the plan did not know', () => {
    const { account: _, ...bare } = spec
    const entries = journal({ phase: 'done', step: 'check', facts: { account: '111122223333' } })
    const found = { id: '111122223333', derived: false }
    expect(recordedOf(bare, entries).account).toStrictEqual(found)
    expect(recordedOf({ ...bare, account: { id: '0', derived: true } }, entries).account).toStrictEqual(found)
    expect(recordedOf(bare, [])).not.toHaveProperty('account')
  })

  it('is which keys are deleted', () => {
    const retired: NewEntry = { phase: 'done', step: 'retire', facts: { oldKey: 'deleted' } }
    const over: NewEntry = { phase: 'finished', outcome: 'done' }
    expect(told(retired, over).deleted).toEqual(['AKIAOLD'])
    // Until it is over a retry may find otherwise.
    expect(told(retired).deleted).toEqual([])
    expect(told(over).deleted).toEqual([])
    const made = (spareDeleted: boolean) =>
      journal({ phase: 'done', step: 'makeRoom', facts: { spareDeleted } }, retired)
    const spared = { ...spec, spare: 'AKIASPARE' }
    expect(recordedOf(spared, made(true)).deleted).toEqual(['AKIASPARE'])
    expect(recordedOf(spared, [...made(true), ...journal(over)]).deleted).toEqual(['AKIAOLD', 'AKIASPARE'])
    expect(recordedOf(spared, made(false)).deleted).toEqual([])
    expect(recordedOf(spec, made(true)).deleted).toEqual([])
    const merged = { ...spec, merge: { key: 'AKIAMERGED', profiles: [] } }
    expect(recordedOf(merged, made(true)).deleted).toEqual(['AKIAMERGED'])
  })

  it('is where it stands, and since when', () => {
    expect(told(...rolledBack)).toMatchObject({ begun: true, halted: false, finished: 'rolledBack' })
    expect(told(...retireFailed)).toMatchObject({ begun: true, halted: true, lastAt: at(15) })
    expect(told(...retireFailed)).not.toHaveProperty('finished')
    expect(told()).toMatchObject({ begun: false, halted: false })
    expect(told()).not.toHaveProperty('lastAt')
  })

  it('is whether hooks ran', () => {
    const hooks = (facts: Facts) => told({ phase: 'done', step: 'hook', facts }).ranHooks
    expect(hooks({ hooks: ['deploy'] })).toBe(true)
    expect(hooks({ hooks: [] })).toBe(false)
    expect(hooks({ hooks: 'odd' })).toBe(false)
    expect(hooks({})).toBe(false)
  })

  it('is the last alarm, and what to note', () => {
    const facts = { spareDeleted: true, leftUnified: true, strays: ['AKIASTRAY'], foreignWrites: ['Merged.'] }
    const entries = journal(
      { phase: 'alarm', trouble: refused },
      { phase: 'alarm', trouble: noWay },
      { phase: 'noted', step: 'save', facts },
    )
    const { alarm, notes } = recordedOf({ ...spec, spare: 'AKIASPARE1234' }, entries)
    expect(alarm).toEqual(noWay)
    expect(notes).toEqual([
      expect.stringContaining('****1234 was deleted'),
      expect.stringContaining('now hold the key that stayed'),
      expect.stringContaining('reply was lost'),
      'Merged.',
    ])
    expect(recordedOf(spec, entries).notes).toHaveLength(3)
    expect(recordedOf({ ...spec, spare: 'AKIASPARE1234' }, []).notes).toEqual([])
    expect(
      told({ phase: 'noted', step: 'save', facts: { strays: [], spareDeleted: false, leftUnified: false } })
        .notes,
    ).toEqual([])
  })
})
