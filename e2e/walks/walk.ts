import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedAws } from './aws.ts'
import type { WalkClock } from './clock.ts'
import { Life } from './life.ts'
import { both, Machine } from './machine.ts'
import type { Engine } from './machine.ts'
import type { Incident } from './incidents.ts'
import { Watch } from './watch.ts'

/** What a promise that broke is told by. */
export class Broken extends Error {}

/** One walk: its machines, its AWS, what must hold, and the story of it. */
export class Walk {
  readonly clock: WalkClock
  readonly aws: EmbeddedAws
  readonly machines: Machine[] = []
  readonly watch: Watch
  readonly story: string[] = []
  readonly #root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyturn-walk-'))
  readonly #names = new Map<string, string>()

  constructor(clock: WalkClock, random: () => number) {
    this.clock = clock
    this.aws = new EmbeddedAws(clock, random)
    this.watch = new Watch(this)
    this.aws.control.onCall((call, phase) => {
      const machine = this.machines.find(({ name }) => name === Life.current?.owner)
      if (phase === 'after' && machine) this.watch.called(machine, call)
    })
  }

  addMachine(name: string): Machine {
    const machine = new Machine(name, this.#root, this.aws)
    this.machines.push(machine)
    return machine
  }

  /** As the story calls a key: the first key of ann is `ann/1`. */
  keyName(id: string): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    for (const user of this.aws.users)
      for (const [index, key] of user.keys.entries()) this.#names.set(key.id, `${user.name}/${index + 1}`)
    return this.#names.get(id) ?? id
  }

  tell(line: string): void {
    this.story.push(this.say(line))
  }

  /** With the names of the keys, and without the directory. */
  say(text: string): string {
    let told = text
    for (const { keys } of this.aws.users)
      for (const { id } of keys)
        told = told.replaceAll(id, this.keyName(id)).replaceAll(`****${id.slice(-4)}`, this.keyName(id))
    return told.replaceAll(this.#root, '')
  }

  /**
   * Lets a machine do something, with an incident meanwhile, and looks at the promises after it.
   * @param act begins it in the product; `walk` waits until nothing is driven any more
   */
  async act(
    machine: Machine,
    line: string,
    incident: Incident | undefined,
    act: (engine: Engine) => Promise<string | void>,
  ): Promise<void> {
    this.clock.advance(60_000)
    const begun = this.story.length
    this.tell(`${machine.name}: ${line}`)
    const strike = incident?.strike(this, machine)
    const said = await machine.live(async (engine) => {
      let words: string | void
      try {
        words = await act(engine)
      } catch (error) {
        words = refused(error)
      }
      await engine.runs.idle()
      return words ?? ''
    }, strike)
    this.aws.down = false
    if (said !== undefined) this.story[begun] += said === '' ? this.#outcome(machine) : ` → ${said}`
    else this.story[begun] += ' → killed'
    this.watch.check(`after: ${line}`)
  }

  /** Somebody else does something: whatever it costs is not the product's doing. */
  person(line: string, act: () => void): void {
    this.tell(line)
    Life.outside(act)
    this.watch.refresh()
  }

  #outcome(machine: Machine): string {
    const last = machine.engine?.runs
      .all()
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .at(-1)
    if (!last) return ''
    const each = last.rotations.map(
      ({ key, newKey, state, oldKeyState, problem }) =>
        `${this.keyName(key)}${newKey === undefined ? '' : ` → ${this.keyName(newKey)}`} ${state}, old ${oldKeyState}${problem ? ` (${problem.name})` : ''}`,
    )
    return ` → last run ${last.kind} ${last.state}: ${each.join('; ')}`
  }

  close(): void {
    for (const machine of this.machines) machine.kill()
    rmSync(this.#root, { recursive: true, force: true })
  }

  /** Everything that is wrong outside of the product is put right. */
  heal(): void {
    this.aws.heal()
    for (const machine of this.machines) {
      machine.refused.clear()
      for (const which of both) machine.bringBack(which)
    }
  }
}

/** A refusal has words; what has none is a defect. */
function refused(error: unknown): string {
  const { trouble } = error as { trouble?: { name: string } }
  if (!trouble) throw new Broken(`an error without words: ${(error as Error).stack ?? String(error)}`)
  if (trouble.name === 'defect') throw new Broken('a defect')
  return `refused: ${trouble.name}`
}
