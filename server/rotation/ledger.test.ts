import { describe, expect, it } from 'vitest'
import type { Rotation } from '../api/run.ts'
import { type Account, type Asked, askedOf, type Fates, leftOf, ledgerOf } from './ledger.ts'

const nothing: Fates = { replaced: new Map(), off: new Map(), refused: new Set(), leftByName: new Map() }
const asked = (key: string, name?: string): Asked => ({
  key,
  profiles: [`p-${key}`],
  ...(name !== undefined && { reason: { name, title: `T ${name}` } }),
})
const rotation = (from: string, state: Rotation['state'], problem?: string, merge?: string) => ({
  spec: { from, ...(merge !== undefined && { merge: { key: merge, profiles: [] } }) },
  view: {
    state,
    ...(problem !== undefined && { problem: { name: problem, title: `T ${problem}`, detail: 'D.' } }),
  } as Rotation,
})
const account = (part: Partial<Account> = {}): Account => ({
  run: 'run2',
  leak: false,
  asked: [asked('A')],
  rotations: [],
  ...part,
})
const row = (part: Partial<Account>, fates: Partial<Fates> = {}) =>
  leftOf(account(part), { ...nothing, ...fates })[0]

describe('what a run was asked for', () => {
  it('is each key of its plan but those that were not meant, with why it stays', () => {
    const reason = (name: string) => ({ name, title: `T ${name}`, detail: 'D.' })
    const plan = {
      rotate: [{ key: 'A', merges: { id: 'B' } }, { key: 'C' }],
      choose: [{ key: 'D', reason: 'Two keys.' }],
      skip: [
        { key: 'E', reason: reason('root-key') },
        { key: 'F', reason: reason('excluded') },
        { key: 'G', reason: reason('canary') },
        { key: 'H', reason: reason('younger') },
        { profile: 'sso', reason: reason('sso-profile') },
      ],
    }
    const made = askedOf(plan as unknown as Parameters<typeof askedOf>[0], (key) => [`p-${key}`])
    expect(made.map(({ key, reason: why }) => [key, why?.name])).toEqual([
      ['A', undefined],
      ['B', undefined],
      ['C', undefined],
      ['D', 'needs-choice'],
      ['E', 'root-key'],
    ])
    expect(made[0]?.profiles).toEqual(['p-A'])
  })
})

describe('what a run left', () => {
  it('is nothing of a key that it replaced, be it merged', () => {
    const both = [rotation('A', 'done', undefined, 'B')]
    expect(leftOf(account({ asked: [asked('A'), asked('B')], rotations: both }), nothing)).toEqual([])
  })

  it.each([
    ['needs-choice', 'choose'],
    ['same-user', 'rotate'],
    ['invalid-key', 'remove'],
    ['root-key', 'leave'],
  ] as const)('is a key with %s, whose act is to %s', (name, act) => {
    expect(row({ asked: [asked('A', name)] })).toEqual({
      key: 'A',
      profiles: ['p-A'],
      reason: `T ${name}`,
      state: 'open',
      act,
    })
  })

  it.each([
    ['rolledBack', 'access-denied', 'sign', 'T access-denied'],
    ['rolledBack', 'quarantined', 'sign', 'T quarantined'],
    ['rolledBack', 'invalid-key', 'remove', 'T invalid-key'],
    ['rolledBack', 'no-answer', 'rotate', 'T no-answer'],
    ['stopped', undefined, 'rotate', 'Stopped'],
    ['failed', 'hook-failed', 'finish', 'T hook-failed'],
    ['interrupted', undefined, 'finish', 'Interrupted'],
    ['running', undefined, 'finish', 'Being replaced'],
    ['waiting', undefined, 'finish', 'Being replaced'],
  ] as const)('is one whose rotation is %s for %s: %s', (state, problem, act, reason) => {
    expect(row({ rotations: [rotation('A', state, problem)] })).toMatchObject({ state: 'open', act, reason })
  })

  it('is open where nobody knows why it was not rotated', () => {
    expect(row({})).toMatchObject({ state: 'open', reason: 'Not rotated', act: 'leave' })
  })
})

describe('a row is closed', () => {
  const refused = { asked: [asked('A', 'root-key')] }
  it.each<[string, Partial<Fates>, { closedBy: string; why?: string }]>([
    ['by the run that turned it off', { off: new Map([['A', 'run9']]) }, { closedBy: 'run9' }],
    ['by a later run that replaced it', { replaced: new Map([['A', 'run9']]) }, { closedBy: 'run9' }],
    ['where AWS refuses it', { refused: new Set(['A']) }, { closedBy: 'dead' }],
    ['by name', { leftByName: new Map([['A', undefined]]) }, { closedBy: 'left' }],
    [
      'by name, with a word',
      { leftByName: new Map([['A', 'a printer']]) },
      { closedBy: 'left', why: 'a printer' },
    ],
  ])('%s', (_how, fates, closure) => {
    expect(row(refused, fates)).toEqual({
      key: 'A',
      profiles: ['p-A'],
      reason: 'T root-key',
      state: 'closed',
      ...closure,
    })
  })

  it('in peace where the person left it out or put it back, and not after a theft', () => {
    const out = { asked: [asked('A', 'left-out')] }
    expect(row(out)?.closedBy).toBe('left')
    expect(row({ ...out, leak: true })).toMatchObject({ state: 'open', act: 'rotate' })
    const undone = { rotations: [rotation('A', 'undone')] }
    expect(row(undone)?.closedBy).toBe('undone')
    expect(row({ ...undone, leak: true })?.state).toBe('open')
  })
})

describe('after a theft', () => {
  it('a key that was replaced and goes on working is open until it is off', () => {
    const kept = { leak: true, rotations: [rotation('A', 'done')] }
    expect(row(kept, { replaced: new Map([['A', 'run2']]) })).toMatchObject({
      state: 'open',
      act: 'turn-off',
    })
    expect(row(kept, { off: new Map([['A', 'run9']]) })).toBeUndefined()
  })

  it('a later run that replaced it and let it work closes nothing', () => {
    expect(row({ leak: true }, { replaced: new Map([['A', 'run9']]) })?.state).toBe('open')
  })
})

describe('the ledger', () => {
  it('has each open key once, by the newest run that was asked for it, and counts what those were asked for', () => {
    const left = (key: string, state: 'open' | 'closed', reason: string) => ({
      key,
      profiles: [key],
      reason,
      state,
    })
    const made = ledgerOf([
      {
        run: 'r3',
        leak: false,
        asked: [asked('A'), asked('B')],
        left: [{ ...left('A', 'open', 'new'), act: 'leave' }],
      },
      {
        run: 'r2',
        leak: true,
        asked: [asked('A'), asked('C')],
        left: [left('A', 'open', 'old'), left('C', 'open', 'c')],
      },
      { run: 'r1', leak: true, asked: [asked('D')], left: [left('D', 'closed', 'd')] },
    ])
    expect(made).toEqual({
      leak: true,
      asked: 3,
      open: [
        { key: 'A', profiles: ['A'], reason: 'new', act: 'leave', run: 'r3' },
        { key: 'C', profiles: ['C'], reason: 'c', run: 'r2' },
      ],
    })
    expect(ledgerOf([])).toEqual({ leak: false, asked: 0, open: [] })
    const door = { id: 'door', kind: 'door', run: 'r', what: 'a user', reason: 'made by it' } as const
    for (const state of ['open', 'closed'] as const) {
      const rest = [{ ...door, state }]
      expect(ledgerOf([], rest)).toEqual({ leak: state === 'open', asked: 0, open: [], rest })
    }
  })
})
