import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { EventSeed, UserSeed } from '../sandbox/seed.ts'
import { awsCli, awsCliVersion } from '../sandbox/testing/awsCli.ts'
import { systemClock } from '../platform/clock.ts'
import { takeLock } from '../platform/lock.ts'
import { CommandGround } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 })
const account = '123456789012'
const here = '198.51.100.7'
const thief = '203.0.113.9'
const hour = 3_600_000

async function lay(...users: UserSeed[]): Promise<CommandGround> {
  const ground = await CommandGround.lay(users)
  ground.sandbox.control.behave({ callerAddress: here })
  return ground
}

interface Document {
  readonly exitCode: number
  readonly problem?: { readonly name: string }
  readonly keys: readonly {
    readonly key: string
    readonly account?: string
    readonly from: string
    readonly to: string
    readonly events: number
    readonly sources: readonly { readonly address: string; readonly mine: boolean; readonly events: number }[]
    readonly doors: readonly { readonly act: string; readonly target: string; readonly address: string }[]
    readonly sessions: readonly string[]
    readonly regions: readonly {
      readonly region: string
      readonly events: number
      readonly done: boolean
      readonly denied?: string
    }[]
  }[]
}

async function trailOf(ground: CommandGround, ...argv: string[]) {
  const exit = await ground.run('trail', ...argv, '--json')
  const document = JSON.parse(exit.stdout) as Document
  expect(document.exitCode).toBe(exit.code)
  return { ...exit, document, key: document.keys?.[0] }
}

const seen = (keyId: string, name: string, more: Partial<EventSeed> = {}): EventSeed => ({
  at: Date.now() - 5 * hour,
  name,
  source: 'iam.amazonaws.com',
  keyId,
  user: 'ann',
  address: thief,
  agent: 'aws-cli/2.15.30',
  ...more,
})

describe('keyturn trail', () => {
  it('tells a thief from the person, names the door, and follows the sessions', async () => {
    const ground = await lay({ name: 'ann' })
    const { id: old } = await ground.pair('ann')
    expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
    const asked = ground.sandbox.calls.length
    const clean = await trailOf(ground)
    expect(clean.code).toBe(0)
    expect(clean.key).toMatchObject({ key: old, account, doors: [], sessions: [] })
    // By the calls that Keyturn itself made with it.
    expect(new Set(clean.key?.sources.map(({ address, mine }) => `${address} ${mine}`))).toEqual(
      new Set([`${here} true`]),
    )
    expect(clean.stderr).toContain("from this machine's address.")
    // The old key is off: its user's new one asked, and asked for nothing else.
    const { id: fresh } = await ground.pair('ann')
    const calls = ground.sandbox.calls.slice(asked)
    expect(new Set(calls.map((call) => `${call.keyId} ${call.action}`))).toEqual(
      new Set([`${fresh} LookupEvents`]),
    )

    const [session, deeper] = ['ASIAQQQQQQQQQQQQQQQQ', 'ASIARRRRRRRRRRRRRRRR']
    ground.sandbox.control.addEvents(account, [
      seen(old, 'CreateUser', { request: { userName: 'backup-svc' } }),
      seen(old, 'GetFederationToken', {
        source: 'sts.amazonaws.com',
        response: { credentials: { accessKeyId: session, sessionToken: 'canarySessionToken' } },
      }),
      seen(session, 'AssumeRole', {
        source: 'sts.amazonaws.com',
        request: { roleArn: `arn:aws:iam::${account}:role/ops` },
        response: { credentials: { accessKeyId: deeper } },
      }),
      seen(deeper, 'RunInstances', { source: 'ec2.amazonaws.com', region: 'eu-west-3' }),
      // A program's name is anybody's: it makes nobody this machine.
      seen(old, 'ListBuckets', { source: 's3.amazonaws.com', agent: 'keyturn' }),
    ])
    const all = await trailOf(ground, old, '--regions', 'us-east-1', 'eu-west-3', 'af-south-1')
    expect(all.code).toBe(1)
    expect(all.key?.doors).toMatchObject([{ act: 'CreateUser', target: 'backup-svc', address: thief }])
    expect(all.key?.sessions.toSorted()).toEqual([session, deeper])
    expect(all.key?.sources[0]).toMatchObject({ address: thief, mine: false })
    expect(all.key?.regions.map(({ region, events, done }) => [region, events > 0, done])).toEqual([
      ['us-east-1', true, true],
      ['eu-west-3', true, true],
      ['af-south-1', false, false],
    ])
    expect(all.stderr).toContain(`5 from ${thief} since`)
    expect(all.stderr).toContain('made the user backup-svc')
    expect(all.stderr).toContain('Not enabled in this account: af-south-1.')
    expect(all.stdout + all.stderr).not.toContain('canarySessionToken')
  })

  it('names the permission where asking is denied, and lets nobody sign who was not named', async () => {
    const ground = await lay({ name: 'ann', allow: ['iam:ListAccessKeys'] }, { name: 'boss', admin: true })
    const { id } = await ground.pair('ann')
    const boss = await ground.pair('boss')
    const { code, key, stderr } = await trailOf(ground, id)
    expect(code).toBe(3)
    expect(key?.regions).toEqual([
      { region: 'us-east-1', events: 0, done: false, denied: 'cloudtrail:LookupEvents' },
    ])
    expect(stderr).toContain('Not allowed: cloudtrail:LookupEvents')
    expect(stderr).toContain(`AttributeValue=${id}`)
    expect(stderr).not.toContain('Nothing found')
    expect(ground.sandbox.calls.filter(({ keyId }) => keyId === boss.id)).toEqual([])
    const named = await trailOf(ground, id, '--signer', 'boss')
    expect(named.key?.regions[0]?.done).toBe(true)
  })

  it('asks nobody where there is nobody to ask, and no key where none was rotated', async () => {
    const ground = await lay({ name: 'ann' })
    expect((await trailOf(ground)).code).toBe(3)
    const stranger = await trailOf(ground, 'AKIAY34FZKBOKMUTVV7A')
    expect([stranger.code, stranger.stderr]).toEqual([3, expect.stringContaining('Nobody here may ask')])
    expect((await ground.run('trail', 'AKIAY34FZKBOKMUTVV7A', '--since', '2199-01-01')).code).toBe(2)
    expect(ground.sandbox.calls).toEqual([])
  })

  it('bears hostile events as words and as CSV, and writes nothing, beside a Keyturn that runs', async () => {
    const ground = await lay({ name: 'ann' })
    const { id } = await ground.pair('ann')
    ground.sandbox.control.addEvents(account, [
      seen(id, 'ListUsers', { agent: `\u001b[2J\u202e<script>${'x'.repeat(4_096)}` }),
      seen(id, 'ListRoles', { raw: 'no JSON' }),
      { at: Date.now() - hour, name: 'Decrypt', source: 'kms.amazonaws.com', keyId: id },
      seen(id, 'ListGroups', { address: '=cmd|"/c calc"!A1' }),
    ])
    const lock = await takeLock(path.join(ground.state, 'lock'), { clock: systemClock, subject: 'it' })
    const before = await ground.everything()
    // Only CloudTrail's own variable names the endpoint: nothing else is asked, or the test would leave this machine.
    const started = ground.start(
      ['trail', id, '--csv'],
      { AWS_ENDPOINT_URL_CLOUDTRAIL: ground.sandbox.url },
      false,
    )
    started.process.stdin?.end()
    const { code, stdout, stderr } = await started.exit
    expect(code).toBe(1)
    expect(await ground.everything()).toEqual(before)
    await lock.release()
    expect(stdout.replaceAll('\r\n', '') + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    expect(stderr).toContain('One event could not be read whole.')
    expect(stdout.split('\r\n')[0]).toMatch(/^key,at,by,address,mine,/)
    expect(stdout).toContain(`"'=cmd|""/c calc""!A1"`)
  })

  it.skipIf(!awsCliVersion())('sees what the real AWS CLI did', async () => {
    const ground = await lay({ name: 'ann' })
    const pair = await ground.pair('ann')
    const aws = await awsCli(ground.sandbox, pair)
    try {
      ground.sandbox.control.behave({ callerAddress: thief })
      await aws('iam', 'list-access-keys')
      await aws('sts', 'get-session-token')
      const { key } = await trailOf(ground, pair.id)
      expect(key?.sources[0]).toMatchObject({ address: thief, mine: false, events: 2 })
      expect(key?.sessions).toHaveLength(1)
    } finally {
      await aws.remove()
    }
  })
})
