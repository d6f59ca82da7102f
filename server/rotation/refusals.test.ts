import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as tick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Disk, openMachineRoom, QuickClock, type MachineRoom } from './testing/machineRoom.ts'
import { ModelIam } from './testing/modelIam.ts'
import { shapes } from './testing/shapes.ts'

let disk: Disk
let iam: ModelIam
let room: MachineRoom
let wish: ReturnType<(typeof shapes)[number]['lay']>

beforeEach(async () => {
  disk = new Disk()
  const clock = new QuickClock()
  iam = new ModelIam(clock)
  wish = shapes[0]!.lay(disk, iam)
  room = await openMachineRoom(disk, iam, clock)
})
afterEach(() => disk.remove())

async function planned() {
  const { id } = await room.plans.begin({ ...wish, oldKey: 'deactivate' })
  while (room.plans.get(id).state === 'checking') await tick()
  return room.plans.take(id)
}

describe('what the engine refuses', () => {
  it('a second run of a key that is under way: only one new key is made', async () => {
    const [first, second] = [await planned(), await planned()]
    await room.runs.start(first)
    await expect(room.runs.start(second)).rejects.toMatchObject({ trouble: { name: 'key-busy' } })
    await room.runs.idle()
    expect(iam.users[0]!.keys).toHaveLength(2)
    expect(room.runs.all()).toHaveLength(1)
  })

  it('to begin, retry or recover anything once it is closing', async () => {
    const run = await planned()
    await room.runs.drain()
    const refused = { trouble: { name: 'stopping' } }
    await expect(room.runs.start(run)).rejects.toMatchObject(refused)
    await expect(room.runs.retry('any')).rejects.toMatchObject(refused)
    await expect(room.runs.recover('any')).rejects.toMatchObject(refused)
    expect(iam.users[0]!.keys).toHaveLength(1)
  })

  it('to retry while the journal cannot be read, and retries once it can', async () => {
    iam.users[0]!.denied.add('CreateAccessKey')
    const id = await room.rotate({ ...wish, oldKey: 'deactivate' })
    iam.users[0]!.denied.clear()
    const journal = join(disk.state, 'runs', `${id}.jsonl`)
    renameSync(journal, `${journal}.away`)
    await expect(room.runs.retry(id)).rejects.toMatchObject({ trouble: { name: 'journal-unwritable' } })
    expect(room.runs.busy).toBe(false)
    expect(iam.users[0]!.keys).toHaveLength(1)
    renameSync(`${journal}.away`, journal)
    await room.runs.retry(id)
    await room.runs.idle()
    expect(room.runs.existing(id).state).toBe('done')
  })
})
