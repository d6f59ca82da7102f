import type { Call } from '../../server/sandbox/call.ts'
import { liveKeys } from '../../server/sandbox/model.ts'
import type { Machine } from './machine.ts'
import { Broken } from './walk.ts'
import type { Walk } from './walk.ts'

/** The promises P1 to P3 against the truth of a walk: what AWS, the files and the kept pairs hold. */
export class Watch {
  readonly #walk: Walk
  /** Profiles whose pair works, by machine, file and name. */
  #working = new Map<string, string>()
  /** Users for whom somebody holds a pair that works. */
  #signing = new Set<string>()
  /** Keys that a machine turned off although they were none of its own. */
  readonly #strange = new Map<string, Machine>()
  /** Users of whom others than the product have changed a key at AWS: it cannot know that without asking. */
  readonly #blind = new Set<string>()
  #broken: Broken | undefined

  constructor(walk: Walk) {
    this.#walk = walk
  }

  /** What holds now is what must go on holding. */
  refresh(): void {
    for (const machine of this.#walk.machines)
      for (const { id } of machine.pairs().values()) machine.everHeld.add(id)
    this.#working = this.#workingNow()
    this.#signing = this.#signingNow()
  }

  /** Somebody changed this user's keys in the AWS console. */
  changedBehind(user: string): void {
    this.#blind.add(user)
  }

  /** What follows may not ask AWS, and so cannot be held to what only AWS knows. */
  unasked(): void {
    for (const user of this.#blind) this.#signing.delete(user)
  }

  /** A call of a machine's has been acted on. */
  called(machine: Machine, call: Call): void {
    if (!call.acted || call.changed === undefined) return
    const id = call.changed
    if (call.action === 'CreateAccessKey') machine.made.add(id)
    if (call.action === 'UpdateAccessKey' || call.action === 'DeleteAccessKey') {
      const own = machine.everHeld.has(id) || machine.made.has(id) || machine.named.has(id)
      if (!own && call.action === 'DeleteAccessKey')
        this.broke(`P3: ${machine.name} deleted ${id}, which is none of its own`)
      if (!own) this.#strange.set(id, machine)
    }
    this.#instant(`at ${call.action} of ${id}`)
  }

  /** @throws Broken where a promise is broken, or was within the act */
  check(label: string): void {
    this.#instant(label)
    if (this.#broken) throw this.#broken
    for (const [id, machine] of this.#strange)
      if (this.#walk.aws.key(id)?.status !== 'Active')
        throw new Broken(`P3: ${machine.name} turned ${id} off, which is none of its own, ${label}`)
    this.#strange.clear()
    for (const machine of this.#walk.machines) this.#noneForgotten(machine, label)
    this.refresh()
  }

  #instant(label: string): void {
    const working = this.#workingNow()
    for (const [place, id] of this.#working)
      if (!working.has(place) && !this.#sharedBetween(place, id))
        this.broke(`P1: ${place} is locked out ${label}`)
    const signing = this.#signingNow()
    for (const user of this.#signing)
      if (!signing.has(user)) this.broke(`P1: nobody can sign for ${user} any more, ${label}`)
  }

  /** Told at the next check. */
  broke(why: string): void {
    this.#broken ??= new Broken(why)
  }

  /** A key that another machine holds or was told of is that machine's to retire: no file here tells it better. */
  #sharedBetween(place: string, id: string): boolean {
    return this.#walk.machines.some(
      (other) =>
        !place.startsWith(`${other.name} `) &&
        (other.everHeld.has(id) || other.named.has(id) || other.made.has(id)),
    )
  }

  #workingNow(): Map<string, string> {
    const working = new Map<string, string>()
    for (const machine of this.#walk.machines)
      for (const [name, pair] of machine.pairs())
        if (this.#walk.aws.works(pair)) working.set(`${machine.name} ${name}`, pair.id)
    return working
  }

  #signingNow(): Set<string> {
    const signing = new Set<string>()
    for (const machine of this.#walk.machines)
      for (const pair of [...machine.pairs().values(), ...machine.kept()]) {
        const user = this.#walk.aws.works(pair) && this.#walk.aws.userOf(pair.id)
        if (user) signing.add(user.name)
      }
    return signing
  }

  /** P2, where no run is open that would still settle it. */
  #noneForgotten(machine: Machine, label: string): void {
    const { engine } = machine
    if (!engine || engine.runs.unfinished().length > 0) return
    const held = new Set([...machine.pairs().values(), ...machine.kept()].map(({ id }) => id))
    const told = engine.runs
      .all()
      .flatMap(({ rotations }) => rotations)
      .flatMap(({ alarm, newKey, problem, state }) => [
        alarm?.detail,
        problem?.detail,
        ...(state === 'rolledBack' || state === 'stopped' ? [] : [newKey]),
      ])
      .join(' ')
    for (const { id, status } of this.#walk.aws.users.flatMap(liveKeys)) {
      if (status !== 'Active' || !machine.made.has(id) || held.has(id)) continue
      // Of a key whose reply was lost while nobody might list, no one can know the id: that perhaps one was made is told.
      if (told.includes('nobody can tell whether it made a key')) continue
      if (!told.includes(id) && !told.includes(`****${id.slice(-4)}`))
        throw new Broken(`P2: ${id}, which ${machine.name} made, is active and forgotten, ${label}`)
    }
  }
}
