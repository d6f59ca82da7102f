import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Run } from '../../server/api/run.ts'
import { Client } from '../client.ts'
import { Command } from '../command.ts'
import type { Ground } from './ground.ts'

const preload = fileURLToPath(new URL('./failpoints.mjs', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the preload is to do; see failpoints.mjs. */
export interface Order {
  readonly killAt?: number
  readonly refuse?: {
    readonly what: string
    readonly nth: number
    readonly times?: number
    readonly code: string
  }
}

/** How the command is run: built, or from source where nothing is built (`npm test`). */
export const built = { script: process.env['KEYTURN_COMMAND'] ?? join(root, 'dist', 'server', 'main.js') }
export const fromSource = { script: join(root, 'server', 'main.ts'), nodeArgs: ['--import', 'tsx'] }
export type Made = { readonly script: string; readonly nodeArgs?: readonly string[] }

/** One life of the command after another over the same ground, each under orders of when to die. */
export class Lives {
  readonly #ground: Ground
  readonly #made: Made
  readonly #state: string
  readonly #orders: string
  #order = 0
  #traced = 0
  command: Command | undefined
  /** Set while a life is under way. */
  client!: Client
  /** What all lives wrote to the terminal, but the links: those hold a launch secret, of no use here. */
  output = ''

  /** @param made how the command is run @param state its state directory */
  constructor(ground: Ground, made: Made = built, state = ground.state) {
    this.#ground = ground
    this.#made = made
    this.#state = state
    this.#orders = join(ground.root, `orders-${Math.random().toString(36).slice(2)}`)
    mkdirSync(this.#orders)
    writeFileSync(join(this.#orders, 'trace'), '')
    this.pardon()
  }

  /** A new process; the one before must have ended. */
  async begin(): Promise<Client> {
    const { command, link } = await Command.start({
      script: this.#made.script,
      nodeArgs: [...(this.#made.nodeArgs ?? []), '--import', preload],
      args: this.#ground.args(this.#state),
      env: { KEYTURN_FAILPOINTS: this.#orders },
      patienceMs: 120_000,
    })
    this.command = command
    this.client = await Client.open(link)
    return this.client
  }

  /** From now on boundaries count anew. */
  order(order: Order = {}): void {
    this.#order += 1
    this.#traced = this.#trace().length
    this.#give({ id: this.#order, ...order })
  }

  /** No order: nothing counts, nobody dies. */
  pardon(): void {
    this.#give({ id: 0 })
  }

  /** In one go: the process may be reading it. */
  #give(order: Order & { id: number }): void {
    const file = join(this.#orders, 'order.json')
    writeFileSync(`${file}.new`, JSON.stringify(order))
    renameSync(`${file}.new`, file)
  }

  /** The boundaries since the last order. */
  boundaries(): string[] {
    return this.#trace()
      .slice(this.#traced)
      .filter((line) => line.startsWith(`${this.#order} `) && !line.includes(' refused '))
      .map((line) => line.replace(/^\d+ \d+ /, ''))
  }

  /** How often the disk refused since the last order. */
  refusals(): string[] {
    return this.#trace()
      .slice(this.#traced)
      .filter((line) => line.startsWith(`${this.#order} refused `))
  }

  /** Waits for an act or for the death of the process. @returns undefined where it died */
  async orDeath<T>(act: Promise<T>): Promise<T | undefined> {
    const { command } = this
    if (!command) throw new Error('no life is under way')
    const died = Symbol('died')
    const outcome = await Promise.race([
      act.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
      command.exited.then(() => died),
    ])
    if (typeof outcome === 'object' && 'value' in outcome) return outcome.value
    // A request of ours that broke off is how a death shows first; any other error is one.
    const lost = outcome === died || isLost((outcome as { error: unknown }).error)
    if (!lost) throw (outcome as { error: unknown }).error
    await command.exited
    return undefined
  }

  async kill(): Promise<void> {
    await this.command?.kill()
    this.#ended()
  }

  /** To be called once the process has died, by order or otherwise. */
  async died(): Promise<void> {
    const exit = await this.command?.exited
    if (exit && exit.signal !== 'SIGKILL')
      throw new Error(`it ended by ${exit.signal ?? `exit ${exit.code}`}:\n${this.command?.stderr}`)
    this.#ended()
  }

  /** To be called once the process has ended in its own way. */
  async ended(): Promise<void> {
    await this.command?.exited
    this.#ended()
  }

  #ended(): void {
    if (!this.command) return
    this.output += this.command.stderr + this.command.stdout.replaceAll(/#\S+/g, '#')
    this.command = undefined
  }

  #trace(): string[] {
    return readFileSync(join(this.#orders, 'trace'), 'utf8').split('\n').slice(0, -1)
  }
}

function isLost(error: unknown): boolean {
  return (
    (error instanceof TypeError && error.message === 'fetch failed') ||
    (error instanceof Error && /terminated|other side closed/.test(error.message))
  )
}

/** Presses 'Finish or roll back' on every interrupted run, and waits. @returns all runs, newest first */
export async function recoverAll(client: Client, patienceMs = 120_000): Promise<Run[]> {
  const { runs } = await client.runs()
  for (const run of runs.filter(({ state }) => state === 'interrupted')) {
    await client.call('POST', `/api/runs/${run.id}/recover`)
    await client.finishedRun(run.id, patienceMs)
  }
  return (await client.runs()).runs
}
