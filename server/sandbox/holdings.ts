import { randomBytes } from 'node:crypto'
import { accessKeyId } from './accessKeyId.ts'
import type { Certificate, ServiceCredential, SshKey, User } from './model.ts'
import type { CertificateSeed, ServiceCredentialSeed, SshKeySeed, UserSeed } from './seed.ts'
import type { World } from './world.ts'

/** Of a device whose codes nobody here can make. */
const unseen = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

/** What the secret of a service's API key begins with. */
const tokenPrefixes: Readonly<Record<string, string>> = {
  'bedrock.amazonaws.com': 'ABSK',
  'logs.amazonaws.com': 'ACWL',
  'cloudwatch.amazonaws.com': 'APIAACWM',
  'aws-external-anthropic.amazonaws.com': 'AEAA',
}

/** Others have a user name and a password. */
export const isApiKeyService = (service: string) => Object.hasOwn(tokenPrefixes, service)

/** What a user has beside keys, as it begins. */
export function addHoldings(world: World, user: User, seed: UserSeed): void {
  const { mfaSeed, mfaDevices = [], password, sessions = [] } = seed
  if (mfaSeed !== undefined) addDevice(user, seed.name, mfaSeed, user.createdAt)
  for (const { name, enabledAt } of mfaDevices) addDevice(user, name, unseen, enabledAt)
  if (password) {
    const { text, createdAt, lastUsed } = password
    user.password = {
      text,
      createdAt: world.whole(createdAt),
      ...(lastUsed !== undefined && { lastUsed }),
      before: [],
      resetRequired: false,
    }
  }
  for (const each of seed.serviceCredentials ?? []) addServiceCredential(world, user, each)
  for (const each of seed.sshKeys ?? []) addSshKey(world, user, each)
  for (const each of seed.certificates ?? []) addCertificate(world, user, each)
  for (const each of sessions) world.addSession(user, each)
}

function addDevice(user: User, name: string, seed: string, enabledAt: number): void {
  const { partition, id } = user.account
  user.mfa.push({ serial: `arn:${partition}:iam::${id}:mfa/${name}`, seed, enabledAt, lastStep: 0 })
}

export function addServiceCredential(
  world: World,
  user: User,
  { service, status = 'Active', createdAt, expiresAt }: ServiceCredentialSeed,
): ServiceCredential {
  const sisters = user.serviceCredentials.filter((each) => each.service === service).length
  const alias = `${user.name}${sisters > 0 ? `+${sisters}` : ''}-at-${user.account.id}`
  const credential: ServiceCredential = {
    id: `ACCA${accessKeyId('AKIA', user.account.id, randomBytes(10)).slice(4)}`,
    service,
    alias,
    secret: serviceSecret(world, service, alias),
    status,
    createdAt: world.whole(createdAt),
    ...(expiresAt !== undefined && { expiresAt: world.whole(expiresAt) }),
  }
  user.serviceCredentials.push(credential)
  return credential
}

/** An API key tells offline whose it is: its alias stands in it. */
export function serviceSecret(world: World, service: string, alias: string): string {
  const secret = world.newSecret(30)
  const prefix = tokenPrefixes[service]
  if (prefix === undefined) return secret
  return `${prefix}${Buffer.from(`${alias}:${secret}`).toString('base64')}`
}

export function addSshKey(
  world: World,
  user: User,
  { body, status = 'Active', uploadedAt }: SshKeySeed,
): SshKey {
  const id = `APKA${accessKeyId('AKIA', user.account.id, randomBytes(10)).slice(4)}`
  const key: SshKey = { id, body, status, uploadedAt: world.whole(uploadedAt) }
  user.sshKeys.push(key)
  return key
}

export function addCertificate(
  world: World,
  user: User,
  { body, status = 'Active', uploadedAt }: CertificateSeed,
): Certificate {
  const id = randomBytes(16).toString('hex').toUpperCase()
  const certificate: Certificate = { id, body, status, uploadedAt: world.whole(uploadedAt) }
  user.certificates.push(certificate)
  return certificate
}
