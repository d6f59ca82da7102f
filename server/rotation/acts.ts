import type {
  AnewProfile,
  CutProfile,
  FilesSnapshot,
  PairChange,
  PairPlace,
  ProfileStore,
} from '../profiles/ports.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import { AwsFailure, type Iam } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import { Patience } from '../platform/patience.ts'
import type { Spec } from './entries.ts'
import { type Act, interlock } from './interlock.ts'
import { provePair, type Expected } from './polling.ts'
import type { UndoStore } from './undoStore.ts'
import type { HookRequest, Hooks, World } from './world.ts'

export interface ActsDeps {
  readonly iam: Pick<Iam, 'createKey' | 'setKeyStatus' | 'deleteKey' | 'listKeys'>
  readonly store: Pick<ProfileStore, 'swap' | 'putAnew' | 'cutOut' | 'putBack'>
  readonly undo: Pick<UndoStore, 'remove' | 'removeOld'>
}

/** A pair that must have been accepted a moment before the act, and what AWS must say of it. */
export interface Stays extends Expected {
  readonly pair: KeyPair
}

/** How long a list may go on showing a key that is deleted, in milliseconds: seconds, as far as has been seen. */
const listLagMs = 10_000

/**
 * Everything that a step changes, and the only way to change it: the steps are handed no port that could. Each act
 * looks at the world first and asks the interlock; where that says wait, it waits, and looks again.
 */
export class Acts {
  readonly #deps: ActsDeps

  constructor(deps: ActsDeps) {
    this.#deps = deps
  }

  /** Sends one CreateAccessKey. @throws what AWS said, or Failure where the profiles moved */
  async create(world: World, from: KeyPair, profiles: readonly Held[]): Promise<KeyPair> {
    await this.cleared(world, { kind: 'create', from: from.id, profiles })
    const made = await world.signed(from, (signer, options) => this.#deps.iam.createKey(signer, options))
    return made.pair
  }

  async turnOn(world: World, signs: KeyPair, key: string): Promise<void> {
    await this.cleared(world, { kind: 'turn-on', key })
    await world.signed(signs, (signer, options) =>
      this.#deps.iam.setKeyStatus(signer, key, 'Active', options),
    )
  }

  /**
   * @param stays signs, and goes on working. @returns `gone` where somebody deleted the key meanwhile
   * @throws Failure `key-in-use` where a program wrote the key into a profile in the moment between the look and the act:
   * it is on again then
   */
  async turnOff(world: World, key: string, stays: Stays): Promise<'off' | 'gone'> {
    const act: Act = { kind: 'turn-off', key, stays: stays.pair.id }
    await this.cleared(world, act, stays)
    const state = await this.#put(world, stays.pair, key, 'turned off')
    if (state === 'gone') return state
    const { files } = await world.look([key])
    const answer = interlock(act, { files, proved: { has: () => true }, needed: new Map() })
    if (answer.say !== 'never') return state
    await this.turnOn(world, stays.pair, key)
    throw new Failure(answer.why)
  }

  /** Deletes a key that is off already. @param stays signs, and goes on working */
  async delete(world: World, key: string, stays: Stays): Promise<void> {
    await this.cleared(world, { kind: 'delete', key, stays: stays.pair.id }, stays)
    await this.#put(world, stays.pair, key, 'deleted')
  }

  /** Turns off, or deletes, a key that Keyturn made and that nobody was given. */
  async takeBack(
    world: World,
    key: string,
    signs: KeyPair,
    how: 'turned off' | 'deleted',
    attributed: boolean,
  ): Promise<'off' | 'gone'> {
    await this.cleared(world, { kind: 'take-back', key, attributed })
    return this.#put(world, signs, key, how)
  }

  /** Turns off a key that profiles hold, by its own pair where nobody else signs for it. */
  async kill(world: World, key: string, signs: KeyPair): Promise<void> {
    await this.cleared(world, { kind: 'kill', key, named: world.spec.kind === 'kill' })
    await world.signed(signs, (signer, options) =>
      this.#deps.iam.setKeyStatus(signer, key, 'Inactive', options),
    )
  }

  /**
   * Compare-and-swap of pairs in the files.
   * @param to the pair that all changes put there
   * @param keep makes durable what an undo needs; called once the write may be done
   */
  async write(
    world: World,
    changes: readonly PairChange[],
    to: Stays,
    snapshot: FilesSnapshot,
    keep: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    await this.#write(world, changes, to, snapshot, keep, () => this.#deps.store.swap(changes))
  }

  /** Writes profiles that are gone. @param to the pair that all of them get */
  async writeAnew(
    world: World,
    profiles: readonly AnewProfile[],
    to: Stays,
    snapshot: FilesSnapshot,
    keep: () => Promise<void>,
  ): Promise<void> {
    await this.#write(world, profiles, to, snapshot, keep, () => this.#deps.store.putAnew(profiles))
  }

  /**
   * Takes a pair that AWS refuses out of the files.
   * @param isRefused asks AWS now
   * @param keep makes durable what comes back by an undo
   */
  async cut(
    world: World,
    pair: KeyPair,
    places: readonly PairPlace[],
    snapshot: FilesSnapshot,
    isRefused: () => Promise<boolean>,
    keep: (cuts: readonly CutProfile[]) => Promise<void>,
  ): Promise<void> {
    const changes = changesOf(places, snapshot, pair.id)
    await this.cleared(world, { kind: 'cut', key: pair.id, changes, refused: await isRefused() })
    await this.#deps.store.cutOut(places, keep)
  }

  /** Puts lines that were taken out back into the files. */
  async bringBack(
    world: World,
    pair: KeyPair,
    cuts: readonly CutProfile[],
    snapshot: FilesSnapshot,
  ): Promise<void> {
    const changes = changesOf(cuts, snapshot, pair.id)
    await this.cleared(world, { kind: 'put-back', key: pair.id, changes })
    await this.#deps.store.putBack(cuts, pair)
  }

  async #write(
    world: World,
    changes: readonly (Pick<PairChange, 'file' | 'profile'> & Partial<Pick<PairChange, 'from'>>)[],
    to: Stays,
    snapshot: FilesSnapshot,
    keep: () => Promise<void>,
    put: () => Promise<void>,
  ): Promise<void> {
    if (changes.length === 0) return
    const act: Act = {
      kind: 'write',
      to: to.pair.id,
      changes: changes.map(({ file, profile, from }) => ({
        file,
        profile,
        path: snapshot.files[file].path,
        ...(from && { from: from.id }),
      })),
    }
    const files = new Set(act.changes.map(({ path }) => path))
    for (;;) {
      await this.cleared(world, act, to)
      await world.shop.seen.willHold(files, to.pair.id)
      await keep()
      try {
        return await put()
      } catch (error) {
        // It went away between the look and the write: nothing was written.
        if (!(error instanceof Failure && error.trouble.name === 'file-unreadable')) throw error
        await world.wait(error.trouble)
      }
    }
  }

  /** Runs the person's own programs with the new pair. */
  async handOver(world: World, hooks: Hooks, request: HookRequest, stays: Stays): Promise<readonly string[]> {
    await this.cleared(world, { kind: 'hand-over', key: request.pair.id }, stays)
    return hooks.run(request)
  }

  /**
   * Forgets what is kept under an old key; where that may be the last copy it stays, and expires once it is not.
   * @param active the user's keys that are on; `gone`: AWS has no such key any more, which says nothing of the pair that
   * replaced it and is kept with it
   */
  async drop(world: World, key: string, active: readonly string[] | 'gone'): Promise<void> {
    const gone = active === 'gone'
    const act: Act = { kind: 'drop-secret', key, gone, active: new Set(gone ? [] : active) }
    const { files } = await world.look([key])
    const answer = interlock(act, { files, proved: world.proofs, needed: new Map() })
    if (answer.say === 'go') await (gone ? this.#deps.undo.removeOld(key) : this.#deps.undo.remove(key))
  }

  /** Resolves when the interlock says go; waits where it says wait. @throws Failure where it says never */
  async cleared(world: World, act: Act, stays?: Stays): Promise<void> {
    for (;;) {
      if (stays && !world.proofs.has(stays.pair.id)) await provePair(world, stays.pair, 1, stays)
      // The look that follows may take its time: it is the pass before it that counts.
      const proved = { has: (key: string) => key === stays?.pair.id }
      const keys = keysOf(act, world.spec)
      const { files } = await world.look(keys)
      const answer = interlock(act, { files, proved, needed: world.needed() })
      if (answer.say === 'go') return world.goesOn()
      if (answer.say === 'never') throw new Failure(answer.why)
      await world.wait(answer.why)
    }
  }

  /**
   * Until AWS has done it. One 'not found' may only mean 'not yet': gone is what three lists in a row do not show, or
   * three such answers where the list may not be asked. Whether it was done where the answer was lost is told by the
   * lists, once they have caught up; sent again it harms nobody.
   */
  async #put(
    world: World,
    signs: KeyPair,
    key: string,
    how: 'turned off' | 'deleted',
  ): Promise<'off' | 'gone'> {
    const { clock, settings } = world.shop
    const { patienceMs, intervalMs } = settings().verification
    const patience = new Patience(clock, patienceMs)
    let lag: Patience | undefined
    let lost: AwsFailure | undefined
    let absent = 0
    for (;;) {
      const refused = await world
        .signed(signs, (signer, options) =>
          how === 'deleted'
            ? this.#deps.iam.deleteKey(signer, key, options)
            : this.#deps.iam.setKeyStatus(signer, key, 'Inactive', options),
        )
        .then(
          () => undefined,
          (error: unknown) => error,
        )
      if (refused === undefined) return 'off'
      if (!(refused instanceof AwsFailure)) throw refused
      if (refused.kind === 'ambiguous') {
        lost = refused
        const done = await this.#seenDone(world, signs, key, how)
        if (done) return done
        lag ??= new Patience(clock, Math.min(patienceMs, listLagMs))
        if (lag.over) throw refused
        world.note(
          how === 'deleted' ? 'Looking whether the key was deleted' : 'Looking whether the key is off',
        )
      } else {
        // What AWS says later tells nothing of a try whose answer was lost.
        if (refused.kind !== 'not-found') throw lost ?? refused
        const state = await this.#listed(world, signs, key)
        absent = state === 'absent' || state === 'denied' ? absent + 1 : 0
        if (absent >= 3) return 'gone'
        if (patience.over) throw lost ?? refused
        world.note('AWS does not find the key yet; looking again')
      }
      await world.rest(intervalMs)
    }
  }

  /** What three lists in a row show; undefined where it is not what was wanted, or nobody can look. */
  async #seenDone(
    world: World,
    signs: KeyPair,
    key: string,
    how: 'turned off' | 'deleted',
  ): Promise<'off' | 'gone' | undefined> {
    let done: 'off' | 'gone' | undefined
    for (let seen = 1; seen <= 3; seen += 1) {
      if (seen > 1) await world.rest(world.shop.settings().verification.intervalMs)
      const state = await this.#listed(world, signs, key).catch((error: unknown) => {
        if (error instanceof AwsFailure) return undefined
        throw error
      })
      const now = state === 'absent' ? 'gone' : state === 'off' && how === 'turned off' ? 'off' : undefined
      if (now === undefined || (done !== undefined && done !== now)) return undefined
      done = now
    }
    return done
  }

  async #listed(world: World, signs: KeyPair, key: string): Promise<'on' | 'off' | 'absent' | 'denied'> {
    try {
      const list = await world.signed(signs, (signer, options) => this.#deps.iam.listKeys(signer, options))
      const found = list.keys.find(({ id }) => id === key)
      return found === undefined ? 'absent' : found.status === 'Active' ? 'on' : 'off'
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'denied') return 'denied'
      throw error
    }
  }
}

function changesOf(
  places: readonly Pick<PairChange, 'file' | 'profile'>[],
  snapshot: FilesSnapshot,
  from: string,
) {
  return places.map(({ file, profile }) => ({ file, profile, path: snapshot.files[file].path, from }))
}

type Held = Extract<Act, { kind: 'create' }>['profiles'][number]

function keysOf(act: Act, spec: Spec): string[] {
  switch (act.kind) {
    case 'create':
      return [act.from, ...(spec.merge ? [spec.merge.key] : [])]
    case 'write':
      return [...new Set(act.changes.map(({ from }) => from ?? act.to))]
    default:
      return [act.key]
  }
}
