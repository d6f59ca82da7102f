import { accountIdOf } from '../keys/accountId.ts'
import type { CallOptions, Signer } from '../keys/iam.ts'
import { AwsFailure } from '../keys/iam.ts'
import { waitBefore } from './backoff.ts'
import type { Action } from './failures/classify.ts'
import { ClientCache } from './clients.ts'
import type { Clients } from './clients.ts'
import { AwsClock } from './awsClock.ts'
import { awsFailure } from './failures/errors.ts'
import { Unanswered } from './exchange.ts'
import { History } from './history.ts'
import type { AwsHttpHandler } from './httpHandler.ts'
import type { IamDeps } from './iam.ts'
import { Limiter } from './limiter.ts'
import { Pacer } from './pacer.ts'
import type { Way } from './failures/ways.ts'
import { endpointOf } from './failures/words.ts'

/** What a send takes beside its command. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal
}

type Send<T> = (clients: Clients, options: SendOptions) => Promise<T>
type Reply<T> = { readonly output: T; readonly date?: number }

/** `once`: never again where AWS may have acted. */
type Repeating = 'always' | 'once'

/** In milliseconds; `brief`: for an address that may be no AWS at all. */
const defaultPatience = 60_000
const briefPatience = 1_000

/**
 * One logical call: waits for its turn within the account's limit, sends, waits out throttling and a lost network, corrects the
 * clock. All waiting is Keyturn's own; the SDK sends each time once.
 */
export class Caller {
  readonly #deps: IamDeps
  readonly #clients: ClientCache
  readonly #limiter: Limiter
  readonly #pacer: Pacer
  readonly #awsClock = new AwsClock()
  /** Accounts that AWS told for keys whose id does not tell. */
  readonly #accounts = new Map<string, string>()
  readonly history = new History()

  constructor(deps: IamDeps, handlerFor: (caBundle?: string) => AwsHttpHandler) {
    this.#deps = deps
    this.#clients = new ClientCache(handlerFor, this.#awsClock, deps.onAnswered)
    this.#limiter = new Limiter(deps.callsInFlight)
    this.#pacer = new Pacer(deps.clock)
  }

  /** A call that changes nothing: repeated freely, and abandoned at once where the signal aborts. */
  read<T extends object>(
    action: Action,
    signer: Signer,
    options: CallOptions | undefined,
    send: Send<T>,
  ): Promise<Reply<T>> {
    return this.#call(action, signer, options, 'always', (clients) =>
      send(clients, options?.signal ? { abortSignal: options.signal } : {}),
    )
  }

  /**
   * A change that may be sent twice without harm. What may have reached AWS is awaited to its end, never abandoned: the signal
   * counts only between sends.
   */
  repeatable<T extends object>(
    action: Action,
    signer: Signer,
    options: CallOptions | undefined,
    send: Send<T>,
  ): Promise<Reply<T>> {
    return this.#call(action, signer, options, 'always', (clients) => send(clients, {}))
  }

  /** A change that must not be sent twice where AWS may have acted. */
  once<T extends object>(
    action: Action,
    signer: Signer,
    options: CallOptions | undefined,
    send: Send<T>,
  ): Promise<Reply<T>> {
    return this.#call(action, signer, options, 'once', (clients) => send(clients, {}))
  }

  /** A reply that came whole, says 200, and lacks what every such reply has. */
  unreadable(action: Action, signer: Signer): AwsFailure {
    return this.#failure({ $metadata: { httpStatusCode: 200 } }, action, signer).failure
  }

  /** The same refusal, read as a policy's wish for MFA. */
  mfaRequired(failure: AwsFailure): AwsFailure {
    const { action, code, requestId } = failure.trouble
    return new AwsFailure(
      'mfa-required',
      {
        name: 'mfa-required',
        title: 'AWS probably wants a code from an MFA device',
        detail: `AWS refused ${action}, and who signs has an MFA device: a policy may ask for it. Nothing was changed.`,
        remedy: 'Enter the six digits that the device shows.',
        ...(code && { code }),
        ...(requestId && { requestId }),
        ...(action && { action }),
      },
      { ...(failure.date !== undefined && { date: failure.date }) },
    )
  }

  learnAccount(signer: Signer, account: string): void {
    if (accountIdOf(signer.pair.id) === account) return
    if (this.#accounts.size >= 10_000) this.#accounts.clear()
    this.#accounts.set(signer.pair.id, account)
  }

  clear(): void {
    this.#clients.clear()
    this.#accounts.clear()
    this.history.clear()
  }

  async #call<T extends object>(
    action: Action,
    signer: Signer,
    options: CallOptions = {},
    repeating: Repeating,
    send: (clients: Clients) => Promise<T>,
  ): Promise<Reply<T>> {
    const { clock, random } = this.#deps
    const patience = options.patienceMs ?? defaultPatience
    let spent = 0
    let waits = 0
    let clockCorrected = false
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.#attempt(action, signer, options, attempt > 0, send).catch(
        (error: unknown) => {
          if (error instanceof Attempted) return error
          throw error
        },
      )
      if (!(failure instanceof Attempted)) return failure
      const { failure: why, took, again } = failure
      spent += took
      if (again === 'corrected' && !clockCorrected) {
        clockCorrected = true
        continue
      }
      const longest = again === 'briefly' ? Math.min(patience, briefPatience) : patience
      const mayRepeat = again !== 'no' && again !== 'corrected'
      if (!mayRepeat || (why.kind === 'ambiguous' && repeating === 'once') || spent >= longest) throw why
      const wait = Math.min(waitBefore(waits, again === 'slower', random), longest - spent)
      waits += 1
      spent += wait
      options.onWait?.(again === 'slower' ? 'throttled' : 'network')
      await clock.sleep(wait, options.signal).catch(() => {
        throw this.#failure(aborted, action, signer).failure
      })
      options.onWait?.(undefined)
    }
  }

  async #attempt<T extends object>(
    action: Action,
    signer: Signer,
    { signal }: CallOptions,
    repeat: boolean,
    send: (clients: Clients) => Promise<T>,
  ): Promise<Reply<T>> {
    const { clock } = this.#deps
    const host = endpointOf(action, signer.target)
    const lane = this.#laneOf(action, signer)
    let started: number | undefined
    try {
      return await this.#limiter.run(
        lane,
        async () => {
          if (action === 'cloudtrail:LookupEvents') await this.#pacer.turn(lane, signal)
          started = clock.now()
          const offset = this.#awsClock.offset(host)
          try {
            const output = await send(this.#clients.for(signer))
            const date = this.#awsClock.dateOf(output)
            return { output, ...(date !== undefined && { date }) }
          } catch (error) {
            const { failure, again } = this.#failure(error, action, signer, offset)
            if (failure.date !== undefined && failure.kind !== 'ambiguous')
              this.#awsClock.heard(host, failure.date)
            throw new Attempted(failure, again, clock.now() - started)
          }
        },
        (error) => (error instanceof Attempted && error.failure.kind === 'throttled' ? 'throttled' : 'other'),
        { repeat, ...(signal && { signal }) },
      )
    } catch (error) {
      if (error instanceof Attempted || started !== undefined) throw error
      throw this.#failure(aborted, action, signer).failure
    }
  }

  #failure(
    error: unknown,
    action: Action,
    signer: Signer,
    clockOffset = this.#awsClock.offset(endpointOf(action, signer.target)),
  ): { failure: AwsFailure; again: Way['again'] } {
    return awsFailure(error, {
      action,
      signer,
      now: Date.now(),
      clockOffset,
      before: this.history.of(signer.pair.id),
    })
  }

  /** Names a signer's account where it is known, and else its key, at the place that it is asked at. */
  accountOf({ pair, target }: Signer): string {
    return `${target.iam.endpoint} ${this.#accounts.get(pair.id) ?? accountIdOf(pair.id) ?? pair.id}`
  }

  /** What AWS counts calls by: the account, and CloudTrail by its regions too. */
  #laneOf(action: Action, signer: Signer): string {
    const region = action.startsWith('cloudtrail:') ? `${signer.target.region} ` : ''
    return `${region}${this.accountOf(signer)}`
  }
}

const aborted = new Unanswered('aborted', false)

/** One failed send. */
class Attempted extends Error {
  readonly failure: AwsFailure
  readonly took: number
  readonly again: Way['again']

  constructor(failure: AwsFailure, again: Way['again'], took: number) {
    super(failure.message)
    this.failure = failure
    this.again = again
    this.took = took
  }
}
