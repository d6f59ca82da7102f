/** What Keyturn asks of IAM for one user's own keys. GetCallerIdentity needs no permission, not even against a Deny. */
export const neededActions = [
  'iam:CreateAccessKey',
  'iam:DeleteAccessKey',
  'iam:GetAccessKeyLastUsed',
  'iam:ListAccessKeys',
  'iam:UpdateAccessKey',
] as const

/**
 * The least policy under which a user rotates its own keys, to copy. Two resources, because `${aws:username}` is the friendly
 * name alone: a user under a path has the ARN user/PATH/NAME (IAM User Guide, 'IAM and AWS STS condition context keys').
 */
export function ownKeysPolicy(partition: string): string {
  return policy([
    `arn:${partition}:iam::*:user/\${aws:username}`,
    `arn:${partition}:iam::*:user/*/\${aws:username}`,
  ])
}

/** The same for an administrator who rotates other users of the account. */
export function administratorPolicy(partition: string): string {
  return policy([`arn:${partition}:iam::*:user/*`])
}

/** To look at a user's other credentials and turn them off: on oneself, or on every user of the account. */
export function otherCredentialsPolicy(partition: string, everyone: boolean): string {
  const statement = {
    Sid: 'LookAndTurnOff',
    Effect: 'Allow',
    Action: [
      'iam:GetUser',
      'iam:GetLoginProfile',
      'iam:ChangePassword',
      'iam:ListServiceSpecificCredentials',
      'iam:UpdateServiceSpecificCredential',
      'iam:DeleteServiceSpecificCredential',
      'iam:ResetServiceSpecificCredential',
      'iam:ListSSHPublicKeys',
      'iam:GetSSHPublicKey',
      'iam:UpdateSSHPublicKey',
      'iam:DeleteSSHPublicKey',
      'iam:ListSigningCertificates',
      'iam:UpdateSigningCertificate',
      'iam:DeleteSigningCertificate',
      'iam:ListMFADevices',
    ],
    Resource: everyone
      ? [`arn:${partition}:iam::*:user/*`]
      : [`arn:${partition}:iam::*:user/\${aws:username}`, `arn:${partition}:iam::*:user/*/\${aws:username}`],
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2)
}

/** To read CloudTrail's event history: the action knows no resource and no condition, so that it is all of the account's. */
export function eventHistoryPolicy(): string {
  const statement = {
    Sid: 'ReadEventHistory',
    Effect: 'Allow',
    Action: 'cloudtrail:LookupEvents',
    Resource: '*',
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2)
}

function policy(resources: readonly string[]): string {
  const statement = { Sid: 'RotateAccessKeys', Effect: 'Allow', Action: neededActions, Resource: resources }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2)
}
