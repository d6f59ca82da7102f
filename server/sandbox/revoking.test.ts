import {
  DeleteUserPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetCallerIdentityCommand, GetFederationTokenCommand } from '@aws-sdk/client-sts'
import { expect, it } from 'vitest'
import type { Clock } from '../platform/clock.ts'
import { clientsOf, codeOf, sandboxOf, testAccount, wentWell } from './testing/clients.ts'

const UserName = 'alice'
const PolicyName = 'AWSRevokeOlderSessions'
const older = (than: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateLessThan: { 'aws:TokenIssueTime': than } },
      },
    ],
  })
const iso = (ms: number) => new Date(ms).toISOString()
const list = () => new ListAccessKeysCommand({ UserName })

it('denies the sessions from before the cut, and neither later ones nor the long-term key', async () => {
  const now = Date.now()
  const sandbox = await sandboxOf([{ name: UserName }, { name: 'boss', admin: true }])
  const { control } = sandbox
  const long = clientsOf(sandbox, control.addKey(UserName))
  const boss = clientsOf(sandbox, control.addKey('boss')).iam
  const session = (issuedAt: number) => {
    const { id, secret, token } = control.addSession(UserName, { issuedAt, seconds: 3_600, mfa: true })
    return clientsOf(sandbox, { id, secret, token })
  }
  const [before, after] = [session(now - 60_000), session(now)]
  expect(await codeOf(before.iam.send(list()))).toBe(wentWell)
  const PolicyDocument = older(iso(now - 1_000))
  expect(
    await codeOf(long.iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }))),
  ).toBe('AccessDenied')
  await boss.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }))
  await expect(before.iam.send(list())).rejects.toThrow('explicit deny in an identity-based policy')
  await before.sts.send(new GetCallerIdentityCommand())
  expect(await codeOf(after.iam.send(list()))).toBe(wentWell)
  expect(await codeOf(long.iam.send(list()))).toBe(wentWell)
  const got = await boss.send(new GetUserPolicyCommand({ UserName, PolicyName }))
  expect(got.PolicyDocument).toContain('%22')
  expect(decodeURIComponent(got.PolicyDocument!)).toBe(PolicyDocument)
  expect((await boss.send(new ListUserPoliciesCommand({ UserName }))).PolicyNames).toEqual([PolicyName])
  await boss.send(new DeleteUserPolicyCommand({ UserName, PolicyName }))
  expect(await codeOf(before.iam.send(list()))).toBe(wentWell)
  expect(await codeOf(boss.send(new DeleteUserPolicyCommand({ UserName, PolicyName })))).toBe('NoSuchEntity')
})

it('lets a policy count after its lag, and refuses what has no room or is none', async () => {
  let now = Date.now()
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() }
  const sandbox = await sandboxOf([{ name: UserName }, { name: 'boss', admin: true }], {
    clock,
    behaviour: { policyLagMs: 4_000 },
  })
  const { control } = sandbox
  const boss = clientsOf(sandbox, control.addKey('boss')).iam
  const { iam } = clientsOf(
    sandbox,
    control.addSession(UserName, { issuedAt: now - 60_000, seconds: 3_600, mfa: true }),
  )
  const put = (PolicyDocument: string) =>
    boss.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }))
  await put(older(iso(now)))
  expect(await codeOf(iam.send(list()))).toBe(wentWell)
  now += 4_000
  expect(await codeOf(iam.send(list()))).toBe('AccessDenied')
  expect(await codeOf(put('{'))).toBe('MalformedPolicyDocument')
  await expect(put(JSON.stringify({ Statement: [{ Sid: 'x'.repeat(2_048) }] }))).rejects.toThrow(
    'Maximum policy size of 2048 bytes exceeded for user alice',
  )
})

it('plays sessions of roles, which obey the policies of the role alone', async () => {
  const now = Date.now()
  const sandbox = await sandboxOf([], {
    accounts: [
      {
        id: testAccount,
        roles: [{ name: 'deploy', trusts: [UserName], allow: ['iam:ListAccessKeys'] }],
        users: [
          { name: UserName, alsoAllow: ['sts:GetFederationToken'] },
          { name: 'boss', admin: true },
        ],
      },
    ],
  })
  const { control } = sandbox
  const { sts } = clientsOf(sandbox, control.addKey(UserName))
  const boss = clientsOf(sandbox, control.addKey('boss'))
  const role = { RoleArn: `arn:aws:iam::${testAccount}:role/deploy`, RoleSessionName: 'ci' }
  const pair = ({ AccessKeyId, SecretAccessKey, SessionToken } = {} as Record<string, unknown>) =>
    clientsOf(sandbox, {
      id: AccessKeyId as string,
      secret: SecretAccessKey as string,
      token: SessionToken as string,
    })
  const assumed = pair({ ...(await sts.send(new AssumeRoleCommand(role))).Credentials })
  expect((await assumed.sts.send(new GetCallerIdentityCommand())).Arn).toContain('assumed-role/deploy/ci')
  const PolicyDocument = older(iso(now + 60_000))
  await boss.iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }))
  expect(await codeOf(assumed.iam.send(list()))).toBe(wentWell)
  await boss.iam.send(new PutRolePolicyCommand({ RoleName: 'deploy', PolicyName, PolicyDocument }))
  expect(await codeOf(assumed.iam.send(list()))).toBe('AccessDenied')
  const got = await boss.iam.send(new GetRolePolicyCommand({ RoleName: 'deploy', PolicyName }))
  expect(decodeURIComponent(got.PolicyDocument!)).toBe(PolicyDocument)
  expect(await codeOf(boss.sts.send(new AssumeRoleCommand(role)))).toBe('AccessDenied')

  const { Credentials } = await sts.send(new GetFederationTokenCommand({ Name: 'thief' }))
  const federated = pair({ ...Credentials })
  expect(await codeOf(federated.iam.send(list()))).toBe('InvalidClientTokenId')
  expect((await federated.sts.send(new GetCallerIdentityCommand())).Arn).toContain('federated-user/thief')
})

it('signs out of the portal once', async () => {
  const { url } = await sandboxOf([], { signIns: ['token-1'] })
  const out = (token: string) =>
    fetch(`${url}/logout`, { method: 'POST', headers: { 'x-amz-sso_bearer_token': token } })
  expect((await out('token-1')).status).toBe(200)
  expect((await out('token-1')).status).toBe(401)
})
