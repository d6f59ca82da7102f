import fs from 'node:fs/promises'
import path from 'node:path'
import type { FileState, Tidying, Which } from '../../api/inventory.ts'
import { leftOver, sweepTemporaries, tryReplacing, tryWriting } from '../../platform/atomicFile.ts'
import type { Clock } from '../../platform/clock.ts'
import { isOutOfHandles } from '../../platform/diskTrouble.ts'
import { Failure } from '../../platform/failure.ts'
import { takeLock } from '../../platform/lock.ts'
import { sharing } from '../../platform/sharing.ts'
import { realPath } from '../../platform/realPath.ts'
import { planBatch } from './batch.ts'
import { putAnew } from './anew.ts'
import { cutOut, lookAtCut, putBack } from './cutPairs.ts'
import { classify } from '../classify.ts'
import type { Readings } from '../classify.ts'
import { fileState } from './fileState.ts'
import { unwritableBy, writeFailure } from './fileTrouble.ts'
import { mergeForeignWrites } from './foreignWrites.ts'
import type { FileLocations } from '../locations.ts'
import { PairTrail } from './pairs.ts'
import type {
  AnewProfile,
  CutProfile,
  FilesSnapshot,
  FoundProfile,
  PairChange,
  PairPlace,
  ProfileStore,
  Reconciliation,
} from '../ports.ts'
import { both, putPairs } from './putPairs.ts'
import type { KeyPair } from '../keyPair.ts'
import type { Failed, Views } from './putPairs.ts'
import type { SharedConfigReader } from '../agreement/reading.ts'
import { StoredFile } from './storedFile.ts'
import { placeToBe, writableTarget } from './target.ts'
import { FileTidier } from './tidyFile.ts'
import { watchFiles } from './watch.ts'

export interface StoreOptions {
  readonly locations: FileLocations
  /** AWS's own loader. */
  readonly reader: SharedConfigReader
  readonly clock: Clock
  /** Longest wait for another Keyturn that holds a file's lock, in milliseconds. */
  readonly lockPatienceMs?: number
  /** Whether this key's pair was proved a moment ago, so that it may be put back where another program took it out. */
  readonly mayRestore?: (id: string) => boolean
  /** Only to look: what a crash left beside the files stays. */
  readonly toLook?: boolean
}

export function createProfileStore(options: StoreOptions): ProfileStore {
  return new FileProfileStore(options)
}

interface Pending {
  readonly changes: readonly PairChange[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** What a look for foreign writes found. */
interface Reconciled {
  /** At most one: what is told once, and whether something was lost. */
  readonly once: { readonly notes: readonly string[]; readonly lost: boolean }[]
  /** What stands in the way as long as nobody deals with it. */
  readonly pending: readonly string[]
}

/** How often a save begins anew since another program wrote meanwhile. */
const mostAttempts = 20

class FileProfileStore implements ProfileStore {
  readonly #files: Readonly<Record<Which, StoredFile>>
  readonly #paths: Readonly<Record<Which, string>>
  readonly #clock: Clock
  readonly #lockPatienceMs: number
  readonly #trail: PairTrail
  readonly #notes: string[] = []
  /** Something of another program's was lost since the last `reconcile`; the notes say what. */
  #lost = false
  #queue: Pending[] = []
  #turn: Promise<unknown> = Promise.resolve()
  #swept: boolean
  #classified: { readonly of: Readings; readonly profiles: readonly FoundProfile[] } | undefined
  readonly #tidiers: Readonly<Record<Which, FileTidier>>
  readonly #looked: () => Promise<FilesSnapshot>
  readonly #tried: Readonly<Record<Which, () => Promise<void>>>
  readonly #reconciled: () => Promise<Reconciled>

  constructor({
    locations,
    reader,
    clock,
    lockPatienceMs = 10_000,
    mayRestore = () => true,
    toLook = false,
  }: StoreOptions) {
    this.#trail = new PairTrail(mayRestore)
    this.#paths = { credentials: locations.credentials.path, config: locations.config.path }
    this.#files = {
      credentials: new StoredFile('credentials', locations.credentials, reader, clock),
      config: new StoredFile('config', locations.config, reader, clock),
    }
    const tidier = (which: Which) =>
      new FileTidier(this.#files[which], (use) => this.#serial(() => this.#changing(which, use)))
    this.#tidiers = { credentials: tidier('credentials'), config: tidier('config') }
    this.#clock = clock
    this.#lockPatienceMs = lockPatienceMs
    this.#swept = toLook
    this.#looked = sharing(() => this.#look())
    this.#tried = {
      credentials: sharing(() => this.#serial(() => this.#try('credentials'))),
      config: sharing(() => this.#serial(() => this.#try('config'))),
    }
    this.#reconciled = sharing(() => this.#serial(() => this.#reconcile()))
  }

  read(): Promise<FilesSnapshot> {
    return this.#looked()
  }

  async preflight(files: readonly Which[], anew = false): Promise<void> {
    for (const which of new Set(files)) await (anew ? this.#tryAnew(which) : this.#tried[which]())
  }

  async #look(): Promise<FilesSnapshot> {
    if (!this.#swept) {
      this.#swept = true
      await this.#sweep()
    }
    const seen = await this.#views()
    if (both.some((which) => isShort(seen[which].loaded))) await this.#serial(() => this.#letGo())
    const views = {
      credentials: await this.#files.credentials.tried(seen.credentials),
      config: await this.#files.config.tried(seen.config),
    }
    return {
      files: {
        credentials: await this.#stateOf('credentials', views),
        config: await this.#stateOf('config', views),
      },
      profiles: this.#classify(views),
    }
  }

  async #stateOf(which: Which, views: Views): Promise<FileState> {
    const state = await fileState(this.#files[which], views[which])
    const { reading } = views[which]
    if (reading && this.#tidiers[which].canUndo(reading.document)) state.tidied = true
    return state
  }

  /** The same files are classified once. */
  #classify(views: Views): readonly FoundProfile[] {
    const of = readingsOf(views)
    const last = this.#classified
    if (last && last.of.credentials === of.credentials && last.of.config === of.config) return last.profiles
    const profiles = classify(of, this.#paths)
    this.#classified = { of, profiles }
    return profiles
  }

  async #try(which: Which): Promise<void> {
    const target = await writableTarget(this.#paths[which])
    await this.#locked([which], async () => {
      // A save may make the file a little longer: a new secret can be longer than the old one.
      await tryWriting(target.real, target.stat.size + 4096)
      await tryReplacing(target.real)
    }).catch(async (error: unknown) => {
      if (isOutOfHandles(error)) await this.#letGo()
      throw unwritableBy(target.path, error)
    })
  }

  /** Handles that nothing but caution holds, where the system gives no other. */
  async #letGo(): Promise<void> {
    for (const which of both) await this.#files[which].letUnchangedGo()
  }

  /** A whole new file needs no more room than this, unless it is longer by now. */
  #tryAnew(which: Which): Promise<void> {
    return this.#serial(async () => {
      const real = await placeToBe(this.#paths[which])
      const size = await fs.stat(real).then(
        (stat) => stat.size,
        () => 0,
      )
      const tried = this.#lockedAt([[real, which]], () => tryWriting(real, size + 4096))
      await tried.catch((error: unknown) => {
        throw unwritableBy(this.#paths[which], error)
      })
    })
  }

  putAnew(profiles: readonly AnewProfile[]): Promise<void> {
    return this.#eachFile(profiles, putAnew)
  }

  async lookAtCut(places: readonly PairPlace[]): Promise<readonly CutProfile[]> {
    const cuts = both.map((which) => lookAtCut(this.#files[which], inFile(places, which)))
    return (await Promise.all(cuts)).flat()
  }

  cutOut(places: readonly PairPlace[], keep: (cuts: readonly CutProfile[]) => Promise<void>): Promise<void> {
    return this.#eachFile(places, (file, its) => {
      this.#trail.forget(its)
      return cutOut(file, its, keep)
    })
  }

  putBack(cuts: readonly CutProfile[], pair: KeyPair): Promise<void> {
    return this.#eachFile(cuts, (file, its) => putBack(file, its, pair))
  }

  /** One file after the other, each with its lock. */
  #eachFile<T extends { readonly file: Which }>(
    all: readonly T[],
    use: (file: StoredFile, its: readonly T[]) => Promise<void>,
  ): Promise<void> {
    return this.#serial(async () => {
      for (const which of both) {
        const its = inFile(all, which)
        if (its.length === 0) continue
        const file = this.#files[which]
        const real = await placeToBe(file.path)
        await this.#lockedAt([[real, which]], async () => {
          await use(file, its)
          await this.#lookBack(which)
        })
      }
    })
  }

  swap(changes: readonly PairChange[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, resolve, reject })
      // The first to wait starts a write; those who come before it begins go with it.
      if (this.#queue.length === 1) void this.#serial(() => this.#write(this.#queue.splice(0)))
    })
  }

  async reconcile(): Promise<Reconciliation> {
    const { once, pending } = await this.#reconciled()
    // Of those that share a look the first is told what is told once, as if each had looked for itself.
    const { notes, lost } = once.splice(0)[0] ?? { notes: [], lost: false }
    return { settled: !lost && pending.length === 0, notes: [...notes, ...pending] }
  }

  async #reconcile(): Promise<Reconciled> {
    const notes = this.#notes.splice(0)
    let lost = this.#lost
    this.#lost = false
    const pending: string[] = []
    const touched = both.filter(
      (which) => this.#files[which].replaced.length > 0 || this.#trail.touches(which),
    )
    if (touched.length > 0)
      await this.#locked(touched, async () => {
        for (const which of touched) {
          const findings = await this.#merge(which, 'whole')
          notes.push(...findings.notes)
          pending.push(...findings.pending)
          lost ||= findings.lost
        }
      })
    return { once: [{ notes, lost }], pending }
  }

  release(): Promise<void> {
    return this.#serial(async () => {
      this.#trail.clear()
      for (const which of both) await this.#files[which].release()
    })
  }

  async tighten(which: Which): Promise<void> {
    await fs.chmod(this.#paths[which], 0o600).catch((error: unknown) => {
      throw unwritableBy(this.#paths[which], error)
    })
  }

  lookAtTidying(which: Which): Promise<Tidying> {
    return this.#tidiers[which].look()
  }

  tidy(which: Which, hash: string): Promise<Tidying> {
    return this.#tidiers[which].tidy(hash)
  }

  untidy(which: Which): Promise<Tidying> {
    return this.#tidiers[which].undo()
  }

  watch(listener: () => void): () => void {
    return watchFiles([this.#paths.credentials, this.#paths.config], listener)
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    const touched = both.filter((which) =>
      batch.some(({ changes }) => changes.some(({ file }) => file === which)),
    )
    const answers = new Map<Pending, Failure | undefined>()
    let thrown: unknown = new Error('a save ended without an answer')
    try {
      await this.#locked(touched, () => this.#writeLocked(batch, answers))
    } catch (error) {
      thrown = writeFailure(this.#paths[touched[0] as Which], error)
    }
    const failures = [thrown, ...answers.values()].filter((each) => each instanceof Failure)
    if (failures.some(({ trouble }) => isOutOfHandles(trouble))) await this.#letGo()
    for (const pending of batch) {
      const failure = answers.has(pending) ? answers.get(pending) : thrown
      if (failure) pending.reject(failure)
      else pending.resolve()
    }
  }

  async #writeLocked(batch: readonly Pending[], answers: Map<Pending, Failure | undefined>): Promise<void> {
    let waiting = batch
    for (let attempt = 1; waiting.length > 0; attempt++) {
      const views = await this.#views()
      waiting = this.#withoutUnreadable(waiting, views, answers)
      const plan = planBatch(this.#classify(views), waiting, this.#paths)
      for (const { request, failure } of plan.rejected) answers.set(request, failure)
      waiting = plan.accepted
      if (waiting.length === 0) return
      const outcome = await putPairs(this.#files, views, plan.pairs)
      if (outcome.kind === 'written') {
        for (const { changes } of waiting) for (const change of changes) this.#trail.record(change)
        for (const each of waiting) answers.set(each, outcome.error)
        await this.#afterWrite(plan.pairs)
        return
      }
      if (outcome.kind === 'moved') {
        if (attempt < mostAttempts) continue
        throw restless(this.#paths[outcome.file])
      }
      waiting = await this.#isolate(waiting, outcome, answers)
    }
  }

  /** A file that cannot be read now says nothing about what it holds: that is no 'file-moved'. */
  #withoutUnreadable(
    waiting: readonly Pending[],
    views: Views,
    answers: Map<Pending, Failure | undefined>,
  ): readonly Pending[] {
    return waiting.filter((pending) => {
      const trouble = pending.changes
        .map(({ file }) => views[file].loaded)
        .find((loaded) => loaded.state === 'unreadable')?.trouble
      if (trouble) answers.set(pending, new Failure(trouble))
      return !trouble
    })
  }

  /** One request's bad luck is not another's: those that do not touch the failing file, or fail only together, try again. */
  async #isolate(
    waiting: readonly Pending[],
    { file, error }: Failed,
    answers: Map<Pending, Failure | undefined>,
  ): Promise<readonly Pending[]> {
    const touching = waiting.filter(({ changes }) => changes.some((change) => change.file === file))
    const ambiguous = error instanceof Failure && error.trouble.name === 'file-ambiguous'
    if (ambiguous && touching.length > 1) {
      for (const single of touching) await this.#writeLocked([single], answers)
    } else {
      for (const each of touching) answers.set(each, error)
    }
    return waiting.filter((each) => !touching.includes(each))
  }

  async #afterWrite(pairs: Readonly<Record<Which, ReadonlyMap<string, unknown>>>): Promise<void> {
    for (const which of both) if (pairs[which].size > 0) await this.#lookBack(which)
  }

  /** For what another program wrote at the moment of a save. */
  async #lookBack(which: Which): Promise<void> {
    const findings = await this.#merge(which, 'quick').catch(() => undefined)
    if (!findings) return
    // What is pending is found again, and told, by `reconcile`: it may yet be merged.
    this.#notes.push(...findings.notes)
    if (findings.lost) this.#lost = true
  }

  /** Another change of a file than that of pairs, by the same rules. */
  #changing<T>(which: Which, use: () => Promise<T>): Promise<T> {
    return this.#locked([which], async () => {
      const result = await use()
      await this.#lookBack(which)
      return result
    })
  }

  #merge(which: Which, look: 'quick' | 'whole') {
    const file = this.#files[which]
    return mergeForeignWrites(file, this.#trail, this.#clock, look)
  }

  async #views(): Promise<Views> {
    const [credentials, config] = await Promise.all([
      this.#files.credentials.view(),
      this.#files.config.view(),
    ])
    return { credentials, config }
  }

  /** Removes what a crash left beside the files: whole copies, with the secrets in them. */
  async #sweep(): Promise<void> {
    for (const which of both) {
      try {
        const real = await realPlace(this.#paths[which])
        if ((await leftOver(real)).length > 0)
          await this.#lockedAt([[real, which]], () => sweepTemporaries(real), 0)
      } catch {
        // Another Keyturn is writing, or the directory is not ours: the next start looks again.
      }
    }
  }

  async #locked<T>(
    files: readonly Which[],
    use: () => Promise<T>,
    patienceMs = this.#lockPatienceMs,
  ): Promise<T> {
    const targets = new Map<string, Which>()
    for (const which of files) targets.set((await writableTarget(this.#paths[which])).real, which)
    return this.#lockedAt(targets, use, patienceMs)
  }

  /** @param targets where the files are, symlinks resolved */
  async #lockedAt<T>(
    targets: Iterable<readonly [real: string, which: Which]>,
    use: () => Promise<T>,
    patienceMs = this.#lockPatienceMs,
  ): Promise<T> {
    const locks = []
    try {
      for (const [real, which] of targets) {
        const file = path.join(path.dirname(real), `.${path.basename(real)}.keyturn.lock`)
        locks.push(await takeLock(file, { clock: this.#clock, patienceMs, subject: `the ${which} file` }))
      }
      return await use()
    } finally {
      for (const lock of locks.reverse()) await lock.release()
    }
  }

  /** One at a time: within this process the lock file would only tell us that we hold it. */
  #serial<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

function inFile<T extends { readonly file: Which }>(all: readonly T[], which: Which): T[] {
  return all.filter(({ file }) => file === which)
}

/** Of a file that is there, or that a crash kept from being made. */
async function realPlace(file: string): Promise<string> {
  return realPath(file).catch(async () => path.join(await realPath(path.dirname(file)), path.basename(file)))
}

function readingsOf({ credentials, config }: Views): Readings {
  return {
    ...(credentials.reading && { credentials: credentials.reading }),
    ...(config.reading && { config: config.reading }),
  }
}

function isShort(loaded: Views[Which]['loaded']): boolean {
  return loaded.state === 'unreadable' && isOutOfHandles(loaded.trouble)
}

function restless(file: string): Failure {
  return new Failure({
    name: 'file-write',
    title: 'Another program keeps writing',
    detail: `${file} changed again and again while it was to be saved. Its content is as the other program left it.`,
    remedy: 'Stop that program, then try again.',
  })
}
