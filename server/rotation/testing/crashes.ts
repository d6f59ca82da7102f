import type { OldKeyMode } from '../../api/plan.ts'
import { defaultSettings } from '../../api/settings.ts'
import type { UndoHow } from '../../api/run.ts'
import type { Iam } from '../../keys/iam.ts'
import { mountModel } from './fsOnModel.ts'
import { type MachineRoom, openMachineRoom, QuickClock } from './machineRoom.ts'
import { type DiskImage, type Ending, endings, keyOf, ModelDisk } from './modelDisk.ts'
import { type IamImage, ModelIam } from './modelIam.ts'
import { Promises } from './promises.ts'
import type { Shape } from './shapes.ts'

export interface Scenario {
  readonly shape: Shape
  readonly oldKey: OldKeyMode
  /** Crash in an undo that follows an undisturbed rotation, not in the rotation. */
  readonly undo?: UndoHow
  /** Or in a mend, after the files were lost, or the second half of each. */
  readonly lost?: 'files' | 'ends'
}

/** What a death leaves to the next life: the disk, AWS and the time. All memory is gone. */
export interface Death {
  /** At which boundary, and how. */
  readonly where: string
  readonly ending: Ending
  readonly disk: DiskImage
  readonly iam: IamImage
  readonly now: number
}

/** Long intervals: waiting costs nothing here, but each poll does. */
const patient = { ...defaultSettings.verification, intervalMs: 15_000 }

export function nameOf({ shape, oldKey, undo, lost }: Scenario): string {
  return [shape.name, oldKey, undo, lost && `${lost} lost`].filter(Boolean).join(', ')
}

/**
 * A scenario in which the program dies. Each disk write, fsync, rename and call to AWS has a boundary before and
 * after it, and each write one in its middle. What a death there would leave is kept, and the life goes on: so that
 * one life shows all its deaths, and from each of them the next life can begin.
 */
export class Play {
  readonly #disk: ModelDisk
  readonly #clock = new QuickClock()
  readonly #iam = new ModelIam(this.#clock)
  readonly #scenario: Scenario
  #promises: Promises | undefined

  private constructor(scenario: Scenario, honest: boolean) {
    this.#scenario = scenario
    this.#disk = new ModelDisk(honest)
  }

  /**
   * Lends `act` a play on a disk of its own.
   * @param honest false: the disk says that it has fsynced and has not
   */
  static async of<T>(scenario: Scenario, act: (play: Play) => Promise<T>, honest = true): Promise<T> {
    const play = new Play(scenario, honest)
    const unmount = mountModel(play.#disk)
    try {
      return await act(play)
    } finally {
      unmount()
    }
  }

  /** The rotation, or the undo, that nobody disturbs. @returns the deaths that it could have died */
  async firstLife(): Promise<readonly Death[]> {
    const { shape, oldKey, undo, lost } = this.#scenario
    const wish = shape.lay(this.#disk, this.#iam)
    const named = [...(wish.deleteSpares ?? []), ...(wish.merge ?? [])]
    const ask = { ...wish, oldKey }
    if (undo === undefined && lost === undefined) {
      this.#promises = new Promises(this.#disk, this.#iam, named)
      return this.#live('the first life', async (room) => succeeded(room, await room.rotate(ask)))
    }
    const room = await openMachineRoom(this.#disk, this.#iam, this.#clock, { verification: patient })
    const run = await room.rotate(ask)
    const made = room.runs.existing(run).rotations.flatMap((each) => [each.key, each.newKey ?? ''])
    if (lost) this.#lose(lost)
    this.#promises = new Promises(this.#disk, this.#iam, [...made, ...named])
    return this.#live('the first life', async (next) => {
      const wanted = undo ? await next.undos.ofRun(run, { how: undo }) : (await next.undos.mend()).run
      if (!wanted) throw new Error('there is nothing to run')
      const { id } = await next.runs.start(wanted)
      await next.runs.idle()
      succeeded(next, id)
    })
  }

  #lose(what: 'files' | 'ends'): void {
    for (const which of ['credentials', 'config'] as const) {
      const text = this.#disk.text(which)
      if (text === '') continue
      if (what === 'files') this.#disk.lose(which)
      else this.#disk.lay(which, text.slice(0, text.length / 2))
    }
  }

  /** The life after a death: it recovers, undisturbed. @returns the deaths that it could have died itself */
  lifeAfter(death: Death): Promise<readonly Death[]> {
    return this.#recovery(death, true)
  }

  /** The same without another death. */
  async lastLifeAfter(death: Death): Promise<void> {
    await this.#recovery(death, false)
  }

  async #recovery(death: Death, mortal: boolean): Promise<readonly Death[]> {
    this.#disk.restore(death.disk)
    this.#iam.restore(death.iam)
    this.#clock.set(death.now)
    try {
      this.#checked.atEveryInstant('as the next life finds it')
      return await this.#live('the recovery', recoverAll, mortal)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n  after a death ${death.where}`, { cause: error })
    }
  }

  get #checked(): Promises {
    if (!this.#promises) throw new Error('nothing is laid out yet')
    return this.#promises
  }

  async #live(name: string, act: (room: MachineRoom) => Promise<unknown>, mortal = true): Promise<Death[]> {
    const deaths = new Map<string, Death>()
    let broken: unknown
    const boundary = (label: string) => {
      const where = `${label} of ${name}`
      // Kept, not thrown: the engine would take what is thrown here for a failure of the disk and go on.
      broken ??= brokenBy(() => this.#checked.atEveryInstant(where))
      if (!mortal) return
      for (const death of this.#deathsHere(where)) if (!deaths.has(death.key)) deaths.set(death.key, death)
    }
    this.#disk.onBoundary = boundary
    this.#iam.log.length = 0
    const room = await openMachineRoom(this.#disk, observed(this.#iam, boundary), this.#clock, {
      verification: patient,
    })
    if (this.#iam.log.length > 0) throw new Error('P8: a start alone asked AWS for something')
    await act(room)
    this.#disk.onBoundary = () => undefined
    if (broken !== undefined) throw broken
    if (room.defects.length > 0) throw room.defects[0]
    await this.#end()
    return [...deaths.values()]
  }

  /** Two deaths that leave the same are one. */
  #deathsHere(where: string): (Death & { readonly key: string })[] {
    const iam = this.#iam.image()
    const now = this.#clock.now()
    const around = JSON.stringify([iam, now])
    return endings.map((ending) => {
      const disk = this.#disk.after(ending)
      return { where: `${where}, ${ending}`, ending, disk, iam, now, key: keyOf(disk) + around }
    })
  }

  /** Recovering once more changes nothing, and nothing is open, forgotten or left lying about. */
  async #end(): Promise<void> {
    const before = this.#fingerprint()
    const room = await openMachineRoom(this.#disk, this.#iam, this.#clock, { verification: patient })
    await recoverAll(room)
    if (this.#fingerprint() !== before) throw new Error('P5: recovering again changed something')
    if (room.defects.length > 0) throw room.defects[0]
    const [damaged] = room.runs.damaged
    if (damaged) throw new Error(`P5: a journal cannot be read: ${damaged.why}`)
    const runs = room.runs.all()
    const open = runs
      .flatMap((run) => run.rotations)
      .find((each) => !['done', 'rolledBack', 'stopped', 'undone'].includes(each.state))
    if (open) throw new Error(`P5: a rotation is still ${open.state}: ${open.problem?.detail ?? ''}`)
    const left = this.#disk.temporaries()
    if (left.length > 0) throw new Error(`P7: ${left.join(', ')} is left behind`)
    this.#checked.atEveryInstant('at the end')
    this.#checked.atTheEnd(runs, this.#disk.journals())
  }

  #fingerprint(): string {
    return JSON.stringify([
      [...this.#disk.pairs()],
      this.#iam.users.map((user) => user.keys.map((key) => [key.id, key.status, key.deleted])),
    ])
  }
}

/** What is not disturbed gets through: else its deaths would say little. */
function succeeded(room: MachineRoom, run: string): void {
  const { state } = room.runs.existing(run)
  if (state !== 'done') throw new Error(`undisturbed, and yet ${state}`)
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

/** Puts a boundary before and after every call to AWS. */
function observed(iam: Iam, boundary: (label: string) => void): Iam {
  return new Proxy(iam, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]) => {
        boundary(`before ${String(name)}`)
        try {
          return (await Reflect.apply(method, target, args)) as unknown
        } finally {
          boundary(`after ${String(name)}`)
        }
      }
    },
  })
}
