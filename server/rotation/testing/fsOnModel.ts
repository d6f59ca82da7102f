import { constants } from 'node:fs'
import fs from 'node:fs/promises'
import { dirname, basename } from 'node:path'
import type { Directory, File, ModelDisk, Node } from './modelDisk.ts'

/**
 * Puts a modelled disk behind node:fs/promises for the paths under its root, until the returned function is called.
 * The modelled machine has no /proc. Other paths go to the real file system.
 */
export function mountModel(disk: ModelDisk): () => void {
  const calls = callsOn(disk)
  const real = Object.fromEntries(Object.keys(calls).map((name) => [name, Reflect.get(fs, name) as Call]))
  const modelled = (path: unknown) =>
    typeof path === 'string' && (path.startsWith(disk.root) || path.startsWith('/proc/'))
  for (const [name, call] of Object.entries(calls)) {
    Reflect.set(fs, name, async (...args: unknown[]) =>
      modelled(args[0]) ? call(...(args as [string, ...never[]])) : real[name]?.(...args),
    )
  }
  return () => void Object.assign(fs, real)
}

type Call = (...args: unknown[]) => Promise<unknown>

type Calls = Record<string, (path: string, ...rest: never[]) => unknown>

function callsOn(disk: ModelDisk): Calls {
  const existing = (path: string, call: string): Node => {
    const node = disk.find(path)
    if (node) return node
    const parent = dirname(path) === path ? undefined : disk.find(dirname(path))
    if (parent?.kind === 'file') throw errno('ENOTDIR', call, path)
    if (!parent && dirname(path) !== path) existing(dirname(path), call)
    throw errno('ENOENT', call, path)
  }
  const directoryOf = (path: string, call: string): Directory => {
    const parent = existing(dirname(path), call)
    if (parent.kind !== 'directory') throw errno('ENOTDIR', call, path)
    return parent
  }
  const act = <T>(label: string, doIt: () => T): T => {
    disk.onBoundary(`before ${label}`)
    const result = doIt()
    disk.onBoundary(`after ${label}`)
    return result
  }
  const remove = (path: string, call: string, forced = false) =>
    act(call, () => {
      try {
        const node = existing(path, call)
        if (node.kind === 'directory') throw errno(call === 'rm' ? 'ERR_FS_EISDIR' : 'EISDIR', call, path)
        directoryOf(path, call).entries.delete(basename(path))
      } catch (error) {
        if (!(forced && (error as NodeJS.ErrnoException).code === 'ENOENT')) throw error
      }
    })
  return {
    open(path, flags: string | number = 'r', mode = 0o666) {
      const reading = typeof flags === 'number' && (flags & ~constants.O_NONBLOCK) === constants.O_RDONLY
      if (!reading && !flagsKnown.includes(flags as Flags)) throw new Error(`flags ${flags} are not modelled`)
      if (flags === 'wx' || flags === 'ax') {
        if (disk.find(path)) throw errno('EEXIST', 'open', path)
        // No boundary of its own: a file that was only made is what the first write's boundary leaves.
        directoryOf(path, 'open').entries.set(basename(path), disk.file(mode))
      }
      const node = existing(path, 'open')
      if (flags === 'r+') ordinary(node, 'open')
      return new Handle(disk, node, reading ? 'r' : (flags as Flags))
    },
    stat: (path, options?: { bigint?: boolean }) => statOf(existing(path, 'stat'), options?.bigint),
    lstat: (path, options?: { bigint?: boolean }) => statOf(existing(path, 'lstat'), options?.bigint),
    access: (path) => void existing(path, 'access'),
    realpath: (path) => (existing(path, 'realpath'), path),
    readlink(path) {
      existing(path, 'readlink')
      throw errno('EINVAL', 'readlink', path)
    },
    readdir(path) {
      const node = existing(path, 'scandir')
      if (node.kind !== 'directory') throw errno('ENOTDIR', 'scandir', path)
      return [...node.entries.keys()].sort()
    },
    readFile(path, encoding?: BufferEncoding) {
      const { data } = ordinary(existing(path, 'open'), 'read')
      return encoding ? data.toString(encoding) : Buffer.from(data)
    },
    chmod: (path, mode: number) => void (existing(path, 'chmod').mode = mode),
    mkdir(path, options?: { recursive?: boolean; mode?: number }) {
      if (disk.find(path)) {
        if (options?.recursive) return undefined
        throw errno('EEXIST', 'mkdir', path)
      }
      const parent = directoryOf(path, 'mkdir')
      act('mkdir', () => parent.entries.set(basename(path), disk.directory(options?.mode ?? 0o777)))
      return path
    },
    rename: (from, to: string) =>
      act('rename', () => {
        const node = existing(from, 'rename')
        if (node.kind === 'directory') throw new Error('the renaming of a directory is not modelled')
        const target = directoryOf(to, 'rename').entries
        if (target.get(basename(to))?.kind === 'directory') throw errno('EISDIR', 'rename', to)
        if (target.get(basename(to)) === node) return
        target.set(basename(to), node)
        directoryOf(from, 'rename').entries.delete(basename(from))
      }),
    link: (from, to: string) =>
      act('link', () => {
        const target = directoryOf(to, 'link').entries
        if (target.has(basename(to))) throw errno('EEXIST', 'link', to)
        target.set(basename(to), existing(from, 'link'))
      }),
    unlink: (path) => remove(path, 'unlink'),
    rm: (path, options?: { force?: boolean }) => remove(path, 'rm', options?.force),
  }
}

const flagsKnown = ['r', 'r+', 'wx', 'ax'] as const
type Flags = (typeof flagsKnown)[number]

/** An open file or directory, as far as FileHandle is used. It outlives its name, as in any Unix. */
class Handle {
  readonly #disk: ModelDisk
  readonly #node: Node
  readonly #flags: Flags
  #open = true
  /** Where reading or writing without a place of its own goes on. */
  #position = 0

  constructor(disk: ModelDisk, node: Node, flags: Flags) {
    this.#disk = disk
    this.#node = node
    this.#flags = flags
  }

  async stat(options?: { bigint?: boolean }) {
    return statOf(this.#alive('fstat'), options?.bigint)
  }

  async read(buffer: Buffer, offset: number, length: number, position: number) {
    const { data } = this.#file('read')
    const bytesRead = data.copy(buffer, offset, Math.min(position, data.length), position + length)
    return { bytesRead, buffer }
  }

  async readFile(encoding?: BufferEncoding) {
    const { data } = this.#file('read')
    const rest = data.subarray(this.#position)
    this.#position = Math.max(this.#position, data.length)
    return encoding ? rest.toString(encoding) : Buffer.from(rest)
  }

  async write(bytes: Buffer, offset: number, length: number, position: number) {
    this.#put('write', Buffer.from(bytes.subarray(offset, offset + length)), position)
    return { bytesWritten: length, buffer: bytes }
  }

  async writeFile(content: string | Buffer) {
    const bytes = Buffer.from(content)
    this.#put('writeFile', bytes, this.#position)
    this.#position += bytes.length
  }

  async truncate(length: number) {
    const file = this.#file('ftruncate')
    this.#act('truncate', () => this.#disk.truncate(file, length))
  }

  async sync() {
    const node = this.#alive('fsync')
    this.#act('fsync', () => this.#disk.sync(node))
  }

  async chmod(mode: number) {
    this.#alive('fchmod').mode = mode
  }

  async close() {
    this.#alive('close')
    this.#open = false
  }

  #put(label: string, bytes: Buffer, position: number): void {
    const file = this.#file('write')
    const at = this.#flags === 'ax' ? file.data.length : position
    const half = bytes.length >> 1
    this.#act(label, () => {
      this.#disk.write(file, bytes.subarray(0, half), at)
      this.#disk.onBoundary(`within ${label}`)
      this.#disk.write(file, bytes.subarray(half), at + half)
    })
  }

  #act(label: string, act: () => void): void {
    this.#disk.onBoundary(`before ${label}`)
    act()
    this.#disk.onBoundary(`after ${label}`)
  }

  #alive(call: string): Node {
    if (!this.#open) throw errno('EBADF', call)
    return this.#node
  }

  #file(call: 'read' | 'write' | 'ftruncate'): File {
    const node = this.#alive(call)
    const may = call === 'read' ? this.#flags.startsWith('r') : this.#flags !== 'r'
    if (!may) throw errno(call === 'ftruncate' ? 'EINVAL' : 'EBADF', call)
    return ordinary(node, call)
  }
}

function ordinary(node: Node, call: string): File {
  if (node.kind !== 'file') throw errno('EISDIR', call)
  return node
}

function errno(code: string, syscall: string, path?: string): Error {
  const where = path === undefined ? '' : ` '${path}'`
  return Object.assign(new Error(`${code}: modelled, ${syscall}${where}`), { code, syscall })
}

function statOf(node: Node, bigint = false) {
  const number = (value: number) => (bigint ? BigInt(value) : value)
  const file = node.kind === 'file'
  return {
    dev: number(1),
    ino: number(node.ino),
    nlink: number(1),
    uid: number(process.getuid?.() ?? 0),
    gid: number(process.getgid?.() ?? 0),
    mode: number(node.mode | (file ? constants.S_IFREG : constants.S_IFDIR)),
    size: number(file ? node.data.length : 4096),
    // Long ago: nobody is writing now.
    mtimeMs: number(file ? node.version : 0),
    mtimeNs: BigInt(file ? node.version * 1_000_000 : 0),
    isFile: () => file,
    isDirectory: () => !file,
    isSymbolicLink: () => false,
    isFIFO: () => false,
    isSocket: () => false,
  }
}
