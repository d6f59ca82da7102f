import path from 'node:path'
import { nameMeant } from '../../shared/printable.ts'
import type { After, AfterUser } from '../api/after.ts'
import type { Rotation } from '../api/run.ts'
import { kindOf } from '../api/troubles.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { CallOptions, Iam, Signer } from '../keys/iam.ts'
import type { Finding, HeldKey } from '../keys/ports.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import { LineJournal } from '../platform/lineJournal.ts'
import { ActLine, standingActs, userKey } from './actLines.ts'
import { credentialsOf, handOver, openOf } from './after.ts'
import type { Looked } from './after.ts'
import { credentialKinds } from './ports.ts'
import type { CredentialKind, UserCredentials } from './ports.ts'
import { longestSessionMs, overAt } from './revoke.ts'
import { signInsOf } from './signIns.ts'
import { Watch } from './watch.ts'
import type { Denials } from './watched.ts'

export interface AfterwardsDeps {
  readonly clock: Clock
  readonly iam: Pick<Iam, 'whoAmI' | 'listKeys'>
  readonly credentials: UserCredentials
  readonly stateDirectory: string
  /** Only to look: nothing is written. */
  readonly toLook?: boolean
  readonly home: string
  /** Told of each look, so that the ledger knows. */
  readonly noted: (after: After) => Promise<void>
  readonly readKeys: () => Promise<{ readonly keys: readonly HeldKey[] }>
  readonly finding: (id: string) => Finding | undefined
  /** All rotations of keys, the newest run first. */
  readonly rotations: () => readonly Rotation[]
}

export interface AfterRequest {
  /** None: the users of the newest run. */
  readonly profiles: readonly string[]
  /** An administrator's profile that signs. */
  readonly signer?: string
  /** Milliseconds since the epoch. */
  readonly since?: number
}

/** Whom AWS is asked about, and who asks. */
export interface Subject {
  readonly account: string
  readonly name: string
  readonly profile: string
  readonly signer: Signer
  /** The newest rotation of this user's key on this machine. */
  readonly rotation?: Rotation
}

export interface Looking {
  readonly after: After
  readonly subjects: readonly Subject[]
  /** Acts that a crash cut off. */
  readonly interrupted: readonly ActLine[]
}

/** What is left after the keys: a user's other ways in, and the sessions that outlive a key. */
export class Afterwards {
  readonly deps: AfterwardsDeps
  /** Every act on another credential, fsynced before the call that does it. */
  readonly journal: LineJournal<typeof ActLine>
  readonly watch: Watch
  #denials: Denials = new Map()

  constructor(deps: AfterwardsDeps) {
    this.deps = deps
    this.journal = new LineJournal(path.join(deps.stateDirectory, 'after.jsonl'), ActLine, deps.clock)
    this.watch = new Watch({ ...deps, denials: () => this.#denials })
  }

  /** Once, before `watch` is asked. */
  async load(): Promise<void> {
    await this.watch.load()
    await this.noteActs()
  }

  /** What was done before tells what is looked for from now on. */
  async noteActs(): Promise<void> {
    this.#denials = standingActs(await this.journal.lines().catch(() => [])).denials
  }

  /**
   * Asks AWS, once for each kind of credential and user; whatever is refused is told with the rest.
   * @throws Failure `no-such-profile`, `no-user-to-ask`; AwsFailure where AWS does not say whose a key is
   */
  async look(request: AfterRequest, options?: CallOptions): Promise<Looking> {
    const subjects = await this.#subjects(request, options)
    const { open, denials } = standingActs(await this.journal.lines())
    const { clock, home } = this.deps
    const now = clock.now()
    const signIns = await signInsOf(home, now)
    const users: AfterUser[] = []
    for (const [index, subject] of subjects.entries()) {
      const { account, name, profile, rotation } = subject
      const looks = await this.#looks(subject.signer, options)
      await this.#noteDevices({ account, user: name, key: subject.signer.pair.id }, looks)
      const whose = { account, user: name }
      const denial = denials.get(userKey(whose))
      const cutOff = open.find(
        ({ act, ...line }) => act === 'end-sessions' && userKey(line) === userKey(whose),
      )
      const refusedAt = rotation?.refusedAt
      const user: AfterUser = {
        ...{ account, name, profile },
        credentials: credentialsOf({ account, name, looks }, request.since),
        sessions: {
          ...(denial &&
            !cutOff && {
              denyOlder: {
                cut: denial.cut,
                until: new Date(overAt(denial.cut)).toISOString(),
                state: denial.removed ? 'removed' : overAt(denial.cut) <= now ? 'removable' : 'in-force',
              },
            }),
          ...(cutOff?.cut !== undefined && {
            denyOlder: {
              cut: cutOff.cut,
              until: new Date(overAt(cutOff.cut)).toISOString(),
              state: 'interrupted',
            },
          }),
          over: refusedAt !== undefined && Date.parse(refusedAt) + longestSessionMs <= now,
          // They are this machine's and not of one user: told once.
          signIns: index === 0 ? signIns : [],
        },
        roles: 'not ended',
      }
      const text = handOver(user)
      users.push({ ...user, ...(text !== undefined && { handOver: text }) })
    }
    const after = { users, open: openOf(users) }
    await this.deps.noted(after)
    return { after, subjects, interrupted: open }
  }

  /** Policies of ours that have done their work and may be taken off. From the journal alone, none where it cannot be read. */
  async removable(): Promise<Pick<ActLine, 'account' | 'user'>[]> {
    const now = this.deps.clock.now()
    const { denials } = standingActs(await this.journal.lines().catch(() => []))
    return [...denials.values()]
      .filter(({ removed, cut }) => !removed && overAt(cut) <= now)
      .map(({ account, user }) => ({ account, user }))
  }

  async #noteDevices(
    whose: Parameters<Watch['note']>[0],
    { mfa }: Record<CredentialKind, Looked>,
  ): Promise<void> {
    if (!('holdings' in mfa)) return
    const devices = mfa.holdings.flatMap(({ id }) => id ?? [])
    // The look stands without it.
    await this.watch.note(whose, { devices }).catch(() => undefined)
  }

  async #looks(signer: Signer, options?: CallOptions): Promise<Record<CredentialKind, Looked>> {
    const looks = credentialKinds.map(async (kind): Promise<[CredentialKind, Looked]> => {
      try {
        return [kind, { holdings: await this.deps.credentials.list(signer, kind, options) }]
      } catch (error) {
        // Nobody wants the rest of an answer whose asking was stopped.
        if (!(error instanceof AwsFailure) || error.kind === 'aborted') throw error
        return [kind, { trouble: error.trouble }]
      }
    })
    return Object.fromEntries(await Promise.all(looks)) as Record<CredentialKind, Looked>
  }

  async #subjects({ profiles, signer }: AfterRequest, options?: CallOptions): Promise<Subject[]> {
    const { keys } = await this.deps.readKeys()
    const rotations = this.deps.rotations()
    const names = keys.flatMap((key) => key.profiles.map(({ name }) => name))
    const held = (said: string) => {
      const name = nameMeant(said, names)
      const key = keys.find((each) => each.profiles.some((profile) => profile.name === name))
      if (key) return key
      throw new Failure({
        name: 'no-such-profile',
        title: 'No such profile',
        detail: `No profile [${name}] holds an access key. AWS was not asked.`,
        remedy: 'Give the name of a profile with an access key.',
      })
    }
    const newest = rotations
      .filter(({ run }) => run === rotations[0]?.run)
      .map(({ key, newKey }) => newKey ?? key)
    const asked = profiles.length > 0 ? profiles.map(held) : keys.filter(({ id }) => newest.includes(id))
    const admin = signer === undefined ? undefined : held(signer)
    const subjects = new Map<string, Subject>()
    for (const key of new Set(asked)) {
      const { account, name } = await this.#whose(key, options)
      const whose = userKey({ account, user: name })
      const rotation = rotations.find((each) => each.account?.id === account && each.user?.name === name)
      subjects.set(whose, {
        ...{ account, name },
        profile: (admin ?? key).profiles[0]?.name ?? '',
        signer: {
          kind: admin ? 'admin' : 'own',
          pair: (admin ?? key).pair,
          userName: name,
          target: key.target,
        },
        ...(rotation && { rotation }),
      })
    }
    if (subjects.size > 0) return [...subjects.values()]
    throw new Failure({
      name: 'no-user-to-ask',
      title: 'No user to ask about',
      detail: 'No run on this machine has rotated a key that the files hold. AWS was not asked.',
      remedy: 'Name profiles: keyturn after --profile NAME',
    })
  }

  async #whose(key: HeldKey, options?: CallOptions): Promise<{ account: string; name: string }> {
    if (key.problem && kindOf(key.problem.name).unclear) throw new Failure(key.problem)
    const known = this.deps.finding(key.id)
    if (known?.account && known.user && !known.account.derived)
      return { account: known.account.id, name: known.user.name }
    const { account, userName } = await this.deps.iam.whoAmI(
      { kind: 'own', pair: key.pair, target: key.target },
      options,
    )
    if (userName !== undefined) return { account, name: userName }
    throw new Failure({
      name: 'no-user-to-ask',
      title: 'Not a key of an IAM user',
      detail: `****${key.id.slice(-4)} is the root user's, or a role's: they have none of these credentials, or no API for them.`,
      remedy: 'Name the profile of an IAM user.',
    })
  }
}
