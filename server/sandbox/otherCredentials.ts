import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { AwsError } from './awsError.ts'
import {
  addCertificate,
  addServiceCredential,
  addSshKey,
  isApiKeyService,
  serviceSecret,
} from './holdings.ts'
import type { Certificate, ServiceCredential, SshKey, User } from './model.ts'
import { date, namedSubject, needed, paged, statusParam, subject } from './parameters.ts'
import type { Action } from './parameters.ts'
import type { Xml } from './xml.ts'

/** What AWS keeps of these per user. */
const most = { sshKeys: 5, certificates: 2 } as const

/** Those with a user name and a password; the others have API keys. */
const passwordServices = new Set(['codecommit.amazonaws.com', 'cassandra.amazonaws.com'])

const gone = (what: string) => new AwsError(404, 'NoSuchEntity', `The ${what} cannot be found.`)

/** Without its secret: only Create and Reset tell it. */
function credentialXml(credential: ServiceCredential, user: User): { readonly [name: string]: Xml } {
  const { id, service, status, createdAt, expiresAt, alias } = credential
  return {
    UserName: user.name,
    Status: status,
    CreateDate: date(createdAt),
    ServiceSpecificCredentialId: id,
    ServiceName: service,
    ...(isApiKeyService(service) ? { ServiceCredentialAlias: alias } : { ServiceUserName: alias }),
    ExpirationDate: expiresAt === undefined ? undefined : date(expiresAt),
  }
}

const withSecret = (credential: ServiceCredential, user: User): Xml => ({
  ServiceSpecificCredential: {
    ...credentialXml(credential, user),
    ...(isApiKeyService(credential.service)
      ? { ServiceCredentialSecret: credential.secret }
      : { ServicePassword: credential.secret }),
  },
})

/** Another user's is as unknown as one that never was. */
function credentialOf(user: User, id: string): ServiceCredential {
  const found = user.serviceCredentials.find((each) => each.id === id)
  if (!found) throw gone(`service specific credential with id ${id}`)
  return found
}

const serviceCredentials: Record<string, Action> = {
  ListServiceSpecificCredentials(context) {
    const user = subject(context, 'ListServiceSpecificCredentials')
    const service = context.params.get('ServiceName')
    const { serviceCredentials: all } = user
    const listed = all.filter((each) => service === null || each.service === service)
    const { page, ...rest } = paged(context, all, listed)
    return { ServiceSpecificCredentials: page.map((each) => credentialXml(each, user)), ...rest }
  },

  CreateServiceSpecificCredential(context) {
    const user = namedSubject(context, 'CreateServiceSpecificCredential')
    const service = needed(context, 'ServiceName')
    if (!isApiKeyService(service) && !passwordServices.has(service))
      throw new AwsError(
        404,
        'NotSupportedService',
        `The service ${service} is not supported for service specific credentials.`,
      )
    if (user.serviceCredentials.filter((each) => each.service === service).length >= 2)
      throw new AwsError(409, 'LimitExceeded', 'Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2')
    const days = context.params.get('CredentialAgeDays')
    const credential = addServiceCredential(context.world, user, {
      service,
      ...(days !== null && { expiresAt: context.world.serverNow() + Number(days) * 86_400_000 }),
    })
    return withSecret(credential, user)
  },

  UpdateServiceSpecificCredential(context) {
    const status = statusParam(context)
    const user = subject(context, 'UpdateServiceSpecificCredential')
    credentialOf(user, needed(context, 'ServiceSpecificCredentialId')).status = status
  },

  ResetServiceSpecificCredential(context) {
    const user = subject(context, 'ResetServiceSpecificCredential')
    const credential = credentialOf(user, needed(context, 'ServiceSpecificCredentialId'))
    credential.secret = serviceSecret(context.world, credential.service, credential.alias)
    return withSecret(credential, user)
  },

  DeleteServiceSpecificCredential(context) {
    const user = subject(context, 'DeleteServiceSpecificCredential')
    const found = credentialOf(user, needed(context, 'ServiceSpecificCredentialId'))
    user.serviceCredentials.splice(user.serviceCredentials.indexOf(found), 1)
  },
}

function sshKeyOf(user: User, id: string): SshKey {
  const found = user.sshKeys.find((each) => each.id === id)
  if (!found) throw gone(`public key with id ${id}`)
  return found
}

/** MD5 with colons, as CodeCommit shows it. @throws AwsError InvalidPublicKey */
function fingerprintOf(body: string): string {
  const blob = Buffer.from(/^ssh-rsa ([\w+/=]+)/.exec(body)?.[1] ?? '', 'base64')
  if (blob.length < 100 || blob.subarray(4, 11).toString() !== 'ssh-rsa') throw invalidPublicKey()
  return createHash('md5').update(blob).digest('hex').match(/../g)!.join(':')
}

const invalidPublicKey = () => new AwsError(400, 'InvalidPublicKey', 'The provided public key is not valid.')

const sshKeyXml = ({ id, status, uploadedAt }: SshKey, user: User) => ({
  UserName: user.name,
  SSHPublicKeyId: id,
  Status: status,
  UploadDate: date(uploadedAt),
})

const sshKeys: Record<string, Action> = {
  ListSSHPublicKeys(context) {
    const user = subject(context, 'ListSSHPublicKeys')
    const { page, ...rest } = paged(context, user.sshKeys, user.sshKeys)
    return { SSHPublicKeys: page.map((each) => sshKeyXml(each, user)), ...rest }
  },

  GetSSHPublicKey(context) {
    const user = namedSubject(context, 'GetSSHPublicKey')
    const key = sshKeyOf(user, needed(context, 'SSHPublicKeyId'))
    return {
      SSHPublicKey: {
        ...sshKeyXml(key, user),
        Fingerprint: fingerprintOf(key.body),
        SSHPublicKeyBody: key.body,
      },
    }
  },

  UploadSSHPublicKey(context) {
    const user = namedSubject(context, 'UploadSSHPublicKey')
    const body = needed(context, 'SSHPublicKeyBody')
    fingerprintOf(body)
    if (user.sshKeys.some((each) => each.body === body))
      throw new AwsError(400, 'DuplicateSSHPublicKey', 'The public key is already associated with the user.')
    if (user.sshKeys.length >= most.sshKeys)
      throw new AwsError(
        409,
        'LimitExceeded',
        `Cannot exceed quota for SSHPublicKeysPerUser: ${most.sshKeys}`,
      )
    const key = addSshKey(context.world, user, { body })
    return {
      SSHPublicKey: { ...sshKeyXml(key, user), Fingerprint: fingerprintOf(body), SSHPublicKeyBody: body },
    }
  },

  UpdateSSHPublicKey(context) {
    const status = statusParam(context)
    const user = namedSubject(context, 'UpdateSSHPublicKey')
    sshKeyOf(user, needed(context, 'SSHPublicKeyId')).status = status
  },

  DeleteSSHPublicKey(context) {
    const user = namedSubject(context, 'DeleteSSHPublicKey')
    const key = sshKeyOf(user, needed(context, 'SSHPublicKeyId'))
    user.sshKeys.splice(user.sshKeys.indexOf(key), 1)
  },
}

function certificateOf(user: User, id: string): Certificate {
  const found = user.certificates.find((each) => each.id === id)
  if (!found) throw gone(`Certificate with id ${id}`)
  return found
}

function checkCertificate(body: string): void {
  try {
    createPublicKey(new X509Certificate(body).publicKey.export({ type: 'spki', format: 'pem' }))
  } catch {
    throw new AwsError(400, 'MalformedCertificate', 'The certificate could not be parsed.')
  }
}

const certificateXml = ({ id, body, status, uploadedAt }: Certificate, user: User) => ({
  UserName: user.name,
  CertificateId: id,
  CertificateBody: body,
  Status: status,
  UploadDate: date(uploadedAt),
})

const certificates: Record<string, Action> = {
  ListSigningCertificates(context) {
    const user = subject(context, 'ListSigningCertificates')
    const { page, ...rest } = paged(context, user.certificates, user.certificates)
    return { Certificates: page.map((each) => certificateXml(each, user)), ...rest }
  },

  UploadSigningCertificate(context) {
    const user = subject(context, 'UploadSigningCertificate')
    const body = needed(context, 'CertificateBody')
    checkCertificate(body)
    if (user.certificates.some((each) => each.body === body))
      throw new AwsError(409, 'DuplicateCertificate', 'The certificate is already associated with the user.')
    if (user.certificates.length >= most.certificates)
      throw new AwsError(
        409,
        'LimitExceeded',
        `Cannot exceed quota for SigningCertificatesPerUser: ${most.certificates}`,
      )
    return { Certificate: certificateXml(addCertificate(context.world, user, { body }), user) }
  },

  UpdateSigningCertificate(context) {
    const status = statusParam(context)
    const user = subject(context, 'UpdateSigningCertificate')
    certificateOf(user, needed(context, 'CertificateId')).status = status
  },

  DeleteSigningCertificate(context) {
    const user = subject(context, 'DeleteSigningCertificate')
    const found = certificateOf(user, needed(context, 'CertificateId'))
    user.certificates.splice(user.certificates.indexOf(found), 1)
  },
}

export const otherCredentials: Record<string, Action> = {
  ...serviceCredentials,
  ...sshKeys,
  ...certificates,
}
