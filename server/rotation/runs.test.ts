import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Hooks } from './world.ts'
import { Disk, openMachineRoom, QuickClock } from './testing/machineRoom.ts'
import { ModelIam } from './testing/modelIam.ts'
import { modes, shapes } from './testing/shapes.ts'
import { Promises } from './testing/promises.ts'

let disk: Disk
let clock: QuickClock
let iam: ModelIam

beforeEach(() => {
  disk = new Disk()
  clock = new QuickClock()
  iam = new ModelIam(clock)
})
afterEach(() => disk.remove())

describe.each(shapes)('a rotation: $name', (shape) => {
  it.each(modes)('replaces the key everywhere and does %s with the old one', async (oldKey) => {
    const wish = shape.lay(disk, iam)
    const before = disk.pairs()
    const promises = new Promises(disk, iam, wish.deleteSpares ?? wish.merge ?? [])
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey }))

    expect(run.rotations.map((each) => [each.state, each.problem])).toEqual(
      run.rotations.map(() => ['done', undefined]),
    )
    promises.atEveryInstant('at the end')
    promises.atTheEnd([run], journals())
    for (const [name, pair] of disk.pairs()) {
      expect(pair.id).not.toBe(before.get(name)?.id)
      expect(iam.works(pair.id, pair.secret)).toBe(true)
    }
    for (const rotation of run.rotations) {
      const old = iam.key(rotation.key)
      expect(oldKey === 'delete' ? old?.deleted : old?.status).toBe(oldKey === 'delete' ? true : 'Inactive')
      expect(rotation.oldKeyState).toBe(oldKey === 'delete' ? 'deleted' : 'inactive')
      expect(rotation.undo).toEqual(oldKey === 'delete' ? [] : ['reactivate', 'restore'])
      expect(rotation.profiles.every((profile) => profile.state === 'new')).toBe(true)
    }
    expect(room.defects).toEqual([])
  })
})

it.each([[[]], [['deploy']]])('has a step for hooks where there are any: %j', async (names) => {
  const hooks: Hooks = {
    and: () => hooks,
    any: () => Promise.resolve(names.length > 0),
    run: () => Promise.resolve(names),
  }
  const room = await openMachineRoom(disk, iam, clock, {}, { hooks })
  const run = await room.rotate({ ...shapes[0]!.lay(disk, iam), oldKey: 'deactivate' })
  const told = room.events.flatMap((event) => (event.type === 'rotation' ? [event.rotation] : []))
  for (const { steps } of [...told, ...room.runs.existing(run).rotations])
    expect(steps.some(({ name }) => name === 'hook')).toBe(names.length > 0)
  expect(told.length).toBeGreaterThan(0)
})

describe('undo', () => {
  it.each(shapes)('restores: $name', async (shape) => {
    const wish = shape.lay(disk, iam)
    const before = disk.pairs()
    const room = await openMachineRoom(disk, iam, clock)
    const first = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    const undo = await room.runs.start(await room.undos.ofRun(first.id, { how: 'restore' }))
    await room.runs.idle()
    const done = room.runs.existing(undo.id)
    expect(done.rotations.map((each) => [each.state, each.problem])).toEqual(
      done.rotations.map(() => ['done', undefined]),
    )
    const merged = new Set(wish.merge ?? [])
    for (const [name, pair] of before) {
      const now = disk.pairs().get(name)
      // A merged key is deleted for good: its profiles get the key that stayed.
      if (!merged.has(pair.id)) expect(now).toEqual(pair)
      expect(iam.works(now?.id ?? '', now?.secret ?? '')).toBe(true)
    }
    const again = room.runs.existing(first.id)
    expect(again.rotations.map((each) => each.state)).toEqual(again.rotations.map(() => 'undone'))
    expect(again.rotations.flatMap((each) => each.undo)).toEqual([])
    for (const rotation of first.rotations) expect(iam.key(rotation.newKey ?? '')?.status).toBe('Inactive')
    await expect(room.undos.ofRun(first.id, { how: 'restore' })).rejects.toThrow('can be undone any more')
  })

  it('reactivates: the old key works again beside the new one, and the file keeps the new one', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    const first = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    const rotation = first.rotations[0]!
    const after = disk.pairs()
    await room.runs.start(await room.undos.ofRotation(rotation.id, { how: 'reactivate' }))
    await room.runs.idle()
    expect(disk.pairs()).toEqual(after)
    expect(iam.key(rotation.key)?.status).toBe('Active')
    expect(room.runs.existing(first.id).rotations[0]).toMatchObject({
      state: 'done',
      oldKeyState: 'active',
      undo: ['restore'],
    })
    await expect(room.undos.ofRotation(rotation.id, { how: 'reactivate' })).rejects.toThrow('is active')
  })

  it('leaves a profile alone that somebody changed since, and restores the others', async () => {
    const wish = shapes[1]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    const first = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    const { writeFileSync } = await import('node:fs')
    const stranger = iam.addKey(iam.addUser('zoe'))
    const text = disk.text('credentials')
    const [head, also] = text.split('[also]')
    const changed = also!
      .replace(/aws_access_key_id = \S+/, `aws_access_key_id = ${stranger.id}`)
      .replace(/aws_secret_access_key = \S+/, `aws_secret_access_key = ${stranger.secret}`)
    writeFileSync(disk.credentials, `${head}[also]${changed}`)
    await room.runs.start(await room.undos.ofRotation(first.rotations[0]!.id, { how: 'restore' }))
    await room.runs.idle()
    expect(disk.pairs().get('credentials:also')?.id).toBe(stranger.id)
    expect(disk.pairs().get('credentials:default')?.id).toBe(first.rotations[0]!.key)
    expect(disk.pairs().get('credentials:third')?.id).toBe(first.rotations[0]!.key)
  })
})

describe('old keys', () => {
  it('deletes one only with its last four characters, inactive, and in no profile', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    const first = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    const { key, newKey } = first.rotations[0]!
    await expect(room.undos.ofKey(key, 'delete', 'XXXX')).rejects.toThrow('not the last ones')
    await expect(room.undos.ofKey(newKey!, 'delete', newKey!.slice(-4))).rejects.toThrow('would lock it out')
    const run = await room.runs.start(await room.undos.ofKey(key, 'delete', key.slice(-4)))
    await room.runs.idle()
    expect(room.runs.existing(run.id).rotations[0]?.state).toBe('done')
    expect(iam.key(key)?.deleted).toBe(true)
    // The old pair is forgotten; the one that works stays beside the file as long as it would have.
    expect((await room.undo.list()).map(({ old }) => old)).not.toContain(true)
    expect(room.runs.existing(first.id).rotations[0]).toMatchObject({ oldKeyState: 'deleted', undo: [] })
  })

  it('keeps the old key active until it is told otherwise', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    const first = room.runs.existing(await room.rotate({ ...wish, oldKey: 'keep' }))
    const { key } = first.rotations[0]!
    expect(iam.key(key)?.status).toBe('Active')
    const refused = await room.runs.start(await room.undos.ofKey(key, 'delete', key.slice(-4)))
    await room.runs.idle()
    expect(room.runs.existing(refused.id).rotations[0]?.problem?.name).toBe('key-active')
    await room.runs.start(await room.undos.ofKey(key, 'deactivate'))
    await room.runs.idle()
    expect(iam.key(key)?.status).toBe('Inactive')
    expect(room.runs.existing(first.id).rotations[0]?.oldKeyState).toBe('inactive')
  })
})

describe('what goes wrong', () => {
  it('rolls back where the new key never works, and leaves the file as it was', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    iam.spread = 1_000
    const text = disk.text('credentials')
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]).toMatchObject({ state: 'rolledBack', problem: { name: 'not-working' } })
    expect(disk.text('credentials')).toBe(text)
    expect(iam.users[0]?.keys.map((key) => [key.status, key.deleted])).toEqual([
      ['Active', false],
      ['Active', true],
    ])
    iam.spread = 2
    await room.runs.retry(run.id)
    await room.runs.idle()
    expect(room.runs.existing(run.id).rotations[0]?.state).toBe('done')
  })

  it('makes no second key and forgets none when the reply to CreateAccessKey is lost', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    let lost = 0
    iam.fault = (action) => (action === 'CreateAccessKey' && lost++ === 0 ? 'lost-after' : undefined)
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]?.state).toBe('done')
    expect(iam.users[0]?.keys.map((key) => [key.status, key.deleted])).toEqual([
      ['Inactive', false],
      // Turned off and watched before it was deleted: another machine's would have been used.
      ['Inactive', true],
      ['Active', false],
    ])
    expect(run.rotations[0]?.notes.join(' ')).toContain('reply was lost')
  })

  it('deletes no key that somebody else made while the reply was lost', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    const user = iam.users[0]!
    iam.fault = (action) => {
      if (action !== 'CreateAccessKey') return undefined
      // The stranger's key is used: it cannot be the one whose secret nobody saw.
      iam.addKey(user).used = true
      return 'lost-before'
    }
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]).toMatchObject({ state: 'failed', problem: { name: 'stray-unclear' } })
    expect(user.keys.every((key) => key.status === 'Active' && !key.deleted)).toBe(true)
  })

  it('merges on retry though the first try had deleted the other key and could not put it back', async () => {
    const wish = shapes[4]!.lay(disk, iam)
    iam.spread = 1_000
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]).toMatchObject({ state: 'rolledBack', problem: { name: 'not-working' } })
    expect(run.rotations[0]?.notes.join(' ')).toContain('now hold the key that stayed')
    await room.runs.retry(run.id)
    await room.runs.idle()
    // The second rollback has nothing to put back, and needs no secret for it.
    expect(room.runs.existing(run.id).rotations[0]?.state).toBe('rolledBack')
    iam.spread = 2
    await room.runs.retry(run.id)
    await room.runs.idle()
    expect(room.runs.existing(run.id).rotations[0]?.state).toBe('done')
    expect(new Set([...disk.pairs().values()].map((pair) => pair.id)).size).toBe(1)
  })

  it('deletes no spare key where the user’s keys can no longer be listed', async () => {
    const wish = shapes[3]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    let lists = 0
    iam.fault = (action) => (action === 'ListAccessKeys' && ++lists > 1 ? 'denied' : undefined)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]?.state).toBe('rolledBack')
    expect(iam.users[0]?.keys.map((key) => [key.status, key.deleted])).toEqual([
      ['Active', false],
      ['Active', false],
    ])
  })

  it('says why it was rolled back, once what stood in the way of that is gone', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    iam.spread = 1_000
    iam.users[0]!.denied.add('DeleteAccessKey')
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]).toMatchObject({ state: 'failed', problem: { name: 'key-left' } })
    iam.users[0]!.denied.clear()
    await room.runs.retry(run.id)
    await room.runs.idle()
    expect(room.runs.existing(run.id).rotations[0]).toMatchObject({
      state: 'rolledBack',
      problem: { name: 'not-working' },
    })
  })

  it('one failure spoils no other rotation', async () => {
    const wish = shapes[6]!.lay(disk, iam)
    iam.users[0]!.denied.add('CreateAccessKey')
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.state).toBe('partial')
    expect(run.rotations.map((each) => each.state).sort()).toEqual(['done', 'rolledBack'])
  })

  it('sounds the alarm when a key appears that nobody here made', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    const user = iam.users[0]!
    iam.fault = (action) => {
      if (action === 'UpdateAccessKey') iam.addKey(user)
      return undefined
    }
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]).toMatchObject({ state: 'done', alarm: { name: 'intruder-key' } })
  })

  it('keeps the old key when retiring is denied, says so, and retries', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    iam.users[0]!.denied.add('UpdateAccessKey')
    const room = await openMachineRoom(disk, iam, clock)
    const run = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    expect(run.rotations[0]).toMatchObject({ state: 'failed', step: 'retire', oldKeyState: 'active' })
    expect(run.rotations[0]?.problem?.detail).toContain('The new key is in use')
    iam.users[0]!.denied.clear()
    await room.runs.retry(run.id)
    await room.runs.idle()
    expect(room.runs.existing(run.id).rotations[0]).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  })

  it('stop leaves untouched what was not begun and rolls back what was not saved; a retry takes all up again', async () => {
    const wish = shapes[6]!.lay(disk, iam)
    iam.spread = 1_000
    const text = disk.text('credentials')
    const room = await openMachineRoom(disk, iam, clock)
    const { id } = await room.plans.begin({ ...wish, oldKey: 'deactivate' })
    while (room.plans.get(id).state === 'checking') await new Promise(setImmediate)
    const run = await room.runs.start(await room.plans.take(id))
    while (!room.runs.existing(run.id).rotations.some((each) => each.newKey)) await new Promise(setImmediate)
    room.runs.stop(run.id)
    await room.runs.idle()
    expect(room.runs.existing(run.id)).toMatchObject({
      state: 'stopped',
      rotations: [{ state: 'stopped' }, { state: 'stopped' }],
    })
    expect(disk.text('credentials')).toBe(text)
    expect(iam.users.flatMap((user) => user.keys).filter((key) => !key.deleted).length).toBe(2)
    iam.spread = 0
    await room.runs.retry(run.id)
    await room.runs.idle()
    expect(room.runs.existing(run.id)).toMatchObject({
      state: 'done',
      rotations: [{ state: 'done' }, { state: 'done' }],
    })
  })

  it('refuses a plan twice, and one whose pair moved since', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    const plan = async () => {
      const { id } = await room.plans.begin({ ...wish, oldKey: 'deactivate' })
      while (room.plans.get(id).state === 'checking') await new Promise(setImmediate)
      return id
    }
    const [first, second] = [await plan(), await plan()]
    await room.runs.start(await room.plans.take(first))
    await room.runs.idle()
    await expect(room.plans.take(first)).rejects.toMatchObject({ trouble: { name: 'plan-used' } })
    await expect(room.plans.take(second)).rejects.toMatchObject({ trouble: { name: 'plan-stale' } })
  })
})

function journals(): string {
  const directory = join(disk.state, 'runs')
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('')
}

describe('a plan of everything', () => {
  it('names the profiles that have no key to rotate, and why', async () => {
    shapes[0]!.lay(disk, iam)
    const { appendFileSync } = await import('node:fs')
    appendFileSync(
      disk.config,
      '[profile sso]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = admin\n',
    )
    const room = await openMachineRoom(disk, iam, clock)
    const { id } = await room.plans.begin({ keys: 'all', oldKey: 'deactivate' })
    while (room.plans.get(id).state === 'checking') await new Promise(setImmediate)
    expect(room.plans.get(id).rotate).toHaveLength(1)
    expect(room.plans.get(id).skip).toMatchObject([{ profile: 'sso' }])
  })
})

describe('what a run saw', () => {
  it('lets the new key be retired from the old keys’ page after a restore', async () => {
    const wish = shapes[0]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    const first = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    await room.runs.start(await room.undos.ofRun(first.id, { how: 'restore' }))
    await room.runs.idle()
    const { newKey = '' } = first.rotations[0]!
    const run = await room.runs.start(await room.undos.ofKey(newKey, 'delete', newKey.slice(-4)))
    await room.runs.idle()
    expect(room.runs.existing(run.id).state).toBe('done')
    expect(iam.key(newKey)?.deleted).toBe(true)
  })

  it('keeps an administrator’s profile to its own account', async () => {
    const ann = iam.addKey(iam.addUser('ann'))
    const boss = iam.addKey(iam.addUser('boss', '444455556666'))
    const { writeFileSync } = await import('node:fs')
    const section = (name: string, key: { id: string; secret: string }) =>
      `[${name}]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`
    writeFileSync(disk.credentials, section('ann', ann) + section('boss', boss))
    const room = await openMachineRoom(disk, iam, clock)
    const { id } = await room.plans.begin({ keys: 'all', oldKey: 'deactivate', signer: 'boss' })
    while (room.plans.get(id).state === 'checking') await new Promise(setImmediate)
    expect(room.plans.get(id)).toMatchObject({
      rotate: [{ key: ann.id }, { key: boss.id }],
    })
    expect(room.plans.get(id).rotate.some(({ signer }) => signer)).toBe(false)
    const named = await room.plans.change(id, { signer: { key: ann.id, profile: 'boss' } })
    expect(named).toMatchObject({
      rotate: [{ key: boss.id }],
      skip: [{ key: ann.id, reason: { name: 'other-account' } }],
    })
    await expect(
      room.plans.begin({ keys: 'all', oldKey: 'deactivate', signer: 'nobody' }),
    ).rejects.toMatchObject({ trouble: { name: 'no-admin' } })
  })
})

describe('an undo that can no longer work', () => {
  it('is refused with what is true now: deleted, forgotten, unreadable, changed since', async () => {
    const { readdirSync, writeFileSync } = await import('node:fs')
    const wish = shapes[0]!.lay(disk, iam)
    const room = await openMachineRoom(disk, iam, clock)
    const first = room.runs.existing(await room.rotate({ ...wish, oldKey: 'deactivate' }))
    const { id, key } = first.rotations[0]!
    const offers = () => room.runs.existing(first.id).rotations[0]?.undo
    expect(offers()).toEqual(['reactivate', 'restore'])

    await room.runs.forgetPair(key)
    expect(offers()).toEqual(['reactivate'])
    await expect(room.undos.ofRotation(id, { how: 'restore' })).rejects.toThrow('is no longer kept')
    await expect(room.runs.forgetPair(key)).rejects.toThrow('is kept')

    iam.key(key)!.deleted = true
    const run = await room.runs.start(await room.undos.ofRotation(id, { how: 'reactivate' }))
    await room.runs.idle()
    expect(room.runs.existing(run.id).rotations[0]?.problem).toMatchObject({ name: 'key-gone' })

    const second = room.runs.existing(
      await room.rotate({ keys: [first.rotations[0]!.newKey!], oldKey: 'deactivate' }),
    )
    const kept = join(disk.state, 'undo')
    for (const name of readdirSync(kept)) writeFileSync(join(kept, name), 'not json')
    await expect(room.undos.ofRotation(second.rotations[0]!.id, { how: 'restore' })).rejects.toThrow(
      'is no longer kept',
    )

    const stranger = iam.addKey(iam.addUser('zoe'))
    writeFileSync(
      disk.credentials,
      `[default]\naws_access_key_id = ${stranger.id}\naws_secret_access_key = ${stranger.secret}\n`,
    )
    await expect(room.undos.ofRotation(second.rotations[0]!.id, { how: 'restore' })).rejects.toThrow(
      'no profile holds its new key',
    )
  })
})
