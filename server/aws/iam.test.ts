import { describe, expect, it } from 'vitest'
import { AwsFailure } from '../keys/iam.ts'
import type { FaultEffect } from '../sandbox/faults.ts'
import { account, adapter, withSandbox } from './testing/adapter.ts'
import { httpServer } from './testing/servers.ts'
import { signerFor } from './testing/signer.ts'

const ann = { id: 'AKIARZPUZDIKAAAAAAAA', secret: 'canaryAnnSecretKey0123456789abcdefABCDEF' }
const bob = { id: 'AKIARZPUZDIKAABBBBBB', secret: 'canaryBobSecretKey0123456789abcdefABCDEF' }
const mfaSeed = 'JBSWY3DPEHPK3PXP'

async function failureOf(call: Promise<unknown>): Promise<AwsFailure> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AwsFailure)) throw new Error(`no AwsFailure: ${String(error)}`)
  return error
}

describe('the calls', () => {
  it('go through a whole life of a key, without naming the user', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', path: '/team/', keys: [ann] }])
    const signer = sign(ann)
    expect(await iam.whoAmI(signer)).toEqual({
      account,
      arn: `arn:aws:iam::${account}:user/team/ann`,
      kind: 'user',
      userName: 'ann',
    })
    const { pair } = await iam.createKey(signer)
    expect(sandbox.control.authenticates(pair.id, pair.secret.reveal())).toBe(true)
    await iam.setKeyStatus(signer, pair.id, 'Inactive')
    const list = await iam.listKeys(signer)
    expect(list.userName).toBe('ann')
    expect(list.keys).toMatchObject([
      { id: ann.id, status: 'Active' },
      { id: pair.id, status: 'Inactive' },
    ])
    expect(Math.abs((list.date ?? 0) - Date.now())).toBeLessThan(60_000)
    await iam.deleteKey(signer, pair.id)
    expect(sandbox.control.keys('ann').map(({ id }) => id)).toEqual([ann.id])
    expect(await iam.accountAlias(signer)).toBe('acme')
    expect(sandbox.calls.filter(({ params }) => 'UserName' in params)).toEqual([])
  })

  it('are each signed as its own signer, however many go at once', async () => {
    const { iam, sign } = await withSandbox([
      { name: 'ann', keys: [ann] },
      { name: 'bob', keys: [bob] },
    ])
    const signers = Array.from({ length: 40 }, (_, n) => sign(n % 2 === 0 ? ann : bob))
    const named = await Promise.all(
      signers.flatMap((signer) => [
        iam.whoAmI(signer).then(({ userName }) => userName),
        iam.listKeys(signer).then(({ userName }) => userName),
      ]),
    )
    expect(named).toEqual(signers.flatMap(({ pair }) => Array(2).fill(pair.id === ann.id ? 'ann' : 'bob')))
  })

  it('name the user where the signer is not the user', async () => {
    const { iam, sandbox, sign } = await withSandbox([
      { name: 'ann', keys: [ann] },
      { name: 'root-ish', admin: true, keys: [bob] },
    ])
    const signer = sign(bob, { kind: 'admin', userName: 'ann' })
    const { pair } = await iam.createKey(signer)
    await iam.setKeyStatus(signer, pair.id, 'Inactive')
    await iam.deleteKey(signer, pair.id)
    expect((await iam.listKeys(signer)).keys.map(({ id }) => id)).toEqual([ann.id])
    expect(sandbox.calls.map(({ params }) => params.UserName)).toEqual(['ann', 'ann', 'ann', 'ann'])
  })

  it.each([
    ['us-gov-east-1', 'aws-us-gov'],
    ['cn-northwest-1', 'aws-cn'],
  ])('are signed for the region of their partition: %s', async (region, partition) => {
    const accounts = [{ id: account, partition, users: [{ name: 'ann', keys: [ann] }] }]
    const { iam, sandbox } = await withSandbox([], { accounts })
    const signer = signerFor(sandbox.url, region)(ann)
    expect((await iam.whoAmI(signer)).arn).toBe(`arn:${partition}:iam::${account}:user/ann`)
    expect((await iam.listKeys(signer)).keys).toHaveLength(1)
    const host = sandbox.url.slice('http://'.length)
    expect(sandbox.calls).toMatchObject([
      { action: 'GetCallerIdentity', host, region },
      { action: 'ListAccessKeys', host, region },
    ])
    const elsewhere = signerFor(sandbox.url, 'us-east-1')(ann)
    expect((await failureOf(iam.whoAmI(elsewhere))).kind).toBe('invalid-key')
  })

  it('read every page of a list', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }], {
      behaviour: { maxPage: 1 },
    })
    const more = [sandbox.control.addKey('ann'), sandbox.control.addKey('ann')]
    expect((await iam.listKeys(sign(ann))).keys.map(({ id }) => id).sort()).toEqual(
      [ann.id, ...more.map(({ id }) => id)].sort(),
    )
    expect(sandbox.calls).toHaveLength(3)
  })

  it('tell the last use, and its absence', async () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5)
    const spare = { id: 'AKIARZPUZDIKAACCCCCC', secret: ann.secret }
    const { iam, sign } = await withSandbox([
      { name: 'ann', keys: [{ ...ann, lastUsed: { at, service: 's3', region: 'eu-west-1' } }, spare] },
      { name: 'bob', admin: true, keys: [bob] },
    ])
    expect(await iam.keyLastUsed(sign(bob), ann.id)).toEqual({
      at: '2026-01-02T03:04:05.000Z',
      service: 's3',
      region: 'eu-west-1',
    })
    expect(await iam.keyLastUsed(sign(bob), spare.id)).toEqual({})
  })

  it('give no alias, and no devices, where asking is denied', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', mfaSeed, keys: [ann] }])
    expect(await iam.mfaDevices(sign(ann))).toEqual([sandbox.control.mfaSerial('ann')])
    sandbox.control.deny('ann', 'iam:ListAccountAliases')
    sandbox.control.deny('ann', 'iam:ListMFADevices')
    expect(await iam.accountAlias(sign(ann))).toBeUndefined()
    expect(await iam.mfaDevices(sign(ann))).toEqual([])
  })
})

describe('createKey', () => {
  const ambiguous: FaultEffect[] = [
    { kind: 'drop-before' },
    { kind: 'drop-after' },
    { kind: 'cut' },
    { kind: 'error-before', status: 500 },
    { kind: 'error-after', status: 500 },
    { kind: 'error-after', status: 503 },
  ]
  it.each(ambiguous)('is sent once where AWS may have acted: $kind $status', async (effect) => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    await iam.listKeys(sign(ann))
    sandbox.control.fault({ action: 'CreateAccessKey' }, effect)
    const failure = await failureOf(iam.createKey(sign(ann)))
    expect(failure.kind).toBe('ambiguous')
    expect(Math.abs((failure.date ?? 0) - Date.now())).toBeLessThan(60_000)
    expect(sandbox.calls.filter(({ action }) => action === 'CreateAccessKey')).toHaveLength(1)
    expect(sandbox.control.keys('ann')).toHaveLength(effect.kind.endsWith('before') ? 1 : 2)
  })

  it('is repeated where AWS turned it away', async () => {
    const { iam, sandbox, sign, clock } = await withSandbox([{ name: 'ann', keys: [ann] }])
    sandbox.control.throttleNext(3, { action: 'CreateAccessKey' })
    const waits: (string | undefined)[] = []
    await iam.createKey(sign(ann), { onWait: (why) => waits.push(why) })
    expect(waits).toEqual(['throttled', undefined, 'throttled', undefined, 'throttled', undefined])
    expect(clock.slept).toEqual([250, 500, 1000])
    expect(sandbox.control.keys('ann')).toHaveLength(2)
  })

  it('tells the quota from throttling', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann, bob] }])
    expect(await failureOf(iam.createKey(sign(ann)))).toMatchObject({
      kind: 'quota',
      trouble: { name: 'key-quota', code: 'LimitExceeded' },
    })
    expect(sandbox.calls).toHaveLength(1)
  })

  it('waits where the account has updates awaiting replication, though the code is that of the quota', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    const message = 'Your account has a large number of updates awaiting replication. Please try again later.'
    sandbox.control.fault(
      { action: 'CreateAccessKey', times: 2 },
      { kind: 'error-before', status: 409, code: 'LimitExceeded', message },
    )
    await iam.createKey(sign(ann))
    expect(sandbox.calls).toHaveLength(3)
  })

  it('is not abandoned half way when the run is stopped', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    const stop = new AbortController()
    sandbox.control.onCall((_, phase) => (phase === 'before' ? stop.abort() : undefined))
    const { pair } = await iam.createKey(sign(ann), { signal: stop.signal })
    expect(sandbox.control.keys('ann').map(({ id }) => id)).toContain(pair.id)
    expect(await failureOf(iam.createKey(sign(ann), { signal: stop.signal }))).toMatchObject({
      kind: 'aborted',
    })
    expect(sandbox.calls).toHaveLength(1)
  })
})

describe('changes that may be sent twice', () => {
  it.each<FaultEffect>([
    { kind: 'drop-before' },
    { kind: 'drop-after' },
    { kind: 'cut' },
    { kind: 'error-after', status: 500 },
    { kind: 'throttle' },
  ])('end as wanted in spite of $kind', async (effect) => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann, bob] }])
    sandbox.control.fault({ action: 'UpdateAccessKey', times: 2 }, effect)
    await iam.setKeyStatus(sign(ann), bob.id, 'Inactive')
    expect(sandbox.control.keys('ann')).toMatchObject([{}, { status: 'Inactive' }])
    sandbox.control.fault({ action: 'DeleteAccessKey', times: 2 }, effect)
    const acted = !['drop-before', 'throttle'].includes(effect.kind)
    const deleted = iam.deleteKey(sign(ann), bob.id)
    // That it is not found may mean that the lost send did it, or that IAM does not find it yet: the caller looks.
    if (acted) expect(await failureOf(deleted)).toMatchObject({ kind: 'not-found' })
    else await deleted
    expect(sandbox.control.keys('ann')).toHaveLength(1)
  })

  it('say that a key is not there where no send of ours can have deleted it', async () => {
    const { iam, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    expect(await failureOf(iam.deleteKey(sign(ann), bob.id))).toMatchObject({ kind: 'not-found' })
  })

  it('leave the outcome open when it cannot be known in time', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann, bob] }])
    sandbox.control.fault({ action: 'DeleteAccessKey' }, { kind: 'error-before', status: 500 })
    const failure = await failureOf(iam.deleteKey(sign(ann), bob.id, { patienceMs: 5_000 }))
    expect(failure).toMatchObject({ kind: 'ambiguous', trouble: { name: 'outcome-unknown' } })
  })
})

describe('waiting', () => {
  it('brings forty rotations through an AWS that throttles a third of all calls', async () => {
    const users = Array.from({ length: 40 }, (_, n) => ({
      name: `user${n}`,
      keys: [
        {
          id: `AKIARZPUZDIKAA${String.fromCharCode(65 + (n % 26))}${n > 25 ? 'B' : 'A'}AAAA`,
          secret: ann.secret,
        },
      ],
    }))
    const { iam, sandbox, sign } = await withSandbox(users, { behaviour: { throttleRate: 0.3 }, seed: 7 })
    await Promise.all(
      users.map(async ({ keys: [key] }) => {
        const signer = sign(key!)
        const { pair } = await iam.createKey(signer)
        await iam.setKeyStatus(signer, pair.id, 'Inactive')
      }),
    )
    expect(users.map(({ name }) => sandbox.control.keys(name).length)).toEqual(users.map(() => 2))
  })

  it('ends with the throttling itself when patience does', async () => {
    const { iam, sandbox, sign, clock } = await withSandbox([{ name: 'ann', keys: [ann] }])
    sandbox.control.fault({}, { kind: 'throttle' })
    const failure = await failureOf(iam.listKeys(sign(ann), { patienceMs: 10_000 }))
    expect(failure).toMatchObject({ kind: 'throttled', trouble: { code: 'Throttling' } })
    expect(clock.slept.reduce((sum, ms) => sum + ms)).toBe(10_000)
  })

  it('is not done at all with no patience', async () => {
    const { iam, sandbox, sign, clock } = await withSandbox([{ name: 'ann', keys: [ann] }])
    sandbox.control.fault({}, { kind: 'throttle' })
    await failureOf(iam.listKeys(sign(ann), { patienceMs: 0 }))
    expect(sandbox.calls).toHaveLength(1)
    expect(clock.slept).toEqual([])
  })

  it.each(['refuse', 'reset'] as const)('lasts until the network is back: %s', async (how) => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    await sandbox.control.down(how)
    let waits = 0
    const list = await iam.listKeys(sign(ann), {
      onWait: (why) => {
        if (why === 'network' && (waits += 1) === 3) void sandbox.control.up()
      },
    })
    expect(list.keys).toHaveLength(1)
    expect(waits).toBeGreaterThanOrEqual(3)
  })

  it('ends at once when the run is stopped', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    sandbox.control.fault({}, { kind: 'throttle' })
    const stop = new AbortController()
    const failure = await failureOf(
      iam.listKeys(sign(ann), { signal: stop.signal, onWait: () => stop.abort() }),
    )
    expect(failure.kind).toBe('aborted')
  })

  it('ends a read in flight when the run is stopped', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    sandbox.control.fault({}, { kind: 'hold-before' })
    const stop = new AbortController()
    sandbox.control.onCall(() => stop.abort())
    expect((await failureOf(iam.listKeys(sign(ann), { signal: stop.signal }))).kind).toBe('aborted')
  })
})

describe('the clock', () => {
  it.each([-40, 40])(
    'is corrected by %d minutes from what AWS says, for every client after',
    async (minutes) => {
      const { iam, sandbox, sign } = await withSandbox(
        [
          { name: 'ann', keys: [ann] },
          { name: 'bob', keys: [bob] },
        ],
        { behaviour: { clockOffsetMs: minutes * 60_000 } },
      )
      await iam.createKey(sign(ann))
      expect(sandbox.calls.map(({ outcome }) => outcome)).toEqual(['SignatureDoesNotMatch', 'ok'])
      await iam.listKeys(sign(bob))
      expect(sandbox.calls.slice(2).map(({ outcome }) => outcome)).toEqual(['ok'])
    },
  )

  it('does not excuse a wrong secret', async () => {
    const { iam, sign } = await withSandbox([{ name: 'ann', keys: [ann] }], {
      behaviour: { clockOffsetMs: 3_600_000 },
    })
    expect(await failureOf(iam.whoAmI(sign({ ...ann, secret: 'wrong' })))).toMatchObject({
      kind: 'bad-signature',
    })
  })
})

describe('MFA', () => {
  it('is asked for where a policy wants it, and a session of it signs', async () => {
    const { iam, sandbox, sign } = await withSandbox([
      { name: 'ann', mfaSeed, mfaRequired: true, keys: [ann] },
    ])
    const signer = sign(ann)
    expect(await failureOf(iam.listKeys(signer))).toMatchObject({
      kind: 'mfa-required',
      trouble: { action: 'iam:ListAccessKeys', code: 'AccessDenied' },
    })
    expect((await failureOf(iam.createKey(signer))).kind).toBe('mfa-required')
    const [serial = ''] = await iam.mfaDevices(signer)
    const session = await iam.sessionWithMfa(signer, serial, sandbox.control.mfaCode('ann'))
    expect(session.expiresAt).toBeGreaterThan(Date.now())
    expect(sandbox.calls.at(-1)).toMatchObject({
      action: 'GetSessionToken',
      params: { SerialNumber: serial },
    })
    const mfa = { ...signer, ...session, kind: 'mfa-session' as const, userName: 'ann' }
    expect((await iam.listKeys(mfa)).keys.map(({ id }) => id)).toEqual([ann.id])
    expect(sandbox.calls.at(-1)).toMatchObject({ params: { UserName: 'ann' } })
  })

  it('sends the code, the device and how long it should last, signed by the user’s own key', async () => {
    let seen = { body: '', authorization: '', host: '' }
    const { port } = await httpServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => (seen.body += text))
      request.on('end', () => {
        const { authorization = '', host = '' } = request.headers
        seen = { ...seen, authorization, host }
        response.writeHead(400).end('<no/>')
      })
    })
    const { iam } = adapter()
    const serial = 'arn:aws-us-gov:iam::123456789012:mfa/ann'
    const signer = signerFor(`http://127.0.0.1:${port}`, 'us-gov-west-1')(ann)
    await failureOf(iam.sessionWithMfa(signer, serial, '012345'))
    expect(Object.fromEntries(new URLSearchParams(seen.body))).toEqual({
      Action: 'GetSessionToken',
      Version: '2011-06-15',
      DurationSeconds: '3600',
      SerialNumber: serial,
      TokenCode: '012345',
    })
    expect(seen.host).toBe(`127.0.0.1:${port}`)
    expect(seen.authorization).toMatch(
      new RegExp(`Credential=${ann.id}/\\d{8}/us-gov-west-1/sts/aws4_request`),
    )
  })

  it('tells a wrong or used code, and a foreign device', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', mfaSeed, keys: [ann] }])
    const serial = sandbox.control.mfaSerial('ann') ?? ''
    const code = sandbox.control.mfaCode('ann')
    await iam.sessionWithMfa(sign(ann), serial, code)
    const used = await failureOf(iam.sessionWithMfa(sign(ann), serial, code))
    expect(used).toMatchObject({ kind: 'mfa-code', trouble: { name: 'mfa-code' } })
    const foreign = serial.replace(/[^/]+$/, 'someone-else')
    const wrong = await failureOf(iam.sessionWithMfa(sign(ann), foreign, sandbox.control.mfaCode('ann', 1)))
    expect(wrong).toMatchObject({ kind: 'other', trouble: { name: 'mfa-device' } })
  })

  it.each([
    ['arn:aws:iam::123456789012:u2f/user/ann/key-ABC', '123456', 'mfa-fido'],
    ['arn:aws:iam::123456789012:mfa/ann', '12345', 'mfa-code-form'],
    ['arn:aws:iam::123456789012:mfa/ann', '12345a', 'mfa-code-form'],
  ])('is refused without a call for %s and %s', async (serial, code, name) => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    expect((await failureOf(iam.sessionWithMfa(sign(ann), serial, code))).trouble.name).toBe(name)
    expect(sandbox.calls).toEqual([])
  })
})

describe('refusals', () => {
  it('name the action that was denied and the policy that would allow it', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    const signer = sign(ann)
    const acts = {
      'iam:ListAccessKeys': () => iam.listKeys(signer),
      'iam:CreateAccessKey': () => iam.createKey(signer),
      'iam:UpdateAccessKey': () => iam.setKeyStatus(signer, ann.id, 'Active'),
      'iam:DeleteAccessKey': () => iam.deleteKey(signer, bob.id),
      'iam:GetAccessKeyLastUsed': () => iam.keyLastUsed(signer, ann.id),
    }
    for (const [action, act] of Object.entries(acts)) {
      sandbox.control.deny('ann', action, 'implicit')
      const { kind, trouble } = await failureOf(act())
      expect({ kind, action: trouble.action, code: trouble.code }).toEqual({
        kind: 'denied',
        action,
        code: 'AccessDenied',
      })
      expect(trouble.requestId).toBe(
        sandbox.calls.findLast((call) => `iam:${call.action}` === action)?.requestId,
      )
      expect(JSON.parse(trouble.policy ?? '')).toMatchObject({
        Version: '2012-10-17',
        Statement: [
          { Resource: ['arn:aws:iam::*:user/${aws:username}', 'arn:aws:iam::*:user/*/${aws:username}'] },
        ],
      })
    }
  })

  it('suspect the quarantine where creating and updating are denied outright', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    sandbox.control.quarantine('ann')
    await iam.listKeys(sign(ann))
    expect(await failureOf(iam.createKey(sign(ann)))).toMatchObject({ kind: 'quarantined' })
    expect(await failureOf(iam.setKeyStatus(sign(ann), ann.id, 'Inactive'))).toMatchObject({
      kind: 'quarantined',
    })
    expect((await iam.listKeys(sign(ann))).keys).toHaveLength(1)
  })

  it('tell an unknown, an inactive and a wrongly written key apart as far as AWS does', async () => {
    const { iam, sign } = await withSandbox([{ name: 'ann', keys: [ann, { ...bob, status: 'Inactive' }] }])
    expect((await failureOf(iam.whoAmI(sign({ ...ann, id: 'AKIARZPUZDIKAACCCCCC' })))).kind).toBe(
      'invalid-key',
    )
    expect((await failureOf(iam.whoAmI(sign(bob)))).kind).toBe('invalid-key')
    expect((await failureOf(iam.whoAmI(sign({ ...ann, secret: `${ann.secret}x` })))).kind).toBe(
      'bad-signature',
    )
  })

  it('hold no secret, whatever went wrong', async () => {
    const { iam, sandbox, sign } = await withSandbox([{ name: 'ann', keys: [ann] }])
    const failures: AwsFailure[] = []
    for (const kind of ['cut', 'drop-after', 'error-after', 'throttle'] as const) {
      const fault = sandbox.control.fault({}, { kind })
      failures.push(await failureOf(iam.createKey(sign(ann), { patienceMs: 0 })))
      fault.remove()
      for (const { id } of sandbox.control.keys('ann').slice(1)) sandbox.control.deleteKey(id)
    }
    failures.push(await failureOf(iam.whoAmI(sign({ ...ann, secret: 'canary-wrong-secret' }))))
    const { inspect } = await import('node:util')
    const text = failures.map((failure) => inspect(failure, { depth: 20, showHidden: true })).join('\n')
    expect(text).not.toMatch(/canary|SecretAccessKey|<\?xml|CreateAccessKeyResult/)
  })
})

describe('what is no answer of IAM’s', () => {
  const xml = (action: string, result: string) =>
    `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${result}</${action}Result>` +
    `<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></${action}Response>`
  const made = (id: string, secret: string) =>
    xml(
      'CreateAccessKey',
      `<AccessKey><UserName>ann</UserName><AccessKeyId>${id}</AccessKeyId><Status>Active</Status><SecretAccessKey>${secret}</SecretAccessKey></AccessKey>`,
    )
  const page = (ids: readonly string[], marker?: string) =>
    xml(
      'ListAccessKeys',
      `<AccessKeyMetadata>${ids
        .map(
          (id) =>
            `<member><UserName>ann</UserName><AccessKeyId>${id}</AccessKeyId><Status>Active</Status></member>`,
        )
        .join('')}</AccessKeyMetadata>` +
        (marker === undefined
          ? '<IsTruncated>false</IsTruncated>'
          : `<IsTruncated>true</IsTruncated><Marker>${marker}</Marker>`),
    )

  async function answering(body: (asked: number) => string) {
    let asked = 0
    const { port } = await httpServer((_request, response) => {
      asked += 1
      response.setHeader('content-type', 'text/xml').end(body(asked))
    })
    return { ...adapter(), signer: signerFor(`http://127.0.0.1:${port}`)(ann), asked: () => asked }
  }

  const good = 'AKIARZPUZDIKCCCCCCCC'
  const oddIds = [
    '',
    'abc',
    '../../.ssh/authorized_keys',
    '__proto__',
    'constructor',
    '=cmd|calc',
    'AKIARZPUZDIK\nAAAAAAAA',
    ' AKIARZPUZDIKCCCCCCCC'.repeat(2),
    ann.secret,
    `AKIA${'A'.repeat(5_000)}`,
  ]

  it.each(oddIds.map((id) => [id.slice(0, 40), id]))('an id such as %j', async (_, id) => {
    const create = await answering(() => made(id, bob.secret))
    expect((await failureOf(create.iam.createKey(create.signer))).kind).toBe('ambiguous')
    expect(create.asked()).toBe(1)
    const list = await answering(() => page([good, id]))
    const failure = await failureOf(list.iam.listKeys(list.signer))
    expect(JSON.stringify(failure.trouble)).not.toContain(id === '' ? 'nothing' : id)
  })

  it.each([
    ['the key that signs', made(ann.id, bob.secret)],
    ['no secret', made(good, '')],
    ['a secret of three characters', made(good, 'abc')],
    ['a secret with line breaks', made(good, 'abcdefghijklmnop\n[evil]\nabcdefghijklmnop')],
    ['a secret of a megabyte', made(good, 'a'.repeat(900_000))],
    ['a secret that is no ASCII', made(good, 'schlüssel'.repeat(4))],
  ])('a new key with %s', async (_, body) => {
    const create = await answering(() => body)
    expect((await failureOf(create.iam.createKey(create.signer))).kind).toBe('ambiguous')
  })

  it.each([
    ['that goes on for ever', (asked: number) => page([`AKIARZPUZDIKCC${asked + 100_000}`], `m${asked}`)],
    ['that comes back to where it was', () => page([good], 'again')],
  ])('a list %s', async (_, body) => {
    const list = await answering(body)
    await failureOf(list.iam.listKeys(list.signer))
    expect(list.asked()).toBeLessThan(20)
  })

  it('a key that is listed twice is one', async () => {
    const list = await answering(() => page([good, good, ann.id]))
    expect((await list.iam.listKeys(list.signer)).keys.map(({ id }) => id)).toEqual([good, ann.id])
  })
})
