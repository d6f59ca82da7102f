import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServerEvent } from '../api/events.ts'
import type { PlaceChanges, Places } from '../api/places.ts'
import { addProblems } from '../http/problems.ts'
import { addSharedSchemas, routeSchema } from '../http/schemas.ts'
import { Bus } from '../platform/bus.ts'
import { systemClock } from '../platform/clock.ts'
import { Secret } from '../profiles/keyPair.ts'
import type { FoundProfile, FilesSnapshot } from '../profiles/ports.ts'
import { PlaceSearch } from './places.ts'
import { placeCounts, PlacesDesk } from './placesDesk.ts'
import { placesRoutes } from './routes.ts'
import { PlaceUpdates } from './updates.ts'

const old = { id: 'AKIAIOSFODNN7EXAMPL2', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const next = { id: 'AKIAI44QH8DHBEXAMPLE', secret: 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY' }
const pair = ({ id, secret }: typeof old) => ({ id, secret: new Secret(secret) })
const env = `A=${old.id}\nB=${old.secret}\n`

let home = ''
let busy = false
let events: ServerEvent[] = []
let said: string[] = []
let defects: unknown[] = []
let desk: PlacesDesk
let app: FastifyInstance
const plant = async (name: string, text: string) => {
  const file = path.join(home, name)
  await fs.mkdir(path.dirname(file), { recursive: true })
  await fs.writeFile(file, text)
  return file
}

beforeEach(async () => {
  home = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-desk-')))
  busy = false
  events = []
  said = []
  defects = []
  const bus = new Bus<ServerEvent>()
  const state = path.join(home, '.state')
  const profile = { name: 'sam', pair: pair(next) } as unknown as FoundProfile
  bus.subscribe((event) => void events.push(event))
  desk = new PlacesDesk({
    clock: systemClock,
    bus,
    busy: () => busy,
    onDefect: (error) => void defects.push(error),
    places: new PlaceSearch({
      env: {},
      home,
      stateDirectory: state,
      readKeys: () =>
        Promise.resolve({
          snapshot: { profiles: [profile], files: {} } as unknown as FilesSnapshot,
          keys: [{ id: next.id }],
        }),
      replaced: { replaced: () => [{ id: old.id, replacedBy: next.id, state: 'inactive' }] as never },
      kept: {
        pair: (id) => Promise.resolve(id === old.id ? pair(old) : undefined),
        list: () => Promise.resolve([{ key: old.id }]),
      },
      updates: new PlaceUpdates(state, systemClock, {}),
      noted: { places: () => Promise.resolve(), placed: () => Promise.resolve() },
    }),
  })
  app = fastify()
  addProblems(app)
  addSharedSchemas(app)
  app.addHook('onRoute', (route) => {
    route.schema = routeSchema(route.schema, route.url)
  })
  await app.register(placesRoutes(desk))
})
afterEach(async () => {
  await desk.close()
  await app.close()
  expect(defects).toEqual([])
  // Whatever a test does, no secret leaves by a reply or an event.
  for (const { secret } of [old, next]) expect(JSON.stringify([events, said])).not.toContain(secret)
  await fs.rm(home, { recursive: true, force: true })
})

async function call<T>(
  method: 'GET' | 'POST',
  url: string,
  body?: object,
): Promise<{ code: number; body: T }> {
  const reply = await app.inject({ method, url, ...(body && { payload: body }) })
  said.push(reply.body)
  return { code: reply.statusCode, body: reply.json() }
}
/** Until the search that runs has ended. */
const ended = () =>
  new Promise<Places>((resolve) => {
    const look = () => {
      const now = desk.view()
      if (now.state === 'running') setImmediate(look)
      else resolve(now)
    }
    look()
  })

describe('the places over HTTP', () => {
  it('looks when it is asked to, tells what it finds, and keeps it', async () => {
    expect((await call<Places>('GET', '/api/places')).body).toMatchObject({ state: 'none', places: [] })
    const file = await plant('api/.env', env)
    expect(await call('POST', '/api/places/search', {})).toMatchObject({
      code: 202,
      body: { at: expect.any(String) as string },
    })
    await ended()
    const { body } = await call<Places>('GET', '/api/places')
    expect(body).toMatchObject({ state: 'done', more: 0 })
    expect(body.places).toEqual([
      { path: file, line: 1, kind: '.env', key: old.id, holds: 'pair', can: 'update', worth: 'inactive' },
    ])
    expect(events.at(-1)).toEqual({ type: 'places', places: body })
  })

  it('writes only what it has shown, once, and what was chosen of it', async () => {
    const files = [await plant('a/.env', env), await plant('b/.env', env)]
    await call('POST', '/api/places/search', {})
    await ended()
    const shown = await call<PlaceChanges>('POST', '/api/places/changes', { keys: [old.id] })
    expect(shown.body.can.map(({ path: each }) => each).sort()).toEqual(files)
    for (const file of files) expect(await fs.readFile(file, 'utf8')).toBe(env)
    expect((await call('POST', '/api/places/update', { id: 'made-up' })).code).toBe(409)
    const first = shown.body.can.findIndex(({ path: each }) => each === files[0])
    const { id } = shown.body
    busy = true
    expect((await call('POST', '/api/places/update', { id })).body).toMatchObject({
      type: 'urn:keyturn:problem:places-busy',
    })
    busy = false
    expect((await call('POST', '/api/places/update', { id, only: [first] })).body).toEqual({
      written: [{ path: files[0] }],
    })
    expect(await fs.readFile(files[0] as string, 'utf8')).toBe(`A=${next.id}\nB=${next.secret}\n`)
    expect(await fs.readFile(files[1] as string, 'utf8')).toBe(env)
    expect((await call('POST', '/api/places/update', { id })).code).toBe(409)
    const { places } = desk.view()
    expect(places.filter(({ updated }) => updated).map(({ path: each }) => each)).toEqual([files[0]])
    expect(placeCounts(places)).toEqual(new Map([[old.id, { found: 2, updated: 1, left: 1 }]]))
  })

  it('says why it left a place that changed since it was shown', async () => {
    const file = await plant('.env', env)
    await call('POST', '/api/places/search', {})
    await ended()
    const { body } = await call<PlaceChanges>('POST', '/api/places/changes', {})
    await fs.writeFile(file, `\n${env}`)
    expect((await call('POST', '/api/places/update', { id: body.id })).body).toEqual({
      written: [{ path: file, why: expect.stringContaining('changed') as string }],
    })
    expect(await fs.readFile(file, 'utf8')).toBe(`\n${env}`)
    expect(desk.view().places).toMatchObject([{ can: 'list', why: expect.stringContaining('changed') }])
  })

  it('says what is wrong with what it was given, and keeps what it knew', async () => {
    await plant('.env', env)
    await call('POST', '/api/places/search', {})
    const before = await ended()
    for (const request of [{ in: ['src'] }, { in: [path.join(home, 'nowhere')] }])
      expect((await call('POST', '/api/places/search', request)).code).toBe(422)
    expect(desk.view()).toEqual(before)
    expect((await call('POST', '/api/places/search', { keys: [old.secret] })).body).toMatchObject({
      type: 'urn:keyturn:problem:not-a-key-id',
    })
  })

  it('is stopped by the person and by the next search', async () => {
    for (let at = 0; at < 300; at++) await plant(`d${at}/.env`, env)
    const both = [
      call<Places>('POST', '/api/places/search', {}),
      call<Places>('POST', '/api/places/search', {}),
    ]
    await Promise.all(both)
    const { body } = await call<Places>('POST', '/api/places/stop', {})
    expect(['stopped', 'done']).toContain(body.state)
    expect(desk.view().state).toBe(body.state)
  })
})
