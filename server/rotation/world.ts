import type { Settings } from '../api/settings.ts'
import type { Trouble } from '../api/problem.ts'
import type { StepName } from '../api/run.ts'
import type { Account, User } from '../api/inventory.ts'
import type { CallOptions, Iam, KeyList, KeyRecord, Signer, Target } from '../keys/iam.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import type { FilesSnapshot, FoundProfile, ProfileStore } from '../profiles/ports.ts'
import type { Facts, Spec } from './entries.ts'
import type { UndoStore } from './undoStore.ts'

/** What the steps of every rotation share. */
export interface Workshop {
  readonly clock: Clock
  readonly iam: Iam
  readonly store: ProfileStore
  readonly undo: UndoStore
  readonly settings: () => Settings
  readonly signers: Signers
  readonly hooks: Hooks
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

export interface HookRequest {
  readonly oldKey: string
  readonly pair: KeyPair
  readonly profiles: readonly string[]
  readonly account?: string
  readonly user?: string
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

  /** The pair being replaced: as the files hold it, else as the undo store does. */
  async fromPair(): Promise<KeyPair> {
    this.#from ??= (await this.#inFiles(this.spec.from)) ?? (await this.shop.undo.pair(this.spec.from))
    if (this.#from) return this.#from
    throw new Failure(secretGone(this.spec.from))
  }

  async maybeFromPair(): Promise<KeyPair | undefined> {
    return this.fromPair().catch(() => undefined)
  }

  /** The pair that replaces it: in memory since create, else in the files, else in the undo store. */
  async toPair(id: string): Promise<KeyPair> {
    if (this.#to?.id === id) return this.#to
    this.#to = (await this.#inFiles(id)) ?? (await this.shop.undo.pair(id))
    if (this.#to) return this.#to
    throw new Failure(secretGone(id))
  }

  async pairOf(id: string): Promise<KeyPair> {
    const pair = (await this.#inFiles(id)) ?? (await this.shop.undo.pair(id))
    if (pair) return pair
    throw new Failure(secretGone(id))
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
