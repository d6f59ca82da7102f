import { randomBytes } from 'node:crypto'
import { nameMeant } from '../../shared/printable.ts'
import type { ServerEvent } from '../api/events.ts'
import type { Plan, PlanChange, PlanRequest, PlanSkip } from '../api/plan.ts'
import type { Trouble } from '../api/problem.ts'
import { daysSince, isOverdue } from '../../shared/age.ts'
import type { Finding, HeldKey, ReplacedKey } from '../keys/ports.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import { samePair } from '../profiles/keyPair.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import { consequencesOf } from '../../shared/consequences.ts'
import { askedOf } from './ledger.ts'
import { blocking, type Checked, plan as makePlan, type Planned } from './plan.ts'
import { changedRequest } from './planChange.ts'
import { whatMoved } from './planMoved.ts'
import type { NewRun } from './runs/runs.ts'

/** The keys of the files as they are now. */
export interface HeldKeys {
  readonly snapshot: FilesSnapshot
  readonly keys: readonly HeldKey[]
}

export interface PlansDeps {
  readonly clock: Clock
  readonly bus: Bus<ServerEvent>
  readonly readKeys: () => Promise<HeldKeys>
  /** Asks AWS about one key, remembers and publishes what it found. */
  readonly check: (key: HeldKey) => Promise<Finding>
  readonly excluded: () => ReadonlySet<string>
  readonly canary: (id: string) => boolean
  readonly ours: () => ReadonlySet<string>
  readonly replaced: () => readonly ReplacedKey[]
  readonly quietDays: () => number
  readonly newRunId: () => string
  readonly onDefect: (error: unknown) => void
}

interface Draft {
  view: Plan
  planned?: Planned
  looking?: Promise<void>
  /** The files that it was made from, and what AWS said of the keys that were asked for. */
  files: HeldKeys
  checked: readonly Checked[]
  /** When the oldest of these answers came, in milliseconds since the epoch. */
  asOf: number
  /** Of the profiles that may sign for others. */
  accounts?: ReadonlyMap<string, string>
  /** The pairs that the plan names, as the files held them: it is bound to these, not to the whole file. */
  bound: readonly HeldKey[]
}

/** What AWS said of a key is taken over by another plan within this time. */
const freshMs = 120_000
/** Where its answers are older than this, a plan is looked at once more before it is run. */
const startMs = 60_000
const remembered = 20

/** Plans: made by looking, shown, and used at most once. They live in memory only. */
export class Plans {
  readonly #deps: PlansDeps
  readonly #drafts = new Map<string, Draft>()
  readonly #fresh = new Map<string, { pair: HeldKey['pair']; at: number; finding: Finding }>()

  constructor(deps: PlansDeps) {
    this.#deps = deps
    // A run that begins or ends changes what was found: keys of a user come and go, also where the pair is put back.
    deps.bus.subscribe((event) => {
      if (event.type === 'run') this.#fresh.clear()
    })
  }

  /** Begins to look; the plan is `ready` when all its keys have been checked. */
  async begin(asked: PlanRequest): Promise<Plan> {
    const { snapshot, keys } = await this.#deps.readKeys()
    const wanted = this.#wanted(asked, keys)
    const request = signedAsMeant(asked, keys)
    const view: Plan = {
      id: randomBytes(9).toString('base64url'),
      state: 'checking',
      createdAt: new Date(this.#deps.clock.now()).toISOString(),
      checked: 0,
      total: wanted.length,
      oldKey: request.oldKey,
      request,
      rotate: [],
      choose: [],
      skip: [],
      makeRoom: [],
      consequences: { make: [], deactivate: [], deleteForGood: [], keepActive: [], inUse: [], stay: [] },
    }
    const draft: Draft = { view, bound: [], files: { snapshot, keys }, checked: [], asOf: 0 }
    this.#drafts.set(view.id, draft)
    for (const id of [...this.#drafts.keys()].slice(0, -remembered)) this.#drafts.delete(id)
    draft.looking = this.#look(draft, wanted)
    draft.looking.catch(this.#deps.onDefect)
    return draft.view
  }

  /** The plan once it is ready. @throws what nobody foresaw while it was made */
  async made(id: string): Promise<Plan> {
    const draft = this.#draft(id)
    await draft.looking
    return draft.view
  }

  get(id: string): Plan {
    return this.#draft(id).view
  }

  /**
   * Makes one choice of a plan differently: from the check that made it, so that AWS is not asked, and from what was chosen
   * before, so that of two tabs neither undoes the other.
   * @throws Failure `plan-not-ready`, `plan-used`, `no-admin`
   */
  async change(id: string, change: PlanChange): Promise<Plan> {
    const draft = this.#draft(id)
    if (draft.view.state === 'checking') throw new Failure(notReady)
    if (draft.view.state !== 'ready') throw new Failure(draft.view.state === 'stale' ? stale : used)
    const wanted = () => signedAsMeant(changedRequest(draft.view, change), draft.files.keys)
    const accounts = await this.#signerAccounts(wanted(), draft.files.keys)
    if (draft.view.state !== 'ready') throw new Failure(used)
    // Another change may have come while a signer was looked at: it is made on top of that one.
    this.#plan(draft, wanted(), new Map([...(draft.accounts ?? []), ...accounts]))
    return draft.view
  }

  open(): Plan[] {
    return [...this.#drafts.values()]
      .map((draft) => draft.view)
      .filter((view) => view.state === 'checking' || view.state === 'ready')
  }

  /**
   * Uses a plan up and says what to run.
   * @throws Failure `plan-not-ready`, `plan-used`, or `plan-stale` where a pair that it names moved since
   */
  async take(id: string): Promise<NewRun> {
    const draft = this.#draft(id)
    if (draft.view.state === 'checking') throw new Failure(notReady)
    if (draft.view.state !== 'ready' || !draft.planned)
      throw new Failure(draft.view.state === 'stale' ? stale : used)
    // Taken before the first await: of two presses of the button one wins.
    this.#show(draft, { state: 'used' })
    const { keys } = await this.#deps.readKeys()
    await this.#lookAgain(draft)
    if (!draft.bound.every((then) => stands(then, keys))) {
      this.#show(draft, { state: 'stale' })
      throw new Failure(stale)
    }
    const { specs } = draft.planned
    const leak = draft.view.request.leak === true
    const profilesOf = new Map(
      keys.map((key) => [key.id, [...new Set(key.profiles.map(({ name }) => name))]]),
    )
    const asked = askedOf(draft.view, (key) => profilesOf.get(key) ?? [])
    if (specs.length === 0 && !(leak && asked.length > 0)) throw new Failure(nothing)
    const run = this.#deps.newRunId()
    return {
      id: run,
      kind: 'rotate',
      oldKey: draft.view.oldKey,
      asked,
      ...(leak && { leak }),
      rotations: specs.map((spec, index) => ({
        spec: { id: `${run}.${index + 1}`, ...spec },
        target: targetOf(draft.bound, spec.from),
      })),
    }
  }

  /**
   * Before a start: what is older than a minute is asked for again, of the keys that the plan would change.
   * @throws Failure `plan-moved` where that makes another plan; it is shown, with what moved, and can be started then
   */
  async #lookAgain(draft: Draft): Promise<void> {
    const now = this.#deps.clock.now()
    if (now - draft.asOf <= startMs) return
    const named = new Set(draft.bound.map(({ id }) => id))
    const before = draft.view
    const checked = await Promise.all(
      draft.checked.map(async (each): Promise<Checked> => {
        if (!named.has(each.held.id)) return each
        return { ...each, finding: await this.#deps.check(each.held) }
      }),
    )
    draft.checked = checked
    draft.asOf = now
    this.#plan(draft, before.request, draft.accounts ?? new Map())
    const differences = whatMoved(before, draft.view)
    this.#show(draft, { state: differences.length > 0 ? 'ready' : 'used', moved: differences })
    if (differences.length > 0) throw new Failure(moved)
  }

  #wanted(request: PlanRequest, keys: readonly HeldKey[]): HeldKey[] {
    if (request.keys === 'all') return [...keys]
    const byId = new Map(keys.map((key) => [key.id, key]))
    return [...new Set(request.keys)].map((id) => {
      const key = byId.get(id)
      if (key) return key
      throw new Failure({
        name: 'unknown-key',
        title: 'No such key',
        detail: `No profile holds ${parseKeyId(id) ? `the key ****${id.slice(-4)}` : 'a key of this id'}.`,
        remedy: 'Look at the list of keys again; the file may have changed.',
      })
    })
  }

  async #look(draft: Draft, wanted: readonly HeldKey[]): Promise<void> {
    const { request } = draft.view
    const excluded = this.#deps.excluded()
    let asOf = this.#deps.clock.now()
    draft.checked = await Promise.all(
      wanted.map(async (held): Promise<Checked> => {
        const untouched = this.#passOver(held, excluded, request)
        const known = untouched || held.problem ? undefined : await this.#finding(held)
        if (known) asOf = Math.min(asOf, known.at)
        this.#show(draft, { checked: draft.view.checked + 1 })
        return { held, ...(known && { finding: known.finding }), ...(untouched && { passedOver: untouched }) }
      }),
    )
    draft.asOf = asOf
    this.#plan(draft, request, await this.#signerAccounts(request, draft.files.keys))
  }

  /** Makes the plan's rows of what is known. */
  #plan(draft: Draft, request: PlanRequest, signerAccounts: ReadonlyMap<string, string>): void {
    const { snapshot, keys } = draft.files
    const excluded = this.#deps.excluded()
    const out = new Set(request.leaveOut)
    const checked = draft.checked.map((each): Checked => {
      const passedOver =
        each.passedOver ?? (out.has(each.held.id) ? leftOutWords : this.#tooYoung(each.finding, request))
      return { ...each, ...(passedOver && { passedOver }) }
    })
    draft.accounts = signerAccounts
    draft.planned = makePlan(request, checked, {
      snapshot,
      held: new Map(keys.map((key) => [key.id, key])),
      ours: this.#deps.ours(),
      replaced: new Map(this.#deps.replaced().map((key) => [key.id, key])),
      quietDays: this.#deps.quietDays(),
      now: this.#deps.clock.now(),
      signerAccounts,
      isSpared: (id) =>
        excluded.has(id) || out.has(id) || (this.#deps.canary(id) && request.includeCanaries !== true),
    })
    const skip = [...draft.planned.rows.skip, ...(request.keys === 'all' ? keyless(snapshot, keys) : [])]
    const named = new Set(draft.planned.specs.flatMap((spec) => [spec.from, spec.merge?.key]))
    draft.bound = keys.filter((key) => named.has(key.id))
    const rows = { ...draft.planned.rows, skip }
    this.#show(draft, {
      state: 'ready',
      oldKey: request.oldKey,
      request,
      ...rows,
      consequences: consequencesOf(rows),
    })
  }

  /** @throws Failure `no-admin` where a profile that should sign holds no key */
  async #signerAccounts(
    request: PlanRequest,
    keys: readonly HeldKey[],
  ): Promise<ReadonlyMap<string, string>> {
    const admins = signersOf(request).map((profile) => [profile, adminKey(profile, keys)] as const)
    const accounts = admins.map(async ([profile, admin]) => {
      const account = (await this.#finding(admin)).finding.account?.id
      return account === undefined ? [] : [[profile, account] as const]
    })
    return new Map((await Promise.all(accounts)).flat())
  }

  /** A canary raises an alarm at any call: it is not even looked at without the second yes. */
  #passOver(held: HeldKey, excluded: ReadonlySet<string>, request: PlanRequest): Trouble | undefined {
    if (excluded.has(held.id)) return excludedWords
    if (this.#deps.canary(held.id) && request.includeCanaries !== true) return canaryWords
    return undefined
  }

  /** Only what a check found says how old a key is: where AWS would not tell, it is not taken for old. */
  #tooYoung(finding: Finding | undefined, { olderThanDays }: PlanRequest): Trouble | undefined {
    if (olderThanDays === undefined || !finding) return undefined
    if (finding.createdAt === undefined) return blocking(finding) ? undefined : ageUnknownWords
    // By AWS's clock, which the day of its making is of.
    const now = this.#deps.clock.now() + (finding.clockOffsetMs ?? 0)
    if (isOverdue(finding.createdAt, olderThanDays, now)) return undefined
    const age = daysSince(finding.createdAt, now)
    return {
      name: 'younger',
      title: 'Young enough',
      detail: `It is ${age} ${age === 1 ? 'day' : 'days'} old, and only keys older than ${olderThanDays} were asked for.`,
    }
  }

  /** What AWS says of a key, and when it said so. */
  async #finding(held: HeldKey): Promise<{ readonly finding: Finding; readonly at: number }> {
    const known = this.#fresh.get(held.id)
    if (known && samePair(known.pair, held.pair) && this.#deps.clock.now() - known.at < freshMs) return known
    const at = this.#deps.clock.now()
    const finding = await this.#deps.check(held)
    if (!finding.problem) this.#fresh.set(held.id, { pair: held.pair, at, finding })
    return { finding, at }
  }

  #show(draft: Draft, change: Partial<Plan>): void {
    draft.view = { ...draft.view, ...change }
    this.#deps.bus.publish({ type: 'plan', plan: draft.view })
  }

  #draft(id: string): Draft {
    const draft = this.#drafts.get(id)
    if (draft) return draft
    throw new Failure({
      name: 'not-found',
      title: 'No such plan',
      detail: 'There is no plan with this id; plans end with the server.',
      remedy: 'Make a new plan.',
    })
  }
}

function signersOf({ signer, signers = [] }: PlanRequest): string[] {
  return [...new Set([...(signer === undefined ? [] : [signer]), ...signers.map(({ profile }) => profile)])]
}

/** @throws Failure `no-admin` where a profile that should sign holds no key */
function signedAsMeant(request: PlanRequest, keys: readonly HeldKey[]): PlanRequest {
  const names = keys.flatMap(({ profiles }) => profiles.map(({ name }) => name))
  const meant = {
    ...request,
    ...(request.signer !== undefined && { signer: nameMeant(request.signer, names) }),
    ...(request.signers && {
      signers: request.signers.map(({ key, profile }) => ({ key, profile: nameMeant(profile, names) })),
    }),
  }
  for (const profile of signersOf(meant)) adminKey(profile, keys)
  return meant
}

function adminKey(profile: string, keys: readonly HeldKey[]): HeldKey {
  const admin = keys.find((key) => key.profiles.some((each) => each.name === profile))
  if (admin) return admin
  throw new Failure({
    name: 'no-admin',
    title: 'No such administrator’s profile',
    detail: `[${profile}] holds no access key.`,
    remedy: 'Choose a profile that does.',
  })
}

/** Profiles without a key of their own that could be rotated, each with why: SSO, roles, half a pair. */
function keyless(snapshot: FilesSnapshot, keys: readonly HeldKey[]): PlanSkip[] {
  const held = new Set(keys.flatMap((key) => key.profiles))
  return snapshot.profiles.flatMap((profile) =>
    !held.has(profile) && profile.reason ? [{ profile: profile.name, reason: profile.reason }] : [],
  )
}

function stands(then: HeldKey, now: readonly HeldKey[]): boolean {
  const key = now.find((each) => each.id === then.id)
  if (!key || key.problem || !samePair(key.pair, then.pair)) return false
  const places = (held: HeldKey) =>
    held.profiles
      .map((profile) => `${profile.file}:${profile.name}`)
      .sort()
      .join('\n')
  return places(key) === places(then)
}

function targetOf(bound: readonly HeldKey[], id: string) {
  const held = bound.find((key) => key.id === id)
  if (!held) throw new Error('a planned key that is not bound')
  return held.target
}

const notReady: Trouble = {
  name: 'plan-not-ready',
  title: 'Still looking',
  detail: 'The plan is still checking keys.',
  remedy: 'Wait until it is ready.',
}
const used: Trouble = {
  name: 'plan-used',
  title: 'Already used',
  detail: 'This plan has been run; a plan runs once.',
  remedy: 'Make a new plan.',
}
const stale: Trouble = {
  name: 'plan-stale',
  title: 'The file changed',
  detail: 'A key that the plan names is no longer where it was. Nothing was done.',
  remedy: 'Make a new plan.',
}
const nothing: Trouble = {
  name: 'nothing-to-do',
  title: 'Nothing to rotate',
  detail: 'The plan has no key to rotate.',
  remedy: 'See why each key was passed over, or make the choices that it asks for.',
}
const leftOutWords: Trouble = {
  name: 'left-out',
  title: 'Left out',
  detail: 'You left this key out of the plan.',
}
const moved: Trouble = {
  name: 'plan-moved',
  title: 'Not as the plan says any more',
  detail:
    'AWS was asked once more before the start, and something that the plan counts on is otherwise. Nothing was done.',
  remedy: 'Look at what changed, then start the plan as it is now.',
}
const excludedWords: Trouble = {
  name: 'excluded',
  title: 'Excluded',
  detail: 'You excluded this key for good.',
  remedy: 'Take it off the list in Settings to rotate it.',
}
const ageUnknownWords: Trouble = {
  name: 'age-unknown',
  title: 'Age unknown',
  detail: 'AWS did not say when this key was made, so that it is not known whether it is old enough.',
  remedy: 'Rotate it by its profile, without asking for an age.',
}
const canaryWords: Trouble = {
  name: 'canary',
  title: 'Looks like a planted key',
  detail:
    'Its id belongs to an account known for canary keys, whose use raises an alarm. It was not touched.',
  remedy: 'If it is yours, rotate it by itself and confirm.',
}
