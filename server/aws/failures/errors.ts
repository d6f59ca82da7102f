import { AwsFailure } from '../../keys/iam.ts'
import type { Signer } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import { classify } from './classify.ts'
import type { Action } from './classify.ts'
import { wordsOf } from './failureWords.ts'
import type { Seen } from '../history.ts'
import { wayOf } from './ways.ts'
import type { Way } from './ways.ts'

/** What the call was for, as the words need it. */
export interface CallContext {
  readonly action: Action
  readonly signer: Signer
  /** The machine's clock when the error came, in milliseconds since the epoch. */
  readonly now: number
  /** AWS's clock minus ours, as far as replies before this one told; the call was signed by it. In milliseconds. */
  readonly clockOffset?: number
  /** What AWS let who signs do before. */
  readonly before?: Seen
}

/**
 * Any error of the SDK or the network as an `AwsFailure`. AWS's own message is left out, and so is the SDK's error as the
 * cause: the one can hold a session token (in a canonical request), the other a whole reply with a new secret in it.
 */
export function awsFailure(
  error: unknown,
  { action, signer, now, clockOffset = 0, before }: CallContext,
): { readonly failure: AwsFailure; readonly again: Way['again'] } {
  const service = action.startsWith('sts:') ? signer.target.sts : signer.target.iam
  const found = classify(error, {
    action,
    now,
    corrected: clockOffset,
    custom: service.custom,
    ...(before && { before }),
  })
  const { kind, again } = wayOf(found.way)
  const date = found.date ?? (kind === 'ambiguous' ? now + clockOffset : undefined)
  const trouble =
    error instanceof Failure
      ? error.trouble
      : {
          ...wordsOf(found, { action, signer }),
          ...(found.code && { code: found.code }),
          ...(found.requestId && { requestId: found.requestId }),
          ...(isDenial(kind) && { action }),
        }
  const failure = new AwsFailure(kind, trouble, {
    ...(date !== undefined && { date }),
    // Who may make no session cannot use a code.
    mfaMayHelp: mayLackMfa.has(found.way) && action !== 'sts:GetSessionToken',
  })
  return { failure, again }
}

/** Denials of a policy that may ask for MFA without a word of it. */
const mayLackMfa: ReadonlySet<string> = new Set(['denied', 'denied-outright', 'quarantine-likely'])

function isDenial(kind: string): boolean {
  return kind === 'denied' || kind === 'quarantined' || kind === 'mfa-required'
}
