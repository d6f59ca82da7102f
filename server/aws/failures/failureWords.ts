import type { Signer } from '../../keys/iam.ts'
import type { Action, Classified } from './classify.ts'
import { denialWords } from './denialWords.ts'
import { ambiguousWords, networkWords } from './networkWords.ts'
import { wayOf } from './ways.ts'
import { endpointOf, nothingDone } from './words.ts'
import type { Words } from './words.ts'

/** Words for every kind of failure of a call. */
export function wordsOf(
  found: Classified,
  { action, signer }: { readonly action: Action; readonly signer: Signer },
): Words {
  const { host } = new URL(endpointOf(action, signer.target))
  switch (wayOf(found.way).kind) {
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
        detail:
          'AWS answers that the key or its user is not there: someone deleted or renamed it, or AWS’s servers do not agree yet.',
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

const mfaCode: Words = {
  name: 'mfa-code',
  title: 'AWS did not take the code',
  detail: 'The code was wrong, too old, or already used: each code works once.',
  remedy: 'Wait for the next code and enter that one.',
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

function otherWords(
  { way, code, status }: Classified,
  host: string,
  action: Action,
  { pair, target }: Signer,
): Words {
  if (way === 'not-subscribed') {
    return {
      name: 'not-subscribed',
      title: 'The account cannot use this service',
      detail: `AWS says that the account of ****${pair.id.slice(-4)} is not signed up for what was asked: a new account that is not ready yet, or one that is closed or suspended. ${nothingDone(action)}`,
      remedy: "Sign in to the account's console: it says what is missing.",
    }
  }
  if (way === 'region-off') {
    return {
      name: 'region-disabled',
      title: 'The region is not enabled',
      detail: `The account has not enabled ${target.region}, so that its ${action.startsWith('sts:') ? 'STS' : 'AWS'} does not answer for it.`,
      remedy: 'Set a region in the profile that the account uses.',
    }
  }
  if (way === 'other-quota' && action === 'iam:PutUserPolicy') {
    return {
      name: 'quota',
      title: 'No room for another policy',
      detail:
        'The inline policies of this user leave no room: together they may have 2,048 characters. Nothing was changed.',
      remedy: 'Remove one of them, or have an administrator delete the user and make it anew.',
    }
  }
  if (way === 'other-quota') {
    return {
      name: 'quota',
      title: 'A quota of the account is used up',
      detail: `AWS refused ${action} for a quota, and not for that of two keys a user. ${nothingDone(action)}`,
      remedy: "Look at IAM's quotas in the console, under Service Quotas.",
    }
  }
  if (way === 'unreadable-signature') {
    return {
      name: 'bad-request',
      title: 'AWS could not read the signature',
      detail: `AWS could not take the signature of ${action} apart, which says nothing of the key or its secret: something on the way may have changed the request. ${nothingDone(action)}`,
      remedy: 'Look at the endpoint and at the proxy settings, then try again.',
    }
  }
  if (way === 'unsupported') {
    return {
      name: 'network-not-aws',
      title: `${host} does not speak IAM`,
      detail: `${host} does not know ${action} (${code ?? `status ${status}`}). ${nothingDone(action)}`,
      remedy: 'Look at the endpoint that is set for this profile.',
    }
  }
  if (way === 'mfa-device') {
    return {
      name: 'mfa-device',
      title: 'AWS does not know this MFA device',
      detail: 'The serial of the MFA device is not one of this user. Nothing was changed.',
      remedy:
        'Correct mfa_serial in the config file: it is the ARN that the console shows beside the device.',
    }
  }
  if (way === 'user-name') {
    return {
      name: 'user-name-needed',
      title: 'AWS wants the name of the user',
      detail: `AWS takes the user from the signing key, and this key is not a user's own. ${nothingDone(action)}`,
      remedy: 'Check the key again; a temporary key cannot be rotated.',
    }
  }
  if (way === 'session-not-allowed') {
    return {
      name: 'session-not-allowed',
      title: 'This key cannot open an MFA session',
      detail: "AWS opens MFA sessions for a user's long-term key alone. Nothing was changed.",
      remedy: "Use the user's own access key in the profile.",
    }
  }
  if ((action.startsWith('sts:') ? target.sts : target.iam).custom) {
    return {
      name: 'aws-error',
      title: `${host} refused: ${code ?? status ?? 'no reason given'}`,
      detail: `${host} refused ${action} with ${code ?? `status ${status}`}. ${nothingDone(action)}`,
      remedy: 'Look at the endpoint that is set for this profile: it is none of AWS.',
    }
  }
  return {
    name: 'aws-error',
    title: `AWS refused: ${code ?? status ?? 'no reason given'}`,
    detail: `${host} refused ${action} with ${code ?? `status ${status}`}. ${nothingDone(action)}`,
    remedy: "Look the code up in AWS's documentation of the call; the request id helps AWS's support.",
  }
}
