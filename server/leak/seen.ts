import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import type { AfterUser } from '../api/after.ts'
import type { Place } from '../api/places.ts'
import { isOpen } from '../credentials/after.ts'
import { writeAtomic } from '../platform/atomicFile.ts'
import type { Clock } from '../platform/clock.ts'
import { ownFiles } from '../platform/ownFiles.ts'

const closed = { additionalProperties: false }
/** Milliseconds since the epoch. */
const At = Type.Integer()

const SeenCredential = Type.Object(
  {
    kind: Type.Enum(['password', 'service-specific', 'ssh', 'certificate', 'mfa']),
    id: Type.Optional(Type.String()),
    open: Type.Boolean(),
    reason: Type.String(),
  },
  closed,
)
export type SeenCredential = Static<typeof SeenCredential>

const SeenUser = Type.Object(
  {
    account: Type.String(),
    name: Type.String(),
    at: At,
    credentials: Type.Array(SeenCredential),
    /** Sessions issued before then are denied, or were until they were over. */
    cut: Type.Optional(Type.String()),
  },
  closed,
)
export type SeenUser = Static<typeof SeenUser>

const SeenPlace = Type.Object(
  {
    path: Type.String(),
    line: Type.Integer(),
    kind: Type.String(),
    key: Type.String(),
    holds: Type.Enum(['id', 'pair', 'secret']),
    can: Type.Enum(['update', 'list']),
    updated: Type.Optional(Type.Boolean()),
  },
  closed,
)
export type SeenPlace = Static<typeof SeenPlace>
const SeenPlaces = Type.Object({ at: At, places: Type.Array(SeenPlace) }, closed)
export type SeenPlaces = Static<typeof SeenPlaces>

const SeenDoor = Type.Object(
  {
    /** Of the event. */
    id: Type.String(),
    key: Type.String(),
    at: Type.String(),
    act: Type.String(),
    target: Type.String(),
    still: Type.Optional(Type.Enum(['there', 'gone'])),
  },
  closed,
)
export type SeenDoor = Static<typeof SeenDoor>

const Stored = Type.Object(
  {
    version: Type.Literal(1),
    users: Type.Array(SeenUser),
    signIns: Type.Optional(
      Type.Object(
        { at: At, alive: Type.Array(Type.Object({ path: Type.String(), kind: Type.String() }, closed)) },
        closed,
      ),
    ),
    places: Type.Optional(SeenPlaces),
    doors: Type.Array(SeenDoor),
  },
  closed,
)
export type Seen = Static<typeof Stored>

/** More would not be read by anybody; a thief who fills a history must not fill the disk. */
const mostDoors = 1_000
const mostPlaces = 5_000

/**
 * leak.json in the state directory: what was last seen of a user's other credentials, of places and of doors, at the person's
 * press. Ids, paths, dates and states; no secrets. A command that only looks writes it beside a page that runs: each reads
 * it afresh before it changes its own part.
 */
export class SeenFile {
  readonly #file: string
  readonly #clock: Clock
  readonly #onChange: () => void
  #seen: Seen
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(file: string, clock: Clock, onChange: () => void, seen: Seen) {
    this.#file = file
    this.#clock = clock
    this.#onChange = onChange
    this.#seen = seen
  }

  /** Never fails: all of it can be looked for again. @param onChange told after each write */
  static async open(stateDirectory: string, clock: Clock, onChange: () => void): Promise<SeenFile> {
    const file = path.join(stateDirectory, 'leak.json')
    return new SeenFile(file, clock, onChange, await read(file))
  }

  get(): Seen {
    return this.#seen
  }

  /** What AWS said of users, and the sign-ins that lie here. */
  users(users: readonly AfterUser[]): Promise<void> {
    const at = this.#clock.now()
    const own = users.map(({ account, name, credentials, sessions: { denyOlder } }): SeenUser => {
      const cut = denyOlder && denyOlder.state !== 'interrupted' ? denyOlder.cut : undefined
      return {
        ...{ account, name, at },
        credentials: credentials
          .filter((each) => each.kind !== 'mfa' || isOpen(each))
          .map((each) => ({
            kind: each.kind,
            ...(each.id !== undefined && { id: each.id }),
            open: isOpen(each),
            reason: reasonOf(each),
          })),
        ...(cut !== undefined && { cut }),
      }
    })
    const alive = users
      .flatMap(({ sessions }) => sessions.signIns)
      .flatMap(({ path, kind, state }) => (state === 'alive' ? [{ path, kind }] : []))
    return this.#put(({ users: before, ...rest }) => ({
      ...rest,
      users: [
        ...before.filter(({ account, name }) => !own.some((n) => n.account === account && n.name === name)),
        ...own,
      ],
      signIns: { at, alive },
    }))
  }

  /** What a search of everything found. @param keys that were looked for; undefined: all */
  places(found: readonly Place[], keys?: readonly string[]): Promise<void> {
    const at = this.#clock.now()
    return this.#put(({ places: before, ...rest }) => {
      const kept = keys ? (before?.places ?? []).filter(({ key }) => !keys.includes(key)) : []
      const own = found.map(({ path, line, kind, key, holds, can }) => ({
        path,
        line,
        kind,
        key,
        holds,
        can,
      }))
      // A look for some keys says nothing of the others.
      return {
        ...rest,
        places: { at: keys && before ? before.at : at, places: [...kept, ...own].slice(0, mostPlaces) },
      }
    })
  }

  /** The pair that replaced a key was put there, or the old one was put back. */
  placed(path: string, key: string, updated: boolean): Promise<void> {
    return this.#put((seen) =>
      seen.places
        ? {
            ...seen,
            places: {
              at: seen.places.at,
              places: seen.places.places.map((each) =>
                each.path === path && each.key === key ? { ...each, updated } : each,
              ),
            },
          }
        : seen,
    )
  }

  /** What keys left behind; of one that is known already, whether it is still there. */
  async doors(doors: readonly SeenDoor[]): Promise<void> {
    if (doors.length === 0) return
    return this.#put((seen) => {
      const known = new Map(seen.doors.map((door) => [door.id, door]))
      for (const door of doors) known.set(door.id, { ...known.get(door.id), ...door })
      return { ...seen, doors: [...known.values()].slice(-mostDoors) }
    })
  }

  #put(change: (seen: Seen) => Seen): Promise<void> {
    const next = this.#writing.then(async () => {
      const seen = change(await read(this.#file))
      this.#seen = seen
      // What cannot be written down is known as long as this process lives, and can be looked for again.
      await writeAtomic(this.#file, `${JSON.stringify(seen)}\n`).catch(() => undefined)
      this.#onChange()
    })
    this.#writing = next.catch(() => undefined)
    return next
  }
}

function reasonOf({ kind, status, trouble, new: isNew }: AfterUser['credentials'][number]): string {
  if (trouble) return `Not known: ${trouble.title}`
  if (kind === 'password') return 'Set'
  return [status, ...(isNew ? ['new'] : [])].filter(Boolean).join(', ') || 'There'
}

const nothing: Seen = { version: 1, users: [], doors: [] }

async function read(file: string): Promise<Seen> {
  try {
    const stored: unknown = JSON.parse((await ownFiles.read(file))?.toString('utf8') ?? '')
    return Value.Check(Stored, stored) ? stored : nothing
  } catch {
    return nothing
  }
}
