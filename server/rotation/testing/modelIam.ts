import {
  AwsFailure,
  type AwsFailureKind,
  type CallOptions,
  type Iam,
  type KeyRecord,
  type Signer,
} from '../../keys/iam.ts'
import type { Clock } from '../../platform/clock.ts'
import { Secret } from '../../profiles/keyPair.ts'

export interface ModelKey {
  readonly id: string
  readonly secret: string
  readonly createdAt: number
  status: 'Active' | 'Inactive' | 'Expired'
  deleted: boolean
  used: boolean
  /** Polls of it that are still refused, since it has not spread. */
  hidden: number
}

export interface ModelUser {
  readonly name: string
  readonly account: string
  readonly keys: ModelKey[]
  readonly denied: Set<string>
}

/** All that AWS knows at an instant. */
export interface IamImage {
  readonly users: readonly ModelUser[]
  readonly made: number
}

/** What goes wrong with a call: nothing was done, it was done but nobody was told, or AWS refused. */
export type ModelFault =
  'lost-before' | 'lost-after' | 'network' | 'throttled' | 'denied' | 'server-error-after'

/**
 * IAM as a plain model with a strict quota, for tests that need thousands of accounts: no HTTP, all of the rules.
 * The wire, signatures and XML are tested against the embedded IAM and moto instead.
 */
export class ModelIam implements Iam {
  readonly users: ModelUser[] = []
  readonly log: string[] = []
  /** Asked before each call. */
  fault: (action: string, user: ModelUser | undefined) => ModelFault | undefined = () => undefined
  /** Polls for which a new key is refused. */
  spread = 2
  readonly #clock: Clock
  #made = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  addUser(name: string, account = '111122223333'): ModelUser {
    const user: ModelUser = { name, account, keys: [], denied: new Set() }
    this.users.push(user)
    return user
  }

  addKey(user: ModelUser, hidden = 0): ModelKey {
    this.#made += 1
    const serial = String(this.#made).padStart(4, '0')
    const key: ModelKey = {
      id: `AKIAMODELMODEL00${serial}`,
      secret: `secret/${serial}+${'x'.repeat(30)}`,
      createdAt: Math.floor(this.#clock.now() / 1000) * 1000,
      status: 'Active',
      deleted: false,
      used: false,
      hidden,
    }
    user.keys.push(key)
    return key
  }

  works(id: string, secret: string): boolean {
    return this.users.some((user) =>
      user.keys.some(
        (key) =>
          key.id === id &&
          key.secret === secret &&
          key.status === 'Active' &&
          !key.deleted &&
          key.hidden === 0,
      ),
    )
  }

  key(id: string): ModelKey | undefined {
    return this.users.flatMap((user) => user.keys).find((key) => key.id === id)
  }

  image(): IamImage {
    return { users: structuredClone(this.users), made: this.#made }
  }

  restore({ users, made }: IamImage): void {
    this.users.splice(0, Infinity, ...structuredClone(users as ModelUser[]))
    this.#made = made
  }

  whoAmI(signer: Signer) {
    return this.#call('GetCallerIdentity', signer, (user) => ({
      account: user.account,
      arn: `arn:aws:iam::${user.account}:user/${user.name}`,
      kind: 'user' as const,
      userName: user.name,
    }))
  }

  listKeys(signer: Signer) {
    return this.#call('ListAccessKeys', signer, (user) => ({
      keys: user.keys
        .filter((key) => !key.deleted)
        .map((key): KeyRecord => ({ id: key.id, status: key.status, createdAt: key.createdAt })),
      userName: user.name,
      date: this.#clock.now(),
    }))
  }

  createKey(signer: Signer) {
    return this.#call('CreateAccessKey', signer, (user) => {
      if (user.keys.filter((key) => !key.deleted).length >= 2) throw refusal('quota', 'LimitExceeded')
      const key = this.addKey(user, this.spread)
      return { pair: { id: key.id, secret: new Secret(key.secret) }, createdAt: key.createdAt }
    })
  }

  setKeyStatus(signer: Signer, id: string, status: 'Active' | 'Inactive') {
    return this.#call('UpdateAccessKey', signer, (user) => {
      own(user, id).status = status
    })
  }

  deleteKey(signer: Signer, id: string) {
    return this.#call('DeleteAccessKey', signer, (user) => {
      own(user, id).deleted = true
    })
  }

  keyLastUsed(signer: Signer, id: string) {
    return this.#call('GetAccessKeyLastUsed', signer, (user) =>
      own(user, id).used ? { at: new Date(this.#clock.now()).toISOString() } : {},
    )
  }

  accountAlias(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  mfaDevices(): ReturnType<Iam['mfaDevices']> {
    return Promise.resolve([])
  }

  sessionWithMfa(): ReturnType<Iam['sessionWithMfa']> {
    return Promise.reject(refusal('denied', 'AccessDenied'))
  }

  async #call<T>(
    action: string,
    signer: Signer,
    act: (user: ModelUser) => T,
    _options?: CallOptions,
  ): Promise<T> {
    const { id, secret } = signer.pair
    const user = this.users.find((each) => each.keys.some((key) => key.id === id))
    const fault = this.fault(action, user)
    this.log.push(`${action} ${id} ${fault ?? ''}`.trim())
    if (fault === 'network') throw refusal('network', 'NetworkError')
    if (fault === 'throttled') throw refusal('throttled', 'Throttling')
    if (fault === 'lost-before') throw refusal('ambiguous', 'TimeoutError')
    const key = user?.keys.find((each) => each.id === id)
    if (!user || !key || key.deleted || key.status !== 'Active')
      throw refusal('invalid-key', 'InvalidClientTokenId')
    if (key.secret !== secret.reveal()) throw refusal('bad-signature', 'SignatureDoesNotMatch')
    if (key.hidden > 0) {
      key.hidden -= 1
      throw refusal('invalid-key', 'InvalidClientTokenId')
    }
    key.used = true
    if (action !== 'GetCallerIdentity' && (fault === 'denied' || user.denied.has(action)))
      throw refusal('denied', 'AccessDenied')
    const subject =
      signer.userName === undefined ? user : this.users.find(({ name }) => name === signer.userName)
    if (!subject) throw refusal('not-found', 'NoSuchEntity')
    const result = act(subject)
    if (fault === 'lost-after' || fault === 'server-error-after') throw refusal('ambiguous', 'ServiceFailure')
    return result
  }
}

function own(user: ModelUser, id: string): ModelKey {
  const key = user.keys.find((each) => each.id === id && !each.deleted)
  if (!key) throw refusal('not-found', 'NoSuchEntity')
  return key
}

function refusal(kind: AwsFailureKind, code: string): AwsFailure {
  return new AwsFailure(kind, { name: kind, title: kind, detail: `The model says ${code}.`, code })
}
