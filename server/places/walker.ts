import fs from 'node:fs'
import path from 'node:path'
import { contentOf } from './content.ts'
import type { Wanted } from './forms.ts'
import { FileLook, Lookout } from './look.ts'
import { type Standing, standingsOf } from './standings.ts'
import {
  exceptionsIn,
  isGitDirectory,
  mostOfBinary,
  mostOfText,
  placeholderFrom,
  whyPruned,
  whySkipped,
} from './walkRules.ts'

/** What a walk is told once. Plain data, since it crosses to worker threads; it holds secrets and stays in memory. */
export interface WalkSetup {
  readonly wanted: readonly Wanted[]
  /** The folders that the search was asked for: each is looked through whatever its name, on its own file system alone. */
  readonly roots: readonly string[]
  /** Looked at beforehand, or never: the files of the profiles, what Keyturn keeps. Absolute. */
  readonly without: readonly string[]
  /** Files that are looked at by jobs of their own, and not again by the walk. */
  readonly known: readonly string[]
  /** Where other file systems are mounted; empty where that is not known. A look at one that hangs would hang. */
  readonly mounts: readonly string[]
  /** Folders that are left out with the reason: macOS asks the person before it lets a program look into some. */
  readonly leftOut: Readonly<Record<string, string>>
}

/** A part of a walk. */
export type Job =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | {
      readonly kind: 'folder'
      readonly folder: string
      /** The number of the file system that it must be on. */
      readonly device?: number
      /** Only these of its names; default: all. */
      readonly names?: readonly string[]
    }

export interface FoundFile {
  readonly path: string
  /** When it was last changed, in milliseconds since the epoch. */
  readonly modified: number
  readonly standings: readonly Standing[]
  /** How many more lines there are than are listed. */
  readonly more: number
}

export interface Passed {
  readonly path: string
  readonly why: string
}

export interface WalkReport {
  readonly files: number
  readonly bytes: number
  readonly found: readonly FoundFile[]
  readonly passed: readonly Passed[]
  readonly next: readonly Job[]
}

/** Names of one folder that are looked at before the walk reports. */
const namesAtOnce = 512
/** Bytes that are read at once. */
const step = 1024 * 1024
/** Sightings of one file that are noted; further ones are counted. */
const mostSightings = 200
/**
 * Not through a link, which may lead anywhere; and never waiting: a FIFO that has taken a file's name meanwhile would keep
 * a reader for ever. Windows has neither.
 */
const openFlags = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

/** Looks through folders and files, synchronously: it belongs into a thread of its own. Reads alone; nothing is followed. */
export class Walker {
  readonly #lookout: Lookout
  readonly #roots: ReadonlySet<string>
  readonly #without: ReadonlySet<string>
  readonly #known: ReadonlySet<string>
  readonly #mounts: ReadonlySet<string>
  readonly #leftOut: Readonly<Record<string, string>>
  readonly #buffer: Buffer
  #files = 0
  #bytes = 0
  #found: FoundFile[] = []
  #passed: Passed[] = []
  #next: Job[] = []

  constructor(setup: WalkSetup) {
    this.#lookout = new Lookout(setup.wanted)
    this.#roots = new Set(setup.roots)
    this.#without = new Set(setup.without)
    this.#known = new Set(setup.known)
    this.#mounts = new Set(setup.mounts)
    this.#leftOut = setup.leftOut
    this.#buffer = Buffer.allocUnsafeSlow(this.#lookout.overlap + step)
  }

  do(job: Job): WalkReport {
    this.#files = 0
    this.#bytes = 0
    this.#found = []
    this.#passed = []
    this.#next = []
    if (job.kind === 'files') for (const file of job.files) this.#lookAt(file)
    else this.#walk(job)
    return {
      files: this.#files,
      bytes: this.#bytes,
      found: this.#found,
      passed: this.#passed,
      next: this.#next,
    }
  }

  #walk(job: Extract<Job, { kind: 'folder' }>): void {
    const { folder } = job
    let device
    let names
    try {
      const stat = fs.lstatSync(folder)
      // A link may have taken its place since it was listed.
      if (!stat.isDirectory()) return this.#pass(folder, link)
      device = stat.dev
      if (job.device !== undefined && device !== job.device) return this.#pass(folder, elsewhere)
      if (job.names) return this.#visitAll(folder, job.names, device)
      names = fs.readdirSync(folder, { withFileTypes: true })
    } catch (error) {
      return this.#passFor(folder, error)
    }
    const isRepository = isGitDirectory(new Set(names.map(({ name }) => name)))
    if (isRepository) this.#pass(path.join(folder, 'objects'), 'git’s own packed history')
    const wanted = isRepository ? names.filter(({ name }) => name !== 'objects') : names
    for (const entry of wanted.slice(0, namesAtOnce))
      this.#visit(path.join(folder, entry.name), entry, device)
    // A folder of a hundred thousand files is shared among the threads, and is not read again for each part.
    for (let at = namesAtOnce; at < wanted.length; at += namesAtOnce)
      this.#next.push({
        kind: 'folder',
        folder,
        device,
        names: wanted.slice(at, at + namesAtOnce).map(({ name }) => name),
      })
  }

  #visitAll(folder: string, names: readonly string[], device: number): void {
    for (const name of names) {
      const whole = path.join(folder, name)
      try {
        this.#visit(whole, fs.lstatSync(whole), device)
      } catch (error) {
        this.#passFor(whole, error)
      }
    }
  }

  #visit(whole: string, entry: fs.Dirent | fs.Stats, device: number): void {
    if (this.#without.has(whole) || this.#known.has(whole)) return
    if (whole.includes('\ufffd')) return this.#pass(whole, 'its name is not UTF-8')
    const type = typeOf(entry, whole)
    if (type === 'file') this.#lookAt(whole)
    else if (type === 'folder') this.#enter(whole, device)
    else if (type !== 'gone') this.#pass(whole, type)
  }

  #enter(folder: string, device: number): void {
    if (this.#roots.has(folder)) return
    const leftOut = this.#leftOut[folder]
    if (leftOut !== undefined) return this.#pass(folder, leftOut)
    if (this.#mounts.has(folder)) return this.#pass(folder, elsewhere)
    const pruned = whyPruned(folder.replaceAll('\\', '/'))
    if (pruned === undefined) return void this.#next.push({ kind: 'folder', folder, device })
    this.#pass(folder, pruned)
    const exceptions = exceptionsIn(path.basename(folder))
    if (exceptions.length > 0) this.#next.push({ kind: 'folder', folder, device, names: exceptions })
  }

  #lookAt(file: string): void {
    if (this.#without.has(file)) return
    const skipped = whySkipped(path.basename(file))
    if (skipped !== undefined) return this.#pass(file, skipped)
    let handle
    try {
      handle = fs.openSync(file, openFlags)
    } catch (error) {
      return this.#passFor(file, error)
    }
    try {
      this.#read(file, handle)
    } catch (error) {
      this.#passFor(file, error)
    } finally {
      fs.closeSync(handle)
    }
  }

  #read(file: string, handle: number): void {
    const stat = fs.fstatSync(handle)
    if (!stat.isFile()) return this.#pass(file, 'not an ordinary file')
    if (stat.size >= placeholderFrom && stat.blocks === 0)
      return this.#pass(file, 'only its name is here: it lies in a cloud, or is empty but for its size')
    this.#files += 1
    // Once for whether; where it holds something, once more for where: lines are counted in few files.
    const { holds, whole } = this.#scan(handle, stat.size, 0)
    if (!whole) this.#pass(file, 'larger than is read: only its beginning was looked at')
    if (!holds) return
    const { look } = this.#scan(handle, stat.size, mostSightings)
    this.#found.push({
      path: file,
      modified: stat.mtimeMs,
      standings: standingsOf(look.sightings),
      more: look.more,
    })
  }

  /**
   * @param size as the file's handle said; some systems say 0 of what they make up as it is read
   * @param most sightings to note; 0: it ends at the first
   */
  #scan(handle: number, size: number, most: number): { look: FileLook; holds: boolean; whole: boolean } {
    let look: FileLook | undefined
    let kept = 0
    for (let at = 0, limit = mostOfText; ;) {
      const got = fill(handle, this.#buffer, kept, at, size)
      at += got
      if (most === 0) this.#bytes += got
      const ended = got < this.#buffer.length - kept || at === size
      const bytes = this.#buffer.subarray(0, kept + got)
      if (!look) {
        const content = contentOf(bytes)
        if (content === 'binary') limit = mostOfBinary
        look = new FileLook(this.#lookout, content, most)
      }
      const last = ended || at >= limit
      kept = look.take(bytes, last)
      const holds = look.sightings.length + look.more > 0
      if (last || (most === 0 && holds)) return { look, holds, whole: ended || holds || atEnd(handle, at) }
      this.#buffer.copyWithin(0, bytes.length - kept, bytes.length)
    }
  }

  #pass(where: string, why: string): void {
    this.#passed.push({ path: where, why })
  }

  #passFor(where: string, error: unknown): void {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    // Gone since its folder was read, or never there: nothing was passed over.
    if (code === 'ENOENT' || code === 'ENOTDIR') return
    this.#pass(where, refusals[code] ?? `it cannot be read (${code})`)
  }
}

const link = 'a symbolic link, which is not followed'
const elsewhere = 'another file system: name it to have it searched'
const refusals: Readonly<Record<string, string>> = {
  EACCES: 'not permitted',
  EPERM: process.platform === 'darwin' ? 'macOS does not let this terminal look into it' : 'not permitted',
  ELOOP: link,
  EMLINK: link,
  EAGAIN: 'another program holds it',
  EBUSY: 'another program holds it',
  ENXIO: 'not an ordinary file',
}

type Type = 'file' | 'folder' | 'gone' | (string & {})

function typeOf(entry: fs.Dirent | fs.Stats, whole: string): Type {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  if (entry.isSymbolicLink()) return link
  if (entry.isFIFO()) return 'a named pipe (FIFO)'
  if (entry.isSocket()) return 'a socket'
  if (entry.isCharacterDevice() || entry.isBlockDevice()) return 'a device'
  // Some file systems tell no types in a listing.
  const stat = entry instanceof fs.Stats ? undefined : fs.lstatSync(whole, { throwIfNoEntry: false })
  return stat ? typeOf(stat, whole) : 'gone'
}

/** Reads until the buffer is full or the file ends. At its known end nobody is asked whether that is the end. */
function fill(handle: number, buffer: Buffer, from: number, at: number, size: number): number {
  let got = 0
  while (from + got < buffer.length && (at + got !== size || size === 0)) {
    const read = fs.readSync(handle, buffer, from + got, buffer.length - from - got, at + got)
    if (read === 0) break
    got += read
  }
  return got
}

function atEnd(handle: number, at: number): boolean {
  return fs.readSync(handle, Buffer.alloc(1), 0, 1, at) === 0
}
