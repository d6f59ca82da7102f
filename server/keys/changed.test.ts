import { describe, expect, it } from 'vitest'
import { resolveTarget } from '../aws/endpoints.ts'
import { changedOf, changeName, standingOwn, type ChangedParts } from './changed.ts'
import { heldKeys } from './heldKeys.ts'
import type { Finding, ReplacedKey } from './ports.ts'
import { profile } from './testing/profiles.ts'

const now = Date.parse('2026-06-30T00:00:00.000Z')
const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString()
const user = { name: 'ann', arn: 'arn:aws:iam::123456789012:user/ann' }
const current = 'AKIACURRENT'

const old: ReplacedKey = { id: 'AKIAOLD', state: 'inactive', asOf: daysAgo(10), user, replacedBy: current }

const finding = (more: Partial<Finding> = {}): Finding => ({
  id: current,
  asOf: daysAgo(1),
  user,
  status: 'Active',
  createdAt: daysAgo(10),
  siblings: [{ id: 'AKIAOLD', status: 'Inactive', lastUsed: { at: daysAgo(10) } }],
  ...more,
})

const refused = { name: 'invalid-key', title: 'Refused', detail: 'AWS does not know it.' }
const held = (...ids: string[]) =>
  heldKeys(
    ids.map((id, at) => profile(`p${at}`, id)),
    (settings) => resolveTarget(settings, {}),
  )

function changed(parts: Partial<ChangedParts> = {}) {
  return changedOf({
    held: held(current),
    findings: [finding()],
    replaced: [old],
    ours: new Set([old.id, current]),
    settings: { exclusions: [] },
    besideKeys: [],
    ...parts,
  })
}

const span = { user: 'ann', after: daysAgo(10), before: daysAgo(1) }

describe('changedOf', () => {
  it('tells nothing where all is as Keyturn left it', () => {
    expect(changed()).toEqual([])
    expect(changed({ findings: [] })).toEqual([])
  })

  it('tells an old key that is on again, but not one that Keyturn left on or turned on after that look', () => {
    const findings = [finding({ siblings: [{ id: old.id, status: 'Active' }] })]
    expect(changed({ findings })).toEqual([{ key: old.id, profiles: [], what: 'turned-on', ...span }])
    expect(changed({ findings, replaced: [{ ...old, state: 'active' }] })).toEqual([])
    expect(changed({ findings, replaced: [{ ...old, asOf: daysAgo(0) }] })).toEqual([])
  })

  it('tells an old key that was used after its day, unless a check of ours used it', () => {
    const findings = [
      finding({ siblings: [{ id: old.id, status: 'Inactive', lastUsed: { at: daysAgo(3) } }] }),
    ]
    expect(changed({ findings })).toEqual([
      { key: old.id, profiles: [], what: 'used', used: daysAgo(3), ...span },
    ])
    const asked = { id: old.id, asOf: daysAgo(2), siblings: [], problem: refused }
    expect(changed({ findings: [...findings, asked] })).toEqual([])
  })

  it('tells a key in the file that is off, whoever found it', () => {
    const row = { key: current, profiles: ['p0'], what: 'turned-off', ...span }
    expect(changed({ findings: [finding({ status: 'Inactive' })] })).toEqual([row])
    const other = finding({ id: 'AKIAOTHER', siblings: [{ id: current, status: 'Inactive' }] })
    const own = { id: current, asOf: daysAgo(2), user, siblings: [], problem: refused }
    const findings = [own, other]
    expect(changed({ held: held(current, 'AKIAOTHER'), findings, replaced: [old] })).toEqual([row])
    expect(changed({ findings, settings: { exclusions: [current] } })).toEqual([])
  })

  it('does not take for a change that a replaced key is off which stands in a file again', () => {
    const findings = [finding({ id: old.id, status: 'Inactive', siblings: [] })]
    expect(changed({ held: held(old.id), findings })).toEqual([])
  })

  it('does not believe a look from before the key was put into the file', () => {
    const findings = [finding({ status: 'Inactive', asOf: daysAgo(12) })]
    expect(changed({ findings })).toEqual([])
  })

  it('says deleted only where a list of the user lacks the key, else that AWS refuses it', () => {
    const own = { id: current, asOf: daysAgo(1), user, siblings: [], problem: refused }
    const row = { key: current, profiles: ['p0'], ...span }
    expect(changed({ findings: [own] })).toEqual([{ ...row, what: 'refused' }])
    const lacks = finding({ id: 'AKIAOTHER', siblings: [] })
    const both = held(current, 'AKIAOTHER')
    expect(changed({ held: both, findings: [own, lacks] })).toEqual([{ ...row, what: 'deleted' }])
    // One that never worked has not changed.
    expect(
      changed({ findings: [{ id: current, asOf: daysAgo(1), siblings: [], problem: refused }] }),
    ).toEqual([])
  })

  it('tells a key that was made since, by AWS’s clock held against ours, and not one from before', () => {
    const made = (days: number, clockOffsetMs = 0) => [
      finding({ clockOffsetMs, siblings: [{ id: 'AKIANEW', status: 'Active', createdAt: daysAgo(days) }] }),
    ]
    expect(changed({ findings: made(5) })).toEqual([
      { key: 'AKIANEW', profiles: [], what: 'appeared', ...span },
    ])
    expect(changed({ findings: made(20) })).toEqual([])
    expect(changed({ findings: made(5, 6 * 86_400_000) })).toEqual([])
    expect(changed({ findings: made(5), ours: new Set(['AKIANEW']) })).toEqual([])
    expect(changed({ findings: made(5), replaced: [] })).toEqual([])
    expect(changed({ findings: made(5), held: held(current, 'AKIANEW') })).toEqual([])
  })

  it('says nothing of an old key that somebody deleted', () => {
    expect(changed({ findings: [finding({ siblings: [] })] })).toEqual([])
  })
})

describe('what the person did', () => {
  const on = [finding({ siblings: [{ id: old.id, status: 'Active' as const }] })]
  const own = (findings: readonly Finding[], more: Partial<ChangedParts> = {}) => {
    const ownChanges = changed({ findings, ...more }).map(changeName)
    return { exclusions: [], ownChanges }
  }

  it('is not told, and a later use or another rotation is', () => {
    const settings = own(on)
    expect(settings.ownChanges).toHaveLength(1)
    expect(changed({ findings: on, settings })).toEqual([])
    const again = changed({ findings: on, replaced: [{ ...old, asOf: daysAgo(5) }], settings })
    expect(again).toMatchObject([{ what: 'turned-on' }])
    const used = (days: number) => [
      finding({ siblings: [{ id: old.id, status: 'Inactive' as const, lastUsed: { at: daysAgo(days) } }] }),
    ]
    expect(changed({ findings: used(5), settings: own(used(5)) })).toEqual([])
    expect(changed({ findings: used(3), settings: own(used(5)) })).toMatchObject([{ what: 'used' }])
  })

  it('is forgotten once a look finds it over, and not where nothing is known', () => {
    const settings = own(on)
    const parts = { held: held(current), replaced: [old], ours: new Set<string>(), besideKeys: [], settings }
    expect(standingOwn({ ...parts, findings: on })).toEqual(settings.ownChanges)
    expect(standingOwn({ ...parts, findings: [finding({ problem: refused })] })).toEqual(settings.ownChanges)
    expect(standingOwn({ ...parts, findings: [finding()] })).toEqual([])
  })

  it('of a policy or a device is of that thing, whichever key signed the look', () => {
    const thing = {
      key: current,
      user: 'ann',
      profiles: [],
      what: 'device-gone' as const,
      thing: 'arn:aws:iam::1:mfa/a',
      before: daysAgo(1),
    }
    const settings = own([finding()], { besideKeys: [thing] })
    const besideKeys = [{ ...thing, key: 'AKIANEXT' }]
    expect(changed({ besideKeys, settings })).toEqual([])
    const parts = {
      held: held(current),
      replaced: [],
      ours: new Set<string>(),
      findings: [finding()],
      settings,
    }
    expect(standingOwn({ ...parts, besideKeys })).toEqual(settings.ownChanges)
    expect(standingOwn({ ...parts, besideKeys: [] })).toEqual([])
    expect(changed({ besideKeys: [thing], settings: { exclusions: [current] } })).toEqual([])
  })
})
