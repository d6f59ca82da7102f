import path from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { writeAtomic } from '../platform/atomicFile.ts'
import { ownFiles } from '../platform/ownFiles.ts'
import { sharing } from '../platform/sharing.ts'
import type { TrailEvent } from './event.ts'

/** A call that Keyturn made and AWS answered. */
export interface OwnCall {
  /** AWS's own id of it, which CloudTrail has too. */
  readonly id: string
  /** Such as `GetCallerIdentity`. */
  readonly act: string
  /** By AWS's clock, milliseconds since the epoch. */
  readonly at: number
  readonly agent: string
}

const Stored = Type.Object(
  {
    version: Type.Literal(1),
    agents: Type.Array(Type.String({ maxLength: 1024 })),
    calls: Type.Record(
      Type.String({ maxLength: 128 }),
      Type.Array(
        Type.Tuple([
          Type.String({ maxLength: 128 }),
          Type.String({ maxLength: 128 }),
          Type.Integer(),
          Type.Integer({ minimum: 0 }),
        ]),
      ),
    ),
  },
  { additionalProperties: false },
)

/** From one call that is remembered of a key to the next, in milliseconds: an address does not change sooner. */
const apart = 10 * 60_000
const mostOfKey = 12
/** What is noted of many keys is written together, in milliseconds. */
const soonMs = 1_000
/** CloudTrail keeps no more, in milliseconds. */
const memory = 90 * 86_400_000
/** What a gateway's reply and CloudTrail may say of the same call, in milliseconds. */
const tolerance = 1_500

/**
 * Some of the calls that Keyturn made with each key: where CloudTrail lists one of them, its address is this machine's.
 * By the id that AWS gave the call, which nobody else can know; a user agent alone could be anybody's, a thief's too.
 * calls.json in the state directory; no secrets.
 */
export class OwnCalls {
  readonly #calls: Map<string, readonly OwnCall[]>
  readonly #save: () => Promise<void>
  readonly #toLook: boolean
  #changed = false

  private constructor(file: string, calls: Map<string, readonly OwnCall[]>, toLook: boolean) {
    this.#calls = calls
    this.#toLook = toLook
    this.#save = sharing(() => writeAtomic(file, `${JSON.stringify(this.#stored())}\n`))
  }

  /** Never fails: what cannot be read is forgotten, and costs no more than not to know an address yet. */
  static async open(stateDirectory: string, toLook = false): Promise<OwnCalls> {
    const file = path.join(stateDirectory, 'calls.json')
    return new OwnCalls(file, await read(file), toLook)
  }

  note(keyId: string, call: OwnCall): void {
    const before = this.#calls.get(keyId) ?? []
    const last = before.at(-1)
    if (last && Math.abs(call.at - last.at) < apart) return
    this.#calls.set(keyId, [...before, call].slice(-mostOfKey))
    if (!this.#changed) setTimeout(() => void this.flush(), soonMs).unref()
    this.#changed = true
  }

  /**
   * Whether an event is a call of Keyturn's. Behind an endpoint of one's own, which may give calls ids of its own, the
   * same act by the same program in the same second counts as well.
   */
  isOwn({ by, act, at, agent, requestId }: TrailEvent): boolean {
    return (this.#calls.get(by) ?? []).some(
      (call) =>
        call.id === requestId ||
        (call.act === act &&
          call.agent !== '' &&
          call.agent === agent &&
          Math.abs(call.at - at) <= tolerance),
    )
  }

  /** Writes what is new; a disk that refuses costs no more than what `open` says. */
  async flush(): Promise<void> {
    if (!this.#changed || this.#toLook) return
    this.#changed = false
    await this.#save().catch(() => undefined)
  }

  #stored(): unknown {
    const newest = Math.max(0, ...[...this.#calls.values()].map((calls) => calls.at(-1)?.at ?? 0))
    const agents: string[] = []
    const numberOf = (agent: string) =>
      agents.includes(agent) ? agents.indexOf(agent) : agents.push(agent) - 1
    const calls = [...this.#calls]
      .map(([key, list]) => [key, list.filter(({ at }) => at > newest - memory)] as const)
      .filter(([, list]) => list.length > 0)
      .map(
        ([key, list]) => [key, list.map(({ id, act, at, agent }) => [id, act, at, numberOf(agent)])] as const,
      )
    return { version: 1, agents, calls: Object.fromEntries(calls) }
  }
}

async function read(file: string): Promise<Map<string, readonly OwnCall[]>> {
  try {
    const stored: unknown = JSON.parse((await ownFiles.read(file))?.toString('utf8') ?? '')
    if (!Value.Check(Stored, stored)) return new Map()
    return new Map(
      Object.entries(stored.calls).map(([key, list]) => [
        key,
        list.map(([id, act, at, agent]) => ({ id, act, at, agent: stored.agents[agent] ?? '' })),
      ]),
    )
  } catch {
    return new Map()
  }
}
