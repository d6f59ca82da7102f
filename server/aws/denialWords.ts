import type { Signer } from '../keys/iam.ts'
import type { Action, Classified } from './classify.ts'
import { administratorPolicy, ownKeysPolicy } from './policy.ts'
import type { Words } from './words.ts'

/** AWS knows who asks, and does not let it. */
export function denialWords(found: Classified, action: Action, { kind, target }: Signer): Words {
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
