import { describe, expect, it } from 'vitest'
import type { Trouble } from '../api/problem.ts'
import { a, ask, b, c, finding, held, profile, rows } from './testing/planned.ts'

const trouble = { name: 'secrets-differ', title: 'Two secrets', detail: 'Two secrets.' }
const sibling = (id: string, status = 'Active') => ({ id, status })

const elsewhere = { signerAccounts: new Map([['admin', '999999999999']]) }
const signedByAdmin = { ...ask, signers: [{ key: a, profile: 'admin' }] }

describe('why a key is skipped', () => {
  const skipped = (...made: Parameters<typeof rows>): Trouble => rows(...made).rows.skip[0]!.reason

  it('says of a second key of the same user which one comes first and what to do', () => {
    const reason = skipped([
      { held: held(a), finding: finding(a, 'ann') },
      { held: held(b), finding: finding(b, 'ann') },
    ])
    expect(reason).toEqual({
      name: 'same-user',
      title: expect.stringContaining('same user'),
      detail: expect.stringContaining('****AAA1 comes first'),
      remedy: expect.stringMatching(/Merge|afterwards/),
    })
  })

  it('says of a user with three keys how many there are and which may go', () => {
    const three = finding(a, 'ann', { siblings: [sibling(b), sibling(c)] })
    expect(skipped([{ held: held(a), finding: three }])).toEqual({
      name: 'too-many-keys',
      title: expect.stringContaining('More than two'),
      detail: expect.stringContaining('3 keys'),
      remedy: expect.stringContaining('****BBB2, ****CCC3'),
    })
  })

  it('says of another account than the administrator’s both accounts', () => {
    expect(skipped([{ held: held(a), finding: finding(a, 'ann') }], signedByAdmin, elsewhere)).toEqual({
      name: 'other-account',
      title: expect.stringContaining('account'),
      detail: expect.stringMatching(/111122223333.*999999999999/),
      remedy: expect.stringContaining('its own account'),
    })
  })

  it('says the first of several reasons: left out by the person, then the files, then AWS, then the administrator', () => {
    const excluded = { name: 'excluded', title: 'X', detail: 'X.' }
    const atAws = { name: 'root-key', title: 'R', detail: 'R.' }
    const all = {
      held: held(a, undefined, trouble),
      finding: finding(a, 'ann', { problem: atAws }),
      passedOver: excluded,
    }
    expect(skipped([all], signedByAdmin, elsewhere)).toBe(excluded)
    expect(skipped([{ ...all, passedOver: undefined }], signedByAdmin, elsewhere)).toBe(trouble)
    expect(skipped([{ ...all, passedOver: undefined, held: held(a) }], signedByAdmin, elsewhere)).toBe(atAws)
  })

  it('takes up no place of its user’s: the other key is rotated', () => {
    const root = finding(a, 'ann', {
      problem: { name: 'access-denied', title: 'N', detail: 'N.', action: 'sts:X' },
    })
    const { rows: made } = rows([
      { held: held(a), finding: root },
      { held: held(b), finding: finding(b, 'ann') },
    ])
    expect(made.skip.map((row) => row.key)).toEqual([a])
    expect(made.rotate.map((row) => row.key)).toEqual([b])
  })
})

describe('keys whose check found little', () => {
  it('goes on with one of an unknown user, each by itself', () => {
    const { rows: made, specs } = rows([{ held: held(a) }, { held: held(b) }], signedByAdmin)
    expect(made.rotate).toEqual([
      {
        key: a,
        profiles: [{ name: 'dev', file: 'credentials' }],
        lines: expect.any(Array),
        oldKey: 'deactivate',
        inUse: [],
        notes: [],
      },
      {
        key: b,
        profiles: [{ name: 'dev', file: 'credentials' }],
        lines: expect.any(Array),
        oldKey: 'deactivate',
        inUse: [],
        notes: [],
      },
    ])
    expect(specs[0]).toStrictEqual({
      kind: 'rotate',
      from: a,
      profiles: [{ name: 'dev', file: 'credentials' }],
      retire: 'deactivate',
    })
  })

  it('shows no lines of a profile whose lines are not known', () => {
    const key = held(a, [profile('dev', a, { lines: undefined }), profile('ops', a)])
    expect(rows([{ held: key }]).rows.rotate[0]?.lines.map((line) => line.profile)).toEqual(['ops', 'ops'])
  })

  it('rotates a second user’s key and a user’s whose other key was chosen for first', () => {
    const both = finding(a, 'ann', { siblings: [sibling(b)] })
    const { rows: made } = rows([
      { held: held(a), finding: both },
      { held: held(b), finding: finding(b, 'ann', { siblings: [sibling(a)] }) },
      { held: held(c), finding: finding(c, 'bob') },
    ])
    expect([made.choose, made.skip, made.rotate].map((list) => list.map((row) => row.key))).toEqual([
      [a],
      [b],
      [c],
    ])
  })

  it('takes the MFA device of whichever of its profiles names one', () => {
    const key = held(a, [
      profile('dev', a),
      profile('ops', a, { settings: { values: { mfa_serial: 'arn:mfa' }, services: {} } }),
    ])
    expect(rows([{ held: key }]).specs[0]?.mfaSerial).toBe('arn:mfa')
  })
})

it('shows a merged key in its partner’s row alone', () => {
  const { rows: made, specs } = rows(
    [
      { held: held(a), finding: finding(a, 'ann', { siblings: [sibling(b)] }) },
      { held: held(b), finding: finding(b, 'ann', { siblings: [sibling(a)] }) },
    ],
    { ...ask, merge: [b] },
  )
  expect([made.skip, made.choose, made.rotate.map((row) => row.key)]).toEqual([[], [], [a]])
  expect(specs).toHaveLength(1)
})

describe('what to know of a rotation', () => {
  const notes = (...made: Parameters<typeof rows>) => rows(...made).rows.rotate.map((row) => row.notes)

  it('counts the roles that use the key, each once', () => {
    const one = held(a, [
      profile('dev', a, { usedByRoles: ['admin'] }),
      profile('ops', a, { usedByRoles: ['admin'] }),
    ])
    expect(notes([{ held: one }])).toEqual([['Also used by 1 role: admin.']])
  })

  it('is nothing where nothing is odd', () => {
    expect(notes([{ held: held(a), finding: finding(a, 'ann') }])).toEqual([[]])
  })

  it('skips what AWS denied other than the list', () => {
    const denied = { name: 'access-denied', title: 'N', detail: 'N.', action: 'iam:GetUser' }
    expect(rows([{ held: held(a), finding: finding(a, 'ann', { problem: denied }) }]).rows.skip).toEqual([
      { key: a, reason: denied },
    ])
  })
})

describe('a choice', () => {
  const spare = {
    ...sibling(b),
    createdAt: '2024-01-01T00:00:00.000Z',
    lastUsed: { at: '2026-02-02T00:00:00.000Z' },
  }
  const two = {
    held: held(a, [profile('dev', a), profile('ops', a)]),
    finding: finding(a, 'ann', { siblings: [spare] }),
  }

  it('shows whose it is, how old, and all that is known of the other key', () => {
    expect(rows([two]).rows.choose).toEqual([
      {
        key: a,
        profiles: ['dev', 'ops'],
        account: { id: '111122223333', derived: false },
        user: { name: 'ann', arn: 'arn:aws:iam::111122223333:user/ann' },
        createdAt: '2025-01-01T00:00:00.000Z',
        reason: expect.stringMatching(/second key, \*\*\*\*BBB2.*two keys per user/),
        choices: [
          {
            kind: 'delete-spare',
            label: 'Delete ****BBB2 for good',
            spare: { ...spare, ours: false, profiles: [] },
            caution: expect.stringContaining('active'),
          },
        ],
      },
    ])
  })

  it('shows nothing that is not known', () => {
    const bare = { held: held(a), finding: { id: a, asOf: '', siblings: [sibling(b, 'Inactive')] } }
    expect(Object.keys(rows([bare]).rows.choose[0]!).sort()).toEqual(['choices', 'key', 'profiles', 'reason'])
    expect(rows([bare]).rows.choose[0]?.choices[0]).toStrictEqual({
      kind: 'delete-spare',
      label: 'Delete ****BBB2 for good',
      spare: { id: b, status: 'Inactive', ours: false, profiles: [] },
    })
  })

  it('does not call a key of ours that is active turned off', () => {
    expect(rows([two], ask, { ours: new Set([b]) }).rows.choose[0]?.choices[0]).toMatchObject({
      label: 'Delete ****BBB2 for good',
      spare: { ours: true },
    })
  })

  it('between two keys in profiles shows the other’s profiles and why there is no room', () => {
    const other = { held: held(b, [profile('x', b), profile('y', b)]) }
    const made = rows([two, other]).rows.choose[0]
    expect(made?.reason).toMatch(/\*\*\*\*BBB2, which x, y hold\..*two keys per user/)
    expect(made?.choices).toMatchObject([
      {
        kind: 'merge',
        spare: { id: b, profiles: ['x', 'y'] },
        label: 'Merge: one new key for dev, ops, x, y',
      },
    ])
    expect(made?.choices[0]?.caution).toMatch(/BBB2 is deleted for good.*undo does not/)
  })
})
