import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import { describe, expect, it } from 'vitest'
import type { Sandbox } from './sandbox.ts'
import type { EventSeed } from './seed.ts'
import { awsCli, awsCliVersion } from './testing/awsCli.ts'
import { clientsOf, sandboxOf, testAccount } from './testing/clients.ts'
import type { TestPair } from './testing/clients.ts'
import { ManualClock } from './testing/manualClock.ts'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'

const day = 86_400_000
const start = Math.floor(Date.now() / 1_000) * 1_000

interface Reply {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
  readonly json: {
    Events: { EventId: string; EventName: string; CloudTrailEvent: string; AccessKeyId?: string }[]
    NextToken?: string
    __type?: string
  }
}

async function lookup(
  { url }: Sandbox,
  { id, secret, token }: TestPair,
  input: unknown,
  region = 'us-east-1',
): Promise<Reply> {
  const { host } = new URL(url)
  const signer = new SignatureV4({
    service: 'cloudtrail',
    region,
    sha256: Sha256,
    credentials: { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) },
  })
  const body = JSON.stringify(input)
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: host,
    path: '/',
    query: {},
    headers: {
      host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
    },
    body,
  })
  const response = await fetch(url, { method: 'POST', headers, body })
  const text = await response.text()
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: text,
    json: JSON.parse(text),
  }
}

const ofKey = (id: string) => ({ LookupAttributes: [{ AttributeKey: 'AccessKeyId', AttributeValue: id }] })

const event = (keyId: string, minutesAgo: number, more: Partial<EventSeed> = {}): EventSeed => ({
  at: start - minutesAgo * 60_000,
  name: 'DescribeInstances',
  source: 'ec2.amazonaws.com',
  region: 'us-east-1',
  keyId,
  user: 'alice',
  address: '203.0.113.9',
  agent: 'Boto3/1.34.0',
  ...more,
})

async function alice(options = {}) {
  const clock = new ManualClock(start)
  const sandbox = await sandboxOf([{ name: 'alice' }], { clock, ...options })
  const pair = sandbox.control.addKey('alice')
  return { sandbox, clock, pair, ...clientsOf(sandbox, pair) }
}

describe('LookupEvents', () => {
  it('tells a key’s events newest first, in pages of 50', async () => {
    const { sandbox, clock, pair } = await alice()
    sandbox.control.addEvents(testAccount, [
      ...Array.from({ length: 120 }, (_, minutes) => event('AKIATHIEF', minutes)),
      event('AKIAOTHER', 3),
      event('AKIATHIEF', 91 * 24 * 60),
    ])
    const seen: string[] = []
    let token: string | undefined
    const sizes: number[] = []
    do {
      const { json } = await lookup(sandbox, pair, {
        ...ofKey('AKIATHIEF'),
        ...(token ? { NextToken: token } : {}),
      })
      sizes.push(json.Events.length)
      seen.push(...json.Events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent).eventTime))
      token = json.NextToken
      clock.advance(500)
    } while (token)
    expect(sizes).toEqual([50, 50, 20])
    expect(seen).toEqual([...seen].sort().reverse())
    expect(new Set(seen).size).toBe(120)
  })

  it('answers two calls a second for an account and region, and throttles the third', async () => {
    const { sandbox, clock, pair } = await alice()
    const ask = async (region?: string) => (await lookup(sandbox, pair, {}, region)).json.__type ?? 'ok'
    expect([await ask(), await ask(), await ask()]).toEqual(['ok', 'ok', 'ThrottlingException'])
    expect(await ask('eu-central-1')).toBe('ok')
    clock.advance(500)
    expect([await ask(), await ask()]).toEqual(['ok', 'ThrottlingException'])
  })

  it('logs what is called here, after its lag, with the session that a call made', async () => {
    const { sandbox, clock, pair, sts } = await alice({ behaviour: { callerAddress: '198.51.100.7' } })
    sandbox.control.behave({ trailLagMs: 900_000 })
    await sts.send(new GetCallerIdentityCommand({}))
    const { Credentials } = await sts.send(new GetSessionTokenCommand({}))
    const events = async () =>
      (await lookup(sandbox, pair, ofKey(pair.id))).json.Events.map((each) =>
        JSON.parse(each.CloudTrailEvent),
      )
    expect(await events()).toEqual([])
    clock.advance(900_000)
    const told = await events()
    expect(told.map(({ eventName }) => eventName).sort()).toEqual([
      'GetCallerIdentity',
      'GetSessionToken',
      // The look from before is history by now, too.
      'LookupEvents',
    ])
    expect(told[0]).toMatchObject({ sourceIPAddress: '198.51.100.7', awsRegion: 'us-east-1' })
    const made = told.find(({ eventName }) => eventName === 'GetSessionToken')
    expect(made.responseElements.credentials.accessKeyId).toBe(Credentials?.AccessKeyId)
    expect(told.map(({ requestID }) => requestID)).toContain(sandbox.calls[0]?.requestId)
  })

  it('tells nothing of a call by nobody', async () => {
    const { sandbox, pair } = await alice()
    const { sts } = clientsOf(sandbox, { ...pair, secret: 'wrong' })
    await sts.send(new GetCallerIdentityCommand({})).catch(() => undefined)
    expect((await lookup(sandbox, pair, ofKey(pair.id))).json.Events).toEqual([])
  })

  it.each([
    ['two attributes', { LookupAttributes: [1, 2] }, 'InvalidLookupAttributesException'],
    [
      'an attribute that there is not',
      { LookupAttributes: [{ AttributeKey: 'Colour', AttributeValue: 'red' }] },
      'InvalidLookupAttributesException',
    ],
    ['a page of 51', { MaxResults: 51 }, 'InvalidMaxResultsException'],
    ['an end before the start', { StartTime: 2, EndTime: 1 }, 'InvalidTimeRangeException'],
    ['a time that is text', { StartTime: '2026-01-01' }, 'SerializationException'],
    ['a token of somebody else', { NextToken: 'x' }, 'InvalidNextTokenException'],
  ])('refuses %s', async (_, input, code) => {
    const { sandbox, pair } = await alice()
    const { status, json } = await lookup(sandbox, pair, input)
    expect([status, json.__type]).toEqual([400, code])
  })

  it('refuses a token that is used with another question', async () => {
    const { sandbox, pair } = await alice()
    sandbox.control.addEvents(testAccount, [event('AKIATHIEF', 1), event('AKIATHIEF', 2)])
    const { json } = await lookup(sandbox, pair, { ...ofKey('AKIATHIEF'), MaxResults: 1 })
    const { json: next } = await lookup(sandbox, pair, { ...ofKey('AKIAOTHER'), NextToken: json.NextToken })
    expect(next.__type).toBe('InvalidNextTokenException')
  })

  it('knows no key in a region that the account has not enabled, and denies as IAM does', async () => {
    const { sandbox, pair } = await alice()
    const ask = async (region: string) => (await lookup(sandbox, pair, {}, region)).json.__type ?? 'ok'
    expect(await ask('af-south-1')).toBe('UnrecognizedClientException')
    sandbox.control.deny('alice', 'cloudtrail:LookupEvents', 'implicit')
    expect(await ask('us-east-1')).toBe('AccessDeniedException')
    sandbox.control.allow('alice', 'cloudtrail:LookupEvents')
    sandbox.control.quarantine('alice')
    expect(await ask('us-east-1')).toBe('AccessDeniedException')
    const wrong = await lookup(sandbox, { ...pair, secret: 'wrong' }, {})
    expect([wrong.status, wrong.json.__type]).toEqual([400, 'InvalidSignatureException'])
  })
})

/** Python with botocore in it, whose service files are AWS's own model. */
function deviations(given: unknown): string[] {
  const script = fileURLToPath(new URL('./testing/cloudtrail_model.py', import.meta.url))
  return JSON.parse(execFileSync('python3', [script], { input: JSON.stringify(given), encoding: 'utf8' }))
}

const hasBotocore = (() => {
  try {
    execFileSync('python3', ['-c', 'import botocore'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn('No botocore for python3: LookupEvents is not held against AWS’s own model here.')
    return false
  }
})()

describe.skipIf(!hasBotocore)('botocore’s model of CloudTrail', () => {
  it('knows every member of the replies, and every error', { timeout: 60_000 }, async () => {
    const { sandbox, pair, clock, sts } = await alice()
    await sts.send(new GetSessionTokenCommand({}))
    sandbox.control.addEvents(testAccount, [
      event(pair.id, 5, { address: undefined as never, agent: '\u001b[31m<b>' }),
      event(pair.id, 6, { raw: 'no JSON' }),
      event(pair.id, 7, { name: 'CreateUser', request: { userName: 'backup-svc' }, error: 'AccessDenied' }),
    ])
    const responses: Reply[] = []
    const ask = async (input: unknown, region?: string) => {
      responses.push(await lookup(sandbox, pair, input, region))
      clock.advance(500)
    }
    await ask({ ...ofKey(pair.id), MaxResults: 2 })
    await ask({ ...ofKey(pair.id), MaxResults: 2, NextToken: responses[0]?.json.NextToken })
    await ask({ NextToken: 'x' })
    await ask({ MaxResults: 0 })
    await ask({ StartTime: 2, EndTime: 1 })
    await ask({ LookupAttributes: [1, 2] })
    await ask({}, 'af-south-1')
    for (let call = 0; call < 3; call++) responses.push(await lookup(sandbox, pair, {}))
    sandbox.control.deny('alice', 'cloudtrail:LookupEvents')
    await ask({})
    expect(responses.map(({ json }) => json.__type ?? json.Events.length)).toEqual([
      2,
      2,
      ...['InvalidNextTokenException', 'InvalidMaxResultsException', 'InvalidTimeRangeException'],
      ...['InvalidLookupAttributesException', 'UnrecognizedClientException'],
      ...[expect.any(Number), expect.any(Number), 'ThrottlingException', 'AccessDeniedException'],
    ])
    expect(deviations({ requests: [], responses })).toEqual([])
  })
})

const version = awsCliVersion()

describe.skipIf(!version)('the AWS CLI', () => {
  it('looks up all pages, and is throttled by its name', { timeout: 120_000 }, async () => {
    const day90 = (index: number) => event('AKIATHIEF', index)
    const sandbox = await sandboxOf([{ name: 'alice' }], { behaviour: { lookupsPerSecond: 1_000 } })
    const pair = sandbox.control.addKey('alice')
    sandbox.control.addEvents(testAccount, [
      ...Array.from({ length: 120 }, (_, index) => day90(index)),
      { ...event('AKIATHIEF', 0), at: start - 80 * day, name: 'CreateUser', source: 'iam.amazonaws.com' },
    ])
    const aws = await awsCli(sandbox, pair)
    const attribute = ['--lookup-attributes', 'AttributeKey=AccessKeyId,AttributeValue=AKIATHIEF']
    const told = await aws('cloudtrail', 'lookup-events', ...attribute)
    expect(told.error).toBe('')
    const { Events } = JSON.parse(told.out) as { Events: { EventName: string; EventTime: number | string }[] }
    expect(Events).toHaveLength(121)
    expect(Events.at(-1)).toMatchObject({ EventName: 'CreateUser', Username: 'alice' })
    const { EventTime = '' } = Events[0] ?? {}
    // Version 1 of the CLI prints times as they came, version 2 as ISO 8601.
    expect(typeof EventTime === 'number' ? EventTime * 1_000 : Date.parse(EventTime)).toBe(start)
    const since = new Date(start - 30 * 60_000).toISOString()
    const late = await aws('cloudtrail', 'lookup-events', ...attribute, '--start-time', since)
    expect((JSON.parse(late.out) as { Events: unknown[] }).Events).toHaveLength(31)

    sandbox.control.throttleNext(1, { service: 'cloudtrail' })
    expect((await aws('cloudtrail', 'lookup-events', ...attribute)).error).toMatch(
      // Retries, here none, are counted for what the CLI knows as throttling.
      /An error occurred \(ThrottlingException\) .* LookupEvents operation \(reached max retries: 0\): Rate exceeded/,
    )
    sandbox.control.deny('alice', 'cloudtrail:LookupEvents', 'implicit')
    expect((await aws('cloudtrail', 'lookup-events', ...attribute)).error).toContain(
      'An error occurred (AccessDeniedException) when calling the LookupEvents operation: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action',
    )
    await aws.remove()
  })
})
