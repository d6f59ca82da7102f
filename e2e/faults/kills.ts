import type { OldKeyMode } from '../../server/api/plan.ts'
import { flapping, Ground } from './ground.ts'
import { Lives, recoverAll } from './lives.ts'
import type { Made } from './lives.ts'
import { Promises, unfinished } from './promises.ts'
import type { Shape } from './shapes.ts'

/** The boundaries of the two lives: those up to the kill, or all of them where none came. */
export interface Played {
  readonly rotation: readonly string[]
  readonly recovery: readonly string[]
}

/** Kills of one shape, one after the other: each life recovers what the life before it left, then is killed itself. */
export class Kills {
  readonly shape: Shape
  readonly oldKey: OldKeyMode
  readonly #ground: Ground
  readonly #lives: Lives
  kills = 0
  /** Orders whose boundary never came: that run had fewer. */
  survived = 0

  private constructor(shape: Shape, oldKey: OldKeyMode, ground: Ground, lives: Lives) {
    this.shape = shape
    this.oldKey = oldKey
    this.#ground = ground
    this.#lives = lives
  }

  static async open(shape: Shape, oldKey: OldKeyMode, made?: Made): Promise<Kills> {
    const ground = await Ground.open({
      behaviour: { propagation: flapping, deactivationLagMs: 60, listLagMs: 50, quotaLagMs: 30 },
    })
    const lives = new Lives(ground, made)
    await lives.begin()
    return new Kills(shape, oldKey, ground, lives)
  }

  get name(): string {
    return `${this.shape.name}, ${this.oldKey}`
  }

  /**
   * Plays once. @param killAt the boundary at which the rotation is killed; 0: none @param killRecoveryAt the one at
   * which its recovery is @throws the promise that was broken, with the boundary where it was
   */
  async play(killAt: number, killRecoveryAt = 0): Promise<Played> {
    const lives = this.#lives
    const laid = this.shape.lay(this.#ground)
    const promises = new Promises(this.#ground, laid)
    const plan = await lives.client.plan({ ...laid.wish, oldKey: this.oldKey })
    if (plan.rotate.length === 0) throw new Error(`nothing to rotate: ${JSON.stringify(plan)}`)
    lives.order({ killAt })
    await lives.orDeath(lives.client.startRun(plan.id).then(({ id }) => lives.client.finishedRun(id)))
    const rotation = lives.boundaries()
    let recovery: readonly string[] = []
    let when = `(${this.name}: killed ${rotation[killAt - 1] ?? 'nowhere'}, boundary ${killAt})`
    if (rotation.length < killAt) this.survived += 1
    else if (killAt > 0) {
      promises.atEveryInstant(`at the kill ${when}`)
      await this.#again()
      lives.order({ killAt: killRecoveryAt })
      await lives.orDeath(recoverAll(lives.client))
      recovery = lives.boundaries()
      if (killRecoveryAt > 0) {
        when += ` (then ${recovery[killRecoveryAt - 1] ?? 'nowhere'}, boundary ${killRecoveryAt})`
        if (recovery.length < killRecoveryAt) this.survived += 1
        else {
          promises.atEveryInstant(`at the kill ${when}`)
          await this.#again()
          await recoverAll(lives.client)
        }
      }
    }
    lives.pardon()
    const { runs } = await lives.client.runs()
    const open = unfinished(runs)
    if (open !== undefined) throw new Error(`P5: ${open} ${when}`)
    const before = promises.fingerprint()
    if (runs[0]) await lives.client.call('POST', `/api/runs/${runs[0].id}/recover`)
    if (promises.fingerprint() !== before) throw new Error(`P5: recovering again changed something ${when}`)
    await promises.atTheEnd(`at the end ${when}`, runs, lives.output)
    return { rotation, recovery }
  }

  async close(): Promise<void> {
    await this.#lives.kill()
    await this.#ground.close()
  }

  /** The next life: it says what was under way, and asks AWS nothing before the person asks for it (P8). */
  async #again(): Promise<void> {
    this.kills += 1
    await this.#lives.died()
    this.#lives.pardon()
    const asked = this.#ground.sandbox.calls.length
    await this.#lives.begin()
    const { runs } = await this.#lives.client.runs()
    const going = runs.find(
      ({ state }) => !['done', 'failed', 'partial', 'stopped', 'interrupted'].includes(state),
    )
    if (going) throw new Error(`P8: ${going.id} goes on unasked: ${going.state}`)
    const calls = this.#ground.sandbox.calls.slice(asked)
    if (calls.length > 0) throw new Error(`P8: AWS was asked for ${calls[0]?.action} unasked`)
  }
}
