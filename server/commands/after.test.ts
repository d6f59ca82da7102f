import fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { UserSeed } from '../sandbox/seed.ts'
import { oldCertificate } from '../sandbox/oldCertificate.ts'
import { clientsOf, codeOf } from '../sandbox/testing/clients.ts'
import { sshPublicKey } from '../sandbox/testing/sshKey.ts'
import { GetUserCommand } from '@aws-sdk/client-iam'
import { CommandGround } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 })
const hour = 3_600_000

const lay = (...users: UserSeed[]) => CommandGround.lay(users)

interface Document {
  readonly exitCode: number
  readonly problem?: { readonly name: string }
  readonly open: number
  readonly acts?: readonly {
    readonly act: string
    readonly state: string
    readonly problem?: { name: string }
  }[]
  readonly users: readonly {
    readonly name: string
    readonly credentials: readonly {
      kind: string
      id?: string
      status?: string
      new: boolean
      needs?: string
    }[]
    readonly sessions: {
      readonly denyOlder?: { readonly cut: string; readonly until: string; readonly state: string }
      readonly signIns: readonly { readonly path: string; readonly kind: string; readonly state: string }[]
    }
  }[]
}

async function after(ground: CommandGround, ...argv: string[]) {
  const exit = await ground.run('after', ...argv, '--json')
  const document = JSON.parse(exit.stdout) as Document
  expect(document.exitCode).toBe(exit.code)
  return { ...exit, document, user: document.users?.[0], act: document.acts?.[0] }
}

const mine = ['--profile', 'ann']
const policies = ['Put', 'Get', 'Delete'].map((act) => `iam:${act}UserPolicy`)
const ann: UserSeed = {
  name: 'ann',
  alsoAllow: policies,
  password: { text: 'Correct-Horse-9', createdAt: Date.UTC(2025, 0, 1) },
  serviceCredentials: [{ service: 'bedrock.amazonaws.com', createdAt: Date.now() - hour }],
  sshKeys: [{ body: sshPublicKey, uploadedAt: Date.UTC(2025, 0, 1) }],
  certificates: [{ body: oldCertificate, uploadedAt: Date.UTC(2014, 0, 1), status: 'Inactive' }],
  mfaDevices: [{ name: 'phone-2', enabledAt: Date.now() - hour }],
}
const yesterday = new Date(Date.now() - 24 * hour).toISOString().slice(0, 10)

describe('looking', () => {
  it('tells what a user has, what is new, and nothing secret; it writes but what it found', async () => {
    const ground = await lay(ann)
    const before = await ground.everything()
    const { document, user, code, stdout } = await after(ground, ...mine, '--since', yesterday)
    expect(code).toBe(1)
    expect(document.open).toBe(5)
    expect(user?.credentials.map(({ kind, status, new: isNew }) => [kind, status, isNew])).toEqual([
      ['password', undefined, false],
      ['service-specific', 'Active', true],
      ['ssh', 'Active', false],
      ['certificate', 'Inactive', false],
      ['mfa', undefined, true],
    ])
    const { serviceCredentials, password } = ground.sandbox.control.others('ann')
    for (const secret of [serviceCredentials[0]!.secret, password!.text]) expect(stdout).not.toContain(secret)
    const { [path.join(ground.state, 'leak.json')]: _noted, ...others } = await ground.everything()
    expect(others).toEqual(before)
    const words = await ground.run('after', ...mine, '--since', yesterday)
    expect(words.stdout).toContain('aws iam deactivate-mfa-device --user-name ann')
  })

  it('names each missing permission, and goes on with the rest', async () => {
    const ground = await lay({ ...ann, deny: ['iam:ListSSHPublicKeys', 'iam:GetLoginProfile'] })
    const { user } = await after(ground, ...mine)
    expect(user?.credentials.flatMap(({ needs }) => needs ?? [])).toEqual([
      'iam:GetLoginProfile',
      'iam:ListSSHPublicKeys',
    ])
    expect(user?.credentials.map(({ kind }) => kind)).toContain('service-specific')
  })

  it('asks about the users of the newest run, and nobody where there is none', async () => {
    const ground = await lay({ name: 'ann' }, { name: 'bob' })
    const none = await after(ground)
    expect([none.code, none.document.problem?.name]).toEqual([3, 'no-user-to-ask'])
    expect(ground.sandbox.calls).toHaveLength(0)
    await ground.run('rotate', '--profile', 'bob', '--yes')
    expect((await after(ground)).document.users.map(({ name }) => name)).toEqual(['bob'])
  })

  it('lists the sign-ins that lie in the home', async () => {
    const ground = await lay({ name: 'ann' })
    const folder = path.join(ground.base, '.aws', 'sso', 'cache')
    await fs.mkdir(folder, { recursive: true })
    const file = path.join(folder, 'a.json')
    const expiresAt = new Date(Date.now() + hour).toISOString()
    await fs.writeFile(
      file,
      JSON.stringify({ accessToken: 'canary-token', expiresAt, startUrl: 'https://a' }),
    )
    const { user, stdout } = await after(ground, ...mine)
    expect(user?.sessions.signIns).toEqual([{ path: file, kind: 'sso', state: 'alive' }])
    expect(stdout).not.toContain('canary-token')
  })

  it('says what is true of a profile that is none, and of a user that is gone', async () => {
    const ground = await lay({ name: 'ann' })
    const wrong = await after(ground, '--profile', 'nobody')
    expect([wrong.code, wrong.document.problem?.name]).toEqual([2, 'no-such-profile'])
    ground.sandbox.control.deleteKey(ground.sandbox.control.keys('ann')[0]!.id)
    const gone = await after(ground, ...mine)
    expect([gone.code, gone.document.problem?.name]).toEqual([1, 'invalid-key'])
  })
})

describe('acts', () => {
  const idOf = (ground: CommandGround) => ground.sandbox.control.others('ann').serviceCredentials[0]!.id
  const statusOf = (ground: CommandGround) =>
    ground.sandbox.control.others('ann').serviceCredentials[0]?.status

  it('turn a credential off and on, delete it only when it is off, and do nothing on a dry run', async () => {
    const ground = await lay(ann)
    const id = idOf(ground)
    const act = (...argv: string[]) => after(ground, ...argv, id, ...mine)
    const dry = await act('--dry-run', '--deactivate')
    expect([dry.code, dry.act?.state, statusOf(ground)]).toEqual([0, 'planned', 'Active'])
    const early = await act('--yes', '--delete')
    expect([early.code, early.document.problem?.name]).toEqual([1, 'still-active'])
    expect((await act('--yes', '--deactivate')).act).toMatchObject({ act: 'deactivate', state: 'done' })
    expect(statusOf(ground)).toBe('Inactive')
    expect((await act('--yes', '--deactivate')).document.problem?.name).toBe('already-so')
    expect((await act('--yes', '--activate')).act?.state).toBe('done')
    await act('--yes', '--deactivate')
    expect((await act('--yes', '--delete')).act?.state).toBe('done')
    expect(statusOf(ground)).toBeUndefined()
    const journal = await fs.readFile(path.join(ground.state, 'after.jsonl'), 'utf8')
    expect(journal.trim().split('\n')).toHaveLength(8)
    expect((await fs.stat(path.join(ground.state, 'after.jsonl'))).mode & 0o777).toBe(0o600)
    // The next start knows the file for its own.
    expect((await ground.run('status', '--json')).stdout).not.toContain('not-a-state-directory')
  })

  it('want the end of the id typed before they delete', async () => {
    const ground = await lay({
      ...ann,
      serviceCredentials: [{ service: 'bedrock.amazonaws.com', status: 'Inactive' }],
    })
    const id = idOf(ground)
    for (const [typed, left] of [
      ['nope', 'Inactive'],
      [id.slice(-4), undefined],
    ] as const) {
      const started = ground.startOnTerminal(['after', '--delete', id, ...mine])
      await started.hears('Type the last four')
      started.type(`${typed}\n`)
      await started.exit
      expect(statusOf(ground)).toBe(left)
    }
  })

  it('say what a denial in the middle left, and that a lost reply may have been carried out', async () => {
    const ground = await lay(ann)
    const [bedrock, ssh] = [idOf(ground), ground.sandbox.control.others('ann').sshKeys[0]!.id]
    ground.sandbox.control.deny('ann', 'iam:UpdateSSHPublicKey')
    const half = await after(ground, '--yes', '--deactivate', ssh, bedrock, ...mine)
    expect(half.code).toBe(1)
    expect(half.document.acts?.map(({ state }) => state)).toEqual(['failed', 'done'])
    expect(half.document.acts?.[0]?.problem?.name).toBe('access-denied')
    expect(statusOf(ground)).toBe('Inactive')
    ground.sandbox.control.fault(
      { action: 'UpdateServiceSpecificCredential', times: 1 },
      { kind: 'drop-after' },
    )
    expect((await after(ground, '--yes', '--activate', bedrock, ...mine)).act?.state).toBe('done')
  })

  it('know nothing of other ids, and say nothing again that is none', async () => {
    const ground = await lay(ann)
    const other = await after(ground, '--yes', '--deactivate', 'ACCA0000000000000000', ...mine)
    expect([other.code, other.document.problem?.name]).toEqual([2, 'unknown-credential'])
    const usage = await ground.run('after', '--deactivate', 'wJalrXUtnFEMI/K7MDENG', ...mine)
    expect([usage.code, usage.stderr.includes('wJalr')]).toEqual([2, false])
    expect((await ground.run('after', '--finish', '--end-sessions')).code).toBe(2)
    expect((await ground.run('after', '--yes')).code).toBe(2)
  })

  it('are told as interrupted where a crash cut one off, until it is done again', async () => {
    const ground = await lay(ann)
    const id = idOf(ground)
    const line = {
      at: new Date().toISOString(),
      phase: 'started',
      act: 'deactivate',
      account: '123456789012',
    }
    await fs.writeFile(
      path.join(ground.state, 'after.jsonl'),
      `${JSON.stringify({ ...line, user: 'ann', kind: 'service-specific', id })}\n`,
      { mode: 0o600 },
    )
    expect((await after(ground, ...mine)).code).toBe(4)
    await after(ground, '--yes', '--deactivate', id, ...mine)
    expect((await after(ground, ...mine)).code).toBe(1)
  })
})

describe('sessions', () => {
  it('are ended by a policy with the cut by the clock of AWS, which goes after 36 hours', async () => {
    const ground = await lay(ann)
    const { control } = ground.sandbox
    const thief = control.addSession('ann', { issuedAt: Date.now() - hour, seconds: 129_600, mfa: true })
    const works = () =>
      codeOf(clientsOf(ground.sandbox, thief).iam.send(new GetUserCommand({ UserName: 'ann' })))
    expect(await works()).toBe('it went well')
    const first = await after(ground, '--yes', '--end-sessions', ...mine)
    expect([first.code, first.document.problem?.name]).toEqual([1, 'key-first'])

    // This machine's clock is five minutes slow.
    control.behave({ clockOffsetMs: 5 * 60_000 })
    await ground.run('rotate', '--profile', 'ann', '--yes')
    const ended = await after(ground, '--yes', '--end-sessions', ...mine)
    expect(ended.act).toMatchObject({ act: 'end-sessions', state: 'done' })
    const { cut = '', state } = ended.user?.sessions.denyOlder ?? {}
    expect(state).toBe('in-force')
    expect(Date.parse(cut) - Date.now()).toBeGreaterThan(4 * 60_000)
    expect(JSON.parse(control.others('ann').policies['AWSRevokeOlderSessions']!)).toMatchObject({
      Statement: [{ Effect: 'Deny', Condition: { DateLessThan: { 'aws:TokenIssueTime': cut } } }],
    })
    expect(await works()).toBe('AccessDenied')
    const early = await after(ground, '--yes', '--finish', ...mine)
    expect([early.code, early.document.problem?.name]).toEqual([3, 'nothing-to-finish'])

    const journal = path.join(ground.state, 'after.jsonl')
    const old = new Date(Date.parse(cut) - 48 * hour).toISOString().replace('.000Z', 'Z')
    await fs.writeFile(journal, (await fs.readFile(journal, 'utf8')).replaceAll(cut, old))
    expect((await after(ground, ...mine)).user?.sessions.denyOlder?.state).toBe('removable')
    const reminded = await ground.run('status')
    expect([reminded.code, reminded.stdout]).toEqual([
      1,
      expect.stringContaining(ground.hint('after --finish')),
    ])
    const finished = await after(ground, '--yes', '--finish', ...mine)
    expect(finished.user?.sessions.denyOlder?.state).toBe('removed')
    expect(control.others('ann').policies).toEqual({})
  })

  it('of whoever may not are ended by an administrator, and a policy of somebody else stays', async () => {
    const ground = await lay({ name: 'ann' }, { name: 'boss', admin: true })
    await ground.run('rotate', '--profile', 'ann', '--yes')
    const denied = await after(ground, '--yes', '--end-sessions', ...mine)
    expect(denied.act).toMatchObject({ state: 'failed', problem: { name: 'access-denied' } })
    const { control } = ground.sandbox
    const { UserName } = { UserName: 'ann' }
    const boss = clientsOf(ground.sandbox, control.addKey('boss')).iam
    const { PutUserPolicyCommand } = await import('@aws-sdk/client-iam')
    const theirs = JSON.stringify({ Statement: [{ Effect: 'Deny', Action: 's3:*', Resource: '*' }] })
    const PolicyName = 'AWSRevokeOlderSessions'
    await boss.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument: theirs }))
    control.fault({ action: 'PutUserPolicy', times: 1 }, { kind: 'drop-after' })
    const ended = await after(ground, '--yes', '--end-sessions', ...mine, '--signer', 'boss')
    expect(ended.act?.state).toBe('done')
    const { policies: now } = control.others('ann')
    expect(now[PolicyName]).toBe(theirs)
    expect(Object.keys(now)).toEqual([PolicyName, `${PolicyName}-Keyturn`])
  })

  it('say where a policy has no room', async () => {
    const ground = await lay(ann)
    await ground.run('rotate', '--profile', 'ann', '--yes')
    ground.sandbox.control.fault(
      { action: 'PutUserPolicy' },
      {
        kind: 'error-before',
        status: 409,
        code: 'LimitExceeded',
        message: 'Maximum policy size of 2048 bytes exceeded for user ann',
      },
    )
    const full = await after(ground, '--yes', '--end-sessions', ...mine)
    expect(full.act).toMatchObject({ state: 'failed', problem: { name: 'quota' } })
    expect((await after(ground, ...mine)).user?.sessions).not.toHaveProperty('denyOlder')
  })
})
