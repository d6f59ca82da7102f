import type { Call } from './call.ts'
import type { Fault, FaultEffect, FaultMatch, Faults } from './faults.ts'
import { arnOf, liveKeys, ownerOf } from './model.ts'
import type { AccessKey, User } from './model.ts'
import type { Propagation } from './replica.ts'
import type { AccountSeed, EventSeed, KeySeed, SessionSeed, UserSeed } from './seed.ts'
import { totp, totpStep } from './totp.ts'
import type { Behaviour, World } from './world.ts'

/** What is true of a key, whatever the replicas and lists say yet. */
export interface KeyTruth {
  readonly id: string
  readonly status: string
  readonly createdAt: number
  readonly lastUsed?: { readonly at: number; readonly service: string; readonly region: string }
}

/** Told of each call twice; may wait, and so stop the world there. One that throws breaks the connection. */
export type CallHook = (call: Call, phase: 'before' | 'after') => void | Promise<void>

/** The network as the control may cut it. */
export interface Wire {
  down(how: 'refuse' | 'reset'): Promise<void>
  up(): Promise<void>
}

/**
 * The hand behind the embedded IAM: what an administrator, an attacker or a bad day would do. A user is named
 * `name`, or `account/name` where the name alone is not unique. All but hooks can be done from another process.
 */
export class Control {
  readonly #world: World
  readonly #faults: Faults
  readonly #wire: Wire
  readonly #calls: readonly Call[]
  readonly #hooks = new Set<CallHook>()

  constructor(world: World, faults: Faults, wire: Wire, calls: readonly Call[]) {
    this.#world = world
    this.#faults = faults
    this.#wire = wire
    this.#calls = calls
  }

  /** Changes how slow and unsure AWS is, from now on. */
  behave(behaviour: Partial<Behaviour>): void {
    Object.assign(this.#world.behaviour, behaviour)
  }

  addAccount(seed: AccountSeed): void {
    this.#world.addAccount(seed)
  }

  /** @returns the pairs of the keys it begins with */
  addUser(accountId: string, seed: UserSeed): { id: string; secret: string }[] {
    const account = this.#world.accounts.find(({ id }) => id === accountId)
    if (!account) throw new Error(`no account ${accountId}`)
    return this.#world.addUser(account, seed).keys.map(pairOf)
  }

  /** Makes a key behind everyone's back; the quota does not bind here. */
  addKey(user: string, seed: KeySeed = {}): { id: string; secret: string } {
    return pairOf(this.#world.addKey(this.#user(user), seed))
  }

  /** Deletes a key behind everyone's back. */
  deleteKey(keyId: string): void {
    this.#world.deleteKey(this.#key(keyId).key)
  }

  /** Sets any status, `Expired` too, behind everyone's back. */
  setStatus(keyId: string, status: string): void {
    this.#world.setStatus(this.#key(keyId).key, status)
  }

  /** Puts events into an account's CloudTrail. */
  addEvents(accountId: string, events: readonly EventSeed[]): void {
    const account = this.#world.accounts.find(({ id }) => id === accountId)
    if (!account) throw new Error(`no account ${accountId}`)
    account.events.push(...events)
  }

  renameUser(user: string, name: string, path?: string): void {
    const found = this.#user(user)
    found.name = name
    if (path !== undefined) found.path = path
  }

  /** @param action such as `iam:UpdateAccessKey` */
  deny(user: string, action: string, how: 'explicit' | 'implicit' = 'explicit'): void {
    this.#user(user).policy.denied.set(action, how)
  }

  /** Takes a denial back, and allows the action. */
  allow(user: string, action: string): void {
    const { policy } = this.#user(user)
    policy.denied.delete(action)
    policy.allow.add(action)
  }

  quarantine(user: string, on = true, version: 'v1' | 'v3' = 'v3'): void {
    const { policy } = this.#user(user)
    if (on) policy.quarantined = version
    else delete policy.quarantined
  }

  requireMfa(user: string, on = true): void {
    this.#user(user).policy.mfaRequired = on
  }

  /** A session that somebody made behind everyone's back. */
  addSession(user: string, seed: SessionSeed): { id: string; secret: string; token: string } {
    const { id, secret, token } = this.#world.addSession(this.#user(user), seed)
    return { id, secret, token }
  }

  /** What is there beside keys; the secrets of service credentials and the password are as AWS has them. */
  others(user: string): Pick<User, 'serviceCredentials' | 'sshKeys' | 'certificates' | 'password' | 'mfa'> & {
    readonly policies: Readonly<Record<string, string>>
  } {
    const { serviceCredentials, sshKeys, certificates, password, mfa, inlinePolicies } = this.#user(user)
    const policies: Record<string, string> = {}
    for (const [name, versions] of inlinePolicies) {
      const document = versions.at(-1)?.document
      if (document !== undefined) policies[name] = document
    }
    return { serviceCredentials, sshKeys, certificates, mfa, policies, ...(password && { password }) }
  }

  /** How long this user's next keys take to be known; undefined: as everyone's. */
  setPropagation(user: string, propagation?: Propagation): void {
    const { uniqueId } = this.#user(user)
    if (propagation === undefined) this.#world.propagationOf.delete(uniqueId)
    else this.#world.propagationOf.set(uniqueId, propagation)
  }

  /** The code that the user's device shows. @param stepsAhead 30-second steps from now */
  mfaCode(user: string, stepsAhead = 0): string {
    const {
      mfa: [mfa],
      name,
    } = this.#user(user)
    if (!mfa) throw new Error(`${name} has no MFA device`)
    return totp(mfa.seed, totpStep(this.#world.serverNow()) + stepsAhead)
  }

  mfaSerial(user: string): string | undefined {
    return this.#user(user).mfa[0]?.serial
  }

  fault(match: FaultMatch, effect: FaultEffect): Fault {
    return this.#faults.add(match, effect)
  }

  /** The next calls are throttled. */
  throttleNext(times: number, match: FaultMatch = {}): Fault {
    return this.#faults.add({ ...match, times }, { kind: 'throttle' })
  }

  removeFault(id: number): boolean {
    return this.#faults.remove(id)
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  /** @returns takes the hook off again */
  onCall(hook: CallHook): () => void {
    this.#hooks.add(hook)
    return () => this.#hooks.delete(hook)
  }

  /** Runs the hooks; the server's own. */
  async tell(call: Call, phase: 'before' | 'after'): Promise<void> {
    for (const hook of this.#hooks) await hook(call, phase)
  }

  /** Nobody is there: connections are refused, or taken and reset. */
  async down(how: 'refuse' | 'reset' = 'refuse'): Promise<void> {
    await this.#wire.down(how)
  }

  async up(): Promise<void> {
    await this.#wire.up()
  }

  /** The user's keys that are not deleted, oldest first. */
  keys(user: string): KeyTruth[] {
    return liveKeys(this.#user(user)).map(({ id, status, createdAt, lastUsed }) => ({
      id,
      status,
      createdAt,
      ...(lastUsed ? { lastUsed } : {}),
    }))
  }

  /** Whether the pair is a live, active one, once the replicas have it. */
  authenticates(id: string, secret: string): boolean {
    const key = ownerOf(this.#world.accounts, id)?.key
    return key?.secret === secret && key.status === 'Active' && key.deletedAt === undefined
  }

  /** Whether the pair works at this instant at STS and at IAM, replicas' delays included; not a call. */
  worksNow(id: string, secret: string): boolean {
    const key = ownerOf(this.#world.accounts, id)?.key
    const now = this.#world.now()
    return key?.secret === secret && key.replicas.sts.peek(now) && key.replicas.iam.peek(now)
  }

  /** Every user with its ARN and keys. */
  snapshot(): { account: string; user: string; arn: string; keys: KeyTruth[] }[] {
    return this.#world.accounts.flatMap((account) =>
      account.users.map((user) => ({
        account: account.id,
        user: user.name,
        arn: arnOf(user),
        keys: this.keys(`${account.id}/${user.name}`),
      })),
    )
  }

  /** The log of calls, oldest first. */
  calls(): readonly Call[] {
    return this.#calls
  }

  #user(reference: string): User {
    const [account, name] = reference.includes('/') ? reference.split('/') : [undefined, reference]
    const found = this.#world.accounts
      .filter(({ id }) => account === undefined || id === account)
      .flatMap(({ users }) => users)
      .filter((user) => user.name === name)
    if (found.length !== 1)
      throw new Error(`${found.length} users are called ${reference}: name one, or account/name`)
    return found[0]!
  }

  #key(id: string): { user: User; key: AccessKey } {
    const found = ownerOf(this.#world.accounts, id)
    if (!found) throw new Error(`no key ${id}`)
    return found
  }
}

const pairOf = ({ id, secret }: AccessKey) => ({ id, secret })
