import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Secret } from '../profiles/keyPair.ts'
import { QuickClock } from './testing/machineRoom.ts'
import { sumOf, UndoStore } from './undoStore.ts'

let root: string
let clock: QuickClock
let store: UndoStore
const old = { id: 'AKIAOLD0000000000000', secret: new Secret('old secret') }
const next = { id: 'AKIANEW0000000000000', secret: new Secret('new secret') }
const day = 86_400_000
const text = () => readFileSync(join(root, 'undo', `${old.id}.json`), 'utf8')

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'keyturn-undo-'))
  clock = new QuickClock()
  store = new UndoStore(join(root, 'undo'), clock)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('keeps both pairs, private, also after the confirm', async () => {
  await store.put('r.1', old, next)
  expect(statSync(join(root, 'undo')).mode & 0o777).toBe(0o700)
  expect(statSync(join(root, 'undo', `${old.id}.json`)).mode & 0o777).toBe(0o600)
  expect((await store.pair(old.id))?.secret.reveal()).toBe('old secret')
  expect((await store.pair(next.id))?.secret.reveal()).toBe('new secret')
  await store.confirm(old.id, true)
  expect((await store.pair(old.id))?.secret.reveal()).toBe('old secret')
  expect((await store.pair(next.id))?.secret.reveal()).toBe('new secret')
  expect(await store.list()).toEqual([
    {
      key: old.id,
      rotation: 'r.1',
      at: new Date(clock.now()).toISOString(),
      confirmed: true,
      old: true,
      newKey: next.id,
      sums: new Map([old, next].map((pair) => [pair.id, sumOf(pair)])),
    },
  ])
})

it('keeps the new pair alone where the old key is deleted', async () => {
  await store.put('r.1', old, next)
  await store.confirm(old.id, false)
  expect(text()).not.toContain('old secret')
  expect(await store.pair(old.id)).toBeUndefined()
  expect((await store.pair(next.id))?.secret.reveal()).toBe('new secret')
  expect(await store.list()).toMatchObject([{ key: old.id, old: false, newKey: next.id }])
})

it('keeps the new pair, whose days go on, where the old one alone is forgotten', async () => {
  await store.put('r.1', old, next)
  await store.removeOld(old.id)
  expect(text()).not.toContain('old secret')
  expect(await store.list()).toMatchObject([{ key: old.id, old: false, newKey: next.id, confirmed: false }])
  await store.put('r.2', old)
  await store.removeOld(old.id)
  expect(await store.list()).toEqual([])
})

it('counts the days of keeping from the confirm', async () => {
  await store.put('r.1', old, next)
  clock.advance(6 * day)
  await store.confirm(old.id, true)
  clock.advance(6 * day)
  expect(await store.expired(7)).toEqual([])
  clock.advance(day)
  expect(await store.expired(7)).toMatchObject([{ key: old.id }])
})

it('says that it cannot tell what is kept, where an entry is no file that can be read', async () => {
  mkdirSync(join(root, 'undo', `${old.id}.json`), { recursive: true })
  await expect(store.pair(old.id)).rejects.toMatchObject({ trouble: { name: 'kept-unreadable' } })
  // What is shown of the others does not depend on it.
  expect(await store.list()).toEqual([])
})

it('takes an entry that it cannot read for none, and harms nothing by removing or confirming one that is not there', async () => {
  await store.put('r.1', old)
  for (const bad of ['', '{', '{"old":{}}', text().replace(old.id, 'AKIAOTHER00000000000')]) {
    writeFileSync(join(root, 'undo', `${old.id}.json`), bad)
    expect(await store.pair(old.id)).toBeUndefined()
    expect(await store.list()).toEqual([])
  }
  writeFileSync(join(root, 'undo', 'notes.txt'), '')
  expect(await store.list()).toEqual([])
  await store.confirm('AKIANONE000000000000', true)
  await store.remove('AKIANONE000000000000')
})

it('lists nothing where nothing was ever kept', async () => {
  expect(await store.list()).toEqual([])
  await store.remove(old.id)
  expect(await store.pair(old.id)).toBeUndefined()
})

it('lets no key id lead out of its directory', async () => {
  await expect(store.put('r.1', { id: '../../evil', secret: new Secret('x') })).rejects.toThrow(
    'not an access key id',
  )
  expect(await store.pair('../../evil')).toBeUndefined()
})

it('holds no lines of a pair that was never taken out', async () => {
  await store.put('r.1', old, next)
  expect(await store.cut(old.id)).toEqual([])
})
