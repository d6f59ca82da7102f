import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OldKeyMode } from '../../api/plan.ts'
import type { Iam } from '../../keys/iam.ts'
import type { UndoHow } from '../../api/run.ts'
import { Life, mortal } from './life.ts'
import { Disk, type MachineRoom, openMachineRoom, QuickClock } from './machineRoom.ts'
import { ModelIam } from './modelIam.ts'
import { Promises } from './promises.ts'
import type { Shape } from './shapes.ts'

export interface Scenario {
  readonly shape: Shape
  readonly oldKey: OldKeyMode
  /** Crash in an undo that follows an undisturbed rotation, not in the rotation. */
  readonly undo?: UndoHow
}

export function nameOf({ shape, oldKey, undo }: Scenario): string {
  return `${shape.name}, ${oldKey}${undo ? `, ${undo}` : ''}`
}

/**
 * Plays a scenario in which the n-th life ends at its `deaths[n]`-th boundary; 0 or nothing: it lives on. After the
 * last death one more life recovers undisturbed, and recovers once more to show that this changes nothing.
 * @returns how many boundaries each life saw
 * @throws what was broken: P1 and P3 at every boundary, P2, P5 and P7 at the end
 */
export async function play(scenario: Scenario, deaths: readonly number[]): Promise<number[]> {
  const disk = new Disk()
  try {
    const clock = new QuickClock()
    const iam = new ModelIam(clock)
    const wish = scenario.shape.lay(disk, iam)
    const ask = { ...wish, oldKey: scenario.oldKey }
    const seen: number[] = []
    let promises = new Promises(disk, iam, [...(wish.deleteSpares ?? []), ...(wish.merge ?? [])])
    let undoes: string | undefined
    if (scenario.undo) {
      const room = await openMachineRoom(disk, iam, clock)
      undoes = await room.rotate(ask)
      const made = room.runs.existing(undoes).rotations.flatMap((each) => [each.key, each.newKey ?? ''])
      promises = new Promises(disk, iam, made)
    }
    const first = async (room: MachineRoom) => {
      if (undoes === undefined || scenario.undo === undefined) return void (await room.rotate(ask))
      await room.runs.start(await room.undos.ofRun(undoes, { how: scenario.undo }))
      await room.runs.idle()
    }
    for (const [index, diesAt] of [...deaths, 0].entries()) {
      const life = new Life(diesAt, (label) => promises.atEveryInstant(`${label} of life ${index + 1}`))
      const alive = life.run(async () => {
        const room = await openMachineRoom(disk, mortal(iam) as Iam, clock)
        if (index === 0) await first(room)
        else await recoverAll(room)
      })
      await Promise.race([alive, life.death])
      seen.push(life.boundaries.length)
      await disk.dropLocks()
      if (!life.dead) break
    }
    const before = JSON.stringify([...disk.pairs()])
    const keys = JSON.stringify(
      iam.users.map((user) => user.keys.map((key) => [key.id, key.status, key.deleted])),
    )
    const room = await openMachineRoom(disk, iam, clock)
    await recoverAll(room)
    if (JSON.stringify([...disk.pairs()]) !== before) throw new Error('P5: recovering again changed a file')
    if (
      JSON.stringify(iam.users.map((user) => user.keys.map((key) => [key.id, key.status, key.deleted]))) !==
      keys
    ) {
      throw new Error('P5: recovering again changed a key')
    }
    if (room.defects.length > 0) throw room.defects[0]
    if (room.runs.damaged.length > 0)
      throw new Error(`P5: a journal cannot be read: ${room.runs.damaged[0]?.why}`)
    const runs = room.runs.all()
    const open = runs
      .flatMap((run) => run.rotations)
      .find((each) => !['done', 'rolledBack', 'stopped', 'undone'].includes(each.state))
    if (open) throw new Error(`P5: a rotation is still ${open.state}: ${open.problem?.detail ?? ''}`)
    promises.atEveryInstant('at the end')
    promises.atTheEnd(runs, journals(disk))
    return seen
  } finally {
    disk.remove()
  }
}

async function recoverAll(room: MachineRoom): Promise<void> {
  for (const run of room.runs.interrupted()) await room.runs.recover(run.id)
  await room.runs.idle()
}

function journals(disk: Disk): string {
  const directory = join(disk.state, 'runs')
  if (!existsSync(directory)) return ''
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('')
}
