import { randomBytes } from 'node:crypto'
import { accessKeyId } from './accessKeyId.ts'
import { oldCertificate } from './oldCertificate.ts'
import type { KeyLastUsed } from './model.ts'
import type { SandboxOptions } from './sandbox.ts'
import type { EventSeed, KeySeed } from './seed.ts'

export interface Demo {
  /** Text of the throwaway credentials file. */
  readonly credentials: string
  /** Text of the throwaway config file. */
  readonly config: string
  /** For `startSandbox`: accounts, users and keys that the files speak of, and AWS's usual slowness. */
  readonly sandbox: Pick<SandboxOptions, 'accounts' | 'behaviour'>
}

interface DemoKey extends KeySeed {
  readonly id: string
  readonly secret: string
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const production = '482913605718'
const staging = '615302847190'
const data = '730184629351'
const personal = '904417263582'

/**
 * What `--demo` shows: a person's files after some years, and an IAM that fits them. Every profile stands for
 * something that Keyturn meets: fresh, overdue, shared, spare key, two keys in use, no permission, inactive, SSO,
 * a role, a pair in the config file. Ids and secrets are new each time; nothing names an endpoint.
 *
 * @param now milliseconds since the epoch; ages are measured from it
 */
export function makeDemo(now: number): Demo {
  const used = (ago: number, service: string, region: string): KeyLastUsed => ({
    at: now - ago,
    service,
    region,
  })
  const key = (account: string, days: number, lastUsed?: KeyLastUsed, status = 'Active'): DemoKey => ({
    id: accessKeyId('AKIA', account, randomBytes(10)),
    secret: randomBytes(30).toString('base64'),
    status,
    createdAt: now - days * day - 3 * hour,
    ...(lastUsed ? { lastUsed } : {}),
  })
  const born = (days: number) => now - days * day

  const own = key(personal, 143, used(2 * hour, 's3', 'eu-central-1'))
  const admin = key(production, 412, used(26 * hour, 'ec2', 'us-east-1'))
  const auditor = key(production, 731, used(9 * day, 'cloudtrail', 'us-east-1'))
  const shared = key(staging, 198, used(40 * minute, 'lambda', 'eu-west-1'))
  const deploy = key(staging, 267, used(25 * minute, 'ecs', 'eu-west-1'))
  const deploySpare = key(staging, 590)
  const terraform = key(production, 3, used(5 * hour, 'iam', 'us-east-1'))
  const upload = key(data, 365, used(18 * hour, 's3', 'eu-central-1'))
  const restore = key(data, 121, used(33 * day, 's3', 'eu-central-1'))
  const billing = key(data, 900, used(3 * day, 'ce', 'us-east-1'))
  const laptop = key(personal, 655, used(410 * day, 's3', 'us-east-1'), 'Inactive')

  const pair = ({ id, secret }: DemoKey) => `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`

  const credentials = `# AWS access keys. Made for this demonstration; they open nothing.

[default]
${pair(own)}
# Acme: production. Ask in #platform before you use prod-admin.
[prod-admin]
${pair(admin)}
[prod-audit]
${pair(auditor)}
[terraform]
${pair(terraform)}
# Acme: staging. One key, two regions.
[staging]
${pair(shared)}
[staging-us]
${pair(shared)}
[ci-deploy]
${pair(deploy)}
# Acme: data. Both keys of the same user are in use.
[backup-upload]
${pair(upload)}
[backup-restore]
${pair(restore)}
[billing-export]
${pair(billing)}
; from the laptop before this one
[old-laptop]
${pair(laptop)}`

  const analytics = key(data, 78, used(6 * hour, 'athena', 'eu-central-1'))
  const config = `[default]
region = eu-central-1
output = json

[profile prod-admin]
region = us-east-1

[profile prod-deploy-role]
role_arn = arn:aws:iam::${production}:role/deploy
source_profile = prod-admin
region = us-east-1

[profile prod-audit]
region = us-east-1

[profile terraform]
region = us-east-1

[profile staging]
region = eu-west-1

[profile staging-us]
region = us-east-2

[profile ci-deploy]
region = eu-west-1

[profile backup-upload]
region = eu-central-1

[profile backup-restore]
region = eu-central-1

[profile billing-export]
region = us-east-1

# This pair stands here, not in the credentials file.
[profile analytics]
region = eu-central-1
${pair(analytics)}
[profile acme-sso]
sso_session = acme
sso_account_id = ${production}
sso_role_name = ReadOnly
region = us-east-1

[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`

  return {
    credentials,
    config,
    sandbox: {
      behaviour: {
        propagation: { minMs: 3_000, maxMs: 8_000, flaps: 2 },
        deactivationLagMs: 2_000,
        latency: [50, 150],
        // Else every key would seem to have been used just now: by the question when it was used.
        lastUsedLagMs: 20 * minute,
      },
      accounts: [
        {
          id: production,
          alias: 'acme-production',
          users: [
            { name: 'sam.admin', createdAt: born(412), admin: true, keys: [admin] },
            { name: 'terraform', path: '/automation/', createdAt: born(820), keys: [terraform] },
            {
              name: 'audit-reader',
              createdAt: born(731),
              allow: ['iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed', 'iam:GetUser'],
              keys: [auditor],
            },
          ],
        },
        {
          id: staging,
          alias: 'acme-staging',
          users: [
            { name: 'sam', createdAt: born(560), keys: [shared] },
            { name: 'ci-deploy', path: '/automation/', createdAt: born(590), keys: [deploySpare, deploy] },
          ],
        },
        {
          id: data,
          alias: 'acme-data',
          users: [
            { name: 'backup', path: '/service/', createdAt: born(365), keys: [upload, restore] },
            { name: 'billing-export', path: '/service/', createdAt: born(900), keys: [billing] },
            { name: 'analytics', path: '/service/', createdAt: born(300), keys: [analytics] },
          ],
        },
        {
          id: personal,
          events: theft(own.id, now),
          users: [
            {
              name: 'sam',
              createdAt: born(1_200),
              alsoAllow: ['Put', 'Get', 'Delete'].map((act) => `iam:${act}UserPolicy`),
              keys: [own],
              password: {
                text: randomBytes(18).toString('base64'),
                createdAt: born(1_200),
                lastUsed: born(3),
              },
              serviceCredentials: [
                { service: 'codecommit.amazonaws.com', createdAt: born(900) },
                { service: 'bedrock.amazonaws.com', createdAt: born(40) },
              ],
              certificates: [{ body: oldCertificate, uploadedAt: born(1_190) }],
              mfaDevices: [
                { name: 'sam', enabledAt: born(1_200) },
                { name: 'phone-2', enabledAt: now - 26 * hour },
              ],
              // A thief's: made with the key, and alive after it.
              sessions: [{ kind: 'federation', name: 'backup', issuedAt: now - 2 * hour, seconds: 129_600 }],
            },
            { name: 'sam-laptop', createdAt: born(655), keys: [laptop] },
          ],
        },
      ],
    },
  }
}

/** What a thief did with a key, yesterday: five calls, and a door left open. */
function theft(keyId: string, now: number): EventSeed[] {
  const acts: readonly [string, string, Readonly<Record<string, unknown>>?][] = [
    ['GetCallerIdentity', 'sts.amazonaws.com'],
    ['ListUsers', 'iam.amazonaws.com'],
    ['ListBuckets', 's3.amazonaws.com'],
    ['GetFederationToken', 'sts.amazonaws.com', { name: 'backup' }],
    ['CreateUser', 'iam.amazonaws.com', { userName: 'backup-svc' }],
  ]
  return acts.map(([name, source, request], index) => ({
    at: now - 30 * hour + index * 4 * minute,
    name,
    source,
    keyId,
    user: 'sam',
    address: '203.0.113.9',
    agent: 'aws-cli/2.15.30 md/Botocore#1.34.30 lang/python#3.11.6',
    ...(request && { request }),
  }))
}
