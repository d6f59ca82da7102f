import { randomUUID } from 'node:crypto'
import type { ServerEvent } from '../api/events.ts'
import type { Trail, TrailRequest, TrailRows } from '../api/trail.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { AwsFailure } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import { gathering } from '../platform/sharing.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import { answerOf } from './answer.ts'
import { doorsOf } from './doors.ts'
import type { DoorLook } from './acts.ts'
import type { TrailEvent } from './event.ts'
import { KeyTrail } from './keyTrail.ts'
import type { TrailSigner } from './keyTrail.ts'
import type { EventHistory } from './ports.ts'
import { Search } from './search.ts'
import type { Limits } from './search.ts'
import { historyDays, subjectOf } from './subjects.ts'
import type { Known } from './subjects.ts'
import { viewKey, viewRow } from './view.ts'
import type { Still } from './view.ts'

export interface TrailsDeps {
  readonly clock: Clock
  readonly bus: Pick<Bus<ServerEvent>, 'publish'>
  readonly history: EventHistory
  /** Whether an account has to enable the region first. */
  readonly isOptIn: (region: string) => boolean
  /** What is known now, from the files, the runs and the checks: no call to AWS. */
  readonly known: () => Promise<Known>
  /** Keys that Keyturn made. */
  readonly ours: () => ReadonlySet<string>
  /** Told of the doors that were found, so that the ledger knows: of no other event. */
  readonly noted: (doors: readonly NotedDoor[]) => Promise<void>
  readonly onDefect: (error: unknown) => void
  readonly limits?: Partial<Limits>
}

export interface NotedDoor {
  readonly id: string
  readonly key: string
  readonly at: string
  readonly act: string
  readonly target: string
  readonly still?: 'there' | 'gone'
}

interface Asked {
  readonly id: string
  readonly request: TrailRequest
  readonly startedAt: string
  readonly keys: readonly KeyTrail[]
  readonly search: Search
  /** By the event of a door. */
  readonly looks: Map<string, Still>
  state: Trail['state']
  running: Promise<void>
  /** A page of events comes twice a second for each region: the readers are told together. */
  readonly tell: () => void
}

/** From telling the pages of a trail until the next time, in milliseconds. */
const pauseMs = 250
/** Rows of each list that is shown whole. */
const mostShown = 200
/** Trails that stay in memory: of ten thousand events each, and the person looks at one. */
const mostKept = 4
const mostRows = 2_000

/** What CloudTrail knows of keys, asked for by the person and kept in memory alone. */
export class Trails {
  readonly #deps: TrailsDeps
  readonly #asked = new Map<string, Asked>()

  constructor(deps: TrailsDeps) {
    this.#deps = deps
  }

  /**
   * Begins to ask and returns at once; `trail` events follow.
   * @throws Failure `not-a-key-id`, `since-invalid`
   */
  async begin(request: TrailRequest): Promise<Trail> {
    const { clock, history, isOptIn, known, limits } = this.#deps
    if (request.keys.some((id) => !parseKeyId(id))) throw new Failure(noKeyId)
    const since = request.since === undefined ? undefined : Date.parse(request.since)
    if (since !== undefined && !(since < clock.now())) throw new Failure(notYet)
    const facts = await known()
    const share = sharer()
    const keys = request.keys.map((id) => new KeyTrail(subjectOf(id, request, facts), share))
    const asked: Asked = {
      id: randomUUID(),
      request,
      startedAt: new Date(clock.now()).toISOString(),
      keys,
      search: new Search({ history, isOptIn, onChange: () => asked.tell(), ...(limits && { limits }) }, keys),
      looks: new Map(),
      state: 'asking',
      running: Promise.resolve(),
      tell: gathering(this.#deps.clock, pauseMs, () => {
        if (asked.state === 'asking') this.#publish(asked)
      }),
    }
    this.#asked.set(asked.id, asked)
    this.#forgetOldest()
    this.#run(asked)
    return this.#view(asked)
  }

  /** @throws Failure `unknown-trail` */
  get(id: string): Trail {
    return this.#view(this.#find(id))
  }

  /** The newest, whether or not it is over. */
  latest(): Trail | undefined {
    const newest = [...this.#asked.values()].at(-1)
    return newest && this.#view(newest)
  }

  /** What has been read is kept. @throws Failure `unknown-trail` */
  stop(id: string): Trail {
    const asked = this.#find(id)
    if (asked.state === 'asking') {
      asked.state = 'stopped'
      asked.search.stop()
    }
    return this.#view(asked)
  }

  /** From the page that each lookup had come to. @throws Failure `unknown-trail` */
  async resume(id: string): Promise<Trail> {
    const asked = this.#find(id)
    await asked.running
    this.#run(asked)
    return this.#view(asked)
  }

  /** Nothing of it stays in memory. @throws Failure `unknown-trail` */
  forget(id: string): void {
    this.#find(id).search.stop()
    this.#asked.delete(id)
  }

  /** Everything that was found, once nothing is asked any more. @throws Failure `unknown-trail` */
  async ended(id: string): Promise<Trail> {
    const asked = this.#find(id)
    await asked.running
    return this.#view(asked, Infinity)
  }

  /**
   * The events of a key in the order in which they came.
   * @param from how many the reader has
   * @throws Failure `unknown-trail`, `unknown-key`
   */
  rows(id: string, key: string, from: number, most = mostRows): TrailRows {
    const { trail, rowOf } = this.#rowsOf(id, key)
    const rows = trail.events.slice(from, from + most).map(rowOf)
    return { rows, next: from + rows.length, total: trail.events.length }
  }

  /**
   * Asks AWS whether a door is still there, who may sign one after the other.
   * @throws Failure `unknown-trail`, `unknown-key`, `unknown-door`
   */
  async lookAt(id: string, key: string, door: string): Promise<Trail> {
    const asked = this.#find(id)
    const trail = keyOf(asked, key)
    const { isOwn, signers } = trail.subject
    const found = doorsOf(trail.events, { ours: this.#deps.ours(), isOwn }).find((each) => each.id === door)
    if (!found?.look) throw new Failure({ ...unknown, name: 'unknown-door' })
    asked.looks.set(door, { still: 'asking' })
    this.#publish(asked)
    const still = await this.#isThere(signers, found.look).catch((error: unknown) => {
      asked.looks.delete(door)
      throw error
    })
    asked.looks.set(door, still)
    this.#publish(asked)
    await this.#deps.noted(notedOf(this.#view(asked, Infinity)))
    return this.#view(asked)
  }

  async #isThere(signers: readonly TrailSigner[], look: DoorLook): Promise<Still> {
    let refused: AwsFailure | undefined
    for (const { iam } of signers) {
      try {
        return { still: (await this.#deps.history.isThere(iam, look)) ? 'there' : 'gone' }
      } catch (error) {
        if (!(error instanceof AwsFailure)) throw error
        refused ??= error
      }
    }
    return { still: 'unknown', ...(refused && { trouble: refused.trouble }) }
  }

  #rowsOf(id: string, key: string) {
    const trail = keyOf(this.#find(id), key)
    const { isOwn } = trail.subject
    const { mine } = answerOf(trail.events, isOwn)
    return { trail, rowOf: (event: TrailEvent) => viewRow(event, mine, isOwn(event)) }
  }

  #run(asked: Asked): void {
    asked.state = 'asking'
    asked.running = asked.search.run().then(
      async () => {
        if (asked.state === 'asking') asked.state = 'done'
        this.#publish(asked)
        await this.#deps.noted(notedOf(this.#view(asked, Infinity)))
      },
      (error: unknown) => {
        asked.state = 'stopped'
        this.#deps.onDefect(error)
        this.#publish(asked)
      },
    )
  }

  #publish(asked: Asked): void {
    if (this.#asked.get(asked.id) === asked)
      this.#deps.bus.publish({ type: 'trail', trail: this.#view(asked) })
  }

  #view({ id, state, request, startedAt, keys, looks }: Asked, most = mostShown): Trail {
    const parts = { ours: this.#deps.ours(), looks, most }
    return { id, state, request, startedAt, keys: keys.map((key) => viewKey(key, parts)) }
  }

  #find(id: string): Asked {
    const asked = this.#asked.get(id)
    if (!asked) throw new Failure(unknown)
    return asked
  }

  #forgetOldest(): void {
    for (const [id, { search }] of this.#asked) {
      if (this.#asked.size <= mostKept) return
      search.stop()
      this.#asked.delete(id)
    }
  }
}

function keyOf({ keys }: Asked, key: string): KeyTrail {
  const trail = keys.find(({ subject }) => subject.key === key)
  if (!trail) throw new Failure({ ...unknown, name: 'unknown-key' })
  return trail
}

function notedOf({ keys }: Trail): NotedDoor[] {
  return keys.flatMap(({ key, doors }) =>
    doors.map(({ id, at, act, target, still }) => ({
      ...{ id, key, at, act, target },
      ...((still === 'there' || still === 'gone') && { still }),
    })),
  )
}

/** Ten thousand events hold a handful of addresses: one string for all that are alike. */
function sharer(): <T extends string>(text: T) => T {
  const texts = new Map<string, string>()
  return <T extends string>(text: T) => {
    const known = texts.get(text)
    if (known !== undefined) return known as T
    texts.set(text, text)
    return text
  }
}

const unknown = {
  name: 'unknown-trail',
  title: 'No longer in memory',
  detail: 'What CloudTrail told is kept only while it is looked at.',
  remedy: 'Look again.',
}
const noKeyId = {
  name: 'not-a-key-id',
  title: 'Not a key id',
  detail: 'One of those that were named is no access key id. AWS was not asked.',
  remedy: 'Give whole ids, such as AKIA and sixteen letters and digits after it.',
}
const notYet = {
  name: 'since-invalid',
  title: 'Nothing can have happened since then',
  detail: `That time is none, or has not come yet. CloudTrail keeps ${historyDays} days. AWS was not asked.`,
  remedy: 'Give a day that has been, such as 2026-01-31.',
}
