import { roomClasses } from '../../shared/roomClasses.ts'
import { describe, expect, it } from 'vitest'
import type { Sibling } from '../api/inventory.ts'
import type { Finding } from '../keys/ports.ts'
import { mayMakeRoom, roomClassOf, type RoomContext } from './room.ts'
import { Stage } from './testing/stage.ts'
import { a, ask, b, finding, held, profile, rows } from './testing/planned.ts'

const day = 86_400_000
const off = '2026-02-01T09:00:00.000Z'
const now = Date.parse('2026-02-08T09:00:00.000Z')
const replaced = (retiredAt?: string): RoomContext['replaced'] =>
  new Map([
    [
      b,
      { id: b, state: 'inactive', asOf: off, replacedBy: a, ...(retiredAt !== undefined && { retiredAt }) },
    ],
  ])
const quiet: Sibling = { id: b, status: 'Inactive', ours: true, profiles: [], lastUsed: {} }

describe('what the second key of a user is', () => {
  it.each<[string, string, Partial<Sibling>, Partial<Finding>, Partial<RoomContext>, boolean?]>([
    ['off for the quiet days and never used', 'ours-quiet', {}, {}, {}],
    [
      'last used on the day when it was turned off',
      'ours-quiet',
      { lastUsed: { at: '2026-02-01T23:59:00.000Z' } },
      {},
      {},
    ],
    ['used on a later day', 'ours-used', { lastUsed: { at: '2026-02-02T00:00:00.000Z' } }, {}, {}],
    ['a moment short of the quiet days', 'ours-recent', {}, {}, { now: now - 1 }],
    ['of an unknown last use', 'ours-recent', { lastUsed: undefined as never }, {}, {}],
    ['turned off by nobody knows whom', 'ours-recent', {}, {}, { replaced: replaced() }],
    ['where AWS told no time', 'ours-recent', {}, { clockOffsetMs: undefined as never }, {}],
    [
      'where the clock is off by an hour',
      'ours-recent',
      {},
      { clockOffsetMs: -3_600_000 },
      { now: now + 30 * day },
    ],
    ['where AWS’s clock says that it is not yet time', 'ours-recent', {}, { clockOffsetMs: -60_000 }, {}],
    ['still active', 'kept', { status: 'Active' }, {}, {}],
    ['inactive, and not ours', 'other-inactive', { ours: false }, {}, {}],
    ['active, and not ours', 'other-active', { ours: false, status: 'Active' }, {}, {}],
    ['in a profile', 'merge', {}, {}, {}, true],
  ])('%s: %s', (_, expected, sibling, found, context, isHeld = false) => {
    const class_ = roomClassOf(
      { ...quiet, ...sibling },
      isHeld,
      finding(a, 'ann', { clockOffsetMs: 0, ...found }),
      { replaced: replaced(off), quietDays: 7, now, ...context },
    )
    expect(class_).toBe(expected)
  })

  it('goes without being named only as far as was asked for', () => {
    const goes = (makeRoom?: 'ours-quiet' | 'ours' | 'inactive' | 'ask') =>
      roomClasses.filter((each) => mayMakeRoom(makeRoom ? { makeRoom } : {}, each))
    expect(goes()).toEqual(['ours-quiet'])
    expect(goes('ours-quiet')).toEqual(['ours-quiet'])
    expect(goes('ours')).toEqual(['ours-quiet', 'ours-recent'])
    expect(goes('inactive')).toEqual(['ours-quiet', 'ours-recent', 'ours-used', 'other-inactive'])
    expect(goes('ask')).toEqual([])
    expect(roomClasses.filter((each) => mayMakeRoom({ leak: true }, each))).toEqual([])
  })
})

describe('a plan', () => {
  const checked = (part: Partial<Finding> = {}) => [
    {
      held: held(a, [profile('dev', a)]),
      finding: finding(a, 'ann', {
        clockOffsetMs: 0,
        siblings: [{ id: b, status: 'Inactive', lastUsed: {} }],
        ...part,
      }),
    },
  ]
  const context = { ours: new Set([a, b]), replaced: replaced(off), now }

  it('makes room by what Keyturn left, without a choice, and names it', () => {
    const { rows: made, specs } = rows(checked(), ask, context)
    expect(made.choose).toEqual([])
    expect(made.rotate[0]?.deletesSpare?.id).toBe(b)
    expect(made.makeRoom).toEqual([{ key: a, spare: b, class: 'ours-quiet', offSince: off, decided: true }])
    expect(specs[0]?.spare).toBe(b)
  })

  it('leaves the choice to the person for the rest, and where it is to ask', () => {
    const used = { siblings: [{ id: b, status: 'Inactive', lastUsed: { at: '2026-02-05T00:00:00.000Z' } }] }
    for (const { rows: made } of [
      rows(checked(used), ask, context),
      rows(checked(), { ...ask, makeRoom: 'ask' }, context),
    ]) {
      expect(made.rotate).toEqual([])
      expect(made.choose).toHaveLength(1)
      expect(made.makeRoom[0]).toMatchObject({ spare: b, decided: false })
    }
  })
})

describe('years of quarters', () => {
  it.each(['deactivate', 'delete'] as const)('rotate every key each time: %s', async (mode) => {
    const stage = await Stage.open('two users at once')
    stage.iam.spread = 0
    for (let quarter = 0; quarter < 10; quarter += 1) {
      const run = await stage.planned(mode)
      expect(run.rotations).toHaveLength(2)
      const named = new Set(run.rotations.map(({ spec }) => spec.spare))
      const before = stage.iam.users.flatMap(({ keys }) => keys.filter(({ deleted }) => deleted))
      const rotation = await stage.run(run)
      expect(stage.room.runs.existing(rotation.run).state).toBe('done')
      for (const user of stage.iam.users) {
        expect(user.keys.filter(({ deleted }) => !deleted).length).toBeLessThanOrEqual(2)
        const gone = user.keys.filter((key) => key.deleted && !before.includes(key))
        for (const key of gone) expect(mode === 'delete' || named.has(key.id)).toBe(true)
      }
      if (quarter === 4 && mode === 'deactivate') await stage.restore(rotation)
      if (quarter === 6) await stage.restart()
      stage.clock.advance(91 * day)
    }
    const last = await stage.rotate(mode)
    expect(last.undo).toEqual(mode === 'delete' ? [] : ['reactivate', 'restore'])
  })
})
