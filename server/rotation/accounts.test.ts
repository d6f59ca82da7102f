import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PlanRequest } from '../api/plan.ts'
import { QuickClock } from './testing/machineRoom.ts'
import { LeftByName } from './leftByName.ts'
import { a, held } from './testing/planned.ts'
import { Undos, type UndosDeps } from './undo.ts'
import { Stage } from './testing/stage.ts'

/** A user with one key in a profile, beside whatever the shape lays. */
function withUser(stage: Stage, name: string) {
  const user = stage.iam.addUser(name)
  const key = stage.iam.addKey(user)
  const section = `[${name}]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`
  stage.disk.lay('credentials', `${stage.disk.text('credentials')}\n${section}`)
  return { user, key }
}
const everything: PlanRequest = { keys: 'all', oldKey: 'deactivate' }

async function ready(stage: Stage, request: PlanRequest) {
  const { id } = await stage.room.plans.begin(request)
  return stage.room.plans.made(id)
}

async function rotated(stage: Stage, request: PlanRequest = everything) {
  const { id } = await stage.room.runs.start(await stage.room.plans.take((await ready(stage, request)).id))
  await stage.room.runs.idle()
  return stage.room.runs.existing(id)
}

describe('what a run was asked for', () => {
  it('is told as it was after a restart, and what is left by name stays so', async () => {
    const stage = await Stage.open()
    const { user, key } = withUser(stage, 'denied')
    user.denied.add('CreateAccessKey')
    const run = await rotated(stage)
    const row = { key: key.id, profiles: ['denied'], state: 'open', act: 'rotate' }
    expect(run).toMatchObject({ asked: 2, left: [row] })
    await stage.restart()
    expect(stage.room.runs.existing(run.id)).toMatchObject({ asked: 2, left: [row] })
    expect(stage.room.runs.ledger()).toMatchObject({
      leak: false,
      asked: 2,
      open: [{ key: key.id, run: run.id }],
    })

    // Of another run nothing changes by that.
    const other = await rotated(stage, {
      keys: [stage.keys.at(-1)!.id],
      oldKey: 'deactivate',
      makeRoom: 'inactive',
    })
    const told = stage.room.events.length
    await stage.room.runs.leave([key.id], true, 'a printer')
    const runs = stage.room.events
      .slice(told)
      .flatMap((event) => (event.type === 'run' ? [event.run.id] : []))
    expect(runs).not.toContain(other.id)
    await stage.restart()
    expect(stage.room.runs.existing(run.id).left).toMatchObject([{ closedBy: 'left', why: 'a printer' }])
    await stage.room.runs.leave([key.id], false)
    await stage.restart()
    expect(stage.room.runs.ledger().open).toHaveLength(1)

    user.denied.clear()
    const later = await rotated(stage, { keys: [key.id], oldKey: 'deactivate' })
    expect(stage.room.runs.existing(run.id).left).toMatchObject([{ closedBy: later.id }])
    expect(stage.room.runs.ledger().open).toEqual([])
  })

  it('is not made up for a run of a Keyturn that did not note it', async () => {
    const stage = await Stage.open()
    const run = await rotated(stage)
    const file = stage.journal({ run: run.id })
    const [header = '', ...rest] = readFileSync(file, 'utf8').split('\n')
    const { asked: _asked, ...before } = JSON.parse(header) as Record<string, unknown>
    writeFileSync(file, [JSON.stringify(before), ...rest].join('\n'))
    await stage.restart()
    const known = stage.room.runs.existing(run.id)
    expect(known.state).toBe('done')
    expect(known).not.toHaveProperty('asked')
    expect(known).not.toHaveProperty('left')
    expect(stage.room.runs.ledger().open).toEqual([])
  })

  it('is kept after a theft though nothing can be replaced', async () => {
    const stage = await Stage.open()
    stage.iam.addKey(stage.user)
    const run = await rotated(stage, { ...everything, leak: true, makeRoom: 'ask' })
    expect(run).toMatchObject({
      state: 'done',
      leak: true,
      asked: 1,
      rotations: [],
      left: [{ act: 'choose' }],
    })
    await stage.restart()
    expect(stage.room.runs.ledger()).toMatchObject({ leak: true, open: [{ run: run.id }] })
  })

  it('names the keys that nothing but AWS’s refusal closes, whose finding must stay', async () => {
    const stage = await Stage.open()
    const { key } = withUser(stage, 'dead')
    key.status = 'Inactive'
    const run = await rotated(stage)
    expect(run.left).toMatchObject([{ key: key.id, state: 'closed', closedBy: 'dead' }])
    expect(stage.room.runs.deadByFinding()).toEqual([key.id])
  })

  it('a key that the person excludes is left by name', async () => {
    const stage = await Stage.open('single', { exclusions: [] })
    const { user, key } = withUser(stage, 'denied')
    user.denied.add('CreateAccessKey')
    await rotated(stage)
    expect(stage.room.runs.ledger().open).toHaveLength(1)
    const other = await Stage.open('single', { exclusions: [key.id] })
    expect((await rotated(other)).left).toEqual([])
  })
})

describe('what is left by name', () => {
  it('survives a line that a crash cut off', async () => {
    const stage = await Stage.open()
    const names = await LeftByName.open(stage.disk.state, new QuickClock())
    await names.put(['AKIA1'], true, 'why')
    appendFileSync(join(stage.disk.state, 'ledger.jsonl'), '{"at":"2026-01-01T00:00:00Z","key":"AKI')
    const again = await LeftByName.open(stage.disk.state, new QuickClock())
    expect([...again.all()]).toEqual([['AKIA1', 'why']])
    await again.put(['AKIA2'], true)
    await again.put(['AKIA1'], false)
    expect([...(await LeftByName.open(stage.disk.state, new QuickClock())).all()]).toEqual([
      ['AKIA2', undefined],
    ])
  })
})

describe('a plan', () => {
  it('is changed from the check that made it, and nobody’s change undoes another’s', async () => {
    const stage = await Stage.open()
    const { key } = withUser(stage, 'other')
    const { id } = await ready(stage, everything)
    stage.iam.log.length = 0
    await Promise.all([
      stage.room.plans.change(id, { oldKey: 'keep' }),
      stage.room.plans.change(id, { leaveOut: { keys: [key.id], on: true } }),
    ])
    const plan = stage.room.plans.get(id)
    expect(stage.iam.log).toEqual([])
    expect(plan).toMatchObject({ oldKey: 'keep', skip: [{ key: key.id, reason: { name: 'left-out' } }] })
    expect(plan.rotate).toHaveLength(1)
    await stage.room.plans.change(id, { leaveOut: { keys: [key.id], on: false } })
    expect(stage.room.plans.get(id).consequences.keepActive).toHaveLength(2)
  })

  it('is looked at once more before a late start, and stops where that makes another plan of it', async () => {
    const stage = await Stage.open()
    const { id } = await ready(stage, everything)
    stage.clock.advance(61_000)
    stage.iam.log.length = 0
    stage.iam.addKey(stage.user)
    await expect(stage.room.plans.take(id)).rejects.toMatchObject({ trouble: { name: 'plan-moved' } })
    expect(stage.iam.log).not.toEqual([])
    const plan = stage.room.plans.get(id)
    expect(plan).toMatchObject({ state: 'ready', rotate: [], choose: [{}] })
    expect(plan.moved).toEqual([expect.stringContaining('its user has a second key now')])
  })

  it('goes on where a second look finds the same, and asks nothing where the first is fresh', async () => {
    const stage = await Stage.open()
    const late = await ready(stage, everything)
    stage.clock.advance(61_000)
    expect((await stage.room.plans.take(late.id)).rotations).toHaveLength(1)
    stage.clock.advance(120_000)
    const fresh = await ready(stage, everything)
    stage.iam.log.length = 0
    await stage.room.plans.take(fresh.id)
    expect(stage.iam.log).toEqual([])
  })

  it('refuses a change once it is used, and while it is being made', async () => {
    const stage = await Stage.open()
    const { id } = await stage.room.plans.begin(everything)
    const change = () => stage.room.plans.change(id, { oldKey: 'delete' })
    await expect(change()).rejects.toMatchObject({ trouble: { name: 'plan-not-ready' } })
    await stage.room.plans.made(id)
    await expect(
      stage.room.plans.change(id, { signer: { key: 'AKIA', profile: 'nobody' } }),
    ).rejects.toMatchObject({ trouble: { name: 'no-admin' } })
    await stage.room.plans.take(id)
    await expect(change()).rejects.toMatchObject({ trouble: { name: 'plan-used' } })
  })
})

describe('a key is turned off without a new one', () => {
  const killed = async (stage: Stage, ids: readonly string[], confirm: string, signer?: string) => {
    const { id } = await stage.room.runs.start(await stage.room.undos.kill(ids, confirm, signer))
    await stage.room.runs.idle()
    return stage.room.runs.existing(id)
  }

  it('by its own pair, seen refused, and can be turned on again by another of its user', async () => {
    const stage = await Stage.open()
    const [key] = stage.keys
    const run = await killed(stage, [key!.id], key!.id.slice(-4))
    expect(run).toMatchObject({
      kind: 'kill',
      state: 'done',
      rotations: [{ state: 'done', oldKeyState: 'inactive' }],
    })
    expect(key!.status).toBe('Inactive')
    expect(stage.iam.log.filter((call) => call.startsWith('Update'))).toEqual([`UpdateAccessKey ${key!.id}`])
    expect(stage.room.runs.replaced()).toMatchObject([{ id: key!.id, state: 'inactive' }])
  })

  it('only where it is named by its last characters, or by how many', async () => {
    const stage = await Stage.open()
    const { key } = withUser(stage, 'other')
    const [first] = stage.keys
    for (const [ids, confirm] of [
      [[first!.id], 'nope'],
      [[first!.id, key.id], '3'],
    ] as const)
      await expect(stage.room.undos.kill(ids, confirm)).rejects.toMatchObject({
        trouble: { name: 'confirm-mismatch' },
      })
    for (const [id, confirm] of [
      ['AKIAUNKNOWNUNKNOWN12', 'WN12'],
      ['none', 'none'],
    ] as const)
      await expect(stage.room.undos.kill([id], confirm)).rejects.toMatchObject({
        trouble: { name: 'unknown-key' },
      })
    expect(stage.keys[0]?.status).toBe('Active')
  })

  it('is left working where it may not be turned off, and that is told', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('UpdateAccessKey')
    const [key] = stage.keys
    const run = await killed(stage, [key!.id], key!.id.slice(-4))
    expect(run.rotations[0]).toMatchObject({ oldKeyState: 'active', problem: { name: 'denied' } })
    expect(run.state).not.toBe('done')
    expect(key!.status).toBe('Active')
  })

  it('the one that signs for the others goes last', async () => {
    const stage = await Stage.open()
    const { key: boss } = withUser(stage, 'boss')
    const { key: other } = withUser(stage, 'other')
    await ready(stage, everything)
    const ids = [boss.id, stage.keys[0]!.id, other.id]
    stage.iam.log.length = 0
    const run = await killed(stage, ids, '3', 'boss')
    expect(run.state).toBe('done')
    const updates = stage.iam.log.filter((call) => call.startsWith('Update'))
    expect(updates).toEqual(Array(3).fill(`UpdateAccessKey ${boss.id}`))
    expect([boss, other, stage.keys[0]!].map(({ status }) => status)).toEqual(Array(3).fill('Inactive'))
  })

  it('is sent nothing where it is not clear which secret is its own', async () => {
    const stage = await Stage.open()
    const trouble = { name: 'secrets-differ', title: 'Two secrets', detail: 'Two secrets.' }
    const keys = [held(a, undefined, trouble)]
    const undos = new Undos({
      runs: stage.room.runs,
      readKeys: () => Promise.resolve({ snapshot: { profiles: [] }, keys }),
    } as unknown as UndosDeps)
    await expect(undos.kill([a], a.slice(-4))).rejects.toMatchObject({ trouble })
  })

  it('of two users, an undo of what was signed if refused is signed so too', async () => {
    const stage = await Stage.open('two users at once')
    const [ann] = stage.iam.users
    const run = await rotated(stage, { keys: [ann!.keys[0]!.id], oldKey: 'deactivate', signer: 'two' })
    ann!.denied.add('UpdateAccessKey')
    const undo = await stage.room.runs.start(await stage.room.undos.ofRun(run.id, { how: 'restore' }))
    await stage.room.runs.idle()
    expect(stage.room.runs.existing(undo.id).state).toBe('done')
  })
})
