import { AwsFailure } from '../../keys/iam.ts'
import { openRuns } from '../openRuns.ts'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as tick } from 'node:timers/promises'
import type { ServerEvent } from '../../api/events.ts'
import type { Which } from '../../api/inventory.ts'
import type { PlanRequest } from '../../api/plan.ts'
import { defaultSettings, type Settings } from '../../api/settings.ts'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import type { Iam } from '../../keys/iam.ts'
import { oldKeysOf } from '../../keys/oldKeys.ts'
import type { Finding, HeldKey } from '../../keys/ports.ts'
import { makeDirectory, sweepDirectory } from '../../platform/atomicFile.ts'
import { Bus } from '../../platform/bus.ts'
import type { Clock } from '../../platform/clock.ts'
import type { FilesSnapshot } from '../../profiles/ports.ts'
import { SeenFiles } from '../../profiles/store/seenFiles.ts'
import { createProfileStore } from '../../profiles/store/store.ts'
import { Plans } from '../plans.ts'
import type { Runs } from '../runs/runs.ts'
import { SignerDesk } from '../signers.ts'
import { type Hooks, Proofs, type Workshop } from '../world.ts'
import { target } from './target.ts'
import { UndoStore } from '../undoStore.ts'
import { Undos } from '../undo.ts'
import { type Ground, pairsIn, type PlainPair } from './ground.ts'

/** A clock on which waiting takes no time. */
export class QuickClock implements Clock {
  #now: number
  #slept = 0

  constructor(now = Date.parse('2026-03-01T12:00:00Z')) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#slept
  }

  set(now: number): void {
    this.#now = now
  }

  /** Time passes. */
  advance(ms: number): void {
    this.#now += ms
    this.#slept += ms
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw signal.reason
    const wake = this.#now + ms
    const awake = this.#slept + ms
    await this.asleep()
    // Those who sleep at the same time sleep through the same time.
    this.#slept = Math.max(this.#slept, awake)
    this.#now = Math.max(this.#now, wake)
    if (signal?.aborted) throw signal.reason
  }

  /** What else happens meanwhile. */
  protected async asleep(): Promise<void> {
    await tick()
  }
}

/** Files and a state directory of their own, on memory-backed storage where there is some. */
export class Disk implements Ground {
  readonly root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyturn-rotation-'))
  readonly credentials = join(this.root, 'credentials')
  readonly config = join(this.root, 'config')
  readonly state = join(this.root, 'state')

  text(which: Which): string {
    return existsSync(this[which]) ? readFileSync(this[which], 'utf8') : ''
  }

  lay(which: Which, text: string): void {
    writeFileSync(this[which], text)
  }

  pairs(): Map<string, PlainPair> {
    return pairsIn((which) => this.text(which))
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** The engine over a real store and real files, with AWS and time given by the test. */
export interface MachineRoom {
  readonly runs: Runs
  readonly plans: Plans
  readonly undos: Undos
  readonly undo: UndoStore
  readonly signers: SignerDesk
  readonly events: ServerEvent[]
  readonly defects: unknown[]
  readKeys(): Promise<{ snapshot: FilesSnapshot; keys: HeldKey[] }>
  /** Plans and starts; waits until nothing is driven any more. */
  rotate(request: PlanRequest): Promise<string>
}

/** @param parts of the workshop that are not the usual ones */
export async function openMachineRoom(
  disk: Ground,
  iam: Iam,
  clock: Clock,
  change: Partial<Settings> = {},
  parts: Partial<Workshop> = {},
): Promise<MachineRoom> {
  const settings: Settings = { ...defaultSettings, ...change }
  const bus = new Bus<ServerEvent>()
  const events: ServerEvent[] = []
  const defects: unknown[] = []
  bus.subscribe((event) => events.push(event))
  const proofs = new Proofs(clock)
  const store = createProfileStore({
    mayRestore: (id) => proofs.has(id),
    locations: {
      credentials: { path: disk.credentials, from: 'test' },
      config: { path: disk.config, from: 'test' },
    },
    reader: readSharedConfig,
    clock,
  })
  const undo = new UndoStore(join(disk.state, 'undo'), clock)
  const readKeys = async () => {
    const snapshot = await store.read()
    const byId = new Map<string, HeldKey>()
    for (const profile of snapshot.profiles) {
      if (!profile.pair) continue
      const { pair } = profile
      const known = byId.get(pair.id)
      byId.set(pair.id, { id: pair.id, pair, target, profiles: [...(known?.profiles ?? []), profile] })
    }
    return { snapshot, keys: [...byId.values()] }
  }
  const signers = new SignerDesk({ iam, clock, readKeys })
  await makeDirectory(disk.state)
  for (const each of ['', 'undo']) await sweepDirectory(join(disk.state, each))
  const onDefect = (error: unknown) => void defects.push(error)
  const findings = new Map<string, Finding>()
  const seen = await SeenFiles.open(disk.state, clock)
  const runs = await openRuns({
    stateDirectory: disk.state,
    bus,
    onDefect,
    undo,
    findings: {
      all: () => [...findings.values()],
      put: (finding) => Promise.resolve(void findings.set(finding.id, finding)),
    },
    drainPatienceMs: 50,
    rest: () => [],
    instead: parts,
    shop: {
      clock,
      iam,
      store,
      proofs,
      seen,
      waitPatienceMs: 60_000,
      signers,
      settings: () => settings,
      hooks: noHooks,
      places: { follow: () => Promise.resolve([]) },
      awsOffset: () => 0,
      stateWritable: () => Promise.resolve(),
    },
  })
  const check = async (held: HeldKey): Promise<Finding> => {
    const signer = { kind: 'own' as const, pair: held.pair, target }
    const asOf = new Date(clock.now()).toISOString()
    try {
      const identity = await iam.whoAmI(signer)
      const list = await iam.listKeys(signer)
      const finding: Finding = {
        id: held.id,
        asOf,
        account: { id: identity.account, derived: false },
        user: { name: identity.userName ?? '', arn: identity.arn },
        lastUsed: {},
        clockOffsetMs: (list.date ?? clock.now()) - clock.now(),
        siblings: list.keys
          .filter((key) => key.id !== held.id)
          .map(({ id, status }) => ({ id, status, lastUsed: {} })),
      }
      findings.set(held.id, finding)
      return finding
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      const finding: Finding = { id: held.id, asOf, siblings: [], problem: error.trouble }
      findings.set(held.id, finding)
      return finding
    }
  }
  const plans = new Plans({
    clock,
    bus,
    readKeys,
    check,
    excluded: () => new Set(),
    canary: () => false,
    ours: () => runs.ours(),
    replaced: () => runs.replaced(),
    quietDays: () => settings.quietDays,
    newRunId: () => runs.newId(),
    onDefect,
  })
  const undos = new Undos({
    runs,
    store,
    kept: undo,
    readKeys,
    putAway: (names) => {
      settings.takenOut = [...(settings.takenOut ?? []), ...names]
      return Promise.resolve()
    },
    oldKeys: async () =>
      oldKeysOf({
        now: clock.now(),
        held: (await readKeys()).keys,
        findings: [...findings.values()],
        settings,
        replaced: runs.replaced(),
        ours: runs.ours(),
      }),
    findings: {
      get: (id) => findings.get(id),
      all: () => [...findings.values()],
      put: () => Promise.resolve(),
      forget: () => Promise.resolve(),
    },
  })
  const { snapshot: first } = await readKeys()
  await seen.saw(first)
  runs.sawFiles(first)
  return {
    runs,
    plans,
    undos,
    undo,
    signers,
    events,
    defects,
    readKeys,
    async rotate(request) {
      const { id } = await plans.begin(request)
      while (plans.get(id).state === 'checking') await tick()
      const run = await runs.start(await plans.take(id))
      await runs.idle()
      return run.id
    },
  }
}

const noHooks: Hooks = {
  and: () => noHooks,
  any: () => Promise.resolve(false),
  run: () => Promise.resolve([]),
}
