import { AsyncLocalStorage } from 'node:async_hooks'
import fs, { type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Iam } from '../../keys/iam.ts'

/**
 * One life of the program. Each disk write, fsync, rename and call to AWS has a boundary before and after it; at
 * the chosen one the life ends: nothing that belongs to it goes on, as after kill -9. Memory is dropped by
 * beginning another life over the same disk.
 */
export class Life {
  readonly boundaries: string[] = []
  /** Resolves at the moment of death. */
  readonly death: Promise<void>
  #dead = false
  #die: () => void = () => undefined
  readonly #acting = new Set<Promise<unknown>>()
  readonly #diesAt: number
  readonly #watch: (label: string) => void

  constructor(diesAt: number, watch: (label: string) => void = () => undefined) {
    this.#diesAt = diesAt
    this.#watch = watch
    this.death = new Promise((resolve) => (this.#die = resolve))
  }

  get dead(): boolean {
    return this.#dead
  }

  /** An act on the disk or at AWS: where the life ends meanwhile it still comes to its own end, as in a kernel. */
  async act<T>(act: () => Promise<T>): Promise<T> {
    if (this.#dead) return new Promise<never>(() => undefined)
    const acting = act()
    this.#acting.add(acting)
    try {
      return await acting
    } finally {
      this.#acting.delete(acting)
    }
  }

  /** After its death: what it had begun is over, and another life may begin. */
  async stilled(): Promise<void> {
    await Promise.allSettled(this.#acting)
  }

  /** Everything that `act` starts belongs to this life. */
  run<T>(act: () => Promise<T>): Promise<T> {
    return lives.run(this, act)
  }

  async boundary(label: string): Promise<void> {
    if (!this.#dead) {
      this.#watch(label)
      this.boundaries.push(label)
      if (this.boundaries.length === this.#diesAt) {
        this.#dead = true
        this.#die()
      }
    }
    if (this.#dead) await new Promise<never>(() => undefined)
  }
}

const lives = new AsyncLocalStorage<Life>()

async function around<T>(label: string, act: () => Promise<T>): Promise<T> {
  const life = lives.getStore()
  if (!life) return act()
  await life.boundary(`before ${label}`)
  const result = await life.act(act)
  await life.boundary(`after ${label}`)
  return result
}

/** Wraps every call to AWS in boundaries. */
export function mortal(iam: Iam): Iam {
  return new Proxy(iam, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) =>
        around(String(name), () => Reflect.apply(method, target, args) as Promise<unknown>)
    },
  })
}

type Method = (...args: unknown[]) => Promise<unknown>

/** Wraps the disk's writing calls in boundaries until the returned function is called. */
export async function mortalDisk(): Promise<() => void> {
  const probe = await fs.open(join(tmpdir(), `keyturn-probe-${process.pid}`), 'w')
  const handles = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  await fs.rm(join(tmpdir(), `keyturn-probe-${process.pid}`), { force: true })
  const undo: (() => void)[] = []
  const patch = (owner: object, name: string, label: string) => {
    const original = Reflect.get(owner, name) as Method
    Reflect.set(owner, name, function (this: unknown, ...args: unknown[]) {
      return around(label, () => Reflect.apply(original, this, args) as Promise<unknown>)
    })
    undo.push(() => Reflect.set(owner, name, original))
  }
  // No boundary of its own: a file that was only opened is what the next write's boundary leaves. But the dead open none.
  const open = fs.open
  fs.open = (...args) => {
    const life = lives.getStore()
    return life ? life.act(() => open(...args)) : open(...args)
  }
  undo.push(() => (fs.open = open))
  patch(fs, 'rename', 'rename')
  patch(fs, 'unlink', 'unlink')
  patch(fs, 'rm', 'rm')
  patch(handles, 'write', 'write')
  patch(handles, 'writeFile', 'writeFile')
  patch(handles, 'sync', 'fsync')
  patch(handles, 'truncate', 'truncate')
  return () => {
    for (const each of undo.reverse()) each()
  }
}
