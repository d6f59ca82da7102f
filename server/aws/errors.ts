import type { Trouble } from '../api/problem.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { Signer } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import { classify } from './classify.ts'
import type { Action, Classified } from './classify.ts'
import { administratorPolicy, ownKeysPolicy } from './policy.ts'

/** What the call was for, as the words need it. */
export interface CallContext {
  readonly action: Action
  readonly signer: Signer
  /** The machine's clock when the error came, in milliseconds since the epoch. */
  readonly now: number
  /** AWS's clock minus ours, as far as replies before this one told; the call was signed by it. In milliseconds. */
  readonly clockOffset?: number
}

type Words = Pick<Trouble, 'name' | 'title' | 'detail'> & {
  readonly remedy?: string
  readonly policy?: string
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

const changes: ReadonlySet<Action> = new Set([
  'iam:CreateAccessKey',
  'iam:UpdateAccessKey',
  'iam:DeleteAccessKey',
])

function wordsOf(found: Classified, context: CallContext): Words {
  const { action, signer } = context
  const host = new URL(action.startsWith('sts:') ? signer.target.sts.endpoint : signer.target.iam.endpoint)
    .host
  switch (found.kind) {
    case 'invalid-key':
      return {
        name: 'invalid-key',
        title: 'AWS does not know this key',
        detail: `AWS refused ${signer.pair.id}: it is deleted, inactive, not yet spread, or belongs to another partition or region than ${signer.target.region}.`,
        remedy:
          "See whether the key is active in AWS's console, and whether the profile's region is one of its account.",
      }
    case 'bad-signature':
      return {
        name: 'bad-signature',
        title: 'The secret does not belong to this key',
        detail: `AWS knows ${signer.pair.id}, but the secret access key beside it is not its own.`,
        remedy:
          'Correct aws_secret_access_key in the profile; a secret cut short or pasted twice is the usual cause.',
      }
    case 'quota':
      return {
        name: 'key-quota',
        title: 'The user already has two access keys',
        detail: 'AWS lets a user have two access keys, inactive ones included. No key was made.',
        remedy: 'Delete the key that is no longer needed, then rotate again.',
      }
    case 'not-found':
      return {
        name: 'not-found',
        title: 'AWS has no such key or user',
        detail: 'The key or its user is no longer there: someone deleted or renamed it meanwhile.',
        remedy: 'Check the key again to see what the user has now.',
      }
    case 'throttled':
      return {
        name: 'throttled',
        title: 'AWS asks us to slow down',
        detail: `AWS turned the call away for coming too soon, for as long as Keyturn waited. ${nothingDone(action)}`,
        remedy: 'Try again in a few minutes; a lower limit of calls at once in the settings helps.',
      }
    case 'expired-session':
      return {
        name: 'session-expired',
        title: 'The session has ended',
        detail: `The temporary session that signed the call is over. ${nothingDone(action)}`,
        remedy: 'Enter a new code from the MFA device.',
      }
    case 'aborted':
      return {
        name: 'aborted',
        title: 'Stopped',
        detail: `The call was stopped before it was sent. ${nothingDone(action)}`,
      }
    case 'clock-skew':
      return clockWords(found)
    case 'denied':
    case 'quarantined':
    case 'mfa-required':
      return denialWords(found, action, signer)
    case 'mfa-code':
      return mfaCode
    case 'network':
      return networkWords(found, host, action)
    case 'ambiguous':
      return ambiguousWords(found, host, action)
    case 'other':
      return otherWords(found, host, action, signer)
  }
}

function nothingDone(action: Action): string {
  return changes.has(action) ? 'Nothing was changed in AWS.' : 'Nothing was changed.'
}

function clockWords({ skew }: Classified): Words {
  const minutes = skew === undefined ? undefined : Math.round(Math.abs(skew) / 60_000)
  const off = minutes ? `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}` : 'some minutes'
  const side = skew === undefined || !minutes ? 'off' : skew > 0 ? 'fast' : 'slow'
  return {
    name: 'clock-skew',
    title: `This machine's clock is ${off} ${side}`,
    detail: `AWS refused the signature because of its time: the clock here is ${off} ${side}. The key itself was not judged.`,
    remedy: 'Set the clock (switch on network time), then try again.',
  }
}

function denialWords(found: Classified, action: Action, { kind, target }: Signer): Words {
  const policy = kind === 'admin' ? administratorPolicy(target.partition) : ownKeysPolicy(target.partition)
  if (found.kind === 'quarantined') {
    const sure = found.nature === 'named-quarantine'
    return {
      name: 'quarantined',
      title: sure ? 'AWS has quarantined this user' : 'AWS has probably quarantined this user',
      detail: `A policy denies ${action} outright. ${
        sure
          ? 'It is the policy that AWS attaches when it finds a key in public'
          : 'AWS attaches such a policy (AWSCompromisedKeyQuarantine) when it finds a key in public'
      }: treat the key as stolen.`,
      remedy:
        "Have an administrator deactivate the key now, look at the support case that AWS opened, then detach the policy; or rotate with an administrator's profile.",
    }
  }
  if (found.kind === 'mfa-required') {
    return {
      name: 'mfa-required',
      title: 'AWS wants a code from an MFA device',
      detail: `AWS refused ${action} for a call without multi-factor authentication. Nothing was changed.`,
      remedy: "Enter the six digits that the user's device shows.",
    }
  }
  const base = { name: 'access-denied', title: `Not allowed: ${action}` }
  if (found.nature === 'organization') {
    return {
      ...base,
      detail: `A policy of the organization denies ${action} in this account. Nothing was changed by this call.`,
      remedy: "Ask the organization's administrator: no policy of the user can allow it.",
    }
  }
  if (found.nature === 'boundary') {
    return {
      ...base,
      detail: `The user's permissions boundary does not allow ${action}. Nothing was changed by this call.`,
      remedy: 'Ask an administrator to allow these actions in the boundary as well as in a policy.',
      policy,
    }
  }
  return {
    ...base,
    detail:
      found.nature === 'explicit-deny'
        ? `A policy denies ${action} outright. Nothing was changed by this call.`
        : `No policy allows ${action} here. Nothing was changed by this call.`,
    remedy:
      found.nature === 'explicit-deny'
        ? 'Ask an administrator which policy denies it; where it asks for MFA, set mfa_serial in the profile.'
        : "Ask an administrator to attach this policy, or rotate with an administrator's profile.",
    policy,
  }
}

const mfaCode: Words = {
  name: 'mfa-code',
  title: 'AWS did not take the code',
  detail: 'The code was wrong, too old, or already used: each code works once.',
  remedy: 'Wait for the next code and enter that one.',
}

function networkWords({ nature, code }: Classified, host: string, action: Action): Words {
  const unsent = `The call was not sent. ${nothingDone(action)}`
  switch (nature) {
    case 'dns':
      return {
        name: 'network-dns',
        title: `${host} cannot be found`,
        detail: `The name ${host} does not resolve. ${unsent}`,
        remedy:
          "See whether this machine is online and whether the profile's region or endpoint is spelt right.",
      }
    case 'tls':
      return {
        name: 'network-tls',
        title: 'The connection is not trusted',
        detail: `${host} showed a certificate that this machine does not trust (${code}). ${unsent}`,
        remedy:
          "Behind a proxy that opens TLS, name its authority in AWS_CA_BUNDLE; else someone may be in between: don't go on.",
      }
    case 'proxy':
      return {
        name: 'network-proxy',
        title: 'The proxy refused',
        detail: `The proxy did not open a connection to ${host}. ${unsent}`,
        remedy: 'Look at HTTPS_PROXY (its user and password too), or add the host to NO_PROXY.',
      }
    case 'proxy-unreachable':
      return {
        name: 'network-proxy',
        title: 'The proxy cannot be reached',
        detail: `The proxy that HTTPS_PROXY names does not answer. ${unsent}`,
        remedy: 'See whether this machine is online, and look at HTTPS_PROXY.',
      }
    case 'not-aws':
      return {
        name: 'network-not-aws',
        title: 'Something else answered for AWS',
        detail: `The answer from ${host} is not one of AWS: a sign-in page of the network, or a proxy. ${nothingDone(action)}`,
        remedy: 'Open any page in a browser to sign in to the network, then try again.',
      }
    case 'refused':
      return {
        name: 'network-refused',
        title: `${host} is not listening`,
        detail: `Nothing accepts connections at ${host}. ${unsent}`,
        remedy: 'Look at the endpoint and at the proxy settings.',
      }
    default:
      return {
        name: 'network-unreachable',
        title: 'AWS cannot be reached',
        detail: `No connection to ${host} came about. ${unsent}`,
        remedy: 'See whether this machine is online, then try again.',
      }
  }
}

function ambiguousWords({ nature, status }: Classified, host: string, action: Action): Words {
  const what =
    nature === 'server-error'
      ? `AWS answered with an error of its own (${status}).`
      : nature === 'bad-reply'
        ? `The answer from ${host} could not be read.`
        : `The answer from ${host} was lost on the way.`
  if (!changes.has(action)) {
    return {
      name: 'no-answer',
      title: 'AWS gave no answer',
      detail: `${what} Nothing was changed.`,
      remedy: 'Try again; if it lasts, look at health.aws.amazon.com.',
    }
  }
  return {
    name: 'outcome-unknown',
    title: 'It is not known whether AWS acted',
    detail: `${what} AWS may have carried out ${action.slice(4)}, or not.`,
    remedy: "Check the key again: the user's keys in AWS tell.",
  }
}

function otherWords(
  { nature, code, status }: Classified,
  host: string,
  action: Action,
  { target }: Signer,
): Words {
  if (nature === 'opt-in') {
    return {
      name: 'region-disabled',
      title: 'The region is not enabled',
      detail: `The account has not enabled ${target.region}, so that its STS does not answer for it.`,
      remedy: 'Set a region in the profile that the account uses.',
    }
  }
  if (nature === 'mfa-device') {
    return {
      name: 'mfa-device',
      title: 'AWS does not know this MFA device',
      detail: 'The serial of the MFA device is not one of this user. Nothing was changed.',
      remedy:
        'Correct mfa_serial in the config file: it is the ARN that the console shows beside the device.',
    }
  }
  if (nature === 'user-name') {
    return {
      name: 'user-name-needed',
      title: 'AWS wants the name of the user',
      detail: `AWS takes the user from the signing key, and this key is not a user's own. ${nothingDone(action)}`,
      remedy: 'Check the key again; a temporary key cannot be rotated.',
    }
  }
  if (nature === 'session-not-allowed') {
    return {
      name: 'session-not-allowed',
      title: 'This key cannot open an MFA session',
      detail: "AWS opens MFA sessions for a user's long-term key alone. Nothing was changed.",
      remedy: "Use the user's own access key in the profile.",
    }
  }
  return {
    name: 'aws-error',
    title: `AWS refused: ${code ?? status ?? 'no reason given'}`,
    detail: `${host} refused ${action} with ${code ?? `status ${status}`}. ${nothingDone(action)}`,
    remedy: "Look the code up in AWS's documentation of the call; the request id helps AWS's support.",
  }
}
