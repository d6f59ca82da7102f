import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { Secret } from '../keyPair.ts'
import type { FilesSnapshot } from '../ports.ts'
import { SeenFiles } from './seenFiles.ts'

const key = 'AKIASEEN000000000000'
let root: string
let credentials: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'keyturn-seen-'))
  credentials = join(root, 'credentials')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** A snapshot of a credentials file in this state, beside a config file that was never there. */
function snapshot(state: 'ok' | 'missing' | 'empty' | 'unreadable', id?: string): FilesSnapshot {
  const file = (which: 'credentials' | 'config', its: typeof state) => ({
    which,
    path: join(root, which),
    state: its,
    problems: its === 'unreadable' ? [{ trouble: { name: 'x', title: 'X', detail: 'It is held.' } }] : [],
  })
  const pair = id === undefined ? undefined : { id, secret: new Secret('secret') }
  return {
    files: { credentials: file('credentials', state), config: file('config', 'missing') },
    profiles: pair ? [{ name: 'default', file: 'credentials', pair }] : [],
  } as unknown as FilesSnapshot
}

const open = () => SeenFiles.open(root, systemClock)
const first = async (seen: SeenFiles, now: FilesSnapshot) => (await seen.look(now, [key]))[0]

it('remembers over a restart what a file held that is away now', async () => {
  await (await open()).saw(snapshot('ok', key))
  for (const state of ['missing', 'empty'] as const)
    expect(await first(await open(), snapshot(state))).toEqual({
      seen: 'absent',
      path: credentials,
      held: new Set([key]),
    })
})

it('keeps ids alone, and nothing that only stands in the place of one', async () => {
  await (await open()).saw(snapshot('ok', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'))
  await (await open()).saw(snapshot('ok', key))
  const text = readFileSync(join(root, 'files.json'), 'utf8')
  expect(JSON.parse(text)).toEqual({ version: 1, files: [{ path: credentials, ids: [key] }] })
})

it('remembers over a restart what a look saw, and what was about to be written there', async () => {
  const next = 'AKIASEEN000000000001'
  const seen = await open()
  await seen.look(snapshot('ok', key), [])
  expect(await first(await open(), snapshot('missing'))).toMatchObject({ held: new Set([key]) })
  await seen.willHold([credentials], next)
  await seen.willHold([credentials], next)
  expect(await first(await open(), snapshot('missing'))).toMatchObject({ held: new Set([key, next]) })
  await seen.look(snapshot('ok', next), [])
  expect(await first(await open(), snapshot('missing'))).toMatchObject({ held: new Set([next]) })
})

it('writes at the next look what could not be written', async () => {
  const seen = await open()
  mkdirSync(join(root, 'files.json'))
  await seen.saw(snapshot('ok', key))
  rmSync(join(root, 'files.json'), { recursive: true })
  await seen.look(snapshot('ok', key), [])
  expect(await first(await open(), snapshot('missing'))).toMatchObject({ held: new Set([key]) })
})

it('knows of a file that is there what it holds, and forgets what it held', async () => {
  const seen = await open()
  await seen.saw(snapshot('ok', key))
  expect(await first(seen, snapshot('ok', key))).toMatchObject({ seen: 'known', holds: [{ id: key }] })
  expect(await first(seen, snapshot('ok'))).toMatchObject({ seen: 'known', holds: [] })
  expect(await first(seen, snapshot('missing'))).toMatchObject({ held: new Set() })
})

it.each([
  ['text that names the key', (id: string) => Buffer.from(`x ${id} y`), 'unknown'],
  ['UTF-16 that names it', (id: string) => Buffer.from(`\ufeff${id}`, 'utf16le'), 'unknown'],
  ['UTF-16 with the high byte first', (id: string) => Buffer.from(id, 'utf16le').swap16(), 'unknown'],
  ['nothing yet', () => Buffer.alloc(0), 'unknown'],
  ['bytes that do not name it', () => Buffer.from('User name,Access key ID\nalice,AKIAOTHER\n'), 'known'],
])('of a file that no reader takes, with %s', async (_, bytes, expected) => {
  writeFileSync(credentials, bytes(key))
  expect((await first(await open(), snapshot('unreadable')))?.seen).toBe(expected)
})

it('says why nothing is known of a directory, or of a file that is not asked about', async () => {
  mkdirSync(credentials)
  expect(await first(await open(), snapshot('unreadable'))).toEqual({
    seen: 'unknown',
    path: credentials,
    why: 'It is held.',
  })
  expect((await (await open()).look(snapshot('unreadable'), []))[0]?.seen).toBe('unknown')
})

it('looks at a file of an earlier start that held the key', async () => {
  const elsewhere = join(root, 'elsewhere', 'credentials')
  const remember = { version: 1, files: [{ path: elsewhere, ids: [key] }] }
  writeFileSync(join(root, 'files.json'), JSON.stringify(remember))
  const third = async () => (await (await open()).look(snapshot('ok', key), [key]))[2]
  // Its directory is not there: a volume that is away.
  expect(await third()).toEqual({ seen: 'absent', path: elsewhere, held: new Set([key]) })
  mkdirSync(join(root, 'elsewhere'))
  expect(await third()).toEqual({ seen: 'known', path: elsewhere, holds: [] })
  writeFileSync(elsewhere, `[a]\naws_access_key_id = ${key}\n`)
  expect(await third()).toEqual({ seen: 'known', path: elsewhere, holds: [{ profile: 'a', id: key }] })
  rmSync(elsewhere)
  mkdirSync(elsewhere)
  expect(await third()).toMatchObject({ seen: 'unknown', path: elsewhere })
})

it.each(['', '{', '{"version":2}', '[]'])('begins anew where its memory reads %j', async (text) => {
  writeFileSync(join(root, 'files.json'), text)
  expect(await first(await open(), snapshot('missing'))).toMatchObject({ held: new Set() })
})
