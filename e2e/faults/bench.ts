import { openRuns } from '../../server/rotation/openRuns.ts'
import { setImmediate as tick } from 'node:timers/promises'
import { join } from 'node:path'
import type { ServerEvent } from '../../server/api/events.ts'
import type { Plan, PlanRequest } from '../../server/api/plan.ts'
import type { Run } from '../../server/api/run.ts'
import { defaultSettings } from '../../server/api/settings.ts'
import type { Settings } from '../../server/api/settings.ts'
import { resolveTarget } from '../../server/aws/endpoints.ts'
import { createIam } from '../../server/aws/iam.ts'
import { readSharedConfig } from '../../server/aws/sharedConfigReader.ts'
import { FindingsFile } from '../../server/keys/findingsFile.ts'
import { Keyring } from '../../server/keys/keyring.ts'
import { planning } from '../../server/engine/adapters.ts'
import { Bus } from '../../server/platform/bus.ts'
import type { Clock } from '../../server/platform/clock.ts'
import { SeenFiles } from '../../server/profiles/store/seenFiles.ts'
import { createProfileStore } from '../../server/profiles/store/store.ts'
import type { Runs } from '../../server/rotation/runs/runs.ts'
import { SignerDesk } from '../../server/rotation/signers.ts'
import { type Hooks, Proofs } from '../../server/rotation/world.ts'
import { UndoStore } from '../../server/rotation/undoStore.ts'
import type { Undos } from '../../server/rotation/undo.ts'
import { Ground } from './ground.ts'
import type { SandboxOptions } from '../../server/sandbox/sandbox.ts'
import { Random, seed } from './random.ts'

const noHooks: Hooks = {
  and: () => noHooks,
  any: () => Promise.resolve(false),
  run: () => Promise.resolve([]),
}

/** A clock on which waiting takes no time, and on which things happen when their time has come. */
export class SoonClock implements Clock {
  #now = Date.now()
  #due: { at: number; act: () => unknown }[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  /** Does something once so many milliseconds have been waited through. */
  after(ms: number, act: () => unknown): void {
    this.#due.push({ at: this.#now + ms, act })
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.#now += ms
    for (const due of this.#due.filter(({ at }) => at <= this.#now)) {
      this.#due.splice(this.#due.indexOf(due), 1)
      await due.act()
    }
    await tick()
    signal?.throwIfAborted()
  }
}

/** The whole engine in this process, with the defaults' patience: real files, real HTTP, AWS's SDK; time alone is quick. */
export interface Bench {
  readonly ground: Ground
  readonly clock: SoonClock
  readonly runs: Runs
  readonly signers: SignerDesk
  readonly undos: Undos
  readonly events: ServerEvent[]
  /** What nobody foresaw; must stay empty. */
  readonly defects: unknown[]
  plan(request: PlanRequest): Promise<Plan>
  /** Plans, starts, and waits until nothing moves any more. @param between done when the plan is made */
  rotate(request: PlanRequest, between?: () => unknown): Promise<{ plan: Plan; run: Run }>
  /** The failed ones again; waits until nothing moves any more. */
  retry(run: Run): Promise<Run>
  close(): Promise<void>
}

/** How calls get to the embedded AWS, where they do not go there straight. */
export interface Way {
  readonly url: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * @param change of the default settings
 * @param wayTo given the port of the embedded AWS
 */
export async function openBench(
  options: Omit<SandboxOptions, 'clock'> = {},
  change: Partial<Settings> = {},
  wayTo?: (port: number) => Promise<Way>,
): Promise<Bench> {
  const clock = new SoonClock()
  const ground = await Ground.open({ ...options, clock })
  const way = (await wayTo?.(ground.sandbox.port)) ?? { url: ground.sandbox.url, env: {} }
  const settings: Settings = { ...defaultSettings, ...change }
  const bus = new Bus<ServerEvent>()
  const events: ServerEvent[] = []
  const defects: unknown[] = []
  const onDefect = (error: unknown) => void defects.push(error)
  bus.subscribe((event) => events.push(event))
  const random = new Random(seed)
  const iam = createIam({
    clock,
    random: () => random.next(),
    env: way.env,
    callsInFlight: () => settings.callsInFlight,
  })
  const proofs = new Proofs(clock)
  const store = createProfileStore({
    mayRestore: (id) => proofs.has(id),
    locations: {
      credentials: { path: ground.credentials, from: 'test' },
      config: { path: ground.config, from: 'test' },
    },
    reader: readSharedConfig,
    clock,
  })
  const findings = await FindingsFile.open(ground.state)
  const undo = new UndoStore(join(ground.state, 'undo'), clock)
  const signers: SignerDesk = new SignerDesk({ iam, clock, readKeys: () => keyring.readKeys() })
  const runs = await openRuns({
    rest: () => [],
    stateDirectory: ground.state,
    bus,
    onDefect,
    undo,
    findings,
    drainPatienceMs: 10_000,
    shop: {
      clock,
      iam,
      store,
      proofs,
      seen: await SeenFiles.open(ground.state, clock),
      waitPatienceMs: 60_000,
      signers,
      settings: () => settings,
      hooks: noHooks,
      places: { follow: () => Promise.resolve([]) },
      awsOffset: () => findings.awsOffset,
      stateWritable: () => Promise.resolve(),
    },
  })
  const keyring: Keyring = new Keyring({
    demo: false,
    version: 'test',
    clock,
    bus,
    store,
    iam,
    findings,
    resolve: (profile) => resolveTarget(profile, {}, way.url),
    settings: () => settings,
    besideKeys: { look: () => Promise.resolve(), changes: () => [] },
    putOwnChanges: () => Promise.resolve(),
    replaced: runs,
    env: {},
    notices: () => [],
    onDefect,
  })
  const { plans, undos } = planning({
    clock,
    bus,
    store,
    keyring,
    runs,
    findings,
    undo,
    settings: { get: () => settings, put: () => Promise.resolve() },
    onDefect,
  })
  const plan = async (request: PlanRequest): Promise<Plan> => {
    const { id } = await plans.begin(request)
    while (plans.get(id).state === 'checking') await tick()
    return plans.get(id)
  }
  return {
    ground,
    clock,
    runs,
    signers,
    undos,
    events,
    defects,
    plan,
    async rotate(request, between) {
      const made = await plan(request)
      await between?.()
      const { id } = await runs.start(await plans.take(made.id))
      await runs.idle()
      return { plan: made, run: runs.existing(id) }
    },
    async retry({ id }) {
      await runs.retry(id)
      await runs.idle()
      return runs.existing(id)
    },
    async close() {
      await runs.drain()
      await store.release()
      iam.close()
      await ground.close()
    },
  }
}
