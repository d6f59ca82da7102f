import type { Account, LastUsed, User, WentBack } from '../api/inventory.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Trouble } from '../api/problem.ts'
import type { FilesSnapshot, FoundProfile } from '../profiles/ports.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import type { KeyRecord, Signer, Target } from './iam.ts'

/** One access key id as the files hold it now, with every profile that holds it. */
export interface HeldKey {
  readonly id: string
  readonly pair: KeyPair
  readonly profiles: readonly FoundProfile[]
  readonly target: Target
  /** Why it cannot be rotated, as far as the files tell: a profile is not writable, secrets differ, canary… */
  readonly problem?: Trouble
}

/** What a check found, as kept in keys.json: ids, dates and states; no secrets. Times are ISO 8601. */
export interface Finding {
  readonly id: string
  readonly asOf: string
  readonly account?: Account
  readonly user?: User
  readonly status?: string
  readonly createdAt?: string
  readonly lastUsed?: LastUsed
  readonly siblings: readonly {
    readonly id: string
    readonly status: string
    readonly createdAt?: string
    readonly lastUsed?: LastUsed
  }[]
  readonly problem?: Trouble
  /** AWS's clock minus this machine's, in milliseconds, where a list told it: dates that delete something hang on it. */
  readonly clockOffsetMs?: number
}

/** keys.json: the memory of checks. */
export interface Findings {
  get(id: string): Finding | undefined
  all(): readonly Finding[]
  put(finding: Finding): Promise<void>
  forget(ids: readonly string[]): Promise<void>
}

/** Where AWS's clock and this machine's differ by more than this, in milliseconds, no date lets anything be deleted. */
export const trustedOffsetMs = 5 * 60_000

/** A read-only look at AWS for one key. */
export interface Checker {
  /**
   * Asks AWS: who it is, the user's keys, their ages and last uses (before our own calls count), the alias where
   * allowed. Never throws for what AWS says: that is the finding's `problem`.
   */
  check(
    key: HeldKey,
  ): Promise<{ readonly finding: Finding; readonly signer: Signer; readonly keys: readonly KeyRecord[] }>
}

/** An old key as the runs know it; what a later check found of it goes before. Times are ISO 8601. */
export interface ReplacedKey {
  readonly id: string
  readonly state: 'active' | 'inactive' | 'deleted' | 'unknown'
  /** When the state was last known. */
  readonly asOf: string
  readonly account?: Account
  readonly user?: User
  readonly createdAt?: string
  /** Before Keyturn touched it. */
  readonly lastUsed?: LastUsed
  /** When Keyturn turned it off. */
  readonly retiredAt?: string
  /** Until then it was to stay on; from then it is due to be turned off. */
  readonly keptUntil?: string
  readonly replacedBy?: string
  /** The rotation that replaced it. */
  readonly rotation?: string
  /** Its secret is kept until then. */
  readonly undoUntil?: string
}

/** What keys/ asks of rotation/, which stands above it: injected. */
export interface ReplacedKeys {
  /** Old keys that Keyturn has replaced, the newest rotation of each. */
  replaced(): readonly ReplacedKey[]
  /** Ids that Keyturn made or replaced. */
  ours(): ReadonlySet<string>
  /** Profiles that hold a key again which Keyturn has replaced there, or are gone since Keyturn wrote them. */
  wentBack(snapshot: FilesSnapshot): readonly WentBack[]
  /** What is still open of all that runs were asked for. */
  ledger(): Ledger
}
