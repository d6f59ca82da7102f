import fs from 'node:fs/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Plan } from '../api/plan.ts'
import type { Run } from '../api/run.ts'
import type { UserSeed } from '../sandbox/seed.ts'
import { CommandGround } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 })
const mfaSeed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const writing = /^(Create|Update|Delete)/

const lay = (...users: UserSeed[]) => CommandGround.lay(users)

function documentOf({ stdout }: { stdout: string }) {
  return JSON.parse(stdout) as { exitCode: number; notices: { name: string }[]; plan: Plan; run: Run }
}

const section = (name: string, { id, secret }: { id: string; secret: string }) =>
  `[${name}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`

describe('partitions', () => {
  it('rotates keys of three in one run, each signed for the region of its own', async () => {
    const ground = await lay({ name: 'plain' })
    const worlds = [
      ['aws-us-gov', 'us-gov-east-1', '111122223333', 'gov'],
      ['aws-cn', 'cn-northwest-1', '444455556666', 'china'],
    ] as const
    let config = ''
    for (const [partition, region, id, name] of worlds) {
      ground.sandbox.control.addAccount({ id, partition })
      const [pair] = ground.sandbox.control.addUser(id, { name, keys: [{}] })
      await fs.appendFile(ground.credentials, section(name, pair!))
      config += `[profile ${name}]\nregion = ${region}\n`
    }
    await fs.writeFile(ground.config, config)
    // The profile's region goes before the shell's: one variable must not send a key to another partition.
    const started = ground.start(['rotate', '--all', '--yes', '--json'], { AWS_REGION: 'eu-west-1' })
    started.process.stdin?.end()
    const exit = await started.exit
    expect([exit.code, exit.stderr]).toEqual([0, expect.stringContaining('3 of 3 keys replaced.')])
    const arns = documentOf(exit).run.rotations.map(({ user }) => user?.arn.split(':').slice(0, 5).join(':'))
    expect(arns.sort()).toEqual([
      'arn:aws-cn:iam::444455556666',
      'arn:aws-us-gov:iam::111122223333',
      'arn:aws:iam::123456789012',
    ])
    const scopes = ground.sandbox.calls
      .filter(({ outcome }) => outcome === 'ok')
      .map(({ user, region }) => `${user} ${region}`)
    expect([...new Set(scopes)].sort()).toEqual([
      'china cn-northwest-1',
      'gov us-gov-east-1',
      'plain eu-west-1',
    ])
    for (const name of ['plain', 'gov', 'china']) {
      const { id, secret } = await ground.pair(name)
      expect(ground.sandbox.control.authenticates(id, secret)).toBe(true)
    }
  })
})

describe('a root key', () => {
  it('is refused with AWS’s advice, and nothing is written', async () => {
    const ground = await lay({ name: 'owner', root: true })
    const before = await fs.readFile(ground.credentials)
    const exit = await ground.run('rotate', '--all', '--yes')
    expect(exit.code).toBe(1)
    expect(exit.stdout).toContain('A root key.')
    // What is asked here is no AWS: its console is not named.
    expect(exit.stdout).toContain('AWS advises to have none')
    expect(exit.stdout).not.toContain('console.aws.amazon.com')
    expect(ground.actions.filter((action) => writing.test(action))).toEqual([])
    expect(await fs.readFile(ground.credentials)).toEqual(before)
  })
})

describe('a profile named to act on the terminal', () => {
  it('is spelled out in every text and every document', async () => {
    const ground = await lay({ name: 'sam' })
    const text = await fs.readFile(ground.credentials, 'utf8')
    const name = 'live\u202edorp\u001b[2J\u009b1A'
    const shownName = 'live\\u{202e}dorp\\u{1b}[2J\\u{9b}1A'
    await fs.writeFile(ground.credentials, text.replace('[sam]', `[${name}]`))
    const exits = [
      await ground.run('status', '--check'),
      await ground.run('rotate', '--all', '--dry-run'),
      await ground.run('rotate', '--profile', `${name}?`),
      await ground.run('rotate', '--profile', shownName, '--signer', shownName, '--dry-run'),
      await ground.run('rotate', '--all', '--yes'),
      await ground.run('undo', '--profile', shownName, '--yes', '--json'),
    ]
    for (const { stdout, stderr } of exits) expect(stdout + stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    for (const { stdout } of [exits[0]!, exits[1]!, exits[3]!, exits[4]!])
      expect(stdout).toContain(`[${shownName}]`)
    expect(exits[3]!.code).toBe(0)
    expect(documentOf(exits[5]!).exitCode).toBe(0)
    expect(exits[5]!.stdout).toContain('live\\u202edorp\\u001b[2J\\u009b1A')
  })
})

describe('what else uses a key', () => {
  it('is said: the roles whose chains begin at its profile', async () => {
    const ground = await lay({ name: 'base' })
    const role = (name: string, source: string) =>
      `[profile ${name}]\nrole_arn = arn:aws:iam::123456789012:role/${name}\nsource_profile = ${source}\n`
    const chain = role('a', 'base') + role('b', 'a') + role('c', 'b') + role('d', 'base') + role('x', 'else')
    await fs.writeFile(ground.config, chain)
    const exit = await ground.run('rotate', '--all', '--dry-run')
    expect(exit.stdout).toContain('Also used by 4 roles: a, b, c, d.')
    expect(await ground.run('rotate', '--profile', 'c', '--dry-run', '--json')).toMatchObject({ code: 3 })
  })

  it('is said: an environment that stands before the files', async () => {
    const ground = await lay({ name: 'sam' })
    const { id, secret } = await ground.pair('sam')
    const env = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_PROFILE: 'sam' }
    const run = async (...argv: string[]) => {
      const started = ground.start(argv, env)
      started.process.stdin?.end()
      return started.exit
    }
    const dry = await run('rotate', '--all', '--dry-run', '--json')
    expect(documentOf(dry).notices.map(({ name }) => name)).toEqual([
      'environment-key',
      'environment-profile',
    ])
    const exit = await run('rotate', '--all', '--yes')
    expect(exit.code).toBe(0)
    expect(exit.stderr).toContain(`AWS_ACCESS_KEY_ID holds ****${id.slice(-4)}, the key of [sam].`)
    expect(exit.stderr).toContain('AWS_PROFILE chooses [sam]')
    expect(exit.stdout + exit.stderr + dry.stdout + dry.stderr).not.toContain(secret)
    // Nothing to do, nothing to say: cron would mail it.
    expect(await run('rotate', '--older-than', '90', '--yes')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: '',
    })
  })
})

describe.runIf(process.platform === 'linux')('MFA on a terminal', () => {
  it('asks for one user after the other, and holds nobody else up', async () => {
    const ground = await lay(
      { name: 'ann', mfaSeed, mfaRequired: true },
      { name: 'bob', mfaSeed: mfaSeed.replace('J', 'K'), mfaRequired: true },
      { name: 'free' },
    )
    const before = await Promise.all(['ann', 'bob', 'free'].map((name) => ground.pair(name)))
    const command = ground.startOnTerminal(['rotate', '--all', '--yes'])
    await command.hears(/MFA code of \S+:mfa\/(ann|bob): /)
    // The one without a device is done while the two wait.
    const freeIsDone = () => ground.statusOf('free', before[2]!.id) === 'Inactive'
    if (!freeIsDone()) {
      await new Promise<void>((resolve) => {
        const off = ground.sandbox.control.onCall(() => {
          if (!freeIsDone()) return
          off()
          resolve()
        })
      })
    }
    expect([await ground.pair('ann'), await ground.pair('bob')]).toEqual(before.slice(0, 2))
    const first = /MFA code of \S+:mfa\/(ann|bob): /.exec(command.stdout)![1] as 'ann' | 'bob'
    const second = first === 'ann' ? 'bob' : 'ann'
    command.type(`${ground.sandbox.control.mfaCode(first)}\r`)
    await command.hears(new RegExp(`MFA code of \\S+:mfa/${second}: `))
    command.type(`${ground.sandbox.control.mfaCode(second)}\r`)
    const exit = await command.exit
    expect([exit.code, exit.stdout]).toEqual([0, expect.stringContaining('3 of 3 keys replaced.')])
    const sessions = ground.sandbox.calls.filter(({ action }) => action === 'GetSessionToken')
    expect(sessions.map(({ user, outcome }) => `${user} ${outcome}`).sort()).toEqual(['ann ok', 'bob ok'])
    for (const name of ['ann', 'bob', 'free']) expect(await ground.works(name)).toBe(true)
  })

  it('does not take a code twice: the next one is asked for', async () => {
    const ground = await lay({ name: 'ann', mfaSeed, mfaRequired: true })
    const before = await ground.pair('ann')
    const code = ground.sandbox.control.mfaCode('ann')
    const first = ground.startOnTerminal(['rotate', '--all', '--yes'])
    await first.hears(/mfa\/ann: /)
    first.type(`${code}\r`)
    expect((await first.exit).code).toBe(0)
    const second = ground.startOnTerminal(['undo', '--profile', 'ann', '--yes'])
    await second.hears(/mfa\/ann: /)
    second.type(`${code}\r`)
    await second.hears(/A code works once: use the next one\.[^]*mfa\/ann: /)
    second.type(`${ground.sandbox.control.mfaCode('ann', 1)}\r`)
    expect((await second.exit).code).toBe(0)
    expect(await ground.pair('ann')).toEqual(before)
    expect(await ground.works('ann')).toBe(true)
  })
})
