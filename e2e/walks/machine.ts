import { mkdirSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultSettings } from '../../server/api/settings.ts'
import { parseOptions } from '../../server/commands/options.ts'
import { onDefect, openParts, planning } from '../../server/engine/adapters.ts'
import { pairsIn } from '../../server/rotation/testing/ground.ts'
import type { PlainPair } from '../../server/rotation/testing/ground.ts'
import type { EmbeddedAws } from './aws.ts'
import { Life } from './life.ts'
import type { Strike } from './life.ts'

export type Which = 'credentials' | 'config'
export const both: readonly Which[] = ['credentials', 'config']
export type Engine = Awaited<ReturnType<typeof openEngine>>

/** A file that is away: its bytes are here meanwhile, and this brings it back. */
interface Drawer {
  readonly text: string
  readonly back: () => void
}

/** One computer: its files, its state directory, and the process of the product that runs on it, if one does. */
export class Machine {
  readonly name: string
  readonly aws: EmbeddedAws
  readonly directory: string
  readonly state: string
  readonly drawers = new Map<Which, Drawer>()
  readonly refused = new Set<string>()
  /** Ids that one of its files ever held, keys that it made, and keys that the person named to it. */
  readonly everHeld = new Set<string>()
  readonly made = new Set<string>()
  readonly named = new Set<string>()
  #life: Life | undefined
  #engine: Engine | undefined

  constructor(name: string, root: string, aws: EmbeddedAws) {
    this.name = name
    this.aws = aws
    this.directory = join(root, name, 'aws')
    this.state = join(root, name, 'state')
    mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    mkdirSync(this.state, { recursive: true, mode: 0o700 })
    const verification = { ...defaultSettings.verification, passes: 2, intervalMs: 15_000 }
    writeFileSync(join(this.state, 'settings.json'), JSON.stringify({ verification }), { mode: 0o600 })
  }

  path(which: Which): string {
    return join(this.directory, which)
  }

  /** What a file holds, or will hold once it is back. */
  text(which: Which): string {
    const drawer = this.drawers.get(which)
    if (drawer) return drawer.text
    try {
      return readFileSync(this.path(which), 'utf8')
    } catch {
      return ''
    }
  }

  lay(which: Which, text: string): void {
    writeFileSync(this.path(which), text, { mode: 0o600 })
  }

  /** The pair of each profile by `file:section`, files that are away included. */
  pairs(): Map<string, PlainPair> {
    return pairsIn((which) => this.text(which))
  }

  /** The pairs that are kept beside the files. */
  kept(): PlainPair[] {
    const directory = join(this.state, 'undo')
    const pairs: PlainPair[] = []
    for (const name of names(directory)) {
      if (!name.endsWith('.json')) continue
      const entry = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<
        'old' | 'new',
        PlainPair | undefined
      >
      for (const pair of [entry.old, entry.new]) if (pair) pairs.push(pair)
    }
    return pairs
  }

  get engine(): Engine | undefined {
    return this.#engine
  }

  /** Starts the product where it does not run. */
  async start(): Promise<Engine> {
    if (this.#engine) return this.#engine
    const life = (this.#life = new Life(this.name, this.aws, this.refused))
    return (this.#engine = await life.live(() => openEngine(this)))
  }

  /** Does something in the product's process. @returns undefined where it was killed meanwhile */
  async live<T>(act: (engine: Engine) => Promise<T>, strike?: Strike): Promise<T | undefined> {
    const engine = await this.start()
    const life = this.#life as Life
    life.strike = strike
    const result = await Promise.race([life.live(() => act(engine)), life.died.then(() => undefined)])
    if (this.#life === life) life.strike = undefined
    return result
  }

  /** As the page's own watch of the files would: what stands there now has been seen, should it go away. */
  async sees(): Promise<void> {
    if (this.#engine) await this.live(async ({ seen, store }) => seen.saw(await store.read()))
  }

  /** Something else in the same process, that nobody waits for. */
  beside(act: () => Promise<unknown>): void {
    const life = this.#life
    if (!life) return
    void life.live(act).catch((error: unknown) => {
      if (!(error as { trouble?: unknown }).trouble) throw error
    })
  }

  /** Ends the process where it stands. */
  kill(): void {
    const life = this.#life
    this.#life = undefined
    this.#engine = undefined
    life?.kill()
    // As those of a dead process count for nothing: here all processes have one number, that of the test.
    for (const directory of [this.directory, this.state])
      for (const name of names(directory)) if (name.includes('lock')) unlinkSync(join(directory, name))
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    if (this.#engine && this.#life) {
      const { runs, store, iam } = this.#engine
      await this.#life.live(async () => {
        await runs.drain()
        await store.release()
        iam.close()
      })
    }
    this.kill()
  }

  bringBack(which: Which): void {
    const drawer = this.drawers.get(which)
    this.drawers.delete(which)
    drawer?.back()
  }

  remove(): void {
    rmSync(join(this.directory, '..'), { recursive: true, force: true })
  }
}

/** As engine.ts puts it together, without what a page needs: watching the files, and a clock for the hours. */
async function openEngine(machine: Machine) {
  const place = {
    stateDirectory: machine.state,
    credentials: machine.path('credentials'),
    config: machine.path('config'),
    endpoint: 'http://127.0.0.1:9',
    home: machine.directory,
    env: {},
    close: () => Promise.resolve(),
  }
  const parsed = parseOptions(['rotate', '--all', '--yes'])
  if (parsed.kind !== 'run') throw new Error('the options of a walk are none')
  const parts = await openParts(parsed.options, place)
  return { ...parts, ...planning({ ...parts, onDefect }) }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
