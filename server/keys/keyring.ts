import type { ServerEvent } from '../api/events.ts'
import type { Changed, Inventory, Key } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import { kindOf } from '../api/troubles.ts'
import type { Settings } from '../api/settings.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import type { FilesSnapshot, ProfileStore } from '../profiles/ports.ts'
import { accountIdOf } from './accountId.ts'
import { isCanaryAccount } from './canary.ts'
import { changedOf, changeName, standingOwn } from './changed.ts'
import { Checks } from './checks.ts'
import { environmentNotices } from './environmentNotices.ts'
import { heldKeys } from './heldKeys.ts'
import type { ResolveTarget } from './heldKeys.ts'
import type { Iam } from './iam.ts'
import { buildInventory, viewKey } from './inventory.ts'
import type { InventoryParts } from './inventory.ts'
import type { Finding, Findings, HeldKey, ReplacedKeys } from './ports.ts'

export interface KeyringDeps {
  readonly demo: boolean
  readonly version: string
  readonly clock: Clock
  readonly bus: Bus<ServerEvent>
  readonly store: Pick<ProfileStore, 'read'>
  readonly iam: Iam
  readonly findings: Findings
  readonly resolve: ResolveTarget
  readonly settings: () => Settings
  /** What its user has beside keys: held against what Keyturn knows of it, and what others changed of it. */
  readonly besideKeys: {
    look(key: HeldKey, finding: Finding): Promise<void>
    changes(): readonly Changed[]
  }
  /** Remembers which changes the person made. */
  readonly putOwnChanges: (names: readonly string[]) => Promise<void>
  readonly replaced: ReplacedKeys
  /** The environment that other programs share; an empty one for the demo. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** About the whole, from other rooms: an unsafe state directory, a lost keys.json. */
  readonly notices: () => readonly Trouble[]
  readonly onDefect: (error: unknown) => void
}

/** The keys of the files and what is known of them: read, checked, shown. */
export class Keyring {
  readonly #deps: KeyringDeps
  readonly #checks: Checks
  #settling: Promise<void> = Promise.resolve()
  #last: { readonly snapshot: FilesSnapshot; readonly keys: readonly HeldKey[] } | undefined

  constructor(deps: KeyringDeps) {
    this.#deps = deps
    this.#checks = new Checks({ ...deps, onChange: (key) => this.#changed(key) })
  }

  /** The keys of the files as they are now. No call to AWS. */
  async readKeys(): Promise<{ readonly snapshot: FilesSnapshot; readonly keys: readonly HeldKey[] }> {
    const snapshot = await this.#deps.store.read()
    const keys = heldKeys(snapshot.profiles, this.#deps.resolve)
    this.#last = { snapshot, keys }
    return this.#last
  }

  /** Files, keys, profiles, old keys. No call to AWS. */
  async inventory(): Promise<Inventory> {
    const { snapshot, keys } = await this.readKeys()
    return buildInventory(this.#parts(snapshot, keys))
  }

  /** Reads again and tells every page: after a change of the files, a run, or the settings. */
  async refresh(): Promise<void> {
    this.#deps.bus.publish({ type: 'inventory', inventory: await this.inventory() })
  }

  /** Asks AWS about one key; remembers and publishes what it found. */
  async check(key: HeldKey): Promise<Finding> {
    return (await this.#checks.check(key)).finding
  }

  /**
   * Begins to check keys and returns at once; results come as `key` events. 'all' leaves out canaries, whose every use raises an alarm,
   * and exclusions: both are checked only where they are named.
   * @throws Failure `unknown-key` where no profile holds one that is named
   */
  async startChecks(wanted: readonly string[] | 'all'): Promise<void> {
    const { keys } = await this.readKeys()
    this.#checks.start(
      wanted === 'all' ? keys.filter((key) => this.#isForAll(key)) : wanted.map((id) => pick(keys, id)),
    )
  }

  /**
   * Tells no more of changes of these keys, because the person made them.
   * @param named an id, or its last four characters
   * @throws Failure `unknown-change` where nothing is told of one of them; then all are told as before
   */
  async didThis(named: readonly string[]): Promise<readonly Changed[]> {
    const { snapshot, keys } = await this.readKeys()
    const changed = changedOf(this.#parts(snapshot, keys))
    const own = named.flatMap((name) => {
      const its = changed.filter(
        ({ key, thing }) => key === name || thing === name || (name.length === 4 && key.endsWith(name)),
      )
      if (new Set(its.map(({ key }) => key)).size === 1) return its
      throw new Failure(its.length === 0 ? unknownChange(name) : severalChanges(name))
    })
    const before = this.#deps.settings().ownChanges ?? []
    await this.#deps.putOwnChanges([...new Set([...before, ...own.map(changeName)])])
    return own
  }

  isCanary(id: string): boolean {
    const account = this.#deps.findings.get(id)?.account?.id
    return isCanaryAccount(account) || isCanaryAccount(accountIdOf(id))
  }

  /** Resolves when no check is under way. */
  async idle(): Promise<void> {
    await this.#checks.idle()
    await this.#settling
  }

  #isForAll(key: HeldKey): boolean {
    return !this.isCanary(key.id) && !this.#deps.settings().exclusions.includes(key.id) && !cannotBeAsked(key)
  }

  /** The old keys of the inventory follow from what checks find: they are told when the last of these has ended. */
  #changed(key: HeldKey): void {
    this.#publish(key)
    if (this.#checks.busy) return
    this.#settling = this.#settleOwnChanges()
      .then(() => this.refresh())
      .catch(this.#deps.onDefect)
  }

  /** What a look has found to be over is told when it comes about again. */
  async #settleOwnChanges(): Promise<void> {
    const { ownChanges = [] } = this.#deps.settings()
    if (ownChanges.length === 0) return
    const { snapshot, keys } = await this.readKeys()
    const standing = standingOwn(this.#parts(snapshot, keys))
    if (standing.length < ownChanges.length) await this.#deps.putOwnChanges(standing)
  }

  #publish(key: HeldKey): void {
    const { snapshot, keys } = this.#last ?? { snapshot: undefined, keys: [] }
    if (!snapshot) return
    const view: Key = viewKey(key, this.#parts(snapshot, keys))
    this.#deps.bus.publish({ type: 'key', key: view })
  }

  #parts(snapshot: FilesSnapshot, held: readonly HeldKey[]): InventoryParts {
    const { besideKeys, clock, demo, env, findings, notices, replaced, resolve, settings, version } =
      this.#deps
    return {
      demo,
      version,
      now: clock.now(),
      snapshot,
      held,
      resolve,
      findings: findings.all(),
      settings: settings(),
      isChecking: (id) => this.#checks.isChecking(id),
      replaced: replaced.replaced(),
      ours: replaced.ours(),
      wentBack: replaced.wentBack(snapshot),
      besideKeys: besideKeys.changes(),
      ledger: replaced.ledger(),
      notices: [...environmentNotices(env, held), ...notices()],
    }
  }
}

/** Where it is not clear which secret or which AWS to ask with, nothing is sent. */
function cannotBeAsked({ problem }: HeldKey): boolean {
  return kindOf(problem?.name).unclear === true
}

function unknownChange(name: string): Trouble {
  return {
    name: 'unknown-change',
    title: 'Nothing is told of it',
    detail: `Of ${parseKeyId(name) || name.length === 4 ? name : 'a key of this id'} no change at AWS is told now.`,
    remedy: 'keyturn status lists what others changed.',
  }
}

function severalChanges(name: string): Trouble {
  return {
    name: 'unknown-change',
    title: 'More than one key ends so',
    detail: `Changes of more than one key that ends in ${name} are told.`,
    remedy: 'Give the whole id, as keyturn status --json has it.',
  }
}

function pick(keys: readonly HeldKey[], id: string): HeldKey {
  const key = keys.find((each) => each.id === id)
  if (!key) {
    throw new Failure({
      name: 'unknown-key',
      title: 'No such key',
      detail: `No profile holds ${parseKeyId(id) ? `****${id.slice(-4)}` : 'a key of this id'} now.`,
      remedy: 'Look at the list again: the files may have changed.',
    })
  }
  if (cannotBeAsked(key) && key.problem) throw new Failure(key.problem)
  return key
}
