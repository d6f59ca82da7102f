import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Rotation } from '../api/run.ts'
import { absences } from './testing/absences.ts'
import { beforeAppend, fullFrom } from './testing/appends.ts'
import { answers, dies, refusal } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

async function waits(stage: Stage, of: Pick<Rotation, 'run'>): Promise<Rotation> {
  while (!stage.now(of).waitsFor) await tick()
  return stage.now(of)
}

/** P1: each profile of both files holds a pair that works. */
const works = (stage: Stage) =>
  [...stage.disk.pairs().values()].every(({ id, secret }) => stage.iam.works(id, secret))

describe.each(Object.entries(absences))('a file that is %s', (_, goes) => {
  it('is waited for before a key is made, and the rotation goes on by itself when it is back', async () => {
    const stage = await Stage.open('two files', {}, { waitPatienceMs: Infinity })
    const run = await stage.planned()
    const back = goes(stage.disk.config)
    const { id } = await stage.room.runs.start(run)
    expect(await waits(stage, { run: id })).toMatchObject({
      state: 'running',
      waitsFor: { name: 'waits-for-file', detail: expect.stringContaining(stage.disk.config) as string },
    })
    expect(stage.keys).toHaveLength(1)
    back()
    expect(await stage.ended({ run: id })).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
    expect(works(stage)).toBe(true)
  })

  it('is left waiting where patience ends, told after a restart, and a recovery goes on', async () => {
    const stage = await Stage.open('two files')
    const run = await stage.planned()
    const back = goes(stage.disk.credentials)
    const rotation = await stage.run(run)
    expect(rotation).toMatchObject({ state: 'interrupted', problem: { name: 'waits-for-file' } })
    await stage.restart()
    expect(stage.now(rotation)).toMatchObject({ state: 'interrupted', problem: { name: 'waits-for-file' } })
    back()
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect((await stage.rotate()).state).toBe('done')
    expect(works(stage)).toBe(true)
  })

  it('keeps the old key on until it is known not to hold it', async () => {
    const stage = await Stage.open('two files', {}, { waitPatienceMs: Infinity })
    let back: () => void = () => undefined
    await beforeAppend('"phase":"done","step":"save"', () => {
      back = goes(stage.disk.credentials)
    })
    const { id } = await stage.room.runs.start(await stage.planned('delete'))
    const rotation = await waits(stage, { run: id })
    expect(stage.iam.key(rotation.key)).toMatchObject({ status: 'Active', deleted: false })
    back()
    expect(await stage.ended(rotation)).toMatchObject({ state: 'done', oldKeyState: 'deleted' })
    expect(works(stage)).toBe(true)
  })

  it('may hold the new key at a recovery: nothing is taken back, nothing kept is dropped', async () => {
    const stage = await Stage.open('two files')
    const mend = await fullFrom('"phase":"done","step":"save"')
    const rotation = await stage.rotate()
    mend()
    const back = goes(stage.disk.credentials)
    const other = goes(stage.disk.config)
    await stage.restart()
    expect(await stage.recover(rotation)).toMatchObject({ state: 'interrupted' })
    expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
    expect((await stage.room.undo.list()).map(({ key }) => key)).toEqual([rotation.key])
    back()
    other()
    expect((await stage.recover(rotation)).state).toBe('done')
    expect(works(stage)).toBe(true)
  })
})

it('what was saved is remembered by the next process: a file that is away by then keeps its key on', async () => {
  const stage = await Stage.open('two files')
  const { newKey } = await stage.rotate('delete')
  const back = absences['moved away']!(stage.disk.config)
  await stage.restart()
  const rotation = await stage.run(await stage.planned('deactivate', { keys: 'all' }))
  expect(rotation).toMatchObject({
    key: newKey,
    state: 'interrupted',
    problem: { name: 'waits-for-file', detail: expect.stringContaining(stage.disk.config) as string },
  })
  expect(stage.iam.key(newKey!)?.status).toBe('Active')
  back()
  await stage.restart()
  expect((await stage.recover(rotation)).state).toBe('rolledBack')
  expect(works(stage)).toBe(true)
})

it('a spare key that only a file which cannot be read holds is not deleted', async () => {
  const stage = await Stage.open('two keys, spare deleted')
  const spare = stage.keys[1]!
  const run = await stage.planned()
  stage.disk.lay(
    'config',
    `[profile late]\naws_access_key_id = ${spare.id}\naws_secret_access_key = ${spare.secret}\n`,
  )
  const back = absences['a dangling link']!(stage.disk.config)
  const rotation = await stage.run(run)
  expect(rotation).toMatchObject({ state: 'interrupted', problem: { name: 'waits-for-file' } })
  expect(spare).toMatchObject({ status: 'Active', deleted: false })
  back()
  await stage.restart()
  await stage.recover(rotation)
  expect(spare).toMatchObject({ status: 'Active', deleted: false })
})

describe('a stop ends the wait', () => {
  it('before anything was made: it is stopped', async () => {
    const stage = await Stage.open('two files', {}, { waitPatienceMs: Infinity })
    const run = await stage.planned()
    const back = absences['moved away']!(stage.disk.config)
    const { id } = await stage.room.runs.start(run)
    await waits(stage, { run: id })
    stage.room.runs.stop(id)
    expect((await stage.ended({ run: id })).state).toBe('stopped')
    back()
  })

  it('after the save: it is left to a recovery', async () => {
    const stage = await Stage.open('two files', {}, { waitPatienceMs: Infinity })
    let back: () => void = () => undefined
    await beforeAppend('"phase":"done","step":"save"', () => {
      back = absences['moved away']!(stage.disk.config)
    })
    const { id } = await stage.room.runs.start(await stage.planned())
    const rotation = await waits(stage, { run: id })
    stage.room.runs.stop(id)
    expect(await stage.ended({ run: id })).toMatchObject({
      state: 'interrupted',
      problem: { name: 'waits-for-file' },
    })
    back()
    expect(await stage.recover(rotation)).toMatchObject({ state: 'done' })
  })

  it('of the look for a lost reply', async () => {
    const stage = await Stage.open('single')
    dies(stage.iam, 'createKey', 'before')
    const rotation = await stage.rotate()
    await stage.restart()
    const { iam } = stage
    const list = iam.listKeys.bind(iam)
    let asked = 0
    iam.listKeys = (...call) => {
      asked += 1
      if (asked === 2) stage.room.runs.stop(rotation.run)
      return list(...call)
    }
    expect((await stage.recover(rotation)).state).toBe('interrupted')
    expect(asked).toBeLessThan(5)
    iam.listKeys = list
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
  })
})

it('a file of an earlier start that may still hold the key keeps it on', async () => {
  const stage = await Stage.open()
  const [key] = stage.keys
  const elsewhere = `${stage.disk.root}/elsewhere`
  mkdirSync(elsewhere)
  writeFileSync(`${elsewhere}/credentials`, stage.disk.text('credentials'))
  mkdirSync(stage.disk.state, { recursive: true })
  writeFileSync(
    `${stage.disk.state}/files.json`,
    JSON.stringify({ version: 1, files: [{ path: `${elsewhere}/credentials`, ids: [key!.id] }] }),
  )
  await stage.restart()
  const rotation = await stage.rotate()
  expect(rotation).toMatchObject({ state: 'failed', step: 'retire', problem: { name: 'key-in-use' } })
  expect(rotation.problem?.detail).toContain(`${elsewhere}/credentials`)
  expect(key?.status).toBe('Active')
  rmSync(`${elsewhere}/credentials`)
  expect(existsSync(elsewhere)).toBe(true)
  expect(await stage.retry(rotation)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
})

it('a recovery that waited for the file goes on by itself, and finds there that the new key was saved', async () => {
  const stage = await Stage.open('single', {}, { waitPatienceMs: Infinity })
  const mend = await fullFrom('"phase":"done","step":"save"')
  const rotation = await stage.rotate()
  mend()
  const back = absences['moved away']!(stage.disk.credentials)
  await stage.restart()
  await stage.room.runs.recover(rotation.run)
  await waits(stage, rotation)
  back()
  expect(await stage.ended(rotation)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  expect(works(stage)).toBe(true)
})

it('a new key that may not be deleted waits for the file that may hold it before it is turned off', async () => {
  const stage = await Stage.open('two files')
  stage.iam.spread = 1_000
  let back: () => void = () => undefined
  answers(stage.iam, 'deleteKey', () => {
    back = absences['a directory']!(stage.disk.config)
    return Promise.reject(refusal('denied'))
  })
  const rotation = await stage.rotate()
  expect(rotation).toMatchObject({ state: 'interrupted', problem: { name: 'waits-for-file' } })
  expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
  back()
  expect((await stage.recover(rotation)).state).toBe('rolledBack')
})
