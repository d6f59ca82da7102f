import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Problem } from '../api/problem.ts'
import type { HistoryRow, Run } from '../api/run.ts'
import { addProblems } from '../http/problems.ts'
import { addSharedSchemas, routeSchema } from '../http/schemas.ts'
import { rotationRoutes } from './routes.ts'
import { SignerDesk } from './signers.ts'
import { Disk, type MachineRoom, openMachineRoom, QuickClock } from './testing/machineRoom.ts'
import { ModelIam } from './testing/modelIam.ts'

let disk: Disk
let clock: QuickClock
let iam: ModelIam

beforeEach(() => {
  disk = new Disk()
  clock = new QuickClock()
  iam = new ModelIam(clock)
})
afterEach(() => disk.remove())

const day = 86_400_000
const users = ['ann', 'bob', 'eve']

/** The API over a room whose users have a key and a profile each. */
class Api {
  readonly room: MachineRoom
  readonly #server: Awaited<ReturnType<typeof serve>>

  private constructor(room: MachineRoom, server: Awaited<ReturnType<typeof serve>>) {
    this.room = room
    this.#server = server
  }

  static async open(): Promise<Api> {
    const room = await openMachineRoom(disk, iam, clock)
    return new Api(room, await serve(room))
  }

  async send(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
    const reply = await this.#server.inject({ method, url, ...(payload && { payload }) })
    return { status: reply.statusCode, type: reply.headers['content-type'], text: reply.body }
  }

  /** @returns the run that it began, at its end */
  async run(method: 'POST' | 'DELETE', url: string, payload?: object): Promise<Run> {
    const { status, text } = await this.send(method, url, payload)
    expect([status, text]).toEqual([202, expect.any(String)])
    await this.room.runs.idle()
    return this.room.runs.existing((JSON.parse(text) as Run).id)
  }

  async refused(method: 'POST' | 'DELETE', url: string, payload?: object): Promise<Problem> {
    const before = [disk.text('credentials'), JSON.stringify(iam.users)]
    const runs = this.room.runs.all().length
    const { status, text } = await this.send(method, url, payload)
    const problem = JSON.parse(text) as Problem
    expect(problem.status).toBe(status)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(this.room.runs.all()).toHaveLength(runs)
    expect([disk.text('credentials'), JSON.stringify(iam.users)]).toEqual(before)
    return problem
  }

  /** Rotates the keys of all profiles. */
  async rotateAll(oldKey: 'deactivate' | 'keep' = 'deactivate'): Promise<Run> {
    return this.room.runs.existing(await this.room.rotate({ keys: 'all', oldKey }))
  }

  async rows(): Promise<HistoryRow[]> {
    return (JSON.parse((await this.send('GET', '/api/history')).text) as { rows: HistoryRow[] }).rows
  }
}

async function serve(room: MachineRoom) {
  const server = fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } })
  addSharedSchemas(server)
  server.addHook('onRoute', (route) => {
    route.schema = routeSchema(route.schema, route.url)
  })
  addProblems(server)
  const signers = new SignerDesk({ iam, clock, readKeys: room.readKeys })
  await server.register(rotationRoutes({ ...room, signers }))
  return server
}

function lay(): void {
  const sections = users.map((name) => {
    const { id, secret } = iam.addKey(iam.addUser(name))
    return `[${name}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`
  })
  writeFileSync(disk.credentials, sections.join('\n'))
}

const undoOf = ({ rotations }: Run, at = 0) => `/api/rotations/${rotations[at]!.id}/undo`

describe('an undo that can no longer work is refused with what is true now', () => {
  beforeEach(lay)

  it('of an undone rotation, and of an undone run', async () => {
    const api = await Api.open()
    const run = await api.rotateAll()
    await api.run('POST', `/api/runs/${run.id}/undo`, { how: 'restore' })
    const problem = await api.refused('POST', undoOf(run), { how: 'restore' })
    expect(problem).toMatchObject({ status: 409, type: 'urn:keyturn:problem:cannot-undo' })
    expect(problem.detail).toContain('it is undone already')
    expect((await api.refused('POST', `/api/runs/${run.id}/undo`, { how: 'restore' })).detail).toContain(
      'No rotation of this run can be undone',
    )
  })

  it('of a deleted key', async () => {
    const api = await Api.open()
    const run = await api.rotateAll()
    const { key } = run.rotations[0]!
    await api.run('DELETE', `/api/keys/${key}`, { confirm: key.slice(-4) })
    expect((await api.refused('POST', undoOf(run), { how: 'restore' })).detail).toContain('is deleted')
    expect((await api.refused('POST', undoOf(run), { how: 'reactivate' })).detail).toContain('is deleted')
  })

  it('after the file changed', async () => {
    const api = await Api.open()
    const run = await api.rotateAll()
    writeFileSync(
      disk.credentials,
      disk.text('credentials').replaceAll(run.rotations[0]!.newKey!, 'AKIAOTHER'),
    )
    expect((await api.refused('POST', undoOf(run), { how: 'restore' })).detail).toContain(
      'no profile holds its new key any more',
    )
  })

  it('after the user’s keys changed: what AWS says ends it, and everything is as before', async () => {
    const api = await Api.open()
    const run = await api.rotateAll()
    iam.key(run.rotations[0]!.key)!.deleted = true
    const text = disk.text('credentials')
    const undo = await api.run('POST', undoOf(run), { how: 'restore' })
    expect(undo.rotations[0]).toMatchObject({ state: 'rolledBack', problem: { name: 'key-gone' } })
    expect(disk.text('credentials')).toBe(text)
  })

  it.each<[string, (file: string) => void]>([
    ['gone', (file) => rmSync(file)],
    ['unreadable', (file) => writeFileSync(file, '{')],
  ])('with the undo store %s', async (_, spoil) => {
    const api = await Api.open()
    const run = await api.rotateAll()
    for (const name of readdirSync(join(disk.state, 'undo'))) spoil(join(disk.state, 'undo', name))
    expect((await api.refused('POST', undoOf(run), { how: 'restore' })).detail).toContain('is no longer kept')
    expect(api.room.runs.existing(run.id).rotations[0]?.undo).toEqual(['reactivate'])
  })
})

describe('a delete is refused with what is true now', () => {
  beforeEach(lay)

  it('with wrong characters, in a profile, active, and of a key that nobody here knows', async () => {
    const api = await Api.open()
    const run = await api.rotateAll('keep')
    const { key, newKey = '' } = run.rotations[0]!
    expect(await api.refused('DELETE', `/api/keys/${key}`, { confirm: 'XXXX' })).toMatchObject({
      status: 422,
      type: 'urn:keyturn:problem:confirm-mismatch',
    })
    expect(await api.refused('DELETE', `/api/keys/${newKey}`, { confirm: newKey.slice(-4) })).toMatchObject({
      status: 409,
      type: 'urn:keyturn:problem:key-in-use',
    })
    expect(await api.refused('DELETE', '/api/keys/AKIANOBODYSKEY000000', { confirm: '0000' })).toMatchObject({
      status: 409,
      type: 'urn:keyturn:problem:no-signer',
    })
    const active = await api.run('DELETE', `/api/keys/${key}`, { confirm: key.slice(-4) })
    expect(active.rotations[0]).toMatchObject({ state: 'rolledBack', problem: { name: 'key-active' } })
    expect(iam.key(key)).toMatchObject({ status: 'Active', deleted: false })
  })
})

describe('a clean-up of old keys', () => {
  beforeEach(lay)

  it('is one run with an act for each key, and one in the history', async () => {
    const api = await Api.open()
    const run = await api.rotateAll()
    clock.advance(8 * day)
    const keys = run.rotations.map(({ key }) => key)
    const cleaned = await api.run('DELETE', '/api/keys', { keys, confirm: '3' })
    expect(cleaned).toMatchObject({ kind: 'delete', state: 'done' })
    expect(cleaned.rotations.map(({ key }) => key)).toEqual(keys)
    expect(keys.map((key) => iam.key(key)?.deleted)).toEqual([true, true, true])
    expect((await api.room.undo.list()).map(({ old }) => old)).not.toContain(true)
    for (const { id, secret } of disk.pairs().values()) expect(iam.works(id, secret)).toBe(true)
    const rows = (await api.rows()).filter(({ kind }) => kind === 'delete')
    expect(rows.map(({ run: of, outcome }) => [of, outcome])).toEqual(keys.map(() => [cleaned.id, 'done']))
  })

  it('deletes none where one is not safe, held, unknown, named twice, or the number is wrong', async () => {
    const api = await Api.open()
    const run = await api.rotateAll()
    const [first, second, third] = run.rotations.map(({ key }) => key)
    const lately = await api.refused('DELETE', '/api/keys', { keys: [first, second], confirm: '2' })
    expect(lately).toMatchObject({ status: 409, type: 'urn:keyturn:problem:not-safe' })
    expect(lately.remedy).toContain('off and unused for 7 days')
    clock.advance(8 * day)
    expect(await api.refused('DELETE', '/api/keys', { keys: [first, second], confirm: '3' })).toMatchObject({
      status: 422,
      type: 'urn:keyturn:problem:confirm-mismatch',
    })
    const held = { keys: [first, run.rotations[1]!.newKey!], confirm: '2' }
    expect((await api.refused('DELETE', '/api/keys', held)).type).toBe('urn:keyturn:problem:key-in-use')
    const unknown = { keys: [first, 'AKIANOBODYSKEY000000'], confirm: '2' }
    expect((await api.refused('DELETE', '/api/keys', unknown)).type).toBe('urn:keyturn:problem:no-signer')
    iam.key(third!)!.deleted = true
    const strange = iam.addKey(iam.users[2]!)
    strange.status = 'Inactive'
    await api.room.plans.begin({ keys: [run.rotations[2]!.newKey!], oldKey: 'keep' })
    await expect
      .poll(
        async () => (await api.refused('DELETE', '/api/keys', { keys: [strange.id], confirm: '1' })).detail,
      )
      .toContain('no key that Keyturn replaced')
    expect((await api.refused('DELETE', '/api/keys', { keys: [first, first], confirm: '2' })).status).toBe(
      400,
    )
    expect((await api.refused('DELETE', '/api/keys', { keys: [], confirm: '0' })).status).toBe(400)
  })

  it('lets one that fails stand alone', async () => {
    const api = await Api.open()
    const run = await api.rotateAll()
    clock.advance(8 * day)
    const keys = run.rotations.map(({ key }) => key)
    iam.key(keys[1]!)!.status = 'Active'
    const cleaned = await api.run('DELETE', '/api/keys', { keys, confirm: '3' })
    expect(cleaned.state).toBe('partial')
    expect(cleaned.rotations.map(({ state }) => state)).toEqual(['done', 'rolledBack', 'done'])
    expect(iam.key(keys[1]!)?.deleted).toBe(false)
  })
})

describe('the history', () => {
  beforeEach(lay)

  it('tells when, what, by which mode, how long each step took, and the outcome; after a restart too', async () => {
    const api = await Api.open()
    iam.users[1]!.denied.add('CreateAccessKey')
    const run = await api.rotateAll()
    await api.run('POST', undoOf(run), { how: 'restore' })
    const rows = await api.rows()
    expect(rows.map(({ kind, outcome, user }) => [kind, outcome, user])).toEqual([
      ['restore', 'done', 'ann'],
      ['rotate', 'done', 'eve'],
      ['rotate', 'rolledBack', 'bob'],
      ['rotate', 'undone', 'ann'],
    ])
    const [, eve, bob] = rows
    expect(eve).toMatchObject({ run: run.id, oldKeyMode: 'deactivate', profiles: ['eve'] })
    expect(bob).toMatchObject({ code: 'AccessDenied' })
    expect(eve?.steps.map(({ name }) => name)).toEqual([
      'check',
      'create',
      'verify',
      'save',
      'prove',
      'retire',
      'confirm',
    ])
    const waited = eve!.steps.find(({ name }) => name === 'verify')!.milliseconds
    expect(waited).toBeGreaterThan(0)

    const { type, text } = await api.send('GET', '/api/history?format=csv')
    expect(type).toBe('text/csv; charset=utf-8')
    const [head, ...lines] = text.split('\r\n').map((line) => line.split(','))
    const line = lines.find((cells) => cells[1] === eve!.rotation)!
    expect(line[head!.indexOf('verifyMs')]).toBe(String(waited))
    expect(line[head!.indexOf('activateMs')]).toBe('')
    expect(lines.filter((cells) => cells.length > 1)).toHaveLength(rows.length)
    const secrets = iam.users.flatMap((user) => user.keys.map(({ secret }) => secret))
    expect(
      secrets.filter((secret) => text.includes(secret) || JSON.stringify(rows).includes(secret)),
    ).toEqual([])

    await api.room.runs.drain()
    const again = await Api.open()
    expect(await again.rows()).toEqual(rows)
    expect(await again.rows()).toEqual(rows)
  })

  it('follows what later runs undo, and what a retry brings', async () => {
    const api = await Api.open()
    iam.users[1]!.denied.add('CreateAccessKey')
    const run = await api.rotateAll()
    const outcomes = async () =>
      (await api.rows()).filter((row) => row.run === run.id).map(({ outcome }) => outcome)
    expect(await outcomes()).toEqual(['done', 'rolledBack', 'done'])
    iam.users[1]!.denied.clear()
    await api.run('POST', `/api/runs/${run.id}/retry`)
    expect(await outcomes()).toEqual(['done', 'done', 'done'])
    await api.run('POST', undoOf(run, 2), { how: 'reactivate' })
    // The new key is in use: nothing of the rotation is undone.
    expect(await outcomes()).toEqual(['done', 'done', 'done'])
    await api.run('POST', undoOf(run, 2), { how: 'restore' })
    expect(await outcomes()).toEqual(['undone', 'done', 'done'])
  })
})

describe('what the page asks for about many at once', () => {
  beforeEach(lay)

  it('turns off the old keys that are named, in one run, and none that a profile holds', async () => {
    const api = await Api.open()
    const run = await api.rotateAll('keep')
    const old = run.rotations.map(({ key }) => key)
    const held = run.rotations[0]?.newKey
    expect(await api.refused('POST', '/api/keys/deactivate', { keys: [...old, held] })).toMatchObject({
      type: 'urn:keyturn:problem:key-in-use',
    })
    const off = await api.run('POST', '/api/keys/deactivate', { keys: old })
    expect(off).toMatchObject({ kind: 'deactivate', state: 'done' })
    expect(off.rotations.map(({ oldKeyState }) => oldKeyState)).toEqual(old.map(() => 'inactive'))
  })

  it('writes profiles anew that are gone, and tells no more of those that were taken out', async () => {
    const api = await Api.open()
    await api.rotateAll()
    const pairs = [...disk.pairs()]
    writeFileSync(disk.credentials, '')
    const [first, ...rest] = users
    expect(await api.refused('POST', '/api/mend/taken-out', { profiles: ['nobody'] })).toMatchObject({
      type: 'urn:keyturn:problem:nothing-to-mend',
    })
    expect((await api.send('POST', '/api/mend/taken-out', { profiles: [first] })).status).toBe(204)
    expect((await api.run('POST', '/api/mend', {})).state).toBe('done')
    expect([...disk.pairs()].sort()).toEqual(pairs.filter(([name]) => !name.endsWith(`:${first}`)).sort())
    expect(rest.length).toBeGreaterThan(0)
  })
})
