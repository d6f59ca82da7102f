import type { Facts, TrailEvent } from './event.ts'

/** How lasting what an act left behind can be looked for at AWS; each needs a permission of its own. */
export type DoorLook =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'key'; readonly user: string; readonly key: string }
  | { readonly kind: 'password'; readonly user: string }
  | { readonly kind: 'role'; readonly role: string }
  | {
      readonly kind: 'attached'
      readonly to: 'user' | 'role' | 'group'
      readonly name: string
      readonly policy: string
    }
  | {
      readonly kind: 'inline'
      readonly to: 'user' | 'role' | 'group'
      readonly name: string
      readonly policy: string
    }
  | { readonly kind: 'mfa'; readonly user: string; readonly serial: string }

/** What an act means, where it means more than most. */
export interface Meaning {
  /** door: it gives lasting access. harm: it is what thieves do, but leaves no way in. */
  readonly kind: 'door' | 'harm'
  /** After the time and the address: 'made the user backup-svc'. */
  readonly words: string
  readonly target: string
  /** What to do about a door. */
  readonly todo?: string
  readonly look?: DoorLook
}

type Rule = (facts: Facts, event: TrailEvent) => Meaning | undefined

const or = (value: string | undefined, other: string) => value ?? other
/** `AdministratorAccess` of its ARN. */
const nameIn = (arn: string | undefined) => arn?.slice(arn.lastIndexOf('/') + 1)

const whose = ({ userName }: Facts) => or(userName, 'its own user')

function door(words: string, target: string | undefined, todo: string, look?: DoorLook): Meaning {
  return { kind: 'door', words, target: target ?? '', todo, ...(look && { look }) }
}

const harm = (words: string, target = ''): Meaning => ({ kind: 'harm', words, target })

const attached =
  (to: 'user' | 'role' | 'group', holder: 'userName' | 'roleName' | 'groupName'): Rule =>
  (facts) => {
    const name = facts[holder] ?? ''
    const policy = nameIn(facts.policyArn) ?? 'a policy'
    return door(
      `added the policy ${policy} to the ${to} ${name}`,
      name,
      `Detach ${policy} from the ${to} ${name}, unless you know why it has it.`,
      facts.policyArn === undefined ? undefined : { kind: 'attached', to, name, policy: facts.policyArn },
    )
  }

const inline =
  (to: 'user' | 'role' | 'group', holder: 'userName' | 'roleName' | 'groupName'): Rule =>
  (facts) => {
    const name = facts[holder] ?? ''
    const policy = facts.policyName ?? ''
    return door(
      `wrote the policy ${policy} into the ${to} ${name}`,
      name,
      `Read the policy ${policy} of the ${to} ${name}, and delete it if it is not yours.`,
      policy === '' ? undefined : { kind: 'inline', to, name, policy },
    )
  }

const doorless =
  (say: (facts: Facts) => string, of: (facts: Facts) => string | undefined = () => undefined): Rule =>
  (facts) =>
    harm(say(facts), of(facts))

/** By service and act. What lasts comes first in each group, as a person reads it. */
const rules: Readonly<Record<string, Rule>> = {
  // Users and what they sign in with
  'iam:CreateUser': (facts) =>
    door(
      `made the user ${or(facts.userName, '')}`,
      facts.userName,
      `Take the keys, the password and the policies of ${or(facts.userName, 'this user')} away, then delete it.`,
      facts.userName === undefined ? undefined : { kind: 'user', user: facts.userName },
    ),
  'iam:CreateAccessKey': (facts) =>
    door(
      `made the access key ${or(facts.accessKeyId, '')} for ${whose(facts)}`,
      facts.accessKeyId ?? facts.userName,
      'Deactivate this access key, see that nothing of yours breaks, then delete it.',
      facts.userName !== undefined && facts.accessKeyId !== undefined
        ? { kind: 'key', user: facts.userName, key: facts.accessKeyId }
        : undefined,
    ),
  'iam:UpdateAccessKey': (facts) =>
    facts.status === 'Active'
      ? door(
          `turned the access key ${or(facts.accessKeyId, '')} of ${whose(facts)} on`,
          facts.accessKeyId,
          'Deactivate this access key again, unless it was you.',
          facts.userName !== undefined && facts.accessKeyId !== undefined
            ? { kind: 'key', user: facts.userName, key: facts.accessKeyId }
            : undefined,
        )
      : undefined,
  'iam:CreateLoginProfile': (facts) => password('gave', 'a console password', facts),
  'iam:UpdateLoginProfile': (facts) => password('set for', 'a new console password', facts),
  'iam:ChangePassword': (facts) =>
    door(
      `changed the console password of ${whose(facts)}`,
      facts.userName,
      'Have the person set a new password, and end the sessions.',
    ),
  'iam:CreateServiceSpecificCredential': (facts) =>
    door(
      `made a password for ${or(facts.serviceName, 'a service')} for ${whose(facts)}`,
      facts.serviceSpecificCredentialId ?? facts.userName,
      'Turn this service password off, then delete it.',
    ),
  'iam:ResetServiceSpecificCredential': (facts) =>
    door(
      `made a new password for a service for ${whose(facts)}`,
      facts.serviceSpecificCredentialId,
      'Reset this service password.',
    ),
  'iam:UploadSSHPublicKey': (facts) =>
    door(
      `added an SSH key to ${whose(facts)}`,
      facts.sSHPublicKeyId ?? facts.userName,
      'Deactivate this SSH key.',
    ),
  'iam:UploadSigningCertificate': (facts) =>
    door(
      `added a signing certificate to ${whose(facts)}`,
      facts.certificateId ?? facts.userName,
      'Deactivate this certificate.',
    ),
  'iam:EnableMFADevice': (facts) =>
    door(
      `added an MFA device to ${whose(facts)}`,
      facts.serialNumber,
      'Remove the device if it is not the person’s own.',
      facts.userName !== undefined && facts.serialNumber !== undefined
        ? { kind: 'mfa', user: facts.userName, serial: facts.serialNumber }
        : undefined,
    ),
  'iam:DeactivateMFADevice': (facts) =>
    door(
      `took an MFA device from ${whose(facts)}`,
      facts.serialNumber ?? facts.userName,
      'Have the person add the device again.',
    ),

  // Rights
  'iam:AttachUserPolicy': attached('user', 'userName'),
  'iam:AttachRolePolicy': attached('role', 'roleName'),
  'iam:AttachGroupPolicy': attached('group', 'groupName'),
  'iam:PutUserPolicy': inline('user', 'userName'),
  'iam:PutRolePolicy': inline('role', 'roleName'),
  'iam:PutGroupPolicy': inline('group', 'groupName'),
  'iam:AddUserToGroup': (facts) =>
    door(
      `put ${whose(facts)} into the group ${or(facts.groupName, '')}`,
      facts.userName,
      'Take the user out of the group, unless it belongs there.',
    ),
  'iam:CreatePolicy': (facts) =>
    door(
      `made the policy ${or(facts.policyName, '')}`,
      facts.policyName,
      'See whom it is attached to, and delete it if it is not yours.',
    ),
  'iam:CreatePolicyVersion': (facts) => policyVersion('wrote a new version of', facts),
  'iam:SetDefaultPolicyVersion': (facts) => policyVersion('chose another version of', facts),
  'iam:DeleteUserPermissionsBoundary': (facts) =>
    door(`took the permissions boundary from ${whose(facts)}`, facts.userName, 'Set the boundary again.'),
  'iam:DeleteRolePermissionsBoundary': (facts) =>
    door(
      `took the permissions boundary from the role ${or(facts.roleName, '')}`,
      facts.roleName,
      'Set the boundary again.',
    ),

  // Roles and who may become them
  'iam:CreateRole': (facts) => roleDoor(`made the role ${or(facts.roleName, '')}`, facts),
  'iam:UpdateAssumeRolePolicy': (facts) =>
    roleDoor(`changed who may use the role ${or(facts.roleName, '')}`, facts),
  'iam:CreateSAMLProvider': (facts) => provider('made the identity provider', facts),
  'iam:UpdateSAMLProvider': (facts) => provider('changed the identity provider', facts),
  'iam:CreateOpenIDConnectProvider': (facts) => provider('made the identity provider', facts),
  'iam:AddClientIDToOpenIDConnectProvider': (facts) =>
    provider('let more clients use the identity provider', facts),
  'iam:UpdateOpenIDConnectProviderThumbprint': (facts) => provider('changed the identity provider', facts),
  'rolesanywhere:CreateTrustAnchor': (facts) => provider('made the trust anchor', facts),
  'rolesanywhere:CreateProfile': (facts) => provider('made the Roles Anywhere profile', facts),
  'sso:CreateAccountAssignment': (facts) =>
    door(
      `gave somebody of Identity Center access to an account`,
      facts.principalId ?? facts.permissionSetArn,
      'Remove the assignment in Identity Center.',
    ),
  'sso:CreatePermissionSet': (facts) =>
    door(`made the permission set ${or(facts.name, '')}`, facts.name, 'Delete the permission set.'),
  'identitystore:CreateUser': (facts) =>
    door(`made the Identity Center user ${or(facts.userName, '')}`, facts.userName, 'Delete that user.'),

  // Rights that stand at what they are for
  's3:PutBucketPolicy': (facts) => resource('changed who may use the bucket', facts.bucketName),
  's3:PutBucketAcl': (facts) => resource('changed who may use the bucket', facts.bucketName),
  'kms:PutKeyPolicy': (facts) => resource('changed who may use the encryption key', facts.keyId),
  'kms:CreateGrant': (facts) => resource('let somebody else use the encryption key', facts.keyId),
  'secretsmanager:PutResourcePolicy': (facts) => resource('changed who may read the secret', facts.secretId),
  'lambda:AddPermission20150331v2': (facts) =>
    resource('changed who may call the function', facts.functionName),
  'lambda:CreateFunctionUrlConfig': (facts) =>
    resource('opened to the internet the function', facts.functionName),

  // What thieves do, and what leaves no way in by itself
  'sts:GetFederationToken': doorless(
    ({ name }) => `made a session${name === undefined ? '' : ` named ${name}`}, which can open the console`,
    ({ name }) => name,
  ),
  'signin:ConsoleLogin': doorless(() => 'signed in to the console'),
  'signin:GetSigninToken': doorless(() => 'opened the console with a session'),
  'ec2:RunInstances': doorless(() => 'started instances'),
  'ec2:CreateKeyPair': doorless(() => 'made a key pair for instances'),
  'ec2:ImportKeyPair': doorless(() => 'brought a key pair for instances'),
  'ec2:AuthorizeSecurityGroupIngress': doorless(() => 'opened a firewall'),
  'ec2:ModifySnapshotAttribute': doorless(() => 'shared a snapshot'),
  'ec2:ModifyImageAttribute': doorless(() => 'shared an image'),
  'lambda:CreateFunction20150331': doorless(
    ({ functionName }) => `made the function ${or(functionName, '')}`,
    ({ functionName }) => functionName,
  ),
  'lambda:UpdateFunctionCode20150331v2': doorless(
    ({ functionName }) => `changed the code of the function ${or(functionName, '')}`,
    ({ functionName }) => functionName,
  ),
  'cloudtrail:StopLogging': doorless(
    ({ name }) => `stopped the trail ${or(name, '')}`,
    ({ name }) => name,
  ),
  'cloudtrail:DeleteTrail': doorless(
    ({ name }) => `deleted the trail ${or(name, '')}`,
    ({ name }) => name,
  ),
  'cloudtrail:UpdateTrail': doorless(
    ({ name }) => `changed the trail ${or(name, '')}`,
    ({ name }) => name,
  ),
  'cloudtrail:PutEventSelectors': doorless(
    ({ trailName }) => `changed what the trail ${or(trailName, '')} records`,
  ),
  'guardduty:DeleteDetector': doorless(() => 'turned GuardDuty off'),
  'config:StopConfigurationRecorder': doorless(() => 'stopped AWS Config'),
  'account:EnableRegion': doorless(
    ({ regionName }) => `enabled the region ${or(regionName, '')}`,
    ({ regionName }) => regionName,
  ),
  'organizations:LeaveOrganization': doorless(() => 'took the account out of its organization'),
  'secretsmanager:GetSecretValue': doorless(
    ({ secretId }) => `read the secret ${or(secretId, '')}`,
    ({ secretId }) => secretId,
  ),
  'ses:GetSendQuota': doorless(() => 'asked how much mail may be sent'),
  'ses:GetAccount': doorless(() => 'asked how much mail may be sent'),
  'bedrock:InvokeModel': doorless(() => 'used a language model'),
  'bedrock:InvokeModelWithResponseStream': doorless(() => 'used a language model'),
}

function password(verb: string, what: string, facts: Facts): Meaning {
  const user = facts.userName
  return door(
    verb === 'gave' ? `gave ${whose(facts)} ${what}` : `set ${what} for ${whose(facts)}`,
    user,
    `Take the console password of ${whose(facts)} away, or set a new one, and end the sessions.`,
    user === undefined ? undefined : { kind: 'password', user },
  )
}

function policyVersion(verb: string, facts: Facts): Meaning {
  const name = nameIn(facts.policyArn) ?? ''
  return door(
    `${verb} the policy ${name}`,
    name,
    `Compare the versions of ${or(name, 'the policy')}, and make the right one the default.`,
  )
}

function roleDoor(words: string, facts: Facts): Meaning {
  const role = facts.roleName
  return door(
    words,
    role,
    `Read who may assume the role ${or(role, '')}; end its sessions, and delete it if it is not yours.`,
    role === undefined ? undefined : { kind: 'role', role },
  )
}

function provider(words: string, facts: Facts): Meaning {
  const name =
    nameIn(facts.sAMLProviderArn ?? facts.openIDConnectProviderArn) ?? facts.name ?? facts.url ?? ''
  return door(
    `${words} ${name}`,
    name,
    'Delete the provider if it is not yours: whoever runs it can sign in as others.',
  )
}

function resource(words: string, name = ''): Meaning {
  return door(`${words} ${name}`, name, 'Read its policy, and take out who does not belong there.')
}

/** What an event means, in words; undefined: nothing special, or AWS refused it. */
export function meaningOf(event: TrailEvent): Meaning | undefined {
  if (event.error !== undefined) return undefined
  const name = `${event.service}:${event.act}`
  const meaning = Object.hasOwn(rules, name) ? rules[name]?.(event.facts ?? {}, event) : undefined
  return meaning && { ...meaning, words: meaning.words.trim() }
}
