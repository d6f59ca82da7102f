import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Value } from 'typebox/value'
import type { ServerEvent } from '../api/events.ts'
import { Inventory } from '../api/inventory.ts'
import type { Key } from '../api/inventory.ts'
import { defaultSettings } from '../api/settings.ts'
import { resolveTarget } from '../aws/endpoints.ts'
import { adapter, closeAfterTest } from '../aws/testing/adapter.ts'
import { Bus } from '../platform/bus.ts'
import { systemClock } from '../platform/clock.ts'
import type { FoundProfile } from '../profiles/ports.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { SandboxOptions } from '../sandbox/sandbox.ts'
import { FindingsFile } from './findingsFile.ts'
import { Keyring } from './keyring.ts'
import type { KeyringDeps } from './keyring.ts'
import { profile, snapshotOf } from './testing/profiles.ts'

const account = '123456789012'
const secret = 'canarySecretAccessKey0123456789abcdefABC'
const a = 'AKIARZPUZDIKAAAAAAAA'
const b = 'AKIARZPUZDIKAABBBBBB'
const c = 'AKIARZPUZDIKAACCCCCC'

let stateDirectory: string
beforeEach(async () => {
  stateDirectory = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-keys-'))
})
afterEach(() => fs.rm(stateDirectory, { recursive: true, force: true }))

async function keyringOf(
  users: NonNullable<NonNullable<SandboxOptions['accounts']>[number]['users']>,
  profiles: FoundProfile[],
  more: Partial<KeyringDeps> & { sandbox?: SandboxOptions } = {},
) {
  const { sandbox: options, ...deps } = more
  const sandbox = await startSandbox({ accounts: [{ id: account, alias: 'acme', users }], ...options })
  closeAfterTest(sandbox)
  const events: ServerEvent[] = []
  const bus = new Bus<ServerEvent>()
  bus.subscribe((event) => events.push(structuredClone(event)))
  const defects: unknown[] = []
  const findings = await FindingsFile.open(stateDirectory)
  const keyring = new Keyring({
    demo: false,
    version: '0.0.0',
    clock: systemClock,
    bus,
    store: { read: async () => snapshotOf(profiles) },
    iam: adapter().iam,
    findings,
    resolve: (settings) =>
      resolveTarget(settings, {}, settings.values.endpoint_url ? undefined : sandbox.url),
    settings: () => defaultSettings,
    besideKeys: { look: () => Promise.resolve(), changes: () => [] },
    putOwnChanges: () => Promise.resolve(),
    replaced: {
      replaced: () => [],
      ours: () => new Set(),
      wentBack: () => [],
      ledger: () => ({ leak: false, asked: 0, open: [] }),
    },
    env: {},
    notices: () => [],
    onDefect: (error) => defects.push(error),
    ...deps,
  })
  const check = async (ids: string[] | 'all' = 'all') => {
    await keyring.startChecks(ids)
    await keyring.idle()
    expect(defects).toEqual([])
    return (await keyring.inventory()).keys
  }
  return { keyring, sandbox, events, check, findings }
}

const held = (id: string, more: object = {}) => ({ id, secret, ...more })

describe('the inventory', () => {
  it('comes from the files alone: no call to AWS', async () => {
    const { keyring, sandbox } = await keyringOf(
      [],
      [profile('dev', a, { secret }), profile('sso', b, { kind: 'sso', pair: undefined })],
    )
    const inventory = await keyring.inventory()
    expect(Value.Check(Inventory, inventory)).toBe(true)
    expect(inventory.keys).toMatchObject([
      {
        id: a,
        profiles: ['dev'],
        account: { id: account, derived: true },
        checking: false,
        rotatable: true,
        partition: 'aws',
      },
    ])
    expect(inventory.profiles.map(({ name, key }) => [name, key])).toEqual([
      ['dev', a],
      ['sso', undefined],
    ])
    expect(sandbox.calls).toEqual([])
    expect(JSON.stringify(inventory)).not.toContain(secret)
  })
})

describe('a check', () => {
  it('tells whose the key is, how old, when last used, and what else the user has', async () => {
    const createdAt = Date.UTC(2025, 0, 2)
    const at = Date.UTC(2026, 0, 2)
    const { check, events, sandbox } = await keyringOf(
      [
        {
          name: 'ann',
          path: '/team/',
          keys: [
            held(a, { createdAt, lastUsed: { at, service: 's3', region: 'eu-west-1' } }),
            held(b, { status: 'Inactive', lastUsed: { at, service: 'ec2', region: 'us-east-1' } }),
          ],
        },
      ],
      [profile('dev', a, { secret })],
    )
    const [key] = await check()
    expect(key).toMatchObject({
      account: { id: account, derived: false, alias: 'acme' },
      user: { name: 'ann', arn: `arn:aws:iam::${account}:user/team/ann` },
      status: 'Active',
      createdAt: '2025-01-02T00:00:00.000Z',
      lastUsed: { at: '2026-01-02T00:00:00.000Z', service: 's3', region: 'eu-west-1' },
      siblings: [{ id: b, status: 'Inactive', ours: false, profiles: [], lastUsed: { service: 'ec2' } }],
      checking: false,
    })
    expect(key?.problem).toBeUndefined()
    expect(sandbox.calls[0]?.action).toBe('GetAccessKeyLastUsed')
    const mine = events.flatMap((event) => (event.type === 'key' ? [event.key] : []))
    expect(mine.at(0)?.checking).toBe(true)
    expect(mine.at(-1)).toEqual(key)
  })

  it('is remembered, and shown with its date after the next start', async () => {
    const { check } = await keyringOf([{ name: 'ann', keys: [held(a)] }], [profile('dev', a, { secret })])
    const [before] = await check()
    const { keyring, sandbox } = await keyringOf([], [profile('dev', a, { secret })])
    expect((await keyring.inventory()).keys).toEqual([before])
    expect(sandbox.calls).toEqual([])
  })

  it('lists a user once for both its keys, and asks for the alias once', async () => {
    const { check, sandbox } = await keyringOf(
      [{ name: 'ann', keys: [held(a), held(b)] }],
      [profile('one', a, { secret }), profile('two', b, { secret })],
    )
    const keys = await check()
    expect(keys.map(({ siblings }) => siblings?.map(({ id, profiles }) => [id, profiles]))).toEqual([
      [[b, ['two']]],
      [[a, ['one']]],
    ])
    const actions = sandbox.calls.map(({ action }) => action)
    expect(actions.filter((action) => action === 'ListAccessKeys')).toHaveLength(1)
    expect(actions.filter((action) => action === 'ListAccountAliases')).toHaveLength(1)
  })

  it('asks other keys for the alias where the first may not tell it, and no more than three', async () => {
    const names = ['ann', 'ben', 'cem', 'dan']
    const ids = names.map((name) => `AKIATESTTESTTEST${name.toUpperCase()}0`)
    const { keyring, sandbox } = await keyringOf(
      names.map((name, at) => ({ name, keys: [held(ids[at]!)] })),
      names.map((name, at) => profile(name, ids[at]!, { secret })),
    )
    for (const name of ['ann', 'cem', 'dan']) sandbox.control.deny(name, 'iam:ListAccountAliases')
    const asked = () =>
      sandbox.calls.filter(({ action }) => action === 'ListAccountAliases').map(({ user }) => user)
    const aliasOf = async (id: string) => {
      await keyring.startChecks([id])
      await keyring.idle()
      return (await keyring.inventory()).keys.find((key) => key.id === id)?.account?.alias
    }
    expect(await aliasOf(ids[0]!)).toBeUndefined()
    expect(await aliasOf(ids[1]!)).toBe('acme')
    expect(await aliasOf(ids[2]!)).toBe('acme')
    expect(asked()).toEqual(['ann', 'ben'])

    const alone = await keyringOf(
      names.map((name, at) => ({ name, keys: [held(ids[at]!)] })),
      names.map((name, at) => profile(name, ids[at]!, { secret })),
    )
    for (const name of names) alone.sandbox.control.deny(name, 'iam:ListAccountAliases')
    await alone.check()
    expect(alone.sandbox.calls.filter(({ action }) => action === 'ListAccountAliases')).toHaveLength(3)
  })

  it('goes on without the last use where that is denied', async () => {
    const { check, sandbox } = await keyringOf(
      [{ name: 'ann', keys: [held(a)] }],
      [profile('dev', a, { secret })],
    )
    sandbox.control.deny('ann', 'iam:GetAccessKeyLastUsed')
    const [key] = await check()
    expect(key).toMatchObject({ status: 'Active' })
    expect(key).not.toHaveProperty('lastUsed')
    expect(key).not.toHaveProperty('problem')
  })

  it.each<[string, object, object]>([
    ['access-denied', { allow: [] }, { user: { name: 'ann' }, problem: { action: 'iam:ListAccessKeys' } }],
    ['mfa-required', { mfaSeed: 'JBSWY3DPEHPK3PXP', mfaRequired: true }, { user: { name: 'ann' } }],
    ['root-key', { root: true }, { rotatable: false, consoleUrl: undefined }],
  ])('finds %s', async (name, user, wanted) => {
    const { check } = await keyringOf(
      [{ name: 'ann', ...user, keys: [held(a)] }],
      [profile('dev', a, { secret })],
    )
    const [key] = await check()
    expect(key).toMatchObject(
      Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
    )
    expect(key?.problem?.name).toBe(name)
  })

  it('reads a denial as a wish for MFA where the profile names a device', async () => {
    const settings = { values: { mfa_serial: `arn:aws:iam::${account}:mfa/ann` }, services: {} }
    const { check } = await keyringOf(
      [{ name: 'ann', allow: [], keys: [held(a)] }],
      [profile('dev', a, { secret, settings })],
    )
    const [key] = await check()
    expect(key?.problem).toMatchObject({ name: 'mfa-required', action: 'iam:ListAccessKeys' })
  })

  it('tells a key that is turned off by the user’s other key', async () => {
    const { check } = await keyringOf(
      [{ name: 'ann', keys: [held(a), held(b, { status: 'Inactive' })] }],
      [profile('one', a, { secret }), profile('two', b, { secret })],
    )
    const keys = await check()
    expect(keys.map(({ status, problem }) => [status, problem?.name])).toEqual([
      ['Active', undefined],
      ['Inactive', 'key-inactive'],
    ])
  })

  it('keeps what was known, and its date, while AWS cannot be reached', async () => {
    const { check, sandbox } = await keyringOf(
      [{ name: 'ann', keys: [held(a)] }],
      [profile('dev', a, { secret })],
    )
    const [before] = await check()
    await sandbox.control.down('refuse')
    const [after] = await check()
    expect(after?.problem?.name).toBe('network-refused')
    expect({ ...after, problem: undefined }).toEqual({ ...before, problem: undefined })
  })

  it('does not take its own calls for a use', async () => {
    const at = Date.UTC(2026, 0, 2)
    const used = { at, service: 's3', region: 'eu-west-1' }
    const { check } = await keyringOf(
      [{ name: 'ann', keys: [held(a, { lastUsed: used })] }],
      [profile('dev', a, { secret })],
    )
    await check()
    const [key] = await check()
    expect(key?.lastUsed).toMatchObject({ service: 's3' })
  })

  it('of one key never spoils another’s', async () => {
    const { check } = await keyringOf(
      [
        { name: 'ann', keys: [held(a)] },
        { name: 'bob', keys: [held(b)] },
      ],
      [profile('gone', c, { secret }), profile('dev', a, { secret }), profile('bob', b, { secret: 'wrong' })],
    )
    const keys = await check()
    expect(keys.map(({ problem }) => problem?.name)).toEqual(['invalid-key', undefined, 'bad-signature'])
  })

  it('of everything leaves out canaries, exclusions and what cannot be asked; a named one is looked at', async () => {
    // Of account 992382622183.
    const canary = 'AKIA6ODU5DHTQAAAAAAA'
    const { check, keyring, sandbox } = await keyringOf(
      [{ name: 'ann', keys: [held(a), held(b)] }],
      [
        profile('planted', canary, { secret }),
        profile('left alone', a, { secret }),
        profile('dev', b, { secret }),
        profile('x', c, { secret }),
        profile('y', c, { secret: 'another' }),
      ],
      { settings: () => ({ ...defaultSettings, exclusions: [a] }) },
    )
    expect(keyring.isCanary(canary)).toBe(true)
    const keys = await check()
    expect([...new Set(sandbox.calls.map(({ keyId }) => keyId))]).toEqual([b])
    expect(keys.map(({ canary: planted, excluded }) => [planted, excluded])).toEqual([
      [true, false],
      [false, true],
      [false, false],
      [false, false],
    ])
    await check([canary])
    expect(sandbox.calls.some(({ keyId }) => keyId === canary)).toBe(true)
    await expect(keyring.startChecks([c])).rejects.toThrow(/different secrets/)
    await expect(keyring.startChecks(['AKIANOTHERE'])).rejects.toThrow(/No profile holds/)
  })

  it('of 100 keys at once ends for each, and remembers each', async () => {
    const ids = Array.from(
      { length: 100 },
      (_, n) => `AKIARZPUZDIKAA${'ABCDEFGHIJKLMNOP'[n >> 4]}${'ABCDEFGHIJKLMNOP'[n & 15]}AAAA`,
    )
    const { check, findings } = await keyringOf(
      ids.map((id, n) => ({ name: `user${n}`, keys: [held(id)] })),
      ids.map((id, n) => profile(`p${n}`, id, { secret })),
    )
    const keys: Key[] = await check()
    expect(keys.filter(({ status, checking }) => status === 'Active' && !checking)).toHaveLength(100)
    expect(findings.all()).toHaveLength(100)
  })
})
