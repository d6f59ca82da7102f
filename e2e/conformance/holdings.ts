import {
  DeleteLoginProfileCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserPolicyCommand,
  GetAccountPasswordPolicyCommand,
  GetLoginProfileCommand,
  GetSSHPublicKeyCommand,
  GetUserPolicyCommand,
  ListMFADevicesCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListUserPoliciesCommand,
  PutUserPolicyCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam'
import assert from 'node:assert/strict'
import { oldCertificate } from '../../server/sandbox/oldCertificate.ts'
import { sshPublicKey } from '../../server/sandbox/testing/sshKey.ts'
import type { Cloud } from './cloud.ts'
import { passwordUser } from './cloud.ts'
import type { Harness } from './harness.ts'

const UserName = passwordUser
const noSuchEntity = { Code: 'NoSuchEntity' }

/**
 * What a user has beside keys: both IAMs take and tell it alike. moto plays neither service-specific credentials nor
 * ChangePassword, ignores conditions, and knows these by UserName alone.
 */
export async function conformHoldings(harness: Harness, { admin, name }: Cloud): Promise<void> {
  const check = (what: string, body: () => Promise<void>) => harness.check(`${what} (${name})`, body)

  await check('keeps SSH keys', async () => {
    const body = { UserName, SSHPublicKeyBody: sshPublicKey }
    const { SSHPublicKey: made } = await admin.send(new UploadSSHPublicKeyCommand(body))
    const of = { UserName, SSHPublicKeyId: made?.SSHPublicKeyId ?? '' }
    assert.match(of.SSHPublicKeyId, /^APKA/)
    await admin.send(new UpdateSSHPublicKeyCommand({ ...of, Status: 'Inactive' }))
    const { SSHPublicKeys: list } = await admin.send(new ListSSHPublicKeysCommand({ UserName }))
    assert.deepEqual(
      list?.map(({ SSHPublicKeyId, Status, UploadDate }) => [
        SSHPublicKeyId,
        Status,
        UploadDate instanceof Date,
      ]),
      [[of.SSHPublicKeyId, 'Inactive', true]],
    )
    const got = await admin.send(new GetSSHPublicKeyCommand({ ...of, Encoding: 'SSH' }))
    assert.equal(got.SSHPublicKey?.SSHPublicKeyBody, sshPublicKey)
    await admin.send(new DeleteSSHPublicKeyCommand(of))
    await assert.rejects(admin.send(new DeleteSSHPublicKeyCommand(of)), noSuchEntity)
  })

  await check('keeps signing certificates', async () => {
    const body = { UserName, CertificateBody: oldCertificate }
    const { Certificate: made } = await admin.send(new UploadSigningCertificateCommand(body))
    const CertificateId = made?.CertificateId ?? ''
    await admin.send(new UpdateSigningCertificateCommand({ UserName, CertificateId, Status: 'Inactive' }))
    const { Certificates: list } = await admin.send(new ListSigningCertificatesCommand({ UserName }))
    assert.deepEqual(
      list?.map(({ CertificateId: id, Status }) => [id, Status]),
      [[CertificateId, 'Inactive']],
    )
    await assert.rejects(
      admin.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: 'junk' })),
      { Code: 'MalformedCertificate' },
    )
    await admin.send(new DeleteSigningCertificateCommand({ UserName, CertificateId }))
    const again = new UpdateSigningCertificateCommand({ UserName, CertificateId, Status: 'Active' })
    await assert.rejects(admin.send(again), noSuchEntity)
  })

  await check('keeps inline policies, and tells them percent-encoded', async () => {
    const PolicyName = 'AWSRevokeOlderSessions'
    const Condition = { DateLessThan: { 'aws:TokenIssueTime': '2026-11-25T04:00:07Z' } }
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: '*', Resource: '*', Condition }],
    })
    const of = { UserName, PolicyName }
    await assert.rejects(admin.send(new GetUserPolicyCommand(of)), noSuchEntity)
    await admin.send(new PutUserPolicyCommand({ ...of, PolicyDocument }))
    const got = await admin.send(new GetUserPolicyCommand(of))
    assert.deepEqual(JSON.parse(decodeURIComponent(got.PolicyDocument ?? '')), JSON.parse(PolicyDocument))
    const { PolicyNames } = await admin.send(new ListUserPoliciesCommand({ UserName }))
    assert.ok(PolicyNames?.includes(PolicyName))
    await assert.rejects(admin.send(new PutUserPolicyCommand({ ...of, PolicyDocument: '{' })), {
      Code: 'MalformedPolicyDocument',
    })
    await admin.send(new DeleteUserPolicyCommand(of))
    await assert.rejects(admin.send(new GetUserPolicyCommand(of)), noSuchEntity)
  })

  await check('tells of password and devices', async () => {
    const { LoginProfile } = await admin.send(new GetLoginProfileCommand({ UserName }))
    assert.equal(LoginProfile?.UserName, UserName)
    await assert.rejects(admin.send(new GetAccountPasswordPolicyCommand()), noSuchEntity)
    const { MFADevices } = await admin.send(new ListMFADevicesCommand({ UserName }))
    assert.deepEqual(MFADevices, [])
    await admin.send(new DeleteLoginProfileCommand({ UserName }))
    await assert.rejects(admin.send(new GetLoginProfileCommand({ UserName })), noSuchEntity)
  })
}
