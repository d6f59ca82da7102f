import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseKnownFiles } from '@smithy/core/config'
import { afterEach, expect, it } from 'vitest'
import { accountOf } from './accessKeyId.ts'
import { makeDemo } from './demo.ts'
import { startSandbox } from './sandbox.ts'
import type { Sandbox } from './sandbox.ts'

let sandbox: Sandbox | undefined
let directory: string | undefined
afterEach(async () => {
  await sandbox?.close()
  if (directory) await fs.rm(directory, { recursive: true })
})

it('seeds files that AWS’s own loader reads, and an IAM that knows every pair in them', async () => {
  const demo = makeDemo(Date.now())
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-demo-'))
  const filepath = path.join(directory, 'credentials')
  const configFilepath = path.join(directory, 'config')
  await fs.writeFile(filepath, demo.credentials)
  await fs.writeFile(configFilepath, demo.config)
  const profiles = await parseKnownFiles({ filepath, configFilepath, ignoreCache: true })
  expect(Object.keys(profiles).sort()).toEqual(
    [
      'acme-sso analytics backup-restore backup-upload billing-export ci-deploy default old-laptop',
      'prod-admin prod-audit prod-deploy-role sso-session.acme staging staging-us terraform',
    ]
      .join(' ')
      .split(' '),
  )
  expect(demo.credentials + demo.config).not.toMatch(/endpoint|\r|[ \t]\n|\n\n\n/)

  sandbox = await startSandbox({ ...demo.sandbox, behaviour: {} })
  const outcomes: Record<string, string> = {}
  for (const [name, settings] of Object.entries(profiles)) {
    const { aws_access_key_id: id, aws_secret_access_key: secret } = settings
    if (!id || !secret) continue
    const sts = new STSClient({
      endpoint: sandbox.url,
      region: settings['region'] ?? 'us-east-1',
      credentials: { accessKeyId: id, secretAccessKey: secret },
    })
    outcomes[name] = await sts.send(new GetCallerIdentityCommand()).then(
      ({ Account, Arn }) => {
        expect(Account).toBe(accountOf(id))
        return Arn!.split('/').at(-1)!
      },
      (error: { Code?: string }) => error.Code!,
    )
    sts.destroy()
  }
  expect(outcomes).toEqual({
    default: 'sam',
    'prod-admin': 'sam.admin',
    'prod-audit': 'audit-reader',
    terraform: 'terraform',
    staging: 'sam',
    'staging-us': 'sam',
    'ci-deploy': 'ci-deploy',
    'backup-upload': 'backup',
    'backup-restore': 'backup',
    'billing-export': 'billing-export',
    analytics: 'analytics',
    'old-laptop': 'InvalidClientTokenId',
  })
  expect(profiles['staging']!['aws_access_key_id']).toBe(profiles['staging-us']!['aws_access_key_id'])
})
