import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSandbox } from './sandbox.ts'
import type { Sandbox } from './sandbox.ts'

function cliVersion(): string | undefined {
  try {
    return execFileSync('aws', ['--version'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

const version = cliVersion()
// Said aloud: a run that skips these has not shown that the real CLI is served.
if (!version) console.warn('No `aws` on PATH: the embedded IAM is not tried with the AWS CLI here.')

describe.skipIf(!version)(`the AWS CLI`, () => {
  let sandbox: Sandbox
  let directory: string
  let pair: { id: string; secret: string }

  beforeAll(async () => {
    sandbox = await startSandbox({
      accounts: [{ id: '123456789012', alias: 'acme', users: [{ name: 'al+ice@x', path: '/a/b/' }] }],
    })
    pair = sandbox.control.addKey('al+ice@x')
    directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-cli-'))
    await fs.writeFile(
      path.join(directory, 'credentials'),
      `[alice]\naws_access_key_id = ${pair.id}\naws_secret_access_key = ${pair.secret}\n`,
    )
  })
  afterAll(async () => {
    await sandbox.close()
    await fs.rm(directory, { recursive: true })
  })

  const aws = (...words: string[]) =>
    new Promise<{ out: string; error: string }>((resolve) => {
      const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
      execFile(
        'aws',
        [
          '--profile',
          'alice',
          '--endpoint-url',
          sandbox.url,
          '--region',
          'us-east-1',
          '--output',
          'json',
          ...words,
        ],
        {
          env: {
            ...Object.fromEntries(environment),
            AWS_SHARED_CREDENTIALS_FILE: path.join(directory, 'credentials'),
            AWS_CONFIG_FILE: path.join(directory, 'config'),
            AWS_MAX_ATTEMPTS: '1',
          },
        },
        (_error, out, error) => resolve({ out, error }),
      )
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
