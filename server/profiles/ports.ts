import type { FileState, Profile, Tidying, Which } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import type { CutLines, ShownLine } from './ini/cutPair.ts'
import type { KeyPair } from './keyPair.ts'

/**
 * What a profile says, both files merged as the SDKs do (the credentials file wins), plus the `services` section
 * it names. Keys are lower-case, values as botocore reads them.
 */
export interface ProfileSettings {
  readonly values: Readonly<Record<string, string>>
  /** Of the `[services NAME]` section named by `services =`: such as `{iam: {endpoint_url: '…'}}`. */
  readonly services: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A profile that stands in one of the files. A name with static pairs in both files gives two of these. */
export interface FoundProfile {
  readonly name: string
  readonly file: Which
  /** 1-based line of its header. */
  readonly line: number
  readonly kind: Profile['kind']
  /** The static pair, where there is a whole one that all readers agree on, or at least our document reads. */
  readonly pair?: KeyPair
  /** 1-based lines of the two values, where there is a pair. */
  readonly lines?: { readonly id: number; readonly secret: number }
  readonly settings: ProfileSettings
  /** Where its region is written, if it has one. */
  readonly regionAt?: { readonly path: string; readonly line: number }
  /** Names of role profiles whose `source_profile` chain ends here. */
  readonly usedByRoles: readonly string[]
  /** Whether Keyturn may write this profile's pair: all readers agree and the form is a safe one. */
  readonly rotatable: boolean
  readonly reason?: Trouble
  readonly warning?: Trouble
}

export interface FilesSnapshot {
  readonly files: { readonly credentials: FileState; readonly config: FileState }
  readonly profiles: readonly FoundProfile[]
}

/** One profile whose pair changes from one pair to another. */
export interface PairChange {
  readonly file: Which
  readonly profile: string
  readonly from: KeyPair
  readonly to: KeyPair
}

/** A profile that is gone from its file, as it is written anew. */
export interface AnewProfile {
  readonly file: Which
  readonly profile: string
  readonly pair: KeyPair
  readonly region?: string
}

/** A profile whose pair is taken out of its file. */
export interface PairPlace {
  readonly file: Which
  readonly profile: string
  readonly pair: KeyPair
}

/** What was taken out of a file. */
export interface CutProfile {
  readonly file: Which
  readonly profile: string
  /** Of its section, without the brackets. */
  readonly header: string
  /** They hold the secret. */
  readonly lines: readonly CutLines[]
  /** The same lines, for the person: without it. */
  readonly shown: readonly ShownLine[]
}

/** What a second look at the files after a save found of other programs' writes. */
export interface Reconciliation {
  /** True: nobody else wrote, or what they wrote is merged. */
  readonly settled: boolean
  /** What was found and done, for the person: such as 'another program wrote [dev] while we saved: merged'. */
  readonly notes: readonly string[]
}

/**
 * The two files of the person, as the engine sees them. Failures are `Failure`s (platform/failure.ts) whose names are:
 * `file-unwritable` (mode, owner, read-only directory, full disk, bind mount, dangling link…), `file-moved` (a profile no longer
 * holds `from`), `file-ambiguous` (readers do not agree), `file-busy` (another Keyturn holds the lock),
 * `file-write` (the write failed; the old bytes are intact), `file-unreadable`, and two after which the files must be
 * looked at, since new bytes are in place: `file-not-durable` (all of them, but the disk did not confirm it) and
 * `file-half-written` (the first of two files, which could not be put back).
 */
export interface ProfileStore {
  /** Reads both files; an empty read of a file that had profiles is waited out. */
  read(): Promise<FilesSnapshot>
  /**
   * Throws where a later save of these files could not succeed: full-size temporary files of zeros are written,
   * fsynced and removed. @param anew one that is not there would be made
   */
  preflight(files: readonly Which[], anew?: boolean): Promise<void>
  /**
   * Compare-and-swap: every profile named must still hold `from` (or already hold `to`), else `file-moved` and nothing is written. All
   * changes of a call are made or none; calls that wait while a write is under way share the next one, and one
   * call's failed comparison never spoils another's. When it resolves, the new bytes are durable.
   */
  swap(changes: readonly PairChange[]): Promise<void>
  /**
   * Writes profiles that are gone at the end of their file, which is made where it is not there; half a section of a
   * file that was cut short is completed. Each file is replaced at once. @throws Failure `file-moved` where a profile
   * holds another pair by now, those of a save
   */
  putAnew(profiles: readonly AnewProfile[]): Promise<void>
  /** The lines that `cutOut` would take, not taken. @throws Failure `file-moved`, `file-ambiguous` */
  lookAtCut(places: readonly PairPlace[]): Promise<readonly CutProfile[]>
  /**
   * Takes pairs out of the files: the two lines, or the whole section where it holds nothing else. Each file is replaced at
   * once; a profile that holds no pair by now is passed over.
   * @param keep makes durable what goes, file by file, before it goes
   * @throws Failure `file-moved` where a profile holds another pair by now, those of a save
   */
  cutOut(places: readonly PairPlace[], keep: (cuts: readonly CutProfile[]) => Promise<void>): Promise<void>
  /** Puts back what was taken out, where it stood. @throws Failure `file-moved`, those of a save */
  putBack(cuts: readonly CutProfile[], pair: KeyPair): Promise<void>
  /**
   * Looks at the replaced files that are still held open, and at the path, for writes of other programs that ran
   * around ours: merged where that is safe, else reported; never lost silently.
   */
  reconcile(): Promise<Reconciliation>
  /** Closes the replaced files held for `reconcile`. */
  release(): Promise<void>
  /** Makes a loose file 0600. */
  tighten(which: Which): Promise<void>
  /** The edit that lets strict readers read the file, not made. @throws Failure `nothing-to-tidy` */
  lookAtTidying(which: Which): Promise<Tidying>
  /**
   * Makes it as a save is made: locked, compared, replaced at once.
   * @param hash of what was shown
   * @throws Failure `file-moved` where the file is no longer that, `nothing-to-tidy`, those of a save
   */
  tidy(which: Which, hash: string): Promise<Tidying>
  /** Takes the last one back. @throws Failure `nothing-to-undo`; `file-moved` where the file was changed since */
  untidy(which: Which): Promise<Tidying>
  /** Calls back within a second of an outside change to either file. */
  watch(listener: () => void): () => void
}
