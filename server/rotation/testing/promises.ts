import type { Run } from '../../api/run.ts'
import type { Ground } from './ground.ts'
import type { ModelIam } from './modelIam.ts'

/** The promises of docs/promises.md as checks against the model's truth; each throws with what was broken. */
export class Promises {
  readonly #disk: Ground
  readonly #iam: ModelIam
  /** Profiles whose pair worked before anything began. */
  readonly #worked: ReadonlySet<string>
  readonly #firstIds: ReadonlySet<string>
  readonly #heldAtFirst: ReadonlySet<string>
  readonly #mayGo: ReadonlySet<string>
  readonly #secrets: () => readonly string[]

  /** @param mayGo keys besides those of the files that the plan names for deletion */
  constructor(disk: Ground, iam: ModelIam, mayGo: readonly string[]) {
    this.#disk = disk
    this.#iam = iam
    const pairs = [...disk.pairs()]
    this.#worked = new Set(pairs.filter(([, pair]) => iam.works(pair.id, pair.secret)).map(([name]) => name))
    this.#heldAtFirst = new Set(pairs.map(([, pair]) => pair.id))
    this.#firstIds = new Set(iam.users.flatMap((user) => user.keys.map((key) => key.id)))
    this.#mayGo = new Set(mayGo)
    this.#secrets = () => iam.users.flatMap((user) => user.keys.map((key) => key.secret))
  }

  /** P1 and P3: true at every instant. */
  atEveryInstant(label: string): void {
    const pairs = this.#disk.pairs()
    for (const name of this.#worked) {
      const pair = pairs.get(name)
      if (!pair || !this.#iam.works(pair.id, pair.secret))
        throw new Error(`P1: [${name}] is locked out ${label}`)
    }
    for (const user of this.#iam.users) {
      for (const key of user.keys) {
        const ours = !this.#firstIds.has(key.id)
        const touched = key.deleted || key.status !== 'Active'
        if (touched && !ours && !this.#heldAtFirst.has(key.id) && !this.#mayGo.has(key.id)) {
          throw new Error(`P3: ${key.id} was touched ${label}, and nobody named it`)
        }
      }
    }
  }

  /** P2: no key that we made is forgotten. P7: no secret in a journal. */
  atTheEnd(runs: readonly Run[], journals: string): void {
    const held = new Set([...this.#disk.pairs().values()].map((pair) => pair.id))
    // A rotation that went back made no key, or says so: 'rolled back' beside a key that lives is no telling.
    const told = runs
      .flatMap((run) => run.rotations)
      .flatMap((each) => [
        each.problem?.detail,
        ...(each.state === 'done' || each.state === 'undone' ? [each.newKey] : []),
      ])
      .join(' ')
    for (const user of this.#iam.users) {
      for (const key of user.keys) {
        if (this.#firstIds.has(key.id) || key.deleted || held.has(key.id)) continue
        if (!told.includes(key.id) && !told.includes(`****${key.id.slice(-4)}`))
          throw new Error(`P2: ${key.id} is forgotten`)
      }
    }
    for (const secret of this.#secrets())
      if (journals.includes(secret)) throw new Error('P7: a secret is in a journal')
  }
}
