import {
  DeleteServiceSpecificCredentialCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserPolicyCommand,
  GetLoginProfileCommand,
  GetUserPolicyCommand,
  ListMFADevicesCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  PutUserPolicyCommand,
  UpdateServiceSpecificCredentialCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
} from '@aws-sdk/client-iam'
import { X509Certificate } from 'node:crypto'
import type { CredentialKind, Holding, UserCredentials } from '../credentials/ports.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { CallOptions, Signer } from '../keys/iam.ts'
import type { Caller } from './caller.ts'
import { pages } from './pages.ts'

/** A user's credentials beside keys, and its inline policies, behind the port. */
export function userCredentials(caller: Caller): UserCredentials {
  const lists: Record<
    CredentialKind,
    (signer: Signer, options?: CallOptions) => Promise<readonly Holding[]>
  > = {
    async password(signer, options) {
      try {
        const { output } = await caller.read('iam:GetLoginProfile', signer, options, ({ iam }, send) =>
          iam.send(new GetLoginProfileCommand(user(signer)), send),
        )
        if (!output.LoginProfile) throw caller.unreadable('iam:GetLoginProfile', signer)
        return [{ ...at('createdAt', output.LoginProfile.CreateDate) }]
      } catch (error) {
        if (error instanceof AwsFailure && error.kind === 'not-found') return []
        throw error
      }
    },

    'service-specific': (signer, options) =>
      all(
        (Marker) =>
          caller.read('iam:ListServiceSpecificCredentials', signer, options, ({ iam }, send) =>
            iam.send(new ListServiceSpecificCredentialsCommand({ ...listed(signer), Marker }), send),
          ),
        () => caller.unreadable('iam:ListServiceSpecificCredentials', signer),
        (page) =>
          page.ServiceSpecificCredentials?.map((each) => ({
            id: each.ServiceSpecificCredentialId,
            status: each.Status,
            ...at('createdAt', each.CreateDate),
            ...at('expiresAt', each.ExpirationDate),
            what: [each.ServiceName, each.ServiceUserName ?? each.ServiceCredentialAlias]
              .filter(Boolean)
              .join(' '),
          })),
      ),

    ssh: (signer, options) =>
      all(
        (Marker) =>
          caller.read('iam:ListSSHPublicKeys', signer, options, ({ iam }, send) =>
            iam.send(new ListSSHPublicKeysCommand({ ...listed(signer), Marker }), send),
          ),
        () => caller.unreadable('iam:ListSSHPublicKeys', signer),
        (page) =>
          page.SSHPublicKeys?.map((each) => ({
            id: each.SSHPublicKeyId,
            status: each.Status,
            ...at('createdAt', each.UploadDate),
          })),
      ),

    certificate: (signer, options) =>
      all(
        (Marker) =>
          caller.read('iam:ListSigningCertificates', signer, options, ({ iam }, send) =>
            iam.send(new ListSigningCertificatesCommand({ ...listed(signer), Marker }), send),
          ),
        () => caller.unreadable('iam:ListSigningCertificates', signer),
        (page) =>
          page.Certificates?.map((each) => ({
            id: each.CertificateId,
            status: each.Status,
            ...at('createdAt', each.UploadDate),
            ...certificateOf(each.CertificateBody ?? ''),
          })),
      ),

    mfa: (signer, options) =>
      all(
        (Marker) =>
          caller.read('iam:ListMFADevices', signer, options, ({ iam }, send) =>
            iam.send(new ListMFADevicesCommand({ ...listed(signer), Marker }), send),
          ),
        () => caller.unreadable('iam:ListMFADevices', signer),
        (page) =>
          page.MFADevices?.map((each) => ({ id: each.SerialNumber, ...at('createdAt', each.EnableDate) })),
      ),
  }

  return {
    list: (signer, kind, options) => lists[kind](signer, options),

    async setStatus(signer, kind, id, Status, options) {
      const own = { ...user(signer), Status }
      if (kind === 'service-specific')
        await caller.repeatable('iam:UpdateServiceSpecificCredential', signer, options, ({ iam }, send) =>
          iam.send(
            new UpdateServiceSpecificCredentialCommand({ ...own, ServiceSpecificCredentialId: id }),
            send,
          ),
        )
      else if (kind === 'ssh')
        await caller.repeatable('iam:UpdateSSHPublicKey', signer, options, ({ iam }, send) =>
          iam.send(new UpdateSSHPublicKeyCommand({ ...own, SSHPublicKeyId: id }), send),
        )
      else
        await caller.repeatable('iam:UpdateSigningCertificate', signer, options, ({ iam }, send) =>
          iam.send(new UpdateSigningCertificateCommand({ ...own, CertificateId: id }), send),
        )
    },

    async remove(signer, kind, id, options) {
      const own = user(signer)
      if (kind === 'service-specific')
        await caller.repeatable('iam:DeleteServiceSpecificCredential', signer, options, ({ iam }, send) =>
          iam.send(
            new DeleteServiceSpecificCredentialCommand({ ...own, ServiceSpecificCredentialId: id }),
            send,
          ),
        )
      else if (kind === 'ssh')
        await caller.repeatable('iam:DeleteSSHPublicKey', signer, options, ({ iam }, send) =>
          iam.send(new DeleteSSHPublicKeyCommand({ ...own, SSHPublicKeyId: id }), send),
        )
      else
        await caller.repeatable('iam:DeleteSigningCertificate', signer, options, ({ iam }, send) =>
          iam.send(new DeleteSigningCertificateCommand({ ...own, CertificateId: id }), send),
        )
    },

    async policy(signer, PolicyName, options) {
      try {
        const { output } = await caller.read('iam:GetUserPolicy', signer, options, ({ iam }, send) =>
          iam.send(new GetUserPolicyCommand({ ...user(signer), PolicyName }), send),
        )
        if (output.PolicyDocument === undefined) throw caller.unreadable('iam:GetUserPolicy', signer)
        return decoded(output.PolicyDocument)
      } catch (error) {
        if (error instanceof AwsFailure && error.kind === 'not-found') return undefined
        throw error
      }
    },

    async putPolicy(signer, PolicyName, PolicyDocument, options) {
      await caller.once('iam:PutUserPolicy', signer, options, ({ iam }, send) =>
        iam.send(new PutUserPolicyCommand({ ...user(signer), PolicyName, PolicyDocument }), send),
      )
    },

    async removePolicy(signer, PolicyName, options) {
      await caller.repeatable('iam:DeleteUserPolicy', signer, options, ({ iam }, send) =>
        iam.send(new DeleteUserPolicyCommand({ ...user(signer), PolicyName }), send),
      )
    },
  }
}

/** Named always: AWS would else take the user from the key that signs, and moto from nowhere. */
function user({ userName }: Signer): { UserName: string } {
  if (userName === undefined) throw new Error('these calls name their user')
  return { UserName: userName }
}

/** A policy may allow a listing without the name alone: who signs with its own key leaves it out. */
function listed(signer: Signer): { UserName?: string } {
  return signer.kind === 'own' ? {} : user(signer)
}

const at = <Name extends string>(name: Name, date: Date | undefined) =>
  (date ? { [name]: date.getTime() } : {}) as { [name in Name]?: number }

/** IAM tells policies percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function certificateOf(body: string): Pick<Holding, 'what' | 'expiresAt'> {
  try {
    const { subject, validTo } = new X509Certificate(body)
    return { what: subject.replace(/\n/g, ', '), expiresAt: Date.parse(validTo) }
  } catch {
    return {}
  }
}

/** @param unreadable for a reply without the list, which must not read as 'there is none' */
async function all<T extends { IsTruncated?: boolean; Marker?: string }>(
  page: (marker: string | undefined) => Promise<{ output: T; date?: number }>,
  unreadable: () => AwsFailure,
  rows: (page: T) => readonly { readonly [name in keyof Holding]: Holding[name] | undefined }[] | undefined,
): Promise<readonly Holding[]> {
  const found: Holding[] = []
  for await (const each of pages(page, unreadable)) {
    const listed = rows(each)
    if (!listed) throw unreadable()
    for (const row of listed) {
      // What has no id cannot be acted on, and no reply of IAM's has such a row.
      if (row.id === undefined || !/^[\w+=/:,.@-]{1,256}$/.test(row.id)) throw unreadable()
      found.push(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)))
    }
  }
  return found
}
