import { randomBytes } from 'node:crypto'
import { accessKeyId } from './accessKeyId.ts'
import { AwsError } from './awsError.ts'
import { addHoldings } from './holdings.ts'

import type { AccessKey, Account, InlinePolicies, KeyLastUsed, Session, User } from './model.ts'
import { Replica, spread } from './replica.ts'
import type { Phase, Propagation } from './replica.ts'
import type { AccountSeed, KeySeed, UserSeed } from './seed.ts'

/** How slow and unsure AWS is; all of it may change while it runs. Times in milliseconds. */
export interface Behaviour {
  /** Until a new or reactivated key is known. */
  propagation: Propagation
  /** How long a deactivated or deleted key still works. */
  deactivationLagMs: number
  /** How late ListAccessKeys is about keys made, changed and deleted. */
  listLagMs: number
  /** How long a deleted key still counts towards the quota. */
  quotaLagMs: number
  /** Before each reply: a fixed time, or a range to draw from. */
  latency: number | readonly [number, number]
  /** Share of calls that are throttled, 0 to 1. */
  throttleRate: number
  /** What an account may call in a second; what is more is throttled, as a token bucket of that size does. 0: any number. */
  callsPerSecond: number
  /** Most keys that a page of ListAccessKeys holds, whatever MaxItems says. */
  maxPage: number
  /** Server's clock minus the injected one: the Date header, CreateDate and the check of signatures. */
  clockOffsetMs: number
  /** AWS records the first use in such a span. */
  lastUsedGrainMs: number
  /** How late GetAccessKeyLastUsed is about a use. */
  lastUsedLagMs: number
  /** How late CloudTrail is about a call; AWS's own is some fifteen minutes. */
  trailLagMs: number
  /** LookupEvents an account may call in a second and region; AWS's own law is 2. 0: any number. */
  lookupsPerSecond: number
  /** From where the calls made here come, as AWS sees it. */
  callerAddress: string
  /** Until an inline policy that was put or taken off counts. */
  policyLagMs: number
  /** What ChangePassword says to a wrong old password; AWS's own answer is not established. */
  wrongPassword: { readonly status: number; readonly code: string; readonly message: string }
}

export const prompt: Behaviour = {
  propagation: 0,
  deactivationLagMs: 0,
  listLagMs: 0,
  quotaLagMs: 0,
  latency: 0,
  throttleRate: 0,
  callsPerSecond: 0,
  maxPage: 1000,
  clockOffsetMs: 0,
  lastUsedGrainMs: 15 * 60_000,
  lastUsedLagMs: 0,
  trailLagMs: 0,
  lookupsPerSecond: 2,
  callerAddress: '127.0.0.1',
  policyLagMs: 0,
  wrongPassword: { status: 403, code: 'AccessDenied', message: 'The old password was incorrect.' },
}

export const keysPerUser = 2

const selfService = [
  'CreateAccessKey',
  'ListAccessKeys',
  'UpdateAccessKey',
  'DeleteAccessKey',
  'GetAccessKeyLastUsed',
  'GetUser',
  'ListAccountAliases',
  'ListMFADevices',
  'ListServiceSpecificCredentials',
  'CreateServiceSpecificCredential',
  'UpdateServiceSpecificCredential',
  'ResetServiceSpecificCredential',
  'DeleteServiceSpecificCredential',
  'ListSSHPublicKeys',
  'GetSSHPublicKey',
  'UploadSSHPublicKey',
  'UpdateSSHPublicKey',
  'DeleteSSHPublicKey',
  'ListSigningCertificates',
  'UploadSigningCertificate',
  'UpdateSigningCertificate',
  'DeleteSigningCertificate',
  'GetLoginProfile',
  'ChangePassword',
  'GetAccountPasswordPolicy',
]
  .map((action) => `iam:${action}`)
  .concat('cloudtrail:LookupEvents')

const standing = (policies: Readonly<Record<string, string>> = {}): InlinePolicies =>
  new Map(Object.entries(policies).map(([name, document]) => [name, [{ from: 0, document }]]))

/** Accounts, users and keys, and the laws that they obey: quota, late visibility, deletion. No I/O, no waiting. */
export class World {
  readonly accounts: Account[] = []
  readonly behaviour: Behaviour
  readonly random: () => number
  /** Every secret and session token made here begins so. */
  readonly secretPrefix: string
  /** Propagation for one user's keys, by the user's unique id. */
  readonly propagationOf = new Map<string, Propagation>()
  readonly #buckets = new Map<string, { readonly tokens: number; readonly at: number }>()
  readonly #now: () => number

  constructor(now: () => number, behaviour: Partial<Behaviour>, random: () => number, secretPrefix = '') {
    this.#now = now
    this.secretPrefix = secretPrefix
    this.behaviour = { ...prompt, ...behaviour }
    this.random = random
  }

  /** The injected clock: what delays are measured by. */
  now(): number {
    return this.#now()
  }

  /** Whether this call is one too many: by chance, or for its account's token bucket. */
  throttles(account: Account | undefined): boolean {
    const { throttleRate, callsPerSecond } = this.behaviour
    if (this.random() < throttleRate) return true
    return callsPerSecond > 0 && account !== undefined && !this.#takeToken(account.id, callsPerSecond)
  }

  /** LookupEvents has a bucket of its own for each region. */
  throttlesLookup({ id }: Account, region: string): boolean {
    const { lookupsPerSecond } = this.behaviour
    return lookupsPerSecond > 0 && !this.#takeToken(`${id} ${region}`, lookupsPerSecond)
  }

  #takeToken(bucket: string, rate: number): boolean {
    const now = this.now()
    const { tokens, at } = this.#buckets.get(bucket) ?? { tokens: rate, at: now }
    const filled = Math.min(rate, tokens + ((now - at) / 1000) * rate)
    const taken = filled >= 1
    this.#buckets.set(bucket, { tokens: taken ? filled - 1 : filled, at: now })
    return taken
  }

  /** AWS's own clock, which may be off. */
  serverNow(): number {
    return this.#now() + this.behaviour.clockOffsetMs
  }

  addAccount(seed: AccountSeed): Account {
    if (!/^\d{12}$/.test(seed.id)) throw new Error(`an account number has 12 digits: ${seed.id}`)
    const account: Account = {
      id: seed.id,
      partition: seed.partition ?? 'aws',
      users: [],
      sessions: [],
      roles: (seed.roles ?? []).map(
        ({ name, maxSeconds = 3_600, trusts = [], allow = [], attached = [], policies }) => ({
          name,
          maxSeconds,
          trusts: new Set(trusts),
          allow: new Set(allow),
          attached,
          inlinePolicies: standing(policies),
        }),
      ),
      groups: (seed.groups ?? []).map(({ name, attached = [], policies }) => ({
        name,
        attached,
        inlinePolicies: standing(policies),
      })),
      ...(seed.passwordPolicy && { passwordPolicy: seed.passwordPolicy }),
      events: [...(seed.events ?? [])],
      regions: new Set(seed.regions),
      ...(seed.alias ? { alias: seed.alias } : {}),
    }
    this.accounts.push(account)
    for (const user of seed.users ?? []) this.addUser(account, user)
    return account
  }

  addUser(account: Account, seed: UserSeed): User {
    const root = seed.root ?? false
    if (account.users.some(({ name }) => name.toLowerCase() === seed.name.toLowerCase()))
      throw new Error(`${seed.name} exists already in ${account.id}`)
    const user: User = {
      uniqueId: root ? account.id : `AIDA${accessKeyId('AKIA', account.id, randomBytes(10)).slice(4)}`,
      name: seed.name,
      path: seed.path ?? '/',
      root,
      createdAt: seed.createdAt ?? this.serverNow(),
      account,
      policy: {
        allow: new Set([...(seed.allow ?? selfService), ...(seed.alsoAllow ?? [])]),
        admin: seed.admin ?? false,
        denied: new Map((seed.deny ?? []).map((action) => [action, 'explicit'])),
        ...(seed.quarantined && { quarantined: seed.quarantined }),
        mfaRequired: seed.mfaRequired ?? false,
      },
      mfa: [],
      serviceCredentials: [],
      sshKeys: [],
      certificates: [],
      attached: seed.attached ?? [],
      inlinePolicies: new Map(),
      keys: [],
    }
    addHoldings(this, user, seed)
    if (seed.propagation !== undefined) this.propagationOf.set(user.uniqueId, seed.propagation)
    account.users.push(user)
    for (const key of seed.keys ?? []) this.addKey(user, key)
    return user
  }

  /** Puts a key there, known everywhere at once, quota or not: it was made long ago, or behind our back. */
  addKey(user: User, seed: KeySeed = {}): AccessKey {
    const key = this.#makeKey(user, [{ works: true }], 0, seed)
    if (key.status !== 'Active') key.replicas = this.#replicas([{ works: false }])
    return key
  }

  /** @throws AwsError LimitExceeded beyond two keys, inactive ones included */
  createKey(user: User): AccessKey {
    const now = this.now()
    const counted = user.keys.filter((key) => key.deletedAt === undefined || now < (key.countsUntil ?? 0))
    if (counted.length >= keysPerUser)
      throw new AwsError(409, 'LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${keysPerUser}`)
    const propagation = this.propagationOf.get(user.uniqueId) ?? this.behaviour.propagation
    return this.#makeKey(user, propagation, this.behaviour.listLagMs)
  }

  setStatus(key: AccessKey, status: string): void {
    if (key.status === status) return
    key.status = status
    key.listings.push({ from: this.now() + this.behaviour.listLagMs, status })
    key.replicas = status === 'Active' ? this.#replicas(this.behaviour.propagation) : this.#dying(key)
  }

  deleteKey(key: AccessKey): void {
    const now = this.now()
    key.replicas = this.#dying(key)
    key.deletedAt = now
    key.countsUntil = now + this.behaviour.quotaLagMs
    key.listings.push({ from: now + this.behaviour.listLagMs })
  }

  addSession(
    user: User,
    {
      mfa = false,
      seconds,
      kind = 'session-token',
      issuedAt = this.serverNow(),
      ...rest
    }: { readonly seconds: number } & Partial<Pick<Session, 'mfa' | 'kind' | 'role' | 'name' | 'issuedAt'>>,
  ): Session {
    const session: Session = {
      id: accessKeyId('ASIA', user.account.id, randomBytes(10)),
      secret: this.newSecret(30),
      token: this.newSecret(180),
      user,
      mfa,
      kind,
      issuedAt,
      ...rest,
      expiresAt: issuedAt + seconds * 1000,
    }
    user.account.sessions.push(session)
    return session
  }

  /** IAM's dates have whole seconds. */
  whole(ms = this.serverNow()): number {
    return Math.floor(ms / 1000) * 1000
  }

  recordUse(key: AccessKey, service: string, region: string): void {
    const at = this.serverNow()
    if (key.lastUsed && at - key.lastUsed.at < this.behaviour.lastUsedGrainMs) return
    key.toldUse = {
      from: this.now() + this.behaviour.lastUsedLagMs,
      ...(key.lastUsed && { before: key.lastUsed }),
    }
    key.lastUsed = { at, service, region }
  }

  /** The last use as GetAccessKeyLastUsed tells it by now. */
  toldUse({ lastUsed, toldUse }: AccessKey): KeyLastUsed | undefined {
    return toldUse && this.now() < toldUse.from ? toldUse.before : lastUsed
  }

  #makeKey(user: User, propagation: Propagation | Phase[], listLag: number, seed: KeySeed = {}): AccessKey {
    const status = seed.status ?? 'Active'
    const key: AccessKey = {
      id: seed.id ?? accessKeyId('AKIA', user.account.id, randomBytes(10)),
      secret: seed.secret ?? this.newSecret(30),
      createdAt: this.whole(seed.createdAt),
      status,
      replicas: this.#replicas(propagation),
      listings: [{ from: this.now() + listLag, status }],
    }
    const lastUsed: KeyLastUsed | undefined = seed.lastUsed
    if (lastUsed) key.lastUsed = lastUsed
    user.keys.push(key)
    return key
  }

  newSecret(bytes: number): string {
    const random = randomBytes(bytes).toString('base64')
    return this.secretPrefix + random.slice(this.secretPrefix.length)
  }

  #dying(key: AccessKey): AccessKey['replicas'] {
    const now = this.now()
    const phases = (replica: Replica): Phase[] => [
      { works: replica.peek(now), forMs: this.behaviour.deactivationLagMs },
      { works: false },
    ]
    return {
      sts: new Replica(phases(key.replicas.sts), now),
      iam: new Replica(phases(key.replicas.iam), now),
    }
  }

  #replicas(propagation: Propagation | Phase[]): AccessKey['replicas'] {
    const now = this.now()
    const of = (service: 'iam' | 'sts') =>
      new Replica(
        Array.isArray(propagation) ? propagation : spread(propagation as Propagation, service, this.random),
        now,
      )
    return { sts: of('sts'), iam: of('iam') }
  }
}
