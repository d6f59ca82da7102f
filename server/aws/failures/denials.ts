import type { Action, Around, Classified } from './classify.ts'

/**
 * What AWSCompromisedKeyQuarantine V2 (version 5) and V3 (version 2) deny of what Keyturn asks; V1 denies creating and
 * updating keys alone, and ChangePassword.
 */
const deniedByQuarantine: ReadonlySet<Action> = new Set([
  'iam:CreateAccessKey',
  'iam:UpdateAccessKey',
  'iam:DeleteAccessKey',
  'iam:PutUserPolicy',
  'sts:GetSessionToken',
  'cloudtrail:LookupEvents',
])

/**
 * Which policy denies, as far as AWS's sentence says: 'with an explicit deny in a … policy' or 'because no … policy allows',
 * sometimes with the policy's ARN.
 */
export function denialOf(message: string, { action, before }: Around): Pick<Classified, 'way' | 'policyArn'> {
  const policyArn = /\barn:[\w-]*:[\w-]+:[\w-]*:[\w-]*:policy\/[\w+=,.@/-]*[\w+=@-]/.exec(message)?.[0]
  const named = policyArn === undefined ? {} : { policyArn }
  if (/AWSCompromisedKeyQuarantine/.test(message)) return { way: 'quarantine', ...named }
  if (/MultiFactorAuth/i.test(message)) return { way: 'mfa-required' }
  const outright = /explicit deny/i.test(message)
  if (/(service|resource) control policy/i.test(message)) return { way: 'organization', ...named }
  if (/permissions boundary/i.test(message))
    return { way: outright ? 'boundary-outright' : 'boundary', ...named }
  if (/VPC endpoint policy/i.test(message)) return { way: 'endpoint-policy', ...named }
  if (/session policy/i.test(message)) return { way: 'session-policy', ...named }
  if (!outright) return { way: 'denied', ...named }
  // A quarantine leaves listing alone. Of a policy that AWS names, or of another kind, or where more or less than that is
  // denied, no such thing is guessed.
  const kind = /deny in (?:an? )?([\w -]*?policy)/i.exec(message)?.[1]
  const guess =
    deniedByQuarantine.has(action) &&
    policyArn === undefined &&
    (kind === undefined || kind.toLowerCase() === 'identity-based policy') &&
    before?.listed === true &&
    before.created !== true
  return { way: guess ? 'quarantine-likely' : 'denied-outright', ...named }
}
