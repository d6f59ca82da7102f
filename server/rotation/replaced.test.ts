import { expect, it } from 'vitest'
import type { Rotation, Run, StepView } from '../api/run.ts'
import { replacedKeys } from './replaced.ts'

const at = (minute: number) => `2026-03-01T12:0${minute}:00.000Z`
const done = (name: StepView['name'], minute: number): StepView => ({
  name,
  state: 'done',
  finishedAt: at(minute),
})

function rotation(part: Partial<Rotation> = {}): Rotation {
  return {
    id: 'r1-0',
    run: 'r1',
    key: 'AKIAOLD',
    newKey: 'AKIANEW',
    profiles: [],
    state: 'done',
    steps: [done('save', 1), done('retire', 2)],
    oldKeyState: 'inactive',
    undo: [],
    notes: [],
    ...part,
  }
}
const run = (rotations: Rotation[], part: Partial<Run> = {}): Run => ({
  id: 'r1',
  kind: 'rotate',
  state: 'done',
  stopping: false,
  startedAt: at(0),
  finishedAt: at(3),
  oldKey: 'deactivate',
  rotations,
  ...part,
})
const none = new Map<string, string>()

it('tells what is known of each key that was taken out of the files', () => {
  const known = {
    account: { id: '111122223333', derived: false },
    user: { name: 'ann', arn: 'arn:ann' },
    lastUsed: { service: 's3' },
  }
  expect(replacedKeys([run([rotation(known)])], new Map([['AKIAOLD', at(9)]]))).toStrictEqual([
    {
      id: 'AKIAOLD',
      state: 'inactive',
      asOf: at(2),
      ...known,
      retiredAt: at(2),
      replacedBy: 'AKIANEW',
      rotation: 'r1-0',
      undoUntil: at(9),
    },
  ])
})

it('says nothing that is not known', () => {
  const kept = rotation({ steps: [done('save', 1)], oldKeyState: 'active' })
  const row = { id: 'AKIAOLD', state: 'active', replacedBy: 'AKIANEW', rotation: 'r1-0' }
  expect(replacedKeys([run([kept])], none)).toStrictEqual([{ ...row, asOf: at(3) }])
  expect(replacedKeys([run([kept], { finishedAt: undefined })], none)).toStrictEqual([
    { ...row, asOf: at(0) },
  ])
})

it('calls retired by us only a key that is off, not one that is deleted or on again', () => {
  for (const oldKeyState of ['deleted', 'active', 'unknown'] as const)
    expect(replacedKeys([run([rotation({ oldKeyState })])], none)[0]).toMatchObject({ state: oldKeyState })
  for (const oldKeyState of ['deleted', 'active', 'unknown'] as const)
    expect(replacedKeys([run([rotation({ oldKeyState })])], none)[0]).not.toHaveProperty('retiredAt')
})

it('takes no time from a step that did not retire it', () => {
  const failed: StepView = { name: 'retire', state: 'failed', finishedAt: at(2) }
  for (const steps of [[done('save', 1), failed], [done('save', 1)]]) {
    const [row] = replacedKeys([run([rotation({ steps })])], none)
    expect(row).toMatchObject({ state: 'inactive', asOf: at(3) })
    expect(row).not.toHaveProperty('retiredAt')
  }
})

it('takes no key for replaced that is still in the files', () => {
  const saving: StepView = { name: 'save', state: 'running' }
  const others = [
    run([rotation({ steps: [done('create', 1), saving] })]),
    run([rotation({ steps: [done('retire', 1)] })]),
    run([rotation({ newKey: undefined })]),
    ...(['reactivate', 'activate', 'deactivate', 'delete'] as const).map((kind) =>
      run([rotation()], { kind }),
    ),
  ]
  expect(replacedKeys(others, none)).toEqual([])
})

it('tells of the newest rotation of each key, and of a restore what it turned off', () => {
  const restored = rotation({ id: 'r2-0', key: 'AKIANEW', newKey: 'AKIAOLD' })
  const again = rotation({ id: 'r3-0', newKey: 'AKIANEWER' })
  const runs = [run([rotation()]), run([restored], { kind: 'restore' }), run([again])]
  expect(replacedKeys(runs, none).map((key) => [key.id, key.rotation, key.replacedBy])).toEqual([
    ['AKIAOLD', 'r3-0', 'AKIANEWER'],
    ['AKIANEW', 'r2-0', 'AKIAOLD'],
  ])
})

it('keeps the day until which one stays on, until an act on it came through', () => {
  const kept = rotation({ oldKeyState: 'active', keptUntil: at(9) })
  const act = (kind: Run['kind'], state: Rotation['state']) =>
    run([rotation({ id: 'r2-0', state, steps: [] })], { id: 'r2', kind, finishedAt: at(6) })
  const after = (...runs: Run[]) => replacedKeys(runs, none)[0]
  expect(after(run([kept]))).toMatchObject({ keptUntil: at(9) })
  expect(after(run([kept]), act('deactivate', 'failed'))).toMatchObject({ keptUntil: at(9), asOf: at(6) })
  expect(after(run([kept]), act('activate', 'done'))).not.toHaveProperty('keptUntil')
  // What the later act did is told by the rotation itself.
  const off = after(run([{ ...kept, oldKeyState: 'inactive' }]), act('deactivate', 'done'))
  expect(off).toMatchObject({ state: 'inactive', retiredAt: at(6), asOf: at(6) })
  expect(off).not.toHaveProperty('keptUntil')
})

it('counts what Keyturn itself turned on or off later as the time when the state was last known', () => {
  const later = run([rotation({ id: 'r2-0', steps: [] })], {
    id: 'r2',
    kind: 'deactivate',
    startedAt: at(5),
    finishedAt: at(6),
  })
  expect(replacedKeys([run([rotation()]), later], none)).toMatchObject([{ id: 'AKIAOLD', asOf: at(6) }])
  const { finishedAt: _, ...open } = later
  expect(replacedKeys([run([rotation()]), open], none)).toMatchObject([{ asOf: at(5) }])
  expect(replacedKeys([later], none)).toEqual([])
})
