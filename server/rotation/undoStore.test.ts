import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Secret } from '../profiles/keyPair.ts'
import { QuickClock } from './testing/machineRoom.ts'
import { UndoStore } from './undoStore.ts'

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

it('keeps both pairs, private, until they are trimmed to the old one', async () => {
  await store.put('r.1', old, next)
  expect(statSync(join(root, 'undo')).mode & 0o777).toBe(0o700)
  expect(statSync(join(root, 'undo', `${old.id}.json`)).mode & 0o777).toBe(0o600)
  expect((await store.pair(old.id))?.secret.reveal()).toBe('old secret')
  expect((await store.pair(next.id))?.secret.reveal()).toBe('new secret')
  await store.trim(old.id)
  expect(text()).not.toContain('new secret')
  expect((await store.pair(old.id))?.secret.reveal()).toBe('old secret')
  expect(await store.pair(next.id)).toBeUndefined()
  expect(await store.list()).toMatchObject([{ key: old.id, rotation: 'r.1', confirmed: true }])
})

it('counts the days of keeping from the confirm', async () => {
  await store.put('r.1', old, next)
  clock.advance(6 * day)
  await store.trim(old.id)
  clock.advance(6 * day)
  expect(await store.expire(7, new Set())).toEqual([])
  clock.advance(day)
  expect(await store.expire(7, new Set())).toEqual([old.id])
  expect(readdirSync(join(root, 'undo'))).toEqual([])
})

it('never expires what an unfinished rotation may need', async () => {
  await store.put('r.1', old, next)
  clock.advance(100 * day)
  expect(await store.expire(0, new Set(['r.1']))).toEqual([])
  expect(await store.pair(next.id)).toBeDefined()
})

it('takes an entry that it cannot read for none, and harms nothing by removing or trimming one that is not there', async () => {
  await store.put('r.1', old)
  for (const bad of ['', '{', '{"old":{}}', text().replace(old.id, 'AKIAOTHER00000000000')]) {
    writeFileSync(join(root, 'undo', `${old.id}.json`), bad)
    expect(await store.pair(old.id)).toBeUndefined()
    expect(await store.list()).toEqual([])
  }
  writeFileSync(join(root, 'undo', 'notes.txt'), '')
  expect(await store.list()).toEqual([])
  await store.trim('AKIANONE000000000000')
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
