import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { makeDirectory, syncDirectory, writeAtomic } from '../platform/atomicFile.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import { ownFiles, whyNot } from '../platform/ownFiles.ts'
import { type KeyPair, Secret } from '../profiles/keyPair.ts'
import type { CutProfile } from '../profiles/ports.ts'

const Pair = Type.Object({ id: Type.String(), secret: Type.String() }, { additionalProperties: false })
const Line = Type.Object({ text: Type.String(), at: Type.Unknown() }, { additionalProperties: false })
/** Lines that were taken out of a file; the old pair's secret is in them. */
const Cut = Type.Object(
  {
    file: Type.Union([Type.Literal('credentials'), Type.Literal('config')]),
    profile: Type.String(),
    header: Type.String(),
    lines: Type.Array(Line),
  },
  { additionalProperties: false },
)
const Stored = Type.Object(
  {
    rotation: Type.String(),
    /** ISO 8601; the days of keeping count from the confirm where there was one. */
    at: Type.String(),
    confirmed: Type.Boolean(),
    /** The old key's id, where its own pair is no longer kept. */
    key: Type.Optional(Type.String()),
    old: Type.Optional(Pair),
    new: Type.Optional(Pair),
    cut: Type.Optional(Type.Array(Cut)),
  },
  { additionalProperties: false },
)
type Stored = Static<typeof Stored>

/** What is known of an entry without its secrets. */
export interface UndoEntry {
  /** The old key's id. */
  readonly key: string
  readonly rotation: string
  readonly at: string
  readonly confirmed: boolean
  /** Whether the old pair is kept: what an undo needs. */
  readonly old: boolean
  /** Whether the lines are kept that its rotation has taken out of the files. */
  readonly cut?: true
  /** The id whose pair is kept beside the file, so that whatever becomes of the file it can be put back. */
  readonly newKey?: string
  /** By id: what `sumOf` makes of each kept pair, so that a file's can be held against it. */
  readonly sums: ReadonlyMap<string, string>
}

/** Tells whether two pairs are the same; nothing can be read from it. */
export function sumOf({ id, secret }: KeyPair): string {
  return createHash('sha256').update(`${id} ${secret.reveal()}`).digest('base64')
}

/**
 * Both pairs of each change, the old one for an undo and the new one in case the file is lost: one 0600 file per old
 * key. This and the person's own files are the only places where Keyturn leaves a secret.
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

  /** Before a pair is taken out of the files: it and its lines, durable when it resolves. */
  async putCut(rotation: string, pair: KeyPair, cuts: readonly CutProfile[]): Promise<void> {
    const before = await this.#read(pair.id)
    // What a crash has broken off goes on where it was.
    const earlier = before?.rotation === rotation ? before.cut : undefined
    const plainCuts = cuts.map(({ file, profile, header, lines }) => ({
      file,
      profile,
      header,
      lines: [...lines],
    }))
    await this.#write({
      rotation,
      at: new Date(this.#clock.now()).toISOString(),
      confirmed: false,
      old: plain(pair),
      ...(before?.new && { new: before.new }),
      cut: [
        ...(earlier ?? []).filter(
          (each) => !cuts.some(({ file, profile }) => file === each.file && profile === each.profile),
        ),
        ...plainCuts,
      ],
    })
  }

  /** What a rotation has taken out of the files; none where it is no longer kept. */
  async cut(key: string): Promise<readonly CutProfile[]> {
    const cuts = (await this.#read(key))?.cut ?? []
    return cuts.map((each) => ({ ...each, lines: each.lines as CutProfile['lines'], shown: [] }))
  }

  /** At confirm: the days of keeping count from now. @param keepOld whether the old pair stays beside the new one */
  async confirm(key: string, keepOld: boolean): Promise<void> {
    const stored = await this.#read(key)
    if (!stored) return
    const { old, cut: _, ...rest } = stored
    await this.#write({
      ...rest,
      ...(keepOld ? { old } : { key }),
      at: new Date(this.#clock.now()).toISOString(),
      confirmed: true,
    })
  }

  /** Forgets the old pair; the new one, which may be the last copy of what works, stays as long as it would have. */
  async removeOld(key: string): Promise<void> {
    const stored = await this.#read(key)
    if (!stored?.new) return this.remove(key)
    const { old: _, cut: __, ...rest } = stored
    await this.#write({ ...rest, key })
  }

  async remove(key: string): Promise<void> {
    await ownFiles.remove(this.#path(key))
    // A crash that brings the entry back is harmless: it is looked for and expired again.
    await syncDirectory(this.#directory).catch(() => undefined)
  }

  /** The pair with this id, whether it is kept as an old or as a new one. */
  async pair(id: string): Promise<KeyPair | undefined> {
    if (!keyId.test(id)) return undefined
    const own = await this.#read(id)
    if (own?.old) return pairOf(own.old)
    for (const entry of await this.list()) {
      const stored = await this.#read(entry.key)
      if (stored?.new?.id === id) return pairOf(stored.new)
    }
    return undefined
  }

  /** An entry that is damaged is no entry, and undo then says that the secret is gone. */
  async entry(key: string): Promise<UndoEntry | undefined> {
    const stored = await this.#read(key)
    return (
      stored && {
        key,
        rotation: stored.rotation,
        at: stored.at,
        confirmed: stored.confirmed,
        old: stored.old !== undefined,
        ...(stored.cut && { cut: true }),
        ...(stored.new && { newKey: stored.new.id }),
        sums: new Map(
          [stored.old, stored.new].flatMap((pair) => (pair ? [[pair.id, sumOf(pairOf(pair))]] : [])),
        ),
      }
    )
  }

  async list(): Promise<UndoEntry[]> {
    const names = await ownFiles.list(this.#directory).catch(() => [])
    const entries: UndoEntry[] = []
    for (const name of names) {
      if (!keyFile.test(name)) continue
      // What is shown of one entry does not depend on another.
      const entry = await this.entry(name.slice(0, -'.json'.length)).catch(() => undefined)
      if (entry) entries.push(entry)
    }
    return entries
  }

  /** Entries that are older than `days`. */
  async expired(days: number): Promise<UndoEntry[]> {
    const entries = await this.list()
    return entries.filter(({ at }) => this.#clock.now() - Date.parse(at) >= days * 86_400_000)
  }

  #path(key: string): string {
    // A key id comes from a file that anyone may have written: it must not lead out of the directory.
    if (!keyId.test(key)) throw new TypeError(`not an access key id: ${JSON.stringify(key)}`)
    return join(this.#directory, `${key}.json`)
  }

  /** @throws Failure `kept-unreadable` where nobody can tell what is kept: that is no 'nothing' */
  async #read(key: string): Promise<Stored | undefined> {
    const path = this.#path(key)
    let bytes: Buffer | undefined
    try {
      bytes = await ownFiles.read(path)
    } catch (error) {
      throw unreadable(path, error)
    }
    if (!bytes) return undefined
    try {
      const value: unknown = JSON.parse(bytes.toString('utf8'))
      return Value.Check(Stored, value) && keyOf(value) === key ? value : undefined
    } catch {
      return undefined
    }
  }

  async #write(stored: Stored): Promise<void> {
    await makeDirectory(this.#directory)
    await writeAtomic(this.#path(keyOf(stored)), Buffer.from(JSON.stringify(stored)), { mode: 0o600 })
  }
}

/** An entry has at least one of them: what has neither is no entry. */
function keyOf(stored: Stored): string {
  return (stored.old?.id ?? stored.key) as string
}

const keyId = /^[A-Za-z0-9_]{4,128}$/
const keyFile = /^[A-Za-z0-9_]{4,128}\.json$/

function unreadable(path: string, cause: unknown): Failure {
  return new Failure(
    {
      name: 'kept-unreadable',
      title: 'A kept pair cannot be read',
      detail: `${path} cannot be read: ${whyNot(cause)}. So nobody can tell which pair is kept.`,
      remedy: 'Make it readable or move it away, then retry.',
    },
    { cause },
  )
}

type PlainPair = { id: string; secret: string }

function plain(pair: KeyPair): PlainPair {
  return { id: pair.id, secret: pair.secret.reveal() }
}

function pairOf(pair: PlainPair): KeyPair {
  return { id: pair.id, secret: new Secret(pair.secret) }
}
