import { Worker } from 'node:worker_threads'
import type { FoundFile, Job, Passed, WalkReport, WalkSetup } from './walker.ts'

export interface SearchProgress {
  readonly files: number
  readonly bytes: number
  readonly found: number
  readonly passed: number
}

export interface SearchResult {
  readonly files: number
  readonly bytes: number
  readonly ms: number
  /** The one changed last comes first. */
  readonly found: readonly FoundFile[]
  readonly passed: readonly Passed[]
  readonly stopped: boolean
}

export interface SearchOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SearchProgress) => void
  /** Told of each file as it is found; of one that is met again, again. */
  readonly onFound?: (file: FoundFile) => void
  /** How long a thread may wait for the disk before it is left alone, in milliseconds. */
  readonly patienceMs?: number
}

/** Beside the bundle that this file has become a part of; from the sources there is no bundle. */
const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './testing/walkThread.mjs' : './walkThread.js',
  import.meta.url,
)

/** Threads spend their time waiting for the disk: four are faster than two, even on two cores. */
const threads = 4
/** Jobs that a thread gets at most at once. */
const share = 64
/** A disk that does not answer for so long will not: a network that went away. */
const defaultPatienceMs = 30_000

/**
 * Looks through files in threads of their own, the known places first. Reads alone.
 * @throws what a thread could not cope with
 */
export function search(setup: WalkSetup, options: SearchOptions = {}): Promise<SearchResult> {
  return new Promise((resolve, reject) => new Search(setup, options, resolve, reject).begin())
}

interface Thread {
  readonly worker: Worker
  jobs: readonly Job[]
  since: number
}

class Search {
  readonly #setup: WalkSetup
  readonly #options: SearchOptions
  readonly #resolve: (result: SearchResult) => void
  readonly #reject: (error: unknown) => void
  readonly #began = performance.now()
  readonly #threads = new Set<Thread>()
  readonly #found = new Map<string, FoundFile>()
  readonly #passed: Passed[] = []
  readonly #stop = () => this.#end(true)
  #queue: Job[] = []
  #files = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(
    setup: WalkSetup,
    options: SearchOptions,
    resolve: (result: SearchResult) => void,
    reject: (error: unknown) => void,
  ) {
    this.#setup = setup
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(): void {
    const { signal, patienceMs = defaultPatienceMs } = this.#options
    const { known, roots } = this.#setup
    // The last is taken first.
    this.#queue = roots.map((folder): Job => ({ kind: 'folder', folder })).reverse()
    if (known.length > 0) this.#queue.push({ kind: 'files', files: known })
    if (signal?.aborted) return this.#end(true)
    signal?.addEventListener('abort', this.#stop, { once: true })
    this.#timer = setInterval(() => this.#leaveTheHung(patienceMs), Math.min(1_000, patienceMs))
    this.#hand()
  }

  #start(): Thread {
    const worker = new Worker(threadFile, { workerData: this.#setup })
    const thread: Thread = { worker, jobs: [], since: 0 }
    this.#threads.add(thread)
    worker.on('message', (report: WalkReport) => this.#take(thread, report))
    worker.on('error', (error) => {
      if (this.#threads.has(thread)) this.#fail(error)
    })
    return thread
  }

  /** Gives each idle thread its part of what there is; what one has left after its slice is worth another thread. */
  #hand(): void {
    if (this.#ended) return
    const idle = [...this.#threads].filter(({ jobs }) => jobs.length === 0)
    if (this.#queue.length === 0) {
      if (idle.length === this.#threads.size) this.#end(false)
      return
    }
    if (idle.length === 0 && this.#threads.size < threads) idle.push(this.#start())
    for (const [at, thread] of idle.entries()) {
      const count = Math.min(share, Math.ceil(this.#queue.length / (idle.length - at)))
      if (count === 0) continue
      thread.jobs = this.#queue.splice(-count)
      thread.since = performance.now()
      thread.worker.postMessage(thread.jobs)
    }
    if (this.#queue.length > 0 && this.#threads.size < threads) this.#hand()
  }

  #take(thread: Thread, { files, bytes, found, passed, next }: WalkReport): void {
    if (this.#ended || !this.#threads.has(thread)) return
    thread.jobs = []
    this.#files += files
    this.#bytes += bytes
    for (const each of found) {
      this.#found.set(each.path, each)
      this.#options.onFound?.(each)
    }
    this.#passed.push(...passed)
    this.#queue.push(...next)
    this.#options.onProgress?.(this.#progress())
    this.#hand()
  }

  #progress(): SearchProgress {
    return {
      files: this.#files,
      bytes: this.#bytes,
      found: this.#found.size,
      passed: this.#passed.length,
    }
  }

  /** A call to the disk that never returns cannot be taken back: the thread is left where it is. */
  #leaveTheHung(patienceMs: number): void {
    const now = performance.now()
    for (const thread of this.#threads) {
      if (thread.jobs.length === 0 || now - thread.since < patienceMs) continue
      for (const job of thread.jobs) {
        const where = job.kind === 'folder' ? [job.folder] : job.files
        for (const path of where)
          this.#passed.push({
            path,
            why: 'the disk did not answer in time: not, or not all of it, looked at',
          })
      }
      this.#threads.delete(thread)
      thread.worker.unref()
    }
    this.#hand()
  }

  #end(stopped: boolean): void {
    if (this.#ended) return
    this.#close()
    this.#resolve({
      files: this.#files,
      bytes: this.#bytes,
      ms: Math.round(performance.now() - this.#began),
      found: [...this.#found.values()].sort((one, other) => other.modified - one.modified),
      passed: this.#passed,
      stopped,
    })
  }

  #fail(error: unknown): void {
    if (this.#ended) return
    this.#close()
    this.#reject(error)
  }

  #close(): void {
    this.#ended = true
    clearInterval(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#stop)
    for (const { worker } of this.#threads) void worker.terminate()
  }
}
