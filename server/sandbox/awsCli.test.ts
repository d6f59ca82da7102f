import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSandbox } from './sandbox.ts'
import type { Sandbox } from './sandbox.ts'
import { awsCli, awsCliVersion } from './testing/awsCli.ts'
import type { AwsCli } from './testing/awsCli.ts'

const version = awsCliVersion()

describe.skipIf(!version)(`the AWS CLI`, () => {
  let sandbox: Sandbox
  let aws: AwsCli
  let pair: { id: string; secret: string }

  beforeAll(async () => {
    sandbox = await startSandbox({
      accounts: [{ id: '123456789012', alias: 'acme', users: [{ name: 'al+ice@x', path: '/a/b/' }] }],
    })
    pair = sandbox.control.addKey('al+ice@x')
    aws = await awsCli(sandbox, pair)
  })
  afterAll(async () => {
    await sandbox.close()
    await aws.remove()
  })

  it('rotates a key by hand', { timeout: 120_000 }, async () => {
    const who = JSON.parse((await aws('sts', 'get-caller-identity')).out)
    expect(who.Arn).toBe('arn:aws:iam::123456789012:user/a/b/al+ice@x')
    const made = JSON.parse((await aws('iam', 'create-access-key', '--user-name', 'al+ice@x')).out)
    expect(made.AccessKey.SecretAccessKey).toHaveLength(40)
    const list = JSON.parse((await aws('iam', 'list-access-keys', '--page-size', '1')).out)
    expect(list.AccessKeyMetadata.map((key: { AccessKeyId: string }) => key.AccessKeyId)).toEqual([
      pair.id,
      made.AccessKey.AccessKeyId,
    ])
    expect((await aws('iam', 'create-access-key')).error).toContain(
      'An error occurred (LimitExceeded) when calling the CreateAccessKey operation: Cannot exceed quota for AccessKeysPerUser: 2',
    )
    const used = JSON.parse((await aws('iam', 'get-access-key-last-used', '--access-key-id', pair.id)).out)
    expect(used.AccessKeyLastUsed.ServiceName).toBe('sts')
    await aws('iam', 'update-access-key', '--access-key-id', pair.id, '--status', 'Inactive')
    expect((await aws('iam', 'list-access-keys')).error).toContain('(InvalidClientTokenId)')
    expect(sandbox.control.keys('al+ice@x').map(({ status }) => status)).toEqual(['Inactive', 'Active'])
  })
})
