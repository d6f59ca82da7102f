import type { Settings } from '../api/settings.ts'
import type { Trouble } from '../api/problem.ts'
import type { StepName } from '../api/run.ts'
import type { Account, User } from '../api/inventory.ts'
import type { CallOptions, Iam, KeyList, KeyRecord, Signer, Target } from '../keys/iam.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import type { FilesSnapshot, FoundProfile, ProfileStore } from '../profiles/ports.ts'
import { Patience } from '../platform/patience.ts'
import type { FileSeen, SeenFiles } from '../profiles/store/seenFiles.ts'
import type { Acts } from './acts.ts'
import type { Facts, Spec } from './entries.ts'
import { unknownAbout } from './interlock.ts'
import { LeftWaiting } from './machine.ts'
import type { UndoStore } from './undoStore.ts'

/** Between two looks at what is waited for, in milliseconds. */
const waitIntervalMs = 1_000

/** How long a rotation that a command drives waits for a file that cannot be read, in milliseconds. */
export const commandPatienceMs = 15_000

/** What the steps of every rotation share. */
export interface Workshop {
  readonly clock: Clock
  /** To look. What changes something at AWS goes through `acts`. */
  readonly iam: Pick<Iam, 'whoAmI' | 'listKeys' | 'keyLastUsed'>
  /** To look. What writes a pair goes through `acts`. */
  readonly store: Pick<ProfileStore, 'read' | 'preflight' | 'reconcile' | 'release'>
  /** To look and to keep. What forgets a pair goes through `acts`. */
  readonly undo: Pick<UndoStore, 'pair' | 'entry' | 'list' | 'cut' | 'put' | 'putCut' | 'confirm'>
  readonly acts: Acts
  readonly proofs: Proofs
  readonly seen: SeenFiles
  /** How long a rotation waits for a file, in milliseconds: a command has less patience than a page. */
  readonly waitPatienceMs: number
  readonly settings: () => Settings
  readonly signers: Signers
  readonly hooks: Hooks
  readonly places: PlaceWriter
  /** AWS's clock minus this machine's, in milliseconds; undefined where this process has not asked it yet. */
  readonly awsOffset: () => number | undefined
  /** Keeps what a run saw of a user's keys, as a check would. */
  readonly learn: (learnt: Learnt) => Promise<void>
  /** Throws where the state directory could not hold another journal entry or undo entry. */
  readonly stateWritable: () => Promise<void>
}

export interface Learnt {
  /** The key that the profiles hold. */
  readonly key: string
  readonly user: User
  readonly account?: Account
  readonly keys: readonly KeyRecord[]
}

/** Who signs the IAM calls for a user: its own pair, an MFA session of it, or an administrator's profile. */
export interface Signers {
  /**
   * Calls `act` with a signer for the pair; asks the person for a code where AWS wants MFA.
   * @param waiting is told which device's code is waited for, and undefined when it goes on
   */
  sign<T>(
    request: {
      readonly pair: KeyPair
      readonly spec: Spec
      readonly target: Target
      readonly stopped: AbortSignal
    },
    waiting: (device: string | undefined) => void,
    act: (signer: Signer) => Promise<T>,
  ): Promise<T>
}

/** Files beside those of the profiles, into which Keyturn had put a pair. */
export interface PlaceWriter {
  /**
   * Puts a pair where Keyturn had put the other one.
   * @param key the other one's id
   * @param from its pair, where it is still here
   * @returns what to tell the person of each file
   */
  follow(key: string, from: KeyPair | undefined, to: KeyPair): Promise<readonly string[]>
}

export interface HookRequest {
  readonly oldKey: string
  readonly pair: KeyPair
  readonly profiles: readonly string[]
  readonly account?: string
  readonly user?: string
}

/** Ids whose pair AWS accepted a moment ago: what may be put into a file, and what another key may give way to. */
export class Proofs {
  /** After this long a pass says nothing any more, in milliseconds. */
  static readonly #freshMs = 5_000
  readonly #clock: Clock
  readonly #passed = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  passed(key: string): void {
    for (const [each, at] of this.#passed) if (!this.#fresh(at)) this.#passed.delete(each)
    this.#passed.set(key, this.#clock.monotonic())
  }

  /** What was proved before says nothing of now: something has just changed. */
  forget(key: string): void {
    this.#passed.delete(key)
  }

  has(key: string): boolean {
    const at = this.#passed.get(key)
    return at !== undefined && this.#fresh(at)
  }

  #fresh(at: number): boolean {
    return this.#clock.monotonic() - at < Proofs.#freshMs
  }
}

/** Executables that deploy the new pair elsewhere before the old key is retired. */
export interface Hooks {
  /** These and those that a run names, by absolute path. */
  and(paths: readonly string[]): Hooks
  readonly any: () => Promise<boolean>
  /** Throws a Failure when one of them fails: the old key then stays active. */
  run(request: HookRequest): Promise<readonly string[]>
}

/** One rotation's surroundings. Holds the new secret in memory between create and save, and nowhere else. */
export class World {
  readonly shop: Workshop
  readonly spec: Spec
  readonly target: Target
  /** Aborts once the person stops the run: a wait for a code, and the waits of `pause`; never a call. */
  readonly stopped: AbortSignal
  readonly #hooks: WorldHooks
  #from: KeyPair | undefined
  #to: KeyPair | undefined
  #waited: Patience | undefined

  constructor(shop: Workshop, spec: Spec, target: Target, stopped: AbortSignal, hooks: WorldHooks) {
    this.shop = shop
    this.spec = spec
    this.target = target
    this.stopped = stopped
    this.#hooks = hooks
  }

  /** Says what is happening inside the step under way; for the page, not durable. */
  note(text?: string): void {
    this.#hooks.note(text)
  }

  /** Makes facts durable in the middle of a step. */
  record(step: StepName, facts: Facts): Promise<void> {
    return this.#hooks.record(step, facts)
  }

  alarm(trouble: Trouble): Promise<void> {
    return this.#hooks.alarm(trouble)
  }

  /** All profiles of this rotation, those of a merged key included. */
  get profiles(): Spec['profiles'] {
    return [...this.spec.profiles, ...(this.spec.merge?.profiles ?? [])]
  }

  rememberTo(pair: KeyPair): void {
    this.#to = pair
  }

  get proofs(): Proofs {
    return this.shop.proofs
  }

  /** Keys that other open runs need, each with the run. */
  needed(): ReadonlyMap<string, string> {
    return this.#hooks.needed()
  }

  /** Keys that runs of this Keyturn have made or replaced. */
  ours(): ReadonlySet<string> {
    return this.#hooks.ours()
  }

  /** The files as they are now, with those in which one of these keys was ever seen. */
  async look(keys: readonly string[]): Promise<{ snapshot: FilesSnapshot; files: FileSeen[] }> {
    const snapshot = await this.shop.store.read()
    const files = await this.shop.seen.look(snapshot, keys)
    // What this rotation itself put there, or found there, need not have been read since.
    const own = new Set([this.spec.from, this.spec.to, this.spec.merge?.key, this.#to?.id])
    const mine = keys.filter((key) => own.has(key))
    const named = new Set(this.profiles.map(({ file }) => snapshot.files[file].path))
    return {
      snapshot,
      files: files.map((file) => {
        if (file.seen !== 'absent' || !named.has(file.path)) return file
        // That it is gone is why it is written anew: nobody waits for it to come back.
        if (this.spec.anew) return { seen: 'known', path: file.path, holds: [] }
        return { ...file, held: new Set([...file.held, ...mine]) }
      }),
    }
  }

  /** The files, once each of them says whether it holds one of these keys: waits where one does not. */
  async knownFiles(keys: readonly string[]): Promise<FilesSnapshot> {
    for (;;) {
      const { snapshot, files } = await this.look(keys)
      const why = unknownAbout(files, keys)
      if (!why) {
        this.goesOn()
        return snapshot
      }
      await this.wait(why)
    }
  }

  /**
   * Waits a moment for what nobody can know yet; journaled, so that a restart tells what was waited for.
   * @throws LeftWaiting where patience is over or what is committed is stopped; Failure `stopped` before that
   */
  async wait(why: Trouble): Promise<void> {
    this.#waited ??= new Patience(this.shop.clock, this.shop.waitPatienceMs)
    await this.#hooks.waits(why)
    if (this.#waited.over) throw new LeftWaiting()
    await this.rest(waitIntervalMs)
  }

  /** What was waited for is known. */
  goesOn(): void {
    if (!this.#waited) return
    this.#waited = undefined
    this.note(undefined)
  }

  /** A wait that every stop ends. */
  async rest(ms: number): Promise<void> {
    try {
      await this.shop.clock.sleep(ms, this.stopped)
    } catch (error) {
      if (!this.stopped.aborted) throw error
      if (this.#hooks.stoppable()) throw new Failure(stoppedByPerson)
      throw new LeftWaiting()
    }
  }

  /** The pair being replaced: as the files hold it, else as the undo store does. */
  async fromPair(): Promise<KeyPair> {
    return (this.#from ??= await this.pairOf(this.spec.from))
  }

  async maybeFromPair(): Promise<KeyPair | undefined> {
    return this.#from ?? (await this.maybePairOf(this.spec.from))
  }

  /** The pair that replaces it: in memory since create, else in the files, else in the undo store. */
  async toPair(id: string): Promise<KeyPair> {
    if (this.#to?.id === id) return this.#to
    return (this.#to = await this.pairOf(id))
  }

  /** Waits where a file that cannot be read may hold it. @throws Failure `secret-gone` where nothing holds it */
  async pairOf(id: string): Promise<KeyPair> {
    const pair = await this.maybePairOf(id)
    if (pair) return pair
    await this.knownFiles([id])
    const later = await this.maybePairOf(id)
    if (later) return later
    throw new Failure(secretGone(id))
  }

  /** Where the files that can be read, or the undo store, hold it. */
  async maybePairOf(id: string): Promise<KeyPair | undefined> {
    // Half of it may be what is left in a file that was cut short.
    if (this.spec.anew) return (await this.shop.undo.pair(id)) ?? this.#inFiles(id)
    return (await this.#inFiles(id)) ?? (await this.shop.undo.pair(id))
  }

  /** Calls `act` with whoever signs IAM calls for this pair's user. */
  signed<T>(pair: KeyPair, act: (signer: Signer, options: CallOptions) => Promise<T>): Promise<T> {
    return this.shop.signers.sign(
      { pair, spec: this.spec, target: this.target, stopped: this.stopped },
      (device) => this.#hooks.waitForCode(device),
      (signer) => act(signer, this.calls()),
    )
  }

  async learn(key: string, list: KeyList): Promise<void> {
    const { user, account } = this.spec
    if (!user) return
    // A memory that cannot be kept must not stop a rotation: the next check finds the same.
    await this.shop.learn({ key, user, keys: list.keys, ...(account && { account }) }).catch(() => undefined)
  }

  /** The pair itself as the signer: what a proof of it needs, whoever signs the rest. */
  own(pair: KeyPair): Signer {
    return { kind: 'own', pair, target: this.target }
  }

  calls(patienceMs = this.shop.settings().verification.patienceMs): CallOptions {
    return {
      patienceMs,
      onWait: (why) =>
        this.note(
          why === 'throttled'
            ? 'AWS asks us to slow down; going on as soon as it lets us'
            : why === 'network'
              ? 'AWS cannot be reached; waiting for the network'
              : undefined,
        ),
    }
  }

  /**
   * Waits. Where the person stops the run meanwhile, throws that as a Failure; but not where what is committed is finished,
   * nor on the way back: both need their waits.
   */
  async pause(ms: number): Promise<void> {
    if (!this.#hooks.stoppable()) return this.shop.clock.sleep(ms)
    try {
      await this.shop.clock.sleep(ms, this.stopped)
    } catch (error) {
      if (this.stopped.aborted) throw new Failure(stoppedByPerson)
      throw error
    }
  }

  async #inFiles(id: string): Promise<KeyPair | undefined> {
    const snapshot = await this.shop.store.read()
    return snapshot.profiles.find((profile) => profile.pair?.id === id)?.pair
  }
}

export interface WorldHooks {
  /** Says what is waited for, and journals it. */
  waits(why: Trouble): Promise<void>
  needed(): ReadonlyMap<string, string>
  ours(): ReadonlySet<string>
  note(text?: string): void
  record(step: StepName, facts: Facts): Promise<void>
  alarm(trouble: Trouble): Promise<void>
  waitForCode(device: string | undefined): void
  /** Nothing is committed, and it is not on its way back already. */
  stoppable(): boolean
}

export const stoppedByPerson: Trouble = {
  name: 'stopped',
  title: 'Stopped',
  detail: 'The run was stopped before this was done.',
  remedy: 'Start it again when you want to.',
}

export function isStop(error: unknown): boolean {
  return error instanceof Failure && error.trouble.name === stoppedByPerson.name
}

function secretGone(id: string): Trouble {
  return {
    name: 'secret-gone',
    title: 'Secret no longer here',
    detail: `Neither the files nor the undo store hold the secret of ****${id.slice(-4)}.`,
    remedy: 'If another program changed the files, check the keys again.',
  }
}

/** How a profile of the rotation stands in a snapshot: it holds the old id, the new one, or something else. */
export function standsAt(
  snapshot: FilesSnapshot,
  profile: Spec['profiles'][number],
  from: string,
  to: string | undefined,
): 'old' | 'new' | 'other' {
  const found = profileIn(snapshot, profile)
  if (found?.pair && to !== undefined && found.pair.id === to) return 'new'
  return found?.pair?.id === from ? 'old' : 'other'
}

export function profileIn(
  snapshot: FilesSnapshot,
  profile: Spec['profiles'][number],
): FoundProfile | undefined {
  return snapshot.profiles.find((each) => each.name === profile.name && each.file === profile.file)
}
