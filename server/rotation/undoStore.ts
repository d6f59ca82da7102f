import fs from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { makeDirectory, syncDirectory, writeAtomic } from '../platform/atomicFile.ts'
import type { Clock } from '../platform/clock.ts'
import { type KeyPair, Secret } from '../profiles/keyPair.ts'

const Pair = Type.Object({ id: Type.String(), secret: Type.String() }, { additionalProperties: false })
const Stored = Type.Object(
  {
    rotation: Type.String(),
    /** ISO 8601; the days of keeping count from the confirm where there was one. */
    at: Type.String(),
    confirmed: Type.Boolean(),
    old: Pair,
    new: Type.Optional(Pair),
  },
  { additionalProperties: false },
)

/** What is known of an entry without its secrets. */
export interface UndoEntry {
  readonly key: string
  readonly rotation: string
  readonly at: string
  readonly confirmed: boolean
}

/**
 * The old pairs that an undo needs, and both pairs while a save is under way: one 0600 file per old key. This and
 * the person's own files are the only places where Keyturn leaves a secret.
 */
export class UndoStore {
  readonly #directory: string
  readonly #clock: Clock

  constructor(directory: string, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  /** Before the save: both pairs, durable when it resolves. */
  async put(rotation: string, old: KeyPair, next?: KeyPair): Promise<void> {
    await this.#write({
      rotation,
      at: new Date(this.#clock.now()).toISOString(),
      confirmed: false,
      old: plain(old),
      ...(next && { new: plain(next) }),
    })
  }

  /** At confirm: the new pair goes, the old one stays until it expires. */
  async trim(key: string): Promise<void> {
    const stored = await this.#read(key)
    if (!stored) return
    await this.#write({
      rotation: stored.rotation,
      old: stored.old,
      at: new Date(this.#clock.now()).toISOString(),
      confirmed: true,
    })
  }

  async remove(key: string): Promise<void> {
    await fs.rm(this.#path(key), { force: true })
    // A crash that brings the entry back is harmless: it is looked for and expired again.
    await syncDirectory(this.#directory).catch(() => undefined)
  }

  /** The pair with this id, whether it is kept as an old or as a new one. */
  async pair(id: string): Promise<KeyPair | undefined> {
    const own = await this.#read(id)
    if (own) return pairOf(own.old)
    for (const entry of await this.list()) {
      const stored = await this.#read(entry.key)
      if (stored?.new?.id === id) return pairOf(stored.new)
    }
    return undefined
  }

  /** An unreadable entry is no entry, and undo then says that the secret is gone. */
  async entry(key: string): Promise<UndoEntry | undefined> {
    const stored = await this.#read(key)
    return stored && { key, rotation: stored.rotation, at: stored.at, confirmed: stored.confirmed }
  }

  async list(): Promise<UndoEntry[]> {
    const names = await fs.readdir(this.#directory).catch(() => [])
    const entries: UndoEntry[] = []
    for (const name of names) {
      if (!name.endsWith('.json')) continue
      const entry = await this.entry(name.slice(0, -'.json'.length))
      if (entry) entries.push(entry)
    }
    return entries
  }

  /**
   * Removes what is older than `days`.
   * @param unfinished rotations whose entries stay, whatever their age: a recovery may need them
   */
  async expire(days: number, unfinished: ReadonlySet<string>): Promise<string[]> {
    const gone: string[] = []
    for (const entry of await this.list()) {
      const age = this.#clock.now() - Date.parse(entry.at)
      if (unfinished.has(entry.rotation) || age < days * 86_400_000) continue
      await this.remove(entry.key)
      gone.push(entry.key)
    }
    return gone
  }

  #path(key: string): string {
    // A key id comes from a file that anyone may have written: it must not lead out of the directory.
    if (!/^[A-Za-z0-9_]{4,128}$/.test(key))
      throw new TypeError(`not an access key id: ${JSON.stringify(key)}`)
    return join(this.#directory, `${key}.json`)
  }

  async #read(key: string) {
    let text: string
    try {
      text = await fs.readFile(this.#path(key), 'utf8')
    } catch {
      return undefined
    }
    try {
      const value: unknown = JSON.parse(text)
      return Value.Check(Stored, value) && value.old.id === key ? value : undefined
    } catch {
      return undefined
    }
  }

  async #write(stored: {
    rotation: string
    at: string
    confirmed: boolean
    old: PlainPair
    new?: PlainPair
  }): Promise<void> {
    await makeDirectory(this.#directory)
    await writeAtomic(this.#path(stored.old.id), Buffer.from(JSON.stringify(stored)), { mode: 0o600 })
  }
}

type PlainPair = { id: string; secret: string }

function plain(pair: KeyPair): PlainPair {
  return { id: pair.id, secret: pair.secret.reveal() }
}

function pairOf(pair: PlainPair): KeyPair {
  return { id: pair.id, secret: new Secret(pair.secret) }
}
