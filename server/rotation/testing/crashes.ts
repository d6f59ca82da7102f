import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OldKeyMode } from '../../api/plan.ts'
import { defaultSettings } from '../../api/settings.ts'
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

/** Long intervals: waiting costs nothing here, but each poll does. */
const patient = { ...defaultSettings.verification, intervalMs: 15_000 }

export function nameOf({ shape, oldKey, undo }: Scenario): string {
  return `${shape.name}, ${oldKey}${undo ? `, ${undo}` : ''}`
}

/**
 * Plays a scenario in which the n-th life ends at its `deaths[n]`-th boundary; 0 or nothing: it lives on. After the
 * last death one more life recovers undisturbed, and recovers once more to show that this changes nothing.
 * @returns the boundaries that each life saw
 * @throws what was broken: P1 and P3 at every boundary, P2, P5 and P7 at the end
 */
export async function play(
  scenario: Scenario,
  deaths: readonly number[],
): Promise<readonly (readonly string[])[]> {
  const disk = new Disk()
  try {
    const clock = new QuickClock()
    const iam = new ModelIam(clock)
    const wish = scenario.shape.lay(disk, iam)
    const ask = { ...wish, oldKey: scenario.oldKey }
    const seen: (readonly string[])[] = []
    let promises = new Promises(disk, iam, [...(wish.deleteSpares ?? []), ...(wish.merge ?? [])])
    let undoes: string | undefined
    let broken: unknown
    if (scenario.undo) {
      const room = await openMachineRoom(disk, iam, clock, { verification: patient })
      undoes = await room.rotate(ask)
      const made = room.runs.existing(undoes).rotations.flatMap((each) => [each.key, each.newKey ?? ''])
      promises = new Promises(disk, iam, [...made, ...(wish.deleteSpares ?? []), ...(wish.merge ?? [])])
    }
    const first = async (room: MachineRoom) => {
      if (undoes === undefined || scenario.undo === undefined) return void (await room.rotate(ask))
      await room.runs.start(await room.undos.ofRun(undoes, { how: scenario.undo }))
      await room.runs.idle()
    }
    for (const [index, diesAt] of [...deaths, 0].entries()) {
      const life = new Life(diesAt, (label) => {
        // Kept, not thrown: the engine would take what is thrown here for a failure of the disk and go on.
        broken ??= brokenBy(() => promises.atEveryInstant(`${label} of life ${index + 1}`))
      })
      const alive = life.run(async () => {
        const room = await openMachineRoom(disk, mortal(iam), clock, { verification: patient })
        if (index === 0) await first(room)
        else await recoverAll(room)
      })
      await Promise.race([alive, life.death])
      seen.push(life.boundaries)
      await life.stilled()
      await disk.dropLocks()
      if (!life.dead) break
    }
    if (broken !== undefined) throw broken
    const before = JSON.stringify([...disk.pairs()])
    const keys = JSON.stringify(
      iam.users.map((user) => user.keys.map((key) => [key.id, key.status, key.deleted])),
    )
    const room = await openMachineRoom(disk, iam, clock, { verification: patient })
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

function brokenBy(check: () => void): unknown {
  try {
    check()
    return undefined
  } catch (error) {
    return error
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

/**
 * Where a death can leave something of its own behind: before each boundary's act, and after the last. A death after
 * one act and one before the next leave the same disk and the same AWS, since memory is dropped in both.
 */
export function deathsIn(boundaries: readonly string[]): number[] {
  return boundaries.flatMap((label, index) =>
    label.startsWith('before') || index === boundaries.length - 1 ? [index + 1] : [],
  )
}
