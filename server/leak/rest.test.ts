import { describe, expect, it } from 'vitest'
import type { Run } from '../api/run.ts'
import { leaksOf, openRest, restOf, type Leak } from './rest.ts'
import type { Seen } from './seen.ts'

const hour = 3_600_000
const at = Date.UTC(2026, 10, 20)
const key = 'AKIAKEYTURNTEST00001'
const sam = { account: '123456789012', name: 'sam', refusedAt: at + hour }
const leak: Leak = { run: 'run-1', at, keys: [key], users: [sam] }
const nothing: Seen = { version: 1, users: [], doors: [] }
const looked = (more: Partial<Seen['users'][number]> = {}, seenAt = at + 2 * hour): Seen => ({
  ...nothing,
  users: [{ account: sam.account, name: 'sam', at: seenAt, credentials: [], ...more }],
})
const rows = (seen: Seen, now = at + 3 * hour, left = new Map<string, string | undefined>()) =>
  restOf([leak], seen, left, now)
const kinds = (seen: Seen, now?: number) => rows(seen, now).map(({ kind, state }) => `${kind} ${state}`)

describe('what a theft leaves', () => {
  it('is open as long as nobody has looked', () => {
    expect(kinds(nothing)).toEqual(['credentials open', 'sessions open', 'places open'])
    expect(restOf([], looked(), new Map(), at)).toEqual([])
  })

  it('is not told of by what was seen before the run', () => {
    const before = { ...looked({}, at - 1), places: { at: at - 1, places: [] } }
    expect(kinds(before)).toEqual(kinds(nothing))
  })

  it('closes sessions once none can live, once they are denied, and never while the key may be on', () => {
    const sessions = (seen: Seen, now?: number) => rows(seen, now).find(({ kind }) => kind === 'sessions')
    expect(sessions(nothing, at + 36 * hour)?.state).toBe('open')
    expect(sessions(nothing, at + 37 * hour)).toMatchObject({ state: 'closed', closedBy: 'done' })
    expect(sessions(looked({ cut: '2026-11-20T01:00:01Z' }))).toMatchObject({ state: 'closed' })
    const { refusedAt: _off, ...on } = sam
    const kept = restOf([{ ...leak, users: [on] }], nothing, new Map(), at + 100 * hour)
    expect(kept.find(({ kind }) => kind === 'sessions')?.state).toBe('open')
  })

  it('counts the places of a key, found, updated and left', () => {
    const place = { line: 1, kind: '.env', key, holds: 'pair', can: 'update' } as const
    const places = [
      { ...place, path: '/a', updated: true },
      { ...place, path: '/b' },
    ]
    const found = (list: typeof places) =>
      rows({ ...nothing, places: { at: at + 1, places: list } }).filter(({ kind }) => kind === 'places')
    expect(found(places)).toMatchObject([{ key, places: { found: 2, updated: 1, left: 1 }, state: 'open' }])
    expect(found(places.slice(0, 1))).toMatchObject([{ state: 'closed', closedBy: 'done' }])
    expect(found([])).toEqual([])
  })

  it('has a row for each door, closed once it is seen to be gone, and for each living sign-in', () => {
    const door = { id: 'e-1', key, at: '2026-11-19T00:00:00Z', act: 'CreateUser', target: 'backup-svc' }
    const seen: Seen = {
      ...nothing,
      doors: [door, { ...door, id: 'e-2', still: 'gone' }, { ...door, id: 'e-3', key: 'AKIAOTHER' }],
      signIns: { at: at + 1, alive: [{ path: '/home/sam/.aws/sso/cache/a.json', kind: 'sso' }] },
    }
    const told = rows(seen).filter(({ kind }) => kind === 'door' || kind === 'sign-in')
    expect(told.map(({ what, state }) => [what, state])).toEqual([
      ['Sign-in on this machine (sso)', 'open'],
      ['CreateUser backup-svc', 'open'],
      ['CreateUser backup-svc', 'closed'],
    ])
  })

  it('is closed by a word, which is told with it', () => {
    const credential = { kind: 'ssh', id: 'APKAX', open: true, reason: 'Active' } as const
    const [row] = rows(looked({ credentials: [credential] }))
    expect(row).toMatchObject({ kind: 'credential', credential: 'APKAX', state: 'open' })
    const left = new Map([[row?.id ?? '', 'a robot']])
    const [again] = rows(looked({ credentials: [credential] }), undefined, left)
    expect(again).toMatchObject({ state: 'closed', closedBy: 'left', why: 'a robot' })
    expect(openRest(rows(looked({ credentials: [credential] }), undefined, left))).toBe(2)
    expect(openRest(undefined)).toBe(0)
  })
})

it('takes each key and user for the newest run that had leaked', () => {
  const rotation = { key, account: { id: sam.account, derived: false }, user: { name: 'sam', arn: '' } }
  const run = (id: string, leaked: boolean) =>
    ({
      id,
      startedAt: '2026-11-20T00:00:00Z',
      rotations: [rotation],
      ...(leaked && { leak: true }),
    }) as unknown as Run
  const leaks = leaksOf([run('1', true), run('2', true), run('3', false)])
  expect(leaks.map(({ run, keys, users }) => [run, keys.length, users.length])).toEqual([
    ['2', 1, 1],
    ['1', 0, 0],
  ])
})
