import { describe, expect, it } from 'vitest'
import { a, ask, b, c, finding, held, profile, rows } from './testing/planned.ts'

const trouble = { name: 'secrets-differ', title: 'Two secrets', detail: 'Two secrets.' }

describe('what will rotate', () => {
  it('names profiles, lines with masked secrets, and what to know', () => {
    const key = held(a, [
      profile('dev', a, {
        usedByRoles: ['admin', 'audit'],
        settings: { values: { mfa_serial: 'arn:mfa' }, services: {} },
      }),
      profile('profile ci', a, {
        file: 'config',
        lines: { id: 8, secret: 9 },
        warning: { name: 'w', title: 'W', detail: 'is odd.', remedy: 'Mend it.' },
      }),
    ])
    const { rows: made, specs } = rows([{ held: key, finding: finding(a, 'ann') }])
    expect(made.choose).toEqual([])
    expect(made.skip).toEqual([])
    expect(made.rotate).toEqual([
      {
        key: a,
        profiles: [
          { name: 'dev', file: 'credentials' },
          { name: 'profile ci', file: 'config' },
        ],
        account: { id: '111122223333', derived: false },
        user: { name: 'ann', arn: 'arn:aws:iam::111122223333:user/ann' },
        createdAt: '2025-01-01T00:00:00.000Z',
        lines: [
          {
            file: 'credentials',
            path: '/home/me/.aws/credentials',
            profile: 'dev',
            line: 2,
            before: `aws_access_key_id = ${a}`,
            after: 'aws_access_key_id = (new key id)',
          },
          {
            file: 'credentials',
            path: '/home/me/.aws/credentials',
            profile: 'dev',
            line: 3,
            before: 'aws_secret_access_key = ••••••••',
            after: 'aws_secret_access_key = (new secret)',
          },
          {
            file: 'config',
            path: '/home/me/.aws/config',
            profile: 'profile ci',
            line: 8,
            before: `aws_access_key_id = ${a}`,
            after: 'aws_access_key_id = (new key id)',
          },
          {
            file: 'config',
            path: '/home/me/.aws/config',
            profile: 'profile ci',
            line: 9,
            before: 'aws_secret_access_key = ••••••••',
            after: 'aws_secret_access_key = (new secret)',
          },
        ],
        oldKey: 'deactivate',
        lastUsed: { at: '2026-02-01T00:00:00.000Z', service: 's3' },
        inUse: [],
        notes: ['Also used by 2 roles: admin, audit.', '[profile ci] is odd. Mend it.'],
      },
    ])
    expect(specs).toEqual([
      {
        kind: 'rotate',
        from: a,
        profiles: made.rotate[0]?.profiles,
        retire: 'deactivate',
        account: { id: '111122223333', derived: false },
        user: { name: 'ann', arn: 'arn:aws:iam::111122223333:user/ann' },
        lastUsed: { at: '2026-02-01T00:00:00.000Z', service: 's3' },
        mfaSerial: 'arn:mfa',
      },
    ])
    expect(JSON.stringify({ made, specs })).not.toContain('secret of')
  })

  it('carries the fate of the old key and the administrator’s profile', () => {
    const { specs } = rows([{ held: held(a), finding: finding(a, 'ann') }], {
      keys: [a],
      oldKey: 'delete',
      signers: [{ key: a, profile: 'boss' }],
    })
    expect(specs[0]).toMatchObject({ retire: 'delete', adminProfile: 'boss' })
  })

  it('goes on where MFA is wanted or the list is denied, and says so', () => {
    const mfa = finding(a, 'ann', { problem: { name: 'mfa-required', title: 'MFA', detail: 'MFA.' } })
    const denied = finding(b, 'bob', {
      problem: { name: 'access-denied', title: 'No', detail: 'No.', action: 'iam:ListAccessKeys' },
    })
    const { rows: made } = rows([
      { held: held(a), finding: mfa },
      { held: held(b), finding: denied },
    ])
    expect(made.rotate.map((row) => row.notes[0])).toEqual([
      'AWS asks for an MFA code for this user; the run will ask you.',
      'AWS does not let this user list its keys, so that it may also refuse to make one.',
    ])
    expect(made.rotate).toHaveLength(2)
  })
})

describe('what is skipped', () => {
  it.each([
    [
      'passed over',
      { held: held(a), passedOver: { name: 'excluded', title: 'X', detail: 'X.' } },
      'excluded',
    ],
    [
      'a problem in the files',
      { held: held(a, undefined, trouble), finding: finding(a, 'ann') },
      'secrets-differ',
    ],
    [
      'a problem at AWS',
      {
        held: held(a),
        finding: finding(a, 'ann', { problem: { name: 'root-key', title: 'R', detail: 'R.' } }),
      },
      'root-key',
    ],
    [
      'a quarantine',
      {
        held: held(a),
        finding: finding(a, 'ann', {
          problem: { name: 'quarantined', title: 'Q', detail: 'Q.', action: 'iam:ListAccessKeys' },
        }),
      },
      'quarantined',
    ],
  ])('%s', (_, checked, name) => {
    const { rows: made, specs } = rows([checked])
    expect(made).toMatchObject({ rotate: [], choose: [], skip: [{ key: a, reason: { name } }] })
    expect(specs).toEqual([])
  })

  it('more than two keys', () => {
    const three = finding(a, 'ann', {
      siblings: [
        { id: b, status: 'Active' },
        { id: c, status: 'Inactive' },
      ],
    })
    const { rows: made } = rows([{ held: held(a), finding: three }], { ...ask, deleteSpares: [b, c] })
    expect(made.skip[0]?.reason).toMatchObject({
      name: 'too-many-keys',
      remedy: 'Delete those that nothing uses first: ****BBB2, ****CCC3.',
    })
    expect(made.skip[0]?.reason.detail).toContain('has 3 keys')
  })

  it('another account than that of the profile that is to sign for it', () => {
    const request = { ...ask, signers: [{ key: a, profile: 'admin' }] }
    const made = (account: string) =>
      rows([{ held: held(a), finding: finding(a, 'ann') }], request, {
        signerAccounts: new Map([['admin', account]]),
      })
    expect(made('999999999999').rows.skip[0]?.reason.name).toBe('other-account')
    expect(made('111122223333').rows.rotate[0]?.signer).toEqual({ profile: 'admin', always: true })
    expect(made('111122223333').specs[0]?.adminProfile).toBe('admin')
  })
})

describe('an administrator’s profile', () => {
  const request = { ...ask, signer: 'admin' }
  const accounts = (account: string) => ({ signerAccounts: new Map([['admin', account]]) })

  it('signs for keys of its account once their own rights are refused, and for no other', () => {
    const checked = [{ held: held(a), finding: finding(a, 'ann') }]
    const { rows: made, specs } = rows(checked, request, accounts('111122223333'))
    expect(made.rotate[0]?.signer).toEqual({ profile: 'admin', always: false })
    expect(specs[0]).toMatchObject({ adminIfRefused: 'admin' })
    expect(specs[0]).not.toHaveProperty('adminProfile')
    const elsewhere = rows(checked, request, accounts('999999999999'))
    expect(elsewhere.rows.rotate[0]).not.toHaveProperty('signer')
    expect(elsewhere.specs[0]).not.toHaveProperty('adminIfRefused')
  })

  it('signs at once where the user’s own rights are known to be refused', () => {
    const denied = { name: 'quarantined', title: 'Q', detail: 'Q.', action: 'iam:ListAccessKeys' }
    const checked = [{ held: held(a), finding: finding(a, 'ann', { problem: denied }) }]
    expect(rows(checked, ask).rows.skip[0]?.reason.name).toBe('quarantined')
    expect(rows(checked, request, accounts('111122223333')).specs[0]?.adminProfile).toBe('admin')
  })

  it('does not sign for itself', () => {
    const own = { held: held(a, [profile('admin', a)]), finding: finding(a, 'ann') }
    expect(rows([own], request, accounts('111122223333')).rows.rotate[0]).not.toHaveProperty('signer')
  })
})

describe('a key that is spared', () => {
  it('is never deleted to make room, though it be named', () => {
    const two = finding(a, 'ann', { siblings: [{ id: b, status: 'Active' }] })
    const spared = { isSpared: (id: string) => id === b }
    for (const wish of [{ deleteSpares: [b] }, { merge: [a, b] }, { makeRoom: 'inactive' as const }]) {
      for (const others of [
        [],
        [{ held: held(b), passedOver: { name: 'excluded', title: 'E', detail: 'E.' } }],
      ]) {
        const { rows: made } = rows([{ held: held(a), finding: two }, ...others], { ...ask, ...wish }, spared)
        expect(made.rotate).toEqual([])
        expect(made.choose[0]?.choices).toEqual([])
      }
    }
  })
})

describe('a key that goes with the other key of its user', () => {
  it('is in one row, though it could not be replaced by itself', () => {
    const off = finding(a, 'ann', { problem: { name: 'invalid-key', title: 'X', detail: 'X.' } })
    const two = finding(b, 'ann', { siblings: [{ id: a, status: 'Inactive' }] })
    const { rows: made } = rows(
      [
        { held: held(a), finding: off },
        { held: held(b), finding: two },
      ],
      { ...ask, merge: [a, b] },
    )
    expect(made.rotate.map(({ key, merges }) => [key, merges?.id])).toEqual([[b, a]])
    expect(made.skip).toEqual([])
  })
})

describe('what something used within a day', () => {
  it('is named, by the clock of AWS, of the key and of the one that makes room', () => {
    const used = { at: '2026-02-28T12:00:00.000Z', service: 's3' }
    const both = finding(a, 'ann', {
      lastUsed: used,
      siblings: [{ id: b, status: 'Active', lastUsed: used }],
    })
    const made = rows([{ held: held(a), finding: both }], { ...ask, deleteSpares: [b] }).rows.rotate[0]
    expect(made?.inUse).toEqual([a, b])
    const late = finding(a, 'ann', { lastUsed: used, clockOffsetMs: 12 * 3_600_000 + 1 })
    expect(rows([{ held: held(a), finding: late }]).rows.rotate[0]?.inUse).toEqual([])
  })
})

describe('a key that goes on working for now', () => {
  it('is replaced, and its old one kept active', () => {
    const { rows: made, specs } = rows([{ held: held(a), finding: finding(a, 'ann') }], {
      ...ask,
      keepActive: [a],
    })
    expect(made.rotate[0]?.oldKey).toBe('keep')
    expect(specs[0]?.retire).toBe('keep')
  })
})

describe('a second key that no profile holds', () => {
  const sibling = { id: b, status: 'Active', createdAt: '2024-01-01T00:00:00.000Z' }
  const checked = { held: held(a), finding: finding(a, 'ann', { siblings: [sibling] }) }

  it('needs a choice, with a caution where it is active', () => {
    const { rows: made, specs } = rows([checked])
    expect(specs).toEqual([])
    expect(made.choose).toMatchObject([
      {
        key: a,
        profiles: ['dev'],
        choices: [
          {
            kind: 'delete-spare',
            label: 'Delete ****BBB2 for good',
            spare: { id: b, ours: false, profiles: [] },
          },
        ],
      },
    ])
    expect(made.choose[0]?.choices[0]?.caution).toContain('is active')
    expect(made.choose[0]?.reason).toContain('no profile here holds')
  })

  it('is named as ours where Keyturn turned it off', () => {
    const off = {
      held: held(a),
      finding: finding(a, 'ann', { siblings: [{ ...sibling, status: 'Inactive' }] }),
    }
    const { rows: made } = rows([off], ask, { ours: new Set([b]) })
    expect(made.choose[0]?.choices[0]).toMatchObject({
      label: 'Delete ****BBB2, an old key that Keyturn turned off',
    })
    expect(made.choose[0]?.choices[0]?.caution).toBeUndefined()
    expect(rows([off]).rows.choose[0]?.choices[0]?.label).toBe('Delete ****BBB2 for good')
  })

  it('is deleted only where it is picked by its own id', () => {
    const { rows: made, specs } = rows([checked], { ...ask, deleteSpares: [b] })
    expect(made.rotate[0]?.deletesSpare).toMatchObject({ id: b })
    expect(specs[0]).toMatchObject({ from: a, spare: b })
    expect(rows([checked], { ...ask, deleteSpares: [c] }).specs).toEqual([])
    expect(rows([checked], { ...ask, merge: [b] }).specs).toEqual([])
  })
})

describe('two keys of one user that both stand in profiles', () => {
  const first = { held: held(a), finding: finding(a, 'ann', { siblings: [{ id: b, status: 'Active' }] }) }
  const second = {
    held: held(b, [profile('ops', b)]),
    finding: finding(b, 'ann', { siblings: [{ id: a, status: 'Active' }] }),
  }

  it('offers to merge, and skips the other', () => {
    const { rows: made, specs } = rows([first, second])
    expect(specs).toEqual([])
    expect(made.choose).toMatchObject([
      { key: a, choices: [{ kind: 'merge', label: 'Merge: one new key for dev, ops' }] },
    ])
    expect(made.choose[0]?.reason).toContain('which ops holds')
    expect(made.choose[0]?.choices[0]?.caution).toContain('****BBB2 is deleted for good')
    expect(made.skip).toMatchObject([{ key: b, reason: { name: 'same-user' } }])
  })

  it('never deletes a key that a profile holds, even if it is named as a spare', () => {
    const { rows: made, specs } = rows([first, second], { ...ask, deleteSpares: [a, b] })
    expect(specs).toEqual([])
    expect(made.choose).toHaveLength(1)
  })

  it.each([[[a]], [[b]], [[a, b]]])('merges where %j is named', (merge) => {
    const { rows: made, specs } = rows([first, second], { ...ask, merge })
    expect(made.choose).toEqual([])
    expect(made.rotate[0]).toMatchObject({
      key: a,
      merges: { id: b },
      profiles: [{ name: 'dev' }, { name: 'ops' }],
    })
    expect(made.rotate[0]?.lines.map((line) => line.profile)).toEqual(['dev', 'dev', 'ops', 'ops'])
    // It is in the row above: to call it left over would be wrong.
    expect(made.skip).toEqual([])
    expect(specs).toMatchObject([
      {
        from: a,
        profiles: [{ name: 'dev' }],
        merge: { key: b, profiles: [{ name: 'ops', file: 'credentials' }] },
      },
    ])
  })

  it('offers nothing where the other key’s profile cannot be written', () => {
    const stuck = { ...second, held: held(b, [profile('ops', b)], trouble) }
    const { rows: made, specs } = rows([first, stuck], { ...ask, merge: [a, b] })
    expect(specs).toEqual([])
    expect(made.choose[0]?.choices).toEqual([])
  })

  it('says hold of several profiles', () => {
    const two = { ...second, held: held(b, [profile('ops', b), profile('ops2', b)]) }
    expect(rows([first, two]).rows.choose[0]?.reason).toContain('ops, ops2 hold.')
  })
})
