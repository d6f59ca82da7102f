import type { Account, LastUsed } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import type { Clock } from '../platform/clock.ts'
import { AwsFailure } from './iam.ts'
import type { CallOptions, Iam, Identity, KeyList, KeyRecord, Signer } from './iam.ts'
import { isOwnUse, notAUser, rootKey, wantsMfa } from './checkWords.ts'
import type { Checker, Finding, Findings, HeldKey } from './ports.ts'

export interface ChecksDeps {
  readonly iam: Iam
  readonly clock: Clock
  readonly findings: Findings
  /** Looks at what its user has beside keys, where something is known of that. */
  readonly besideKeys: { look(key: HeldKey, finding: Finding): Promise<void> }
  /** Told when a check of a key begins or ends, so that the page can be. */
  readonly onChange: (key: HeldKey) => void
  /** Told of what could not be remembered, such as a full disk: the check itself stands. */
  readonly onDefect: (error: unknown) => void
}

interface Checked {
  readonly finding: Finding
  readonly signer: Signer
  readonly keys: readonly KeyRecord[]
}

/** An account's alias, as those of its keys that were asked so far told it. */
interface Asked {
  readonly tries: number
  readonly told: Promise<string | undefined>
}

/** The first key asked may lack the right; of a thousand that lack it not each is asked. */
const mostAskedForAlias = 3
/** In milliseconds: waiting for what a check needs, and for what it can do without. */
const patience = { needed: 20_000, extra: 5_000 }
/** How long a listing serves the user's other keys, in milliseconds. */
const listingLife = 5_000
/** Keys looked at together; what is in flight at AWS is limited per account besides. */
const together = 64

/** Read-only looks at AWS: one key, or many at once. */
export class Checks implements Checker {
  readonly #deps: ChecksDeps
  readonly #running = new Map<string, Promise<Checked>>()
  readonly #listings = new Map<string, { readonly at: number; readonly list: Promise<KeyList> }>()
  readonly #aliases = new Map<string, Asked>()
  readonly #queue: HeldKey[] = []
  readonly #workers = new Set<Promise<void>>()

  constructor(deps: ChecksDeps) {
    this.#deps = deps
  }

  /** Begins to check the keys and returns at once; those under way are not begun again. */
  start(keys: readonly HeldKey[]): void {
    const waiting = new Set(this.#queue.map(({ id }) => id))
    const added = keys.filter(({ id }) => !this.#running.has(id) && !waiting.has(id))
    this.#queue.push(...added)
    for (const key of added) this.#deps.onChange(key)
    while (this.#workers.size < together && this.#queue.length > 0) {
      const worker: Promise<void> = this.#work().finally(() => this.#workers.delete(worker))
      this.#workers.add(worker)
    }
  }

  isChecking(id: string): boolean {
    return this.#running.has(id) || this.#queue.some((key) => key.id === id)
  }

  /** Whether a check is under way or waits. */
  get busy(): boolean {
    return this.#queue.length + this.#running.size > 0
  }

  /** Resolves when nothing is being checked. */
  async idle(): Promise<void> {
    while (this.#workers.size + this.#running.size > 0) {
      await Promise.allSettled([...this.#workers, ...this.#running.values()])
    }
  }

  check(key: HeldKey): Promise<Checked> {
    const running = this.#running.get(key.id)
    if (running) return running
    const check = this.#look(key)
      .then(async (checked) => {
        await this.#deps.findings.put(checked.finding).catch(this.#deps.onDefect)
        await this.#deps.besideKeys.look(key, checked.finding).catch(this.#deps.onDefect)
        return checked
      })
      .finally(() => {
        this.#running.delete(key.id)
        // A listing serves the checks that go on together; after them a run may have changed what it says.
        if (!this.busy) this.#listings.clear()
        this.#deps.onChange(key)
      })
    this.#running.set(key.id, check)
    this.#deps.onChange(key)
    return check
  }

  async #work(): Promise<void> {
    for (let key = this.#queue.shift(); key; key = this.#queue.shift()) {
      await this.check(key).catch(this.#deps.onDefect)
    }
  }

  async #look(key: HeldKey): Promise<Checked> {
    const { clock, findings, iam } = this.#deps
    const signer: Signer = { kind: 'own', pair: key.pair, target: key.target }
    const before = findings.get(key.id)
    const asOf = new Date(clock.now()).toISOString()
    let seen: Partial<Finding> = {}
    let keys: readonly KeyRecord[] = []
    const done = (problem?: Trouble): Checked => ({
      finding: { id: key.id, asOf, siblings: [], ...seen, ...(problem && { problem }) },
      signer,
      keys,
    })
    try {
      // First of all: every other call of ours would count as a use of this key.
      const lastUsed = await this.#lastUsed(signer, key.id, before)
      if (lastUsed) seen = { lastUsed }
      const identity = await iam.whoAmI(signer, { patienceMs: patience.needed })
      seen = { ...seen, account: await this.#account(signer, identity) }
      if (identity.kind === 'root') return done(rootKey(key.target.consoleHost))
      if (identity.kind !== 'user' || !identity.userName) return done(notAUser(identity.arn))
      seen = { ...seen, user: { name: identity.userName, arn: identity.arn } }
      const list = await this.#listing(signer, identity.arn)
      keys = list.keys
      const own = keys.find(({ id }) => id === key.id)
      seen = {
        ...seen,
        ...facts(own),
        ...(list.date !== undefined && { clockOffsetMs: list.date - clock.now() }),
        siblings: await this.#siblings(signer, keys, key.id),
      }
      return done()
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      if (isPassing(error)) {
        // Nothing was learnt of the key: what is known of it stays as it was found, and when.
        return {
          finding: { id: key.id, asOf, siblings: [], ...before, problem: error.trouble },
          signer,
          keys,
        }
      }
      seen = { ...(before && remembered(before)), ...seen }
      return done(wantsMfa(error, key) ?? error.trouble)
    }
  }

  /**
   * Never blocks a check.
   * @param remembers whether what cannot be asked stays as it was known; else a use of ours counts where no other is
   * known, since nobody can have used the key after it
   */
  async #lastUsed(
    signer: Signer,
    id: string,
    before?: Finding,
    remembers = true,
  ): Promise<LastUsed | undefined> {
    const asked = this.#deps.clock.now()
    try {
      const used = await this.#deps.iam.keyLastUsed(signer, id, { patienceMs: patience.extra })
      if (!isOwnUse(used, asked, before?.asOf)) return used
      return before?.lastUsed ?? (remembers ? undefined : used)
    } catch (error) {
      // Whether the key works is for the next call to say.
      if (!(error instanceof AwsFailure)) throw error
      return remembers ? before?.lastUsed : undefined
    }
  }

  async #account(signer: Signer, { account: id }: Identity): Promise<Account> {
    const name = `${signer.target.iam.endpoint} ${id}`
    const options: CallOptions = { patienceMs: patience.extra }
    const { tries = 0, told } = this.#aliases.get(name) ?? {}
    let telling = told
    if (tries < mostAskedForAlias) {
      const asked = async () => (await told) ?? (await this.#deps.iam.accountAlias(signer, options))
      telling = asked().catch(() => {
        this.#aliases.delete(name)
        return undefined
      })
      this.#aliases.set(name, { tries: tries + 1, told: telling })
    }
    const alias = await telling
    return { id, derived: false, ...(alias && { alias }) }
  }

  #listing(signer: Signer, arn: string): Promise<KeyList> {
    const now = this.#deps.clock.now()
    const known = this.#listings.get(arn)
    if (known && now - known.at < listingLife) return known.list
    const list = this.#deps.iam.listKeys(signer, { patienceMs: patience.needed })
    this.#listings.set(arn, { at: now, list })
    // One key's lost network is not another's: a failed listing serves nobody else.
    list.catch(() => this.#listings.delete(arn))
    for (const [name, { at }] of this.#listings) if (now - at >= listingLife) this.#listings.delete(name)
    return list
  }

  #siblings(signer: Signer, keys: readonly KeyRecord[], own: string): Promise<Finding['siblings']> {
    const others = keys.filter(({ id }) => id !== own)
    return Promise.all(
      others.map(async (record) => {
        // What was known of it before it was replaced says nothing of now: a use that AWS does not tell is unknown.
        const lastUsed = await this.#lastUsed(signer, record.id, this.#deps.findings.get(record.id), false)
        return { id: record.id, status: record.status, ...facts(record), ...(lastUsed && { lastUsed }) }
      }),
    )
  }
}

function facts(record: KeyRecord | undefined): Pick<Finding, 'status' | 'createdAt'> {
  if (!record) return {}
  return {
    status: record.status,
    ...(record.createdAt !== undefined && { createdAt: new Date(record.createdAt).toISOString() }),
  }
}

/** What stays true of a key that AWS refuses: whose it is and when it was made. */
function remembered({ account, user, createdAt, lastUsed }: Finding): Partial<Finding> {
  return {
    ...(account && { account }),
    ...(user && { user }),
    ...(createdAt && { createdAt }),
    ...(lastUsed && { lastUsed }),
  }
}

function isPassing({ kind }: AwsFailure): boolean {
  return ['network', 'throttled', 'ambiguous', 'aborted', 'clock-skew'].includes(kind)
}
