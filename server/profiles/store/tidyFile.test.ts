import fastify from 'fastify'
import fs from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fileRoutes } from '../routes.ts'
import { pair, section, StoreFixture, troubleOf } from '../testing/storeFixture.ts'

let files: StoreFixture
beforeEach(() => {
  files = new StoreFixture()
})
afterEach(() => files.remove())

const indented = section('a', 1).replace(/^aws/gm, '  aws')
const withComment = section('b', 2).replace('\naws_secret', '\n  # mine\naws_secret')

it('says which SDKs cannot read which line, on the file and on each row', async () => {
  await files.put('credentials', indented + withComment)
  const { files: states, profiles } = await files.open().read()
  expect(states.credentials).toMatchObject({ state: 'ok', tidy: 3 })
  expect(states.credentials.problems.map(({ line, trouble }) => [line, trouble.name])).toEqual([
    [2, 'strict-readers'],
  ])
  expect(states.credentials.problems[0]?.trouble).toMatchObject({
    title: 'Java 2, Rust and C++ cannot read this file: line 2 is indented',
    remedy: 'Begin line 2 at the first column.',
  })
  expect(states.credentials.problems[0]?.blocks).toBeUndefined()
  for (const profile of profiles) {
    expect(profile).toMatchObject({ rotatable: true, warning: { name: 'strict-readers' } })
    expect(profile.reason).toBeUndefined()
  }
})

it('shows the lines, mends them by the hash of what was shown, and takes it back', async () => {
  const text = indented + withComment
  await files.put('credentials', text, 0o640)
  const store = files.open()
  const shown = await store.lookAtTidying('credentials')
  expect(shown).toMatchObject({ which: 'credentials', applied: false })
  expect(shown.lines.map(({ line }) => line)).toEqual([2, 3, 6])
  expect(JSON.stringify(shown)).not.toContain(pair(1).secret.reveal())
  expect(await files.text('credentials')).toBe(text)

  expect(await troubleOf(store.tidy('credentials', '0'.repeat(64)))).toMatchObject({ name: 'file-moved' })
  expect(await files.text('credentials')).toBe(text)

  expect(await store.tidy('credentials', shown.hash)).toMatchObject({ applied: true })
  const mended = section('a', 1) + section('b', 2).replace('\naws_secret', '\n# mine\naws_secret')
  expect(await files.text('credentials')).toBe(mended)
  expect((await fs.stat(files.credentials)).mode & 0o777).toBe(0o640)
  const { credentials } = (await store.read()).files
  expect(credentials).toMatchObject({ tidied: true, problems: [] })
  expect(credentials.tidy).toBeUndefined()
  expect(await troubleOf(store.lookAtTidying('credentials'))).toMatchObject({ name: 'nothing-to-tidy' })

  const back = shown.lines.map(({ line, before, after }) => ({ line, before: after, after: before }))
  expect(await store.untidy('credentials')).toMatchObject({ applied: true, lines: back, hash: shown.hash })
  expect(await files.text('credentials')).toBe(text)
  expect(await troubleOf(store.untidy('credentials'))).toMatchObject({ name: 'nothing-to-undo' })
  await store.release()
  expect(await files.leftOver()).toEqual([])
})

it('takes nothing back that was changed since, and a rotation goes on from either', async () => {
  await files.put('credentials', indented)
  const store = files.open()
  await store.tidy('credentials', (await store.lookAtTidying('credentials')).hash)
  await store.swap([{ file: 'credentials', profile: 'a', from: pair(1), to: pair(3) }])
  expect(await files.text('credentials')).toBe(section('a', 3))
  expect((await store.read()).files.credentials.tidied).toBeUndefined()
  expect(await troubleOf(store.untidy('credentials'))).toMatchObject({ name: 'file-moved' })
  expect(await files.text('credentials')).toBe(section('a', 3))
  await store.release()
})

it('writes nothing where there is no file, or one that cannot be written', async () => {
  expect(await troubleOf(files.open().lookAtTidying('credentials'))).toMatchObject({
    name: 'nothing-to-tidy',
  })
  await files.put('credentials', '[a]\n')
  await fs.rm(files.credentials)
  await fs.mkdir(files.credentials)
  expect(await troubleOf(files.open().lookAtTidying('credentials'))).toMatchObject({
    name: 'file-unreadable',
  })
  await files.put('config', section('profile b', 1).replace(/^aws/gm, '  aws'), 0o400)
  const store = files.open()
  const { hash } = await store.lookAtTidying('config')
  expect(await troubleOf(store.tidy('config', hash))).toMatchObject({ name: 'file-unwritable' })
})

it('over HTTP: shows, mends, undoes', async () => {
  await files.put('credentials', indented)
  const store = files.open()
  const app = fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } })
  await app.register(fileRoutes(store))
  const url = '/api/files/credentials/tidy'
  const post = (payload?: object) => app.inject({ method: 'POST', url, ...(payload && { payload }) })
  const shown = await app.inject({ method: 'GET', url })
  expect(shown.statusCode).toBe(200)
  const { hash } = shown.json<{ hash: string }>()
  for (const wrong of [undefined, {}, { hash: 'x' }, { hash, other: 1 }])
    expect((await post(wrong)).statusCode).toBe(400)
  expect(await files.text('credentials')).toBe(indented)
  expect((await post({ hash })).json()).toMatchObject({ applied: true })
  expect(await files.text('credentials')).toBe(section('a', 1))
  const undone = await app.inject({ method: 'POST', url: '/api/files/credentials/untidy' })
  expect(undone.json()).toMatchObject({ applied: true, hash })
  expect(await files.text('credentials')).toBe(indented)
  await app.close()
  await store.release()
})
