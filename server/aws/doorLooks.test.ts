import { expect, it } from 'vitest'
import { AwsFailure } from '../keys/iam.ts'
import type { DoorLook } from '../trail/acts.ts'
import { account, withSandbox } from './testing/adapter.ts'

const admins = 'arn:aws:iam::aws:policy/AdministratorAccess'
const readers = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
const document = JSON.stringify({ Version: '2012-10-17', Statement: [] })
const phone = `arn:aws:iam::${account}:mfa/phone`

async function lay() {
  const room = await withSandbox([], {
    accounts: [
      {
        id: account,
        users: [
          { name: 'weak' },
          { name: 'boss', admin: true },
          {
            name: 'mallory',
            password: { text: 'Correct-Horse-9' },
            mfaDevices: [
              { name: 'tablet', enabledAt: 0 },
              { name: 'phone', enabledAt: 0 },
            ],
            attached: [readers, admins],
          },
          { name: 'bare' },
        ],
        roles: [{ name: 'deploy', attached: [readers, admins], policies: { all: document } }],
        groups: [{ name: 'devs', attached: [readers, admins], policies: { all: document } }],
      },
    ],
  })
  const { control } = room.sandbox
  // What it looks for stands on the second page.
  control.behave({ maxPage: 1 })
  control.addKey('mallory')
  const key = control.addKey('mallory').id
  const signer = (name: string) => room.sign(control.addKey(name), { kind: 'admin' })
  const [boss, weak] = [signer('boss'), signer('weak')]
  const own = { ...boss, userName: 'mallory' }
  await room.iam.credentials.putPolicy(own, 'all', document)
  return { ...room, boss, weak, key }
}

const to = ['user', 'role', 'group'] as const
const holders = { user: 'mallory', role: 'deploy', group: 'devs' }

type Case = readonly [action: string, there: (key: string) => DoorLook, gone: readonly DoorLook[]]
const cases: readonly Case[] = [
  ['GetUser', () => ({ kind: 'user', user: 'mallory' }), [{ kind: 'user', user: 'nobody' }]],
  [
    'ListAccessKeys',
    (key) => ({ kind: 'key', user: 'mallory', key }),
    [
      { kind: 'key', user: 'mallory', key: 'AKIAIOSFODNN7EXAMPLE' },
      { kind: 'key', user: 'bare', key: 'AKIAIOSFODNN7EXAMPLE' },
      { kind: 'key', user: 'nobody', key: 'AKIAIOSFODNN7EXAMPLE' },
    ],
  ],
  [
    'GetLoginProfile',
    () => ({ kind: 'password', user: 'mallory' }),
    [
      { kind: 'password', user: 'bare' },
      { kind: 'password', user: 'nobody' },
    ],
  ],
  ['GetRole', () => ({ kind: 'role', role: 'deploy' }), [{ kind: 'role', role: 'none' }]],
  [
    'ListMFADevices',
    () => ({ kind: 'mfa', user: 'mallory', serial: phone }),
    [
      { kind: 'mfa', user: 'mallory', serial: `${phone}-2` },
      { kind: 'mfa', user: 'bare', serial: phone },
    ],
  ],
  ...to.map((kind): Case => {
    const look = { kind: 'attached', to: kind, name: holders[kind], policy: admins } as const
    const action = `ListAttached${kind.charAt(0).toUpperCase()}${kind.slice(1)}Policies`
    return [
      action,
      () => look,
      [
        { ...look, policy: `${admins}2` },
        { ...look, name: 'none' },
      ],
    ]
  }),
  ...to.map((kind): Case => {
    const look = { kind: 'inline', to: kind, name: holders[kind], policy: 'all' } as const
    const action = `Get${kind.charAt(0).toUpperCase()}${kind.slice(1)}Policy`
    return [
      action,
      () => look,
      [
        { ...look, policy: 'other' },
        { ...look, name: 'none' },
      ],
    ]
  }),
]

it.each(cases)('%s tells whether a door is there, gone, or not to be seen', async (action, there, gone) => {
  const { iam, boss, weak, key, sandbox } = await lay()
  const look = there(key)
  expect(await iam.history.isThere(boss, look)).toBe(true)
  for (const each of gone) expect(await iam.history.isThere(boss, each)).toBe(false)
  const failure = await iam.history.isThere(weak, look).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(AwsFailure)
  expect(failure).toMatchObject({ kind: 'denied', trouble: { action: `iam:${action}` } })
  // A refusal is no answer, for what is not there neither.
  await expect(iam.history.isThere(weak, gone[0] as DoorLook)).rejects.toMatchObject({ kind: 'denied' })
  const asked = sandbox.calls.filter(({ action }) => action !== 'PutUserPolicy')
  expect(new Set(asked.map((call) => call.action))).toEqual(new Set([action]))
})

it.each(cases)('%s takes a page that something else sends for no answer', async (action, there) => {
  const { iam, boss, key, sandbox } = await lay()
  sandbox.control.fault({ action }, { kind: 'page-before', status: 200 })
  const looked = iam.history.isThere(boss, there(key))
  await expect(looked).rejects.toBeInstanceOf(AwsFailure)
})
