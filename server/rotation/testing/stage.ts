import { join } from 'node:path'
import { setImmediate as tick } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { OldKeyMode, PlanRequest } from '../../api/plan.ts'
import type { Rotation, StepName } from '../../api/run.ts'
import type { Settings } from '../../api/settings.ts'
import type { NewRun } from '../runs/runs.ts'
import type { Workshop } from '../world.ts'
import { Disk, type MachineRoom, openMachineRoom, QuickClock } from './machineRoom.ts'
import { ModelIam, type ModelKey, type ModelUser } from './modelIam.ts'
import { shapes } from './shapes.ts'

type InRun = Pick<Rotation, 'run'>

/** A shape laid out, and the room that works on it, for a test that lets one thing happen in a rotation. */
export class Stage {
  readonly disk = new Disk()
  readonly clock = new QuickClock()
  readonly iam = new ModelIam(this.clock)
  readonly #shape: (typeof shapes)[number]
  readonly #settings: Partial<Settings>
  readonly #parts: Partial<Workshop>
  #wish: ReturnType<(typeof shapes)[number]['lay']> | undefined
  #room: MachineRoom | undefined

  private constructor(name: string, settings: Partial<Settings>, parts: Partial<Workshop>) {
    const shape = shapes.find((each) => each.name === name)
    if (!shape) throw new Error(`no shape is called ${name}`)
    this.#shape = shape
    this.#settings = settings
    this.#parts = parts
  }

  /** @param name of a shape; it ends with the test */
  static async open(
    name = 'single',
    settings: Partial<Settings> = {},
    parts: Partial<Workshop> = {},
  ): Promise<Stage> {
    const stage = new Stage(name, settings, parts)
    onTestFinished(() => stage.disk.remove())
    stage.#wish = stage.#shape.lay(stage.disk, stage.iam)
    await stage.restart()
    return stage
  }

  get room(): MachineRoom {
    if (!this.#room) throw new Error('the room is not open')
    return this.#room
  }

  /** The first user of the shape. */
  get user(): ModelUser {
    return this.iam.users[0] as ModelUser
  }

  /** The keys that AWS knows of the first user, in the order in which they were made. */
  get keys(): ModelKey[] {
    return this.user.keys.filter((key) => !key.deleted)
  }

  /** A new process: all that the last one had in memory is gone. */
  async restart(): Promise<void> {
    this.#room = await openMachineRoom(this.disk, this.iam, this.clock, this.#settings, this.#parts)
  }

  /** @param more to ask for than the shape does */
  async planned(oldKey: OldKeyMode = 'deactivate', more: Partial<PlanRequest> = {}): Promise<NewRun> {
    const { id } = await this.room.plans.begin({ keys: 'all', ...this.#wish, oldKey, ...more })
    while (this.room.plans.get(id).state === 'checking') await tick()
    return this.room.plans.take(id)
  }

  /** Rotates what the shape asks for. @returns its first rotation, once nothing is driven any more */
  async rotate(oldKey: OldKeyMode = 'deactivate'): Promise<Rotation> {
    return this.run(await this.planned(oldKey))
  }

  /** @returns the first rotation, once nothing is driven any more */
  async run(run: NewRun): Promise<Rotation> {
    return this.ended({ run: (await this.room.runs.start(run)).id })
  }

  /** Begins, and returns as soon as this step is no longer to come. */
  async begin(step: StepName, oldKey: OldKeyMode = 'deactivate'): Promise<Rotation> {
    const run = (await this.room.runs.start(await this.planned(oldKey))).id
    while (this.now({ run }).steps.find(({ name }) => name === step)?.state === 'pending') await tick()
    return this.now({ run })
  }

  async retry({ run }: Rotation): Promise<Rotation> {
    await this.room.runs.retry(run)
    return this.ended({ run })
  }

  async recover({ run }: Rotation): Promise<Rotation> {
    await this.room.runs.recover(run)
    return this.ended({ run })
  }

  async restore({ id }: Rotation): Promise<Rotation> {
    return this.run(await this.room.undos.ofRotation(id, { how: 'restore' }))
  }

  async ended(of: InRun): Promise<Rotation> {
    await this.room.runs.idle()
    return this.now(of)
  }

  /** How the first rotation of the same run stands. */
  now({ run }: InRun): Rotation {
    return this.room.runs.existing(run).rotations[0] as Rotation
  }

  /** Another program puts one key in the place of another in the credentials file: in one profile, or in all. */
  puts(key: ModelKey, inPlaceOf: ModelKey, profile?: string): void {
    const sections = this.disk.text('credentials').split(/^(?=\[)/m)
    const written = sections.map((section) =>
      profile === undefined || section.startsWith(`[${profile}]`)
        ? section.replaceAll(inPlaceOf.id, key.id).replaceAll(inPlaceOf.secret, key.secret)
        : section,
    )
    this.disk.lay('credentials', written.join(''))
  }

  /** The file of a run's journal. */
  journal({ run }: InRun): string {
    return join(this.disk.state, 'runs', `${run}.jsonl`)
  }

  /** The pair of each profile, as `name id`. */
  held(): string[] {
    return [...this.disk.pairs()].map(([name, { id }]) => `${name.split(':')[1]} ${id}`)
  }
}
