import {
  ChangePasswordCommand,
  CreateServiceSpecificCredentialCommand,
  DeleteLoginProfileCommand,
  DeleteServiceSpecificCredentialCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  GetAccountPasswordPolicyCommand,
  GetLoginProfileCommand,
  GetSSHPublicKeyCommand,
  GetUserCommand,
  ListMFADevicesCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ResetServiceSpecificCredentialCommand,
  UpdateLoginProfileCommand,
  UpdateServiceSpecificCredentialCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam'
import { expect, it } from 'vitest'
import { oldCertificate } from './oldCertificate.ts'
import { clientsOf, codeOf, sandboxOf, testAccount, wentWell } from './testing/clients.ts'
import { sshPublicKey } from './testing/sshKey.ts'

const bedrock = 'bedrock.amazonaws.com'
const UserName = 'alice'
const start = async () => {
  const sandbox = await sandboxOf([{ name: UserName }, { name: 'bob' }, { name: 'boss', admin: true }])
  const { control } = sandbox
  const of = (name: string) => clientsOf(sandbox, control.addKey(name)).iam
  return { control, alice: of(UserName), bob: of('bob'), boss: of('boss') }
}

it('keeps two service-specific credentials of a service, and names them as AWS does', async () => {
  const { alice, bob, control } = await start()
  const make = (ServiceName: string) =>
    alice.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName }))
  const first = (await make(bedrock)).ServiceSpecificCredential!
  const second = (await make(bedrock)).ServiceSpecificCredential!
  expect([first.ServiceCredentialAlias, second.ServiceCredentialAlias]).toEqual([
    `alice-at-${testAccount}`,
    `alice+1-at-${testAccount}`,
  ])
  expect(first.ServiceCredentialSecret).toMatch(/^ABSK/)
  const told = Buffer.from(first.ServiceCredentialSecret!.slice(4), 'base64').toString()
  expect(told.split(':')[0]).toBe(first.ServiceCredentialAlias)
  await expect(make(bedrock)).rejects.toMatchObject({
    Code: 'LimitExceeded',
    message: 'Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2',
  })
  expect(await codeOf(make('s3.amazonaws.com'))).toBe('NotSupportedService')
  const git = (await make('codecommit.amazonaws.com')).ServiceSpecificCredential!
  expect(git.ServiceUserName).toBe(`alice-at-${testAccount}`)
  expect(git).not.toHaveProperty('ServiceCredentialSecret')

  const { ServiceSpecificCredentialId: id } = git
  const of = { UserName, ServiceSpecificCredentialId: id }
  const { ServiceSpecificCredential: anew } = await alice.send(new ResetServiceSpecificCredentialCommand(of))
  expect(anew?.ServicePassword).not.toBe(git.ServicePassword)
  await alice.send(new UpdateServiceSpecificCredentialCommand({ ...of, Status: 'Inactive' }))
  const { ServiceSpecificCredentials: list } = await alice.send(
    new ListServiceSpecificCredentialsCommand({ ServiceName: 'codecommit.amazonaws.com' }),
  )
  expect(list).toEqual([expect.objectContaining({ Status: 'Inactive', ServiceSpecificCredentialId: id })])
  expect(list![0]).not.toHaveProperty('ServicePassword')
  const foreign = { ServiceSpecificCredentialId: id }
  expect(await codeOf(bob.send(new ResetServiceSpecificCredentialCommand(foreign)))).toBe('NoSuchEntity')
  expect(await codeOf(bob.send(new DeleteServiceSpecificCredentialCommand(of)))).toBe('AccessDenied')
  await alice.send(new DeleteServiceSpecificCredentialCommand(of))
  expect(control.others(UserName).serviceCredentials).toHaveLength(2)
})

it('lists in pages', async () => {
  const { alice, control } = await start()
  control.behave({ maxPage: 1 })
  for (const ServiceName of [bedrock, bedrock])
    await alice.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName }))
  const first = await alice.send(new ListServiceSpecificCredentialsCommand())
  expect(first).toMatchObject({ IsTruncated: true })
  const next = await alice.send(new ListServiceSpecificCredentialsCommand({ Marker: first.Marker! }))
  expect(next.IsTruncated).toBe(false)
  expect(next.ServiceSpecificCredentials![0]!.ServiceCredentialAlias).toContain('+1')
})

it('takes five RSA keys for SSH, each once, and wants the name for all but the list', async () => {
  const { alice } = await start()
  const upload = (SSHPublicKeyBody: string) =>
    alice.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody }))
  const { SSHPublicKey: key } = await upload(sshPublicKey)
  expect(key?.SSHPublicKeyId).toMatch(/^APKA/)
  expect(key?.Fingerprint).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/)
  expect(await codeOf(upload(sshPublicKey))).toBe('DuplicateSSHPublicKey')
  expect(await codeOf(upload('ssh-ed25519 AAAA'))).toBe('InvalidPublicKey')
  for (const comment of ['b', 'c', 'd', 'e']) await upload(`${sshPublicKey} ${comment}`)
  expect(await codeOf(upload(`${sshPublicKey} f`))).toBe('LimitExceeded')
  const of = { UserName, SSHPublicKeyId: key!.SSHPublicKeyId! }
  await alice.send(new UpdateSSHPublicKeyCommand({ ...of, Status: 'Inactive' }))
  const { SSHPublicKeys: list } = await alice.send(new ListSSHPublicKeysCommand())
  expect(list?.map(({ Status }) => Status)).toEqual(['Inactive', 'Active', 'Active', 'Active', 'Active'])
  const got = await alice.send(new GetSSHPublicKeyCommand({ ...of, Encoding: 'SSH' }))
  expect(got.SSHPublicKey?.SSHPublicKeyBody).toBe(sshPublicKey)
  await alice.send(new DeleteSSHPublicKeyCommand(of))
  expect(await codeOf(alice.send(new DeleteSSHPublicKeyCommand(of)))).toBe('NoSuchEntity')
})

it('takes real certificates, two of them', async () => {
  const { alice } = await start()
  const upload = (CertificateBody: string) =>
    alice.send(new UploadSigningCertificateCommand({ CertificateBody }))
  const { Certificate: made } = await upload(oldCertificate)
  expect(await codeOf(upload(oldCertificate))).toBe('DuplicateCertificate')
  expect(await codeOf(upload('junk'))).toBe('MalformedCertificate')
  await upload(`${oldCertificate}\n`)
  expect(await codeOf(upload(`\n${oldCertificate}`))).toBe('LimitExceeded')
  const CertificateId = made!.CertificateId!
  await alice.send(new UpdateSigningCertificateCommand({ CertificateId, Status: 'Inactive' }))
  const { Certificates: list } = await alice.send(new ListSigningCertificatesCommand())
  expect(list?.map(({ Status }) => Status)).toEqual(['Inactive', 'Active'])
  await alice.send(new DeleteSigningCertificateCommand({ CertificateId }))
  const again = alice.send(new UpdateSigningCertificateCommand({ CertificateId, Status: 'Active' }))
  expect(await codeOf(again)).toBe('NoSuchEntity')
})

it('changes a password by the rules of the account, in AWS’s words', async () => {
  const strict = { length: 14, upper: true, lower: true, digits: true, symbols: true, reuse: 2 }
  const old = 'Correct-Horse-9-Battery'
  const sandbox = await sandboxOf([], {
    accounts: [
      {
        id: testAccount,
        passwordPolicy: strict,
        users: [
          { name: UserName, password: { text: old, lastUsed: Date.UTC(2026, 0, 1) } },
          { name: 'none' },
          { name: 'boss', admin: true },
        ],
      },
    ],
  })
  const { control } = sandbox
  const of = (name: string) => clientsOf(sandbox, control.addKey(name)).iam
  const [alice, none, boss] = [of(UserName), of('none'), of('boss')]
  const change = (OldPassword: string, NewPassword: string) =>
    alice.send(new ChangePasswordCommand({ OldPassword, NewPassword }))
  expect((await alice.send(new GetLoginProfileCommand())).LoginProfile).toMatchObject({ UserName })
  expect((await alice.send(new GetUserCommand())).User?.PasswordLastUsed).toEqual(
    new Date(Date.UTC(2026, 0, 1)),
  )
  const { PasswordPolicy } = await alice.send(new GetAccountPasswordPolicyCommand())
  expect(PasswordPolicy).toMatchObject({ MinimumPasswordLength: 14, PasswordReusePrevention: 2 })
  const wrong = change('not it', 'Another-Horse-1-Staple')
  await expect(wrong).rejects.toMatchObject({ message: 'The old password was incorrect.' })
  control.behave({ wrongPassword: { status: 400, code: 'InvalidInput', message: 'Old password is wrong' } })
  expect(await codeOf(change('not it', 'Another-Horse-1-Staple'))).toBe('InvalidInput')
  await expect(change(old, 'Short-1')).rejects.toMatchObject({
    Code: 'PasswordPolicyViolation',
    message: 'Password should have a minimum length of 14',
  })
  await expect(change(old, 'all-small-letters-1')).rejects.toThrow('at least one uppercase')
  await change(old, 'Another-Horse-1-Staple')
  expect(await codeOf(change('Another-Horse-1-Staple', old))).toBe('PasswordPolicyViolation')
  expect(await codeOf(none.send(new GetLoginProfileCommand()))).toBe('NoSuchEntity')
  const absent = new ChangePasswordCommand({ OldPassword: 'a', NewPassword: old })
  await expect(none.send(absent)).rejects.toThrow('Login Profile for User none cannot be found.')
  expect(await codeOf(alice.send(new DeleteLoginProfileCommand()))).toBe('AccessDenied')
  await boss.send(new UpdateLoginProfileCommand({ UserName, PasswordResetRequired: true }))
  await boss.send(new DeleteLoginProfileCommand({ UserName }))
  expect(control.others(UserName).password).toBeUndefined()
  expect(JSON.stringify(sandbox.calls)).not.toContain('Horse')
})

it('has rules of its own where the account set none', async () => {
  const text = 'Correct-Horse-9'
  const sandbox = await sandboxOf([{ name: UserName, password: { text } }])
  const { iam } = clientsOf(sandbox, sandbox.control.addKey(UserName))
  expect(await codeOf(iam.send(new GetAccountPasswordPolicyCommand()))).toBe('NoSuchEntity')
  const change = (NewPassword: string) =>
    iam.send(new ChangePasswordCommand({ OldPassword: text, NewPassword }))
  expect(await codeOf(change('justletters'))).toBe('PasswordPolicyViolation')
  expect(await codeOf(change('Letters-and-1'))).toBe(wentWell)
})

it('lists several devices', async () => {
  const enabledAt = Date.UTC(2026, 0, 1)
  const sandbox = await sandboxOf([
    { name: UserName, mfaSeed: 'JBSWY3DPEHPK3PXP', mfaDevices: [{ name: 'phone-2', enabledAt }] },
  ])
  const { iam } = clientsOf(sandbox, sandbox.control.addKey(UserName))
  const { MFADevices } = await iam.send(new ListMFADevicesCommand())
  expect(MFADevices?.map(({ SerialNumber }) => SerialNumber?.split('/')[1])).toEqual([UserName, 'phone-2'])
  expect(MFADevices?.[1]?.EnableDate).toEqual(new Date(enabledAt))
})
