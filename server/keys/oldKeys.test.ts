import { describe, expect, it } from 'vitest'
import { resolveTarget } from '../aws/endpoints.ts'
import { heldKeys } from './heldKeys.ts'
import { oldKeysOf } from './oldKeys.ts'
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
  siblings: [{ id: 'AKIAOLD', status: 'Inactive' }],
  ...more,
})

function old(parts: Partial<OldKeyParts> = {}) {
  const held = heldKeys([profile('dev', current)], (settings) => resolveTarget(settings, {}))
  const defaults = { replaced: [replaced()], findings: [finding()], settings: { quietDays: 7 } }
  return oldKeysOf({ now, held, ours: new Set(['AKIAOLD', current]), ...defaults, ...parts })
}

describe('oldKeysOf', () => {
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
      { deletable: true, safe: false },
    ],
    [
      'used lately',
      { replaced: [replaced({ lastUsed: { at: daysAgo(2) } })] },
      { quietDays: 2, safe: false },
    ],
    ['never used', { replaced: [replaced({ lastUsed: {} })] }, { quietDays: 400, safe: true }],
    [
      'quiet by a clock that AWS’s contradicts',
      { findings: [finding({ clockOffsetMs: -30 * 86_400_000 })] },
      { safe: false, reason: expect.stringContaining('clock') as string },
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
