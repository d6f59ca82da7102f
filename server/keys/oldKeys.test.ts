import { describe, expect, it } from 'vitest'
import { resolveTarget } from '../aws/endpoints.ts'
import { heldKeys } from './heldKeys.ts'
import { oldKeysOf, safeOn } from './oldKeys.ts'
import type { OldKeyParts } from './oldKeys.ts'
import type { Finding, ReplacedKey } from './ports.ts'
import { profile } from './testing/profiles.ts'

const now = Date.parse('2026-06-30T00:00:00.000Z')
const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString()
const user = { name: 'ann', arn: 'arn:aws:iam::123456789012:user/ann' }
const current = 'AKIACURRENT'

const replaced = (more: Partial<ReplacedKey> = {}): ReplacedKey => ({
  id: 'AKIAOLD',
  state: 'inactive',
  asOf: daysAgo(10),
  user,
  createdAt: daysAgo(400),
  lastUsed: { at: daysAgo(11) },
  retiredAt: daysAgo(10),
  replacedBy: current,
  rotation: 'run.1',
  ...more,
})

const finding = (more: Partial<Finding> = {}): Finding => ({
  id: current,
  asOf: daysAgo(1),
  user,
  status: 'Active',
  clockOffsetMs: 0,
  siblings: [{ id: 'AKIAOLD', status: 'Inactive' }],
  ...more,
})

function old(parts: Partial<OldKeyParts> = {}) {
  const held = heldKeys([profile('dev', current)], (settings) => resolveTarget(settings, {}))
  const defaults = { replaced: [replaced()], findings: [finding()], settings: { quietDays: 7 } }
  return oldKeysOf({ now, held, ours: new Set(['AKIAOLD', current]), ...defaults, ...parts })
}

const used = (id: string, status: string, days: number) => ({ id, status, lastUsed: { at: daysAgo(days) } })

/** One that was replaced ten days ago and stays on. */
const kept = (days: number, siblings: Finding['siblings'] = [{ id: 'AKIAOLD', status: 'Active' }]) => ({
  replaced: [replaced({ state: 'active', retiredAt: undefined, keptUntil: daysAgo(days) })],
  findings: [finding({ siblings })],
})

describe('safeOn', () => {
  const [waiting] = old({ replaced: [replaced({ retiredAt: daysAgo(3) })] })
  it('tells when one that is off will have been quiet', () => {
    expect(waiting && safeOn(waiting, 7)).toBe(daysAgo(-4))
  })

  it('tells nothing of one that is on, quiet already, or off by others', () => {
    for (const more of [
      { status: 'active' },
      { safe: true },
      { retiredAt: undefined },
      { lastUsed: undefined },
    ] as const)
      expect(waiting && safeOn({ ...waiting, ...more }, 7)).toBeUndefined()
  })
})

describe('oldKeysOf', () => {
  it('calls none over its grace whose day nobody can believe, or that nobody here can sign for', () => {
    const due = kept(1)
    for (const parts of [
      {
        ...due,
        findings: [finding({ siblings: due.findings[0]?.siblings ?? [], clockOffsetMs: 3_600_000 })],
      },
      { replaced: [{ ...due.replaced[0], replacedBy: 'AKIAGONE' } as ReplacedKey], findings: [] },
      kept(-1),
    ])
      expect(old(parts)[0]).not.toHaveProperty('overGrace')
  })

  it('calls an old key safe to delete once it has been off and unused for long enough', () => {
    expect(old()).toEqual([
      {
        id: 'AKIAOLD',
        status: 'inactive',
        ours: true,
        user,
        createdAt: daysAgo(400),
        lastUsed: { at: daysAgo(11) },
        asOf: daysAgo(1),
        retiredAt: daysAgo(10),
        quietDays: 11,
        replacedBy: current,
        rotation: 'run.1',
        profiles: [],
        deletable: true,
        safe: true,
      },
    ])
  })

  it.each<[string, Partial<OldKeyParts>, object]>([
    [
      'turned off lately',
      { replaced: [replaced({ retiredAt: daysAgo(3) })] },
      { deletable: true, safe: false, safeAt: daysAgo(-4) },
    ],
    [
      'used lately',
      { replaced: [replaced({ lastUsed: { at: daysAgo(2) } })] },
      { quietDays: 2, safe: false, safeAt: daysAgo(-5) },
    ],
    ['never used', { replaced: [replaced({ lastUsed: {} })] }, { quietDays: 400, safe: true }],
    [
      'quiet by a clock that AWS’s contradicts',
      { findings: [finding({ clockOffsetMs: -30 * 86_400_000 })] },
      { safe: false, reason: expect.stringContaining('clock') as string },
    ],
    [
      'quiet where AWS’s clock is not known',
      { findings: [finding({ clockOffsetMs: undefined })] },
      { safe: false, reason: expect.stringContaining('clock') as string },
    ],
    [
      'used after it had been turned off',
      { findings: [finding({ siblings: [used('AKIAOLD', 'Inactive', 2)] })] },
      { lastUsed: { at: daysAgo(2) }, usedSince: true, safe: false },
    ],
    [
      'known to be unused only since Keyturn’s own last call',
      {
        replaced: [replaced({ lastUsed: undefined })],
        findings: [finding({ siblings: [used('AKIAOLD', 'Inactive', 10)] })],
      },
      { lastUsed: { at: daysAgo(10) }, safe: true },
    ],
    ['kept, its day not come', kept(-1), { keptUntil: daysAgo(-1) }],
    ['kept, its day come', kept(0), { keptUntil: daysAgo(0), overGrace: true }],
    [
      'kept, its day come, and still used',
      kept(0, [used('AKIAOLD', 'Active', 3)]),
      { overGrace: true, usedSince: true },
    ],
    [
      'never used, of unknown age',
      { replaced: [replaced({ lastUsed: {}, createdAt: undefined })] },
      { quietDays: 10, safe: true },
    ],
    [
      'of unknown use',
      { replaced: [replaced({ lastUsed: undefined, createdAt: undefined })] },
      { safe: false },
    ],
    [
      'of unknown use, though it is old and has long been off',
      { replaced: [replaced({ lastUsed: undefined, retiredAt: daysAgo(400) })] },
      { deletable: true, safe: false, reason: expect.stringContaining('last used is not known') },
    ],
    [
      'kept active',
      { replaced: [replaced({ state: 'active' })], findings: [] },
      { deletable: false, safe: false },
    ],
    ['unknown', { replaced: [replaced({ state: 'unknown' })], findings: [] }, { deletable: false }],
    [
      'switched on again by someone',
      { findings: [finding({ siblings: [{ id: 'AKIAOLD', status: 'Active' }] })] },
      { status: 'active', deletable: false },
    ],
    [
      'inactive in a look from before we switched it on',
      { replaced: [replaced({ state: 'active', asOf: daysAgo(0) })] },
      { status: 'active' },
    ],
    [
      'of a state that AWS made up',
      { findings: [finding({ siblings: [{ id: 'AKIAOLD', status: 'Expired' }] })] },
      { status: 'unknown' },
    ],
    [
      'whose user has no key in the files any more',
      { replaced: [replaced({ replacedBy: 'AKIAGONE' })], findings: [] },
      { status: 'inactive', deletable: false, safe: false },
    ],
  ])('shows one that is %s', (_, parts, wanted) => {
    expect(old(parts)).toMatchObject([wanted])
  })

  it.each<[string, Partial<OldKeyParts>]>([
    ['deleted by us', { replaced: [replaced({ state: 'deleted', asOf: daysAgo(0) })] }],
    ['deleted by someone since', { findings: [finding({ siblings: [] })] }],
    [
      'back in a profile',
      { held: heldKeys([profile('dev', 'AKIAOLD')], (settings) => resolveTarget(settings, {})) },
    ],
  ])('does not show one that is %s', (_, parts) => {
    expect(old(parts)).toEqual([])
  })

  it('does not take a listing that was refused, or another user’s, for proof that a key is gone', () => {
    const refused = { ...finding({ siblings: [] }), status: undefined }
    expect(old({ findings: [refused] })).toHaveLength(1)
    const another = finding({ siblings: [], user: { name: 'bob', arn: `${user.arn}-bob` } })
    expect(old({ findings: [another] })).toHaveLength(1)
  })

  it('shows a key that nobody here knows, as such', () => {
    const findings = [finding({ siblings: [{ id: 'AKIASTRANGE', status: 'Active', createdAt: daysAgo(2) }] })]
    expect(old({ replaced: [], findings })).toMatchObject([
      { id: 'AKIASTRANGE', ours: false, status: 'active', user, deletable: false },
    ])
  })

  it('forgets the other keys of a user whose key is in no file any more', () => {
    expect(old({ replaced: [], held: [] })).toEqual([])
  })
})
