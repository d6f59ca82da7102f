import { AwsError, throttled } from './awsError.ts'
import type { Call } from './call.ts'

/** Which calls a fault hits: all that match everything given. */
export interface FaultMatch {
  readonly action?: string | readonly string[]
  readonly service?: Call['service']
  /** The signer's user name. */
  readonly user?: string
  /** The signer's account, where a user's name alone is not unique. */
  readonly account?: string
  /** The signer's key id. */
  readonly keyId?: string
  /** The key id that the call is about (its AccessKeyId parameter). */
  readonly target?: string
  /** Leaves the first matching calls alone. */
  readonly skip?: number
  /** Hits so many calls, then is gone; default: until removed. */
  readonly times?: number
  /** Share of the matching calls that it hits, 0 to 1; default 1. */
  readonly chance?: number
}

export type FaultEffect =
  /** The connection is reset and nothing was done. */
  | { readonly kind: 'drop-before' }
  /** It is done, then the connection is reset without a reply. */
  | { readonly kind: 'drop-after' }
  /** It is done, then half of the reply's body comes and the connection is reset. */
  | { readonly kind: 'cut' }
  /** Nothing is done; this error is the reply. */
  | {
      readonly kind: 'error-before'
      readonly status?: number
      readonly code?: string
      readonly message?: string
    }
  /** It is done, and yet this error is the reply. */
  | {
      readonly kind: 'error-after'
      readonly status?: number
      readonly code?: string
      readonly message?: string
    }
  /** Something else answers: a portal's or a filter's page, before AWS saw the call or after it acted. */
  | { readonly kind: 'page-before' | 'page-after'; readonly status: number }
  | { readonly kind: 'throttle' }
  /** The reply comes later by so many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Held, before or after the act, until the fault is removed. */
  | { readonly kind: 'hold-before' }
  | { readonly kind: 'hold-after' }

export interface Fault {
  readonly id: number
  readonly match: FaultMatch
  readonly effect: FaultEffect
  /** How many calls it has hit. */
  readonly hits: number
  /** Ends it; calls that it holds go on. */
  remove(): void
}

interface LiveFault extends Fault {
  hits: number
  seen: number
  gone: boolean
  readonly released: Promise<void>
}

/** The faults that are switched on, in the order in which they came. */
export class Faults {
  readonly #faults: LiveFault[] = []
  readonly #random: () => number
  #lastId = 0

  constructor(random: () => number) {
    this.#random = random
  }

  add(match: FaultMatch, effect: FaultEffect): Fault {
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const fault: LiveFault = {
      id: ++this.#lastId,
      match,
      effect,
      hits: 0,
      seen: 0,
      gone: false,
      released,
      remove: () => {
        fault.gone = true
        release()
        const at = this.#faults.indexOf(fault)
        if (at >= 0) this.#faults.splice(at, 1)
      },
    }
    this.#faults.push(fault)
    return fault
  }

  /** True: there was one of that id. */
  remove(id: number): boolean {
    const fault = this.#faults.find((candidate) => candidate.id === id)
    fault?.remove()
    return fault !== undefined
  }

  clear(): void {
    for (const fault of [...this.#faults]) fault.remove()
  }

  /** What hits this call, counted as hits. */
  strike(call: Call): readonly { effect: FaultEffect; released: Promise<void> }[] {
    const struck = this.#faults.filter((fault) => this.#hits(fault, call))
    for (const fault of struck) fault.hits++
    // One whose count is used up hits no more, but goes on holding what it holds.
    return struck.map(({ effect, released }) => ({ effect, released }))
  }

  #hits(fault: LiveFault, call: Call): boolean {
    const { match } = fault
    if (match.times !== undefined && fault.hits >= match.times) return false
    if (match.action !== undefined && ![match.action].flat().includes(call.action)) return false
    if (match.service !== undefined && match.service !== call.service) return false
    if (match.user !== undefined && match.user !== call.user) return false
    if (match.account !== undefined && match.account !== call.account) return false
    if (match.keyId !== undefined && match.keyId !== call.keyId) return false
    if (match.target !== undefined && match.target !== call.params['AccessKeyId']) return false
    if (fault.seen++ < (match.skip ?? 0)) return false
    return match.chance === undefined || this.#random() < match.chance
  }
}

/** The error that an effect answers with; ServiceFailure 500 unless it says otherwise. */
export function errorOf(effect: FaultEffect): AwsError {
  if (effect.kind === 'throttle') return throttled()
  if (effect.kind !== 'error-before' && effect.kind !== 'error-after')
    throw new Error(`no error: ${effect.kind}`)
  const status = effect.status ?? 500
  const unavailable = status === 503
  return new AwsError(
    status,
    effect.code ?? (unavailable ? 'ServiceUnavailable' : 'ServiceFailure'),
    effect.message ??
      (unavailable
        ? 'The request has failed due to a temporary failure of the server.'
        : 'The request processing has failed because of an unknown error, exception or failure.'),
  )
}
