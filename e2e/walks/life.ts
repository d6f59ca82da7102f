import { AsyncLocalStorage } from 'node:async_hooks'
import * as sync from 'node:fs'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  writeSync,
} from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename, dirname } from 'node:path'
import type { EmbeddedAws } from './aws.ts'

/** What happens at a boundary of a life; it may kill it. */
export type Strike = (boundary: string) => void | Promise<void>

const never = new Promise<never>(() => undefined)

/**
 * One process of the product: all that runs within `live`, whatever it awaits. Each call that changes the disk and each
 * call to AWS has a boundary before and after it. After `kill` none of its calls does anything or returns, as in a
 * process that is gone.
 */
export class Life {
  static readonly #current = new AsyncLocalStorage<Life>()
  readonly owner: string
  readonly aws: EmbeddedAws
  /** Settles when the life is killed, and never else. */
  readonly died: Promise<void>
  /** Paths that this machine may not open just now. */
  readonly refused: ReadonlySet<string>
  strike: Strike | undefined
  dead = false
  readonly handles = new Set<{ shut(): void }>()
  #die: () => void = () => undefined

  constructor(owner: string, aws: EmbeddedAws, refused: ReadonlySet<string>) {
    this.owner = owner
    this.aws = aws
    this.refused = refused
    this.died = new Promise((resolve) => (this.#die = resolve))
  }

  static get current(): Life | undefined {
    return Life.#current.getStore()
  }

  /** Outside of every life: what a person or another program does. */
  static outside<T>(act: () => T): T {
    return Life.#current.exit(act)
  }

  live<T>(act: () => Promise<T>): Promise<T> {
    return Life.#current.run(this, act)
  }

  /** kill -9: what was open is closed. */
  kill(): void {
    if (this.dead) return
    this.dead = true
    for (const handle of this.handles) handle.shut()
    this.#die()
  }

  /** @returns never, once the life is over */
  async boundary(label: string): Promise<void> {
    if (this.dead) return never
    const { strike } = this
    if (strike) await Life.outside(() => strike(label))
    if (this.dead) return never
  }

  /** A call of the kernel's, or to AWS. @param label of one that changes something */
  async call<T>(label: string | undefined, act: () => T | Promise<T>): Promise<T> {
    if (label !== undefined) await this.boundary(`before ${label}`)
    if (this.dead) return never
    try {
      return await act()
    } finally {
      if (this.dead) await never
      if (label !== undefined) await this.boundary(`after ${label}`)
    }
  }
}

const changing = new Set(['rename', 'unlink', 'rm', 'mkdir'])

/**
 * Puts the lives behind node:fs/promises, for good. Within a life each call is done at once by the real file system, so
 * that one seed gives one walk; calls outside of a life go through untouched.
 */
export function mountLives(): void {
  const table = fs as unknown as Record<string, unknown>
  for (const [name, real] of Object.entries(table)) {
    if (typeof real !== 'function') continue
    const later = real as (...args: unknown[]) => Promise<unknown>
    table[name] = async (...args: unknown[]) => {
      const life = Life.current
      if (!life) return later.apply(fs, args)
      const path = String(args[0])
      if (life.refused.has(path)) throw refusal(name, path)
      const label = changing.has(name)
        ? `${name} ${kindOf(name === 'rename' ? String(args[1]) : path)}`
        : undefined
      return life.call(label, () => atOnce(life, name, args))
    }
  }
  syncBuiltinESMExports()
}

function atOnce(life: Life, name: string, args: unknown[]): unknown {
  if (name === 'open') return new Handle(life, ...(args as [string, string | number, number]))
  if (name === 'realpath') return realpathSync.native(String(args[0]))
  const call = (sync as unknown as Record<string, (...args: unknown[]) => unknown>)[`${name}Sync`]
  if (!call) throw new Error(`${name} is not played`)
  return call(...args)
}

/** An open file, as far as FileHandle is used. */
class Handle {
  readonly fd: number
  readonly #life: Life
  readonly #kind: string
  #open = true

  constructor(life: Life, path: string, flags: string | number = 'r', mode = 0o666) {
    this.fd = openSync(path, flags, mode)
    this.#life = life
    this.#kind = kindOf(path)
    life.handles.add(this)
  }

  stat(options?: { bigint?: boolean }) {
    return this.#call(undefined, () =>
      options?.bigint ? fstatSync(this.fd, { bigint: true }) : fstatSync(this.fd),
    )
  }

  read(buffer: Buffer, offset: number, length: number, position: number | null) {
    return this.#call(undefined, () => ({
      bytesRead: readSync(this.fd, buffer, offset, length, position),
      buffer,
    }))
  }

  readFile(encoding?: BufferEncoding) {
    return this.#call(undefined, () => readFileSync(this.fd, encoding))
  }

  write(bytes: Buffer, offset = 0, length = bytes.length - offset, position: number | null = null) {
    return this.#torn('write', bytes.subarray(offset, offset + length), position)
  }

  async writeFile(content: string | Buffer) {
    await this.#torn('write', Buffer.from(content), null)
  }

  truncate(length: number) {
    return this.#call('truncate', () => ftruncateSync(this.fd, length))
  }

  sync() {
    return this.#call('fsync', () => undefined)
  }

  chmod(mode: number) {
    return this.#call(undefined, () => fchmodSync(this.fd, mode))
  }

  chown(uid: number, gid: number) {
    return this.#call(undefined, () => fchownSync(this.fd, uid, gid))
  }

  close() {
    return this.#call(undefined, () => this.shut())
  }

  shut(): void {
    if (!this.#open) return
    this.#open = false
    this.#life.handles.delete(this)
    closeSync(this.fd)
  }

  /** A write has a boundary in its middle too. */
  async #torn(label: string, bytes: Buffer, position: number | null) {
    const half = bytes.length >> 1
    await this.#call(label, async () => {
      const first = this.#put(bytes.subarray(0, half), position)
      await this.#life.boundary(`in the middle of ${label} ${this.#kind}`)
      this.#put(bytes.subarray(half), position === null ? null : position + first)
    })
    return { bytesWritten: bytes.length, buffer: bytes }
  }

  #put(bytes: Buffer, position: number | null): number {
    let at = 0
    while (at < bytes.length)
      at += writeSync(this.fd, bytes, at, bytes.length - at, position === null ? null : position + at)
    return at
  }

  #call<T>(label: string | undefined, act: () => T | Promise<T>): Promise<T> {
    return this.#life.call(label === undefined ? undefined : `${label} ${this.#kind}`, act)
  }
}

/** What a path is for, so that a story can tell. */
function kindOf(path: string): string {
  const name = basename(path)
  const room = basename(dirname(path))
  if (name.includes('lock')) return 'of a lock'
  if (name.endsWith('.jsonl')) return 'of the journal'
  if (room === 'undo') return 'of a kept pair'
  if (name.includes('credentials')) return 'of credentials'
  if (name.includes('config')) return 'of config'
  return 'in the state directory'
}

function refusal(call: string, path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, ${call} '${path}'`), {
    code: 'EACCES',
    syscall: call,
    path,
  })
}
