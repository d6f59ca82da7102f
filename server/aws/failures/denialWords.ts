import type { Signer } from '../../keys/iam.ts'
import type { Action, Classified } from './classify.ts'
import {
  administratorPolicy,
  eventHistoryPolicy,
  neededActions,
  otherCredentialsPolicy,
  ownKeysPolicy,
} from './policy.ts'
import type { Words } from './words.ts'

/** Few may: whoever reads the event history reads that of the whole account. */
function historyWords({ way, policyArn }: Classified): Words {
  const action = 'cloudtrail:LookupEvents'
  const remedy =
    "Sign with an administrator's profile of the account, or hand the text for the administrator over."
  if (way === 'quarantine' || way === 'quarantine-likely') {
    return {
      name: 'quarantined',
      title:
        way === 'quarantine' ? 'AWS has quarantined this user' : 'AWS has probably quarantined this user',
      detail: `A policy denies ${action} outright, as the one does that AWS attaches when it finds a key in public. Nothing was learnt.`,
      remedy,
    }
  }
  const why: Partial<Record<Classified['way'], string>> = {
    organization: `A policy of the organization denies ${action} in this account.`,
    boundary: `The user's permissions boundary does not allow ${action}.`,
    'boundary-outright': `The user's permissions boundary denies ${action} outright.`,
    'endpoint-policy': `The policy of the network's VPC endpoint does not let ${action} through.`,
    'session-policy': `The policy of the session that signed does not allow ${action}.`,
    'denied-outright': `${policyArn ? `The policy ${policyArn}` : 'A policy'} denies ${action} outright.`,
    'mfa-required': `AWS refused ${action} for a call without multi-factor authentication.`,
  }
  return {
    name: 'access-denied',
    title: `Not allowed: ${action}`,
    detail: `${why[way] ?? `No policy allows ${action} here.`} It reads the history of the whole account, so that few have it. Nothing was learnt.`,
    remedy,
    policy: eventHistoryPolicy(),
  }
}

const ofPolicies: ReadonlySet<Action> = new Set([
  'iam:GetUserPolicy',
  'iam:PutUserPolicy',
  'iam:DeleteUserPolicy',
])

/** Such a permission is never printed for a user: with it the user could give itself every other one. */
function policyWords({ policyArn }: Classified, action: Action): Words {
  return {
    name: 'access-denied',
    title: `Not allowed: ${action}`,
    detail: `${policyArn ? `The policy ${policyArn} denies it.` : 'A user who may do that may do everything, so that few may.'} Nothing was changed.`,
    remedy: "Use an administrator's profile (--signer), or hand the text over to an administrator.",
  }
}

function policyFor(action: Action, admin: boolean, partition: string): string {
  const ofKeys = (neededActions as readonly string[]).includes(action)
  if (!ofKeys && action.startsWith('iam:') && action !== 'iam:ListAccountAliases')
    return otherCredentialsPolicy(partition, admin)
  return admin ? administratorPolicy(partition) : ownKeysPolicy(partition)
}

/** AWS knows who asks, and does not let it. */
export function denialWords(found: Classified, action: Action, { kind, target }: Signer): Words {
  if (action === 'cloudtrail:LookupEvents') return historyWords(found)
  const { way, policyArn } = found
  if (ofPolicies.has(action) && (found.way === 'denied' || found.way === 'denied-outright'))
    return policyWords(found, action)
  const policy = policyFor(action, kind === 'admin', target.partition)
  const by = (what: string) => (policyArn ? `${what} (${policyArn})` : what)
  const base = { name: 'access-denied', title: `Not allowed: ${action}` }
  const unchanged = 'Nothing was changed by this call.'
  switch (way) {
    case 'quarantine':
    case 'quarantine-likely':
      return quarantineWords(way === 'quarantine', action)
    case 'mfa-required':
      return {
        name: 'mfa-required',
        title: 'AWS wants a code from an MFA device',
        detail: `AWS refused ${action} for a call without multi-factor authentication. Nothing was changed.`,
        remedy: "Enter the six digits that the user's device shows.",
      }
    case 'organization':
      return {
        ...base,
        detail: `${by('A policy of the organization')} denies ${action} in this account. ${unchanged}`,
        remedy: "Ask the organization's administrator: no policy of the user can allow it.",
      }
    case 'boundary':
      return {
        ...base,
        detail: `${by("The user's permissions boundary")} does not allow ${action}. ${unchanged}`,
        remedy: 'Ask an administrator to allow these actions in the boundary as well as in a policy.',
        policy,
      }
    case 'boundary-outright':
      return {
        ...base,
        detail: `${by("The user's permissions boundary")} denies ${action} outright. ${unchanged}`,
        remedy:
          'Ask an administrator to take the denial out of the boundary: to allow it elsewhere does not help.',
      }
    case 'endpoint-policy':
      return {
        ...base,
        detail: `${by("The policy of the network's VPC endpoint")} does not let ${action} through. ${unchanged}`,
        remedy:
          'Ask whoever runs the network, or rotate from another one: no policy of the user can allow it.',
      }
    case 'session-policy':
      return {
        ...base,
        detail: `${by('The policy of the session that signed')} does not allow ${action}. ${unchanged}`,
        remedy: "Rotate with the user's own key, or with an administrator's profile.",
      }
    case 'denied-outright':
      return {
        ...base,
        detail: `${policyArn ? `The policy ${policyArn}` : 'A policy'} denies ${action} outright. ${unchanged}`,
        remedy:
          'Ask an administrator why it does; where it is for want of MFA, set mfa_serial in the profile.',
        policy,
      }
    default:
      return {
        ...base,
        detail: `No policy allows ${action} here. ${unchanged}`,
        remedy: "Ask an administrator to attach this policy, or rotate with an administrator's profile.",
        policy,
      }
  }
}

function quarantineWords(sure: boolean, action: Action): Words {
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
