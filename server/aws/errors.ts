import { AwsFailure } from '../keys/iam.ts'
import type { Signer } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import { classify } from './classify.ts'
import type { Action, Classified } from './classify.ts'
import { wordsOf } from './failureWords.ts'

/** What the call was for, as the words need it. */
export interface CallContext {
  readonly action: Action
  readonly signer: Signer
  /** The machine's clock when the error came, in milliseconds since the epoch. */
  readonly now: number
  /** AWS's clock minus ours, as far as replies before this one told; the call was signed by it. In milliseconds. */
  readonly clockOffset?: number
}

/**
 * Any error of the SDK or the network as an `AwsFailure`. AWS's own message is left out, and so is the SDK's error as the
 * cause: the one can hold a session token (in a canonical request), the other a whole reply with a new secret in it.
 * `passing` tells whether waiting can help.
 */
export function awsFailure(error: unknown, context: CallContext): { failure: AwsFailure; passing: boolean } {
  // Of our own HTTP handler: a proxy or a certificate bundle that cannot be used.
  if (error instanceof Failure) return { failure: new AwsFailure('network', error.trouble), passing: false }
  const found = classify(error, context.action, context.now, context.clockOffset)
  const words = wordsOf(found, context)
  const date =
    found.date ?? (found.kind === 'ambiguous' ? context.now + (context.clockOffset ?? 0) : undefined)
  const failure = new AwsFailure(
    found.kind,
    {
      ...words,
      ...(found.code && { code: found.code }),
      ...(found.requestId && { requestId: found.requestId }),
      ...(isDenial(found) && { action: context.action }),
    },
    { ...(date !== undefined && { date }) },
  )
  return { failure, passing: found.passing }
}

function isDenial({ kind }: Classified): boolean {
  return kind === 'denied' || kind === 'quarantined' || kind === 'mfa-required'
}
