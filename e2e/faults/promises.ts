import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Run } from '../../server/api/run.ts'
import { until } from '../client.ts'
import type { Ground, Pair } from './ground.ts'
import type { Laid } from './shapes.ts'

/** The promises of docs/promises.md as checks against the embedded AWS's own truth; each throws with what is broken. */
export class Promises {
  readonly #ground: Ground
  readonly #laid: Laid
  readonly #before: ReadonlyMap<string, Pair>
  readonly #first: ReadonlySet<string>
  readonly #heldAtFirst: ReadonlySet<string>
  readonly #shape: string

  /** Made while the files are as they were laid. */
  constructor(ground: Ground, laid: Laid) {
    this.#ground = ground
    this.#laid = laid
    this.#before = ground.pairs()
    this.#heldAtFirst = new Set([...this.#before.values()].map((pair) => pair.id))
    this.#first = new Set(this.#keys().map((key) => key.id))
    this.#shape = masked(ground)
  }

  /** P1 and P3: true at every instant. */
  atEveryInstant(when: string): void {
    const { control } = this.#ground.sandbox
    const now = this.#ground.pairs()
    for (const name of this.#before.keys()) {
      const pair = now.get(name)
      if (!pair || !control.authenticates(pair.id, pair.secret))
        throw new Error(`P1: [${name}] is locked out ${when}: it holds ${pair?.id ?? 'nothing'}`)
    }
    const keys = new Map(this.#keys().map((key) => [key.id, key.status]))
    for (const id of this.#first) {
      if (keys.get(id) === 'Active' || this.#heldAtFirst.has(id) || this.#laid.named.includes(id)) continue
      throw new Error(`P3: ${id} is ${keys.get(id) ?? 'deleted'} ${when}, and nobody named it`)
    }
  }

  /**
   * P2: each live key that was made is in a file, or is told to the person. P4: nothing else of a file has changed,
   * and no half-written copy is left beside it or in the state directory. P7: no secret outside the files and the undo store.
   * @param runs all that the command shows
   * @param output what it wrote to the terminal
   */
  async atTheEnd(when: string, runs: readonly Run[], output: string): Promise<void> {
    this.atEveryInstant(when)
    const held = new Set([...this.#ground.pairs().values()].map((pair) => pair.id))
    const told = runs
      .flatMap((run) => run.rotations)
      .map(({ problem }) => problem?.detail ?? '')
      .join('\n')
    for (const { id } of this.#keys()) {
      if (this.#first.has(id) || held.has(id) || told.includes(id) || told.includes(`****${id.slice(-4)}`))
        continue
      throw new Error(`P2: ${id} is forgotten ${when}`)
    }
    if (masked(this.#ground) !== this.#shape) throw new Error(`P4: more than the pairs has changed ${when}`)
    await this.#nothingHalfWritten(when)
    this.#leaks(when, output)
  }

  /** A command that lives on writes what it keeps for itself a while later: what it is writing now is not left. */
  async #nothingHalfWritten(when: string): Promise<void> {
    const { root } = this.#ground
    const seen = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.tmp'),
    )
    await until(
      () => Promise.resolve(seen.filter((name) => existsSync(path.join(root, name)))),
      (left) => left.length === 0,
      5_000,
      `P7: a half-written copy is left ${when}`,
    )
  }

  /** What an act that must change nothing must leave alike. */
  fingerprint(): string {
    return JSON.stringify([
      [...this.#ground.pairs()],
      this.#laid.users.map((user) =>
        this.#ground.sandbox.control.keys(user).map(({ id, status }) => [id, status]),
      ),
    ])
  }

  #keys() {
    return this.#laid.users.flatMap((user) => this.#ground.sandbox.control.keys(user))
  }

  #leaks(when: string, output: string): void {
    const secrets = [...this.#before.values(), ...this.#ground.pairs().values()].map((pair) => pair.secret)
    for (const { path, text } of [...this.#ground.traces(), { path: 'the terminal', text: output }]) {
      if (secrets.some((secret) => text.includes(secret)))
        throw new Error(`P7: a secret is in ${path} ${when}`)
    }
  }
}

/** Both files with the pairs blanked out. */
function masked(ground: Ground): string {
  return (['credentials', 'config'] as const)
    .map((which) =>
      ground.text(which).replaceAll(/^(aws_access_key_id|aws_secret_access_key)(\s*=\s*)\S+$/gm, '$1$2*'),
    )
    .join('\0')
}

/** The words of P5: nothing waits for a decision any more. */
export function unfinished(runs: readonly Run[]): string | undefined {
  const open = runs
    .flatMap((run) => run.rotations)
    .find((each) => !['done', 'rolledBack', 'stopped', 'undone'].includes(each.state))
  return (
    open &&
    `${open.id} is ${open.state} at ${open.step ?? 'no step'}: ${open.problem?.name ?? ''} ${open.problem?.detail ?? ''}`
  )
}
