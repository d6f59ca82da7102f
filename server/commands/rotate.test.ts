import fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Value } from 'typebox/value'
import { Plan } from '../api/plan.ts'
import { Run } from '../api/run.ts'
import type { UserSeed } from '../sandbox/seed.ts'
import { CommandGround } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 })
const day = 86_400_000
const born = (days: number) => ({ createdAt: Date.now() - days * day })

const lay = (...users: UserSeed[]) => CommandGround.lay(users)

/** A document as `--json` prints it: exactly one, and nothing else. */
function documentOf({ stdout }: { stdout: string }) {
  return JSON.parse(stdout) as Record<string, unknown> & { plan: Plan; run: Run }
}

const writing = /^(Create|Update|Delete)/

describe('keyturn rotate', () => {
  it('rotates without a terminal and says what is true now and how to undo it', async () => {
    const ground = await lay({ name: 'sam' }, { name: 'kim' })
    const before = await ground.pair('sam')
    const exit = await ground.run('rotate', '--all', '--yes')
    expect([exit.code, exit.stderr]).toEqual([0, expect.stringContaining('2 of 2')])
    const after = await ground.pair('sam')
    expect(after.id).not.toBe(before.id)
    expect(await ground.works('sam')).toBe(true)
    expect(ground.statusOf('sam', before.id)).toBe('Inactive')
    expect(exit.stdout).toContain('Will rotate 2 keys. The old keys are turned off.')
    expect(exit.stdout).toContain(`[sam]  ****${before.id.slice(-4)} → ****${after.id.slice(-4)}`)
    const [run] = await fs.readdir(path.join(ground.state, 'runs'))
    expect(exit.stdout).toContain(ground.hint(`undo ${run?.replace('.jsonl', '')}`))
    expect(exit.stdout + exit.stderr).not.toMatch(/\u001b/)
    expect(exit.stdout + exit.stderr).not.toContain(after.secret)
    expect(exit.stdout + exit.stderr).not.toContain(before.secret)
  })

  it('rotates a user without rights using an administrator’s profile, and signs as told', async () => {
    const ground = await lay({ name: 'sam', allow: [] }, { name: 'boss', admin: true })
    const before = await ground.pair('sam')
    const refused = await ground.run('rotate', '--profile', 'sam', '--yes')
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('iam:CreateAccessKey')])
    const exit = await ground.run('rotate', '--profile', 'sam', '--signer', 'boss', '--yes')
    expect([exit.code, exit.stderr]).toEqual([0, expect.stringContaining('1 of 1')])
    expect(await ground.works('sam')).toBe(true)
    expect(ground.statusOf('sam', before.id)).toBe('Inactive')
    const boss = (await ground.pair('boss')).id
    const created = ground.sandbox.calls.filter(
      ({ action, outcome }) => action === 'CreateAccessKey' && outcome === 'ok',
    )
    expect(created.map(({ keyId, params }) => [keyId, params])).toEqual([[boss, { UserName: 'sam' }]])
    expect((await ground.run('rotate', '--profile', 'sam', '--signer', 'nobody', '--yes')).stderr).toContain(
      '[nobody]',
    )
  })

  it('calls AWS with a key that looks planted only after a second yes that names it', async () => {
    const ground = await lay({ name: 'sam' })
    const planted = '052310077262'
    ground.sandbox.control.addAccount({ id: planted })
    const [bait] = ground.sandbox.control.addUser(planted, { name: 'bait', keys: [{}] })
    if (!bait) throw new Error('no bait')
    await fs.appendFile(
      ground.credentials,
      `[bait]\naws_access_key_id = ${bait.id}\naws_secret_access_key = ${bait.secret}\n`,
    )
    const left = await ground.run('rotate', '--profile', 'bait', '--yes')
    expect([left.code, left.stdout]).toEqual([3, expect.stringContaining('planted')])
    expect(left.stdout).toContain('--include-canaries')
    expect(ground.sandbox.calls).toEqual([])
    const exit = await ground.run('rotate', '--profile', 'bait', '--include-canaries', '--yes')
    expect([exit.code, exit.stderr]).toEqual([0, expect.stringContaining('1 of 1')])
    expect((await ground.pair('bait')).id).not.toBe(bait.id)
    expect(await ground.works('sam')).toBe(true)
  })

  it('prints one JSON document as the API describes it', async () => {
    const ground = await lay({ name: 'sam' })
    const exit = await ground.run('rotate', '--profile', 'sam', '--yes', '--json', '--old-key', 'delete')
    const { exitCode, plan, run } = documentOf(exit)
    expect([exit.code, exitCode]).toEqual([0, 0])
    expect([...Value.Errors(Plan, plan), ...Value.Errors(Run, run)]).toEqual([])
    expect(run).toMatchObject({ state: 'done', oldKey: 'delete', rotations: [{ oldKeyState: 'deleted' }] })
    expect(ground.sandbox.control.keys('sam').map(({ id }) => id)).toEqual([(await ground.pair('sam')).id])
    expect(exit.stderr).toContain('1 of 1 key replaced.')
    expect(exit.stdout + exit.stderr).not.toContain((await ground.pair('sam')).secret)
  })

  it('changes nothing in a dry run and calls nothing that writes', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await fs.readFile(ground.credentials)
    const exit = await ground.run('rotate', '--all', '--dry-run', '--json')
    expect(exit.code).toBe(0)
    expect(documentOf(exit).plan.rotate).toHaveLength(1)
    expect(documentOf(exit).run).toBeUndefined()
    expect(ground.actions).toContain('ListAccessKeys')
    expect(ground.actions.filter((action) => writing.test(action))).toEqual([])
    expect(await fs.readFile(ground.credentials)).toEqual(before)
    await expect(fs.readdir(path.join(ground.state, 'runs'))).rejects.toThrow('ENOENT')
  })

  it('ends with 2, before any call, where it would have to ask and cannot', async () => {
    const ground = await lay({ name: 'sam' })
    const exit = await ground.run('rotate', '--all')
    expect([exit.code, exit.stdout]).toEqual([2, ''])
    expect(exit.stderr).toContain('Add --yes')
    expect(ground.sandbox.calls).toEqual([])
  })

  it('ends with 2 for a profile that is not there', async () => {
    const ground = await lay({ name: 'sam' })
    const exit = await ground.run('rotate', '--profile', 'smm', '--yes', '--json')
    expect(exit.code).toBe(2)
    expect(documentOf(exit)).toMatchObject({ exitCode: 2, problem: { name: 'no-such-profile' } })
    expect(ground.sandbox.calls).toEqual([])
  })

  it('takes the age from AWS, and is silent with 3 where nothing is due', async () => {
    const ground = await lay({ name: 'old', keys: [born(91)] }, { name: 'young', keys: [born(89)] })
    const young = await ground.pair('young')
    const first = await ground.run('rotate', '--older-than', '90d', '--yes', '--json')
    expect(first.code).toBe(0)
    expect(documentOf(first).run.rotations.map((each) => each.profiles[0]?.name)).toEqual(['old'])
    expect(documentOf(first).plan.skip).toMatchObject([{ key: young.id, reason: { name: 'younger' } }])
    expect(await ground.pair('young')).toEqual(young)
    const second = await ground.run('rotate', '--older-than', '90d', '--yes')
    // The old key of the first run is in the way of nothing: the new one is young.
    expect(second).toMatchObject({ code: 3, stdout: '', stderr: '' })
  })

  it('ends with 1 where a key that was asked for is left, by a choice or by AWS', async () => {
    const ground = await lay(
      { name: 'two', keys: [born(200), born(100)] },
      { name: 'denied', deny: ['iam:CreateAccessKey'] },
      { name: 'sam' },
    )
    const denied = await ground.pair('denied')
    const exit = await ground.run('rotate', '--all', '--yes')
    expect(exit.code).toBe(1)
    expect(exit.stdout).toContain('Needs your choice: 1 key.')
    expect(exit.stdout).toContain('Left as before: 1 key.')
    expect(exit.stdout).toMatch(/\[denied].*iam:CreateAccessKey.*AWS: AccessDenied, request /)
    expect(exit.stdout).toContain('1 of 3 keys replaced. 2 still work.')
    expect(await ground.pair('denied')).toEqual(denied)
    const only = await ground.run('rotate', '--profile', 'two', '--yes')
    expect(only.code).toBe(1)
    expect(only.stdout).toContain('Nothing to rotate.')
  })

  it('deletes a spare key where its whole id is named, and only then', async () => {
    const ground = await lay({ name: 'two', keys: [born(200), born(100)] })
    const held = await ground.pair('two')
    const spare = ground.sandbox.control.keys('two').find(({ id }) => id !== held.id)!.id
    const left = await ground.run('rotate', '--all', '--yes')
    expect([left.code, left.stdout]).toEqual([1, expect.stringContaining('Needs your choice: 1 key.')])
    expect(left.stdout).toMatch(
      new RegExp(
        `${spare}: Active, 100 days old, never used, in no profile here, and Keyturn did not make it`,
      ),
    )
    expect(left.stdout).toContain(`To choose this, add: --delete-spare ${spare}\n`)
    expect(ground.actions.filter((action) => writing.test(action))).toEqual([])

    const planned = documentOf(await ground.run('rotate', '--all', '--yes', '--json')).plan
    const flags = planned.choose.flatMap(({ choices }) =>
      choices.map(({ kind, spare: { id } }) => [kind, id]),
    )
    expect(flags).toEqual([['delete-spare', spare]])
    const [[kind, id] = []] = flags
    const exit = await ground.run('rotate', '--all', '--yes', `--${kind}`, id!)
    expect([exit.code, exit.stdout]).toEqual([0, expect.stringContaining('deletes the spare key')])
    expect(exit.stdout).not.toContain('Without effect')
    const now = await ground.pair('two')
    expect(ground.sandbox.control.keys('two').map((key) => [key.id, key.status])).toEqual([
      [held.id, 'Inactive'],
      [now.id, 'Active'],
    ])
    expect(await ground.works('two')).toBe(true)
  })

  it('merges two keys of one user where one of them is named, and says so of an id that changes nothing', async () => {
    const [other, secret] = ['AKIAY34FZKBOKMUTVV7A', 'twin'.repeat(10)]
    const ground = await lay({ name: 'two', keys: [born(200), { ...born(100), id: other, secret }] })
    const held = await ground.pair('two')
    const section = `[twin]\naws_access_key_id = ${other}\naws_secret_access_key = ${secret}\n`
    await fs.appendFile(ground.credentials, section)
    const typo = `${other.slice(0, -1)}0`
    const left = await ground.run('rotate', '--all', '--yes', '--merge', typo, '--delete-spare', other)
    expect(left.code).toBe(1)
    expect(left.stdout).toContain(`held by [twin]`)
    expect(left.stdout).toContain(`To choose this, add: --merge ${other}\n`)
    expect(left.stdout).toContain(`Without effect in this plan: --merge ${typo}\n`)
    // What a profile holds is never deleted as a spare, whoever asks.
    expect(left.stdout).toContain(`Without effect in this plan: --delete-spare ${other}\n`)
    expect(ground.actions.filter((action) => writing.test(action))).toEqual([])

    const exit = await ground.run('rotate', '--all', '--yes', '--merge', other)
    expect([exit.code, exit.stdout]).toEqual([0, expect.stringContaining('2 of 2 keys replaced.')])
    expect(exit.stdout).toContain(`****${other.slice(-4)} is deleted for good`)
    const now = await ground.pair('two')
    expect(await ground.pair('twin')).toEqual(now)
    expect([held.id, other]).not.toContain(now.id)
    expect(await ground.works('twin')).toBe(true)
    expect(ground.statusOf('two', other)).toBeUndefined()
  })

  it('runs hooks with ids alone, and keeps the old key where one fails', async () => {
    const ground = await lay({ name: 'sam' })
    const hook = path.join(ground.base, 'hook')
    await fs.writeFile(hook, `#!/bin/sh\nenv > ${ground.base}/seen\nexit 9\n`, { mode: 0o755 })
    const before = await ground.pair('sam')
    const exit = await ground.run('rotate', '--all', '--yes', '--hook', hook)
    expect(exit.code).toBe(1)
    expect(exit.stdout).toContain('Needs you: 1 key.')
    expect(exit.stdout).toContain('it exited with 9')
    expect(ground.statusOf('sam', before.id)).toBe('Active')
    const seen = await fs.readFile(path.join(ground.base, 'seen'), 'utf8')
    const after = await ground.pair('sam')
    expect(seen).toContain(`KEYTURN_NEW_KEY_ID=${after.id}`)
    expect(seen).not.toContain(after.secret)
  })

  it('fails a key that needs an MFA code where there is nobody to ask, and only that one', async () => {
    const mfaSeed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
    const ground = await lay({ name: 'careful', mfaSeed, mfaRequired: true }, { name: 'sam' })
    const before = await ground.pair('careful')
    const exit = await ground.run('rotate', '--all', '--yes')
    expect(exit.code).toBe(1)
    expect(exit.stdout).toContain('there is no terminal to ask on')
    expect(exit.stdout).toContain('1 of 2 keys replaced. 1 still works.')
    expect(await ground.pair('careful')).toEqual(before)
  })
})

describe('Ctrl-C', () => {
  it('ends a run after the steps under way, with 130 and nothing half done', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await ground.pair('sam')
    const command = ground.start(['rotate', '--all', '--yes'])
    ground.sandbox.control.onCall(async ({ action }, phase) => {
      if (action !== 'CreateAccessKey' || phase !== 'before') return
      command.process.kill('SIGINT')
      await command.hears('ends after the steps under way')
    })
    const exit = await command.exit
    expect([exit.code, exit.signal]).toEqual([130, null])
    expect(await ground.pair('sam')).toEqual(before)
    expect(ground.sandbox.control.keys('sam').map(({ id }) => id)).toEqual([before.id])
    expect((await ground.run('status')).code).not.toBe(4)
  })

  it('quits at once the second time; the next start refuses the key until it is recovered', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await ground.pair('sam')
    const command = ground.start(['rotate', '--all', '--yes', '--json'])
    const off = ground.sandbox.control.onCall(async ({ action }, phase) => {
      if (action !== 'CreateAccessKey' || phase !== 'after') return
      command.process.kill('SIGINT')
      await command.hears('ends after the steps under way')
      command.process.kill('SIGINT')
      await command.exit
    })
    const exit = await command.exit
    expect([exit.code, exit.signal]).toEqual([130, null])
    expect(exit.stderr).toContain('Stopped at once')
    expect(JSON.parse(exit.stdout)).toMatchObject({
      exitCode: 130,
      problem: { name: 'interrupted', remedy: `Finish it or roll it back: ${ground.hint('recover')}` },
    })
    off()
    const refused = await ground.run('rotate', '--all', '--yes')
    expect([refused.code, refused.stdout]).toEqual([4, ''])
    expect(refused.stderr).toContain(ground.hint('recover'))
    const again = await ground.run('rotate', '--all', '--yes', '--recover')
    expect(again.code).toBe(0)
    expect(await ground.works('sam')).toBe(true)
    expect((await ground.pair('sam')).id).not.toBe(before.id)
    expect(ground.sandbox.control.keys('sam')).toHaveLength(2)
  })

  it('leaves a plan that is being made, with 130', async () => {
    const ground = await lay({ name: 'sam' })
    const command = ground.start(['rotate', '--all', '--yes', '--json'])
    const off = ground.sandbox.control.onCall(async (_call, phase) => {
      if (phase !== 'before') return
      command.process.kill('SIGINT')
      await command.exit
    })
    const exit = await command.exit
    off()
    expect([exit.code, exit.signal]).toEqual([130, null])
    expect(documentOf(exit)).toMatchObject({ exitCode: 130, problem: { name: 'interrupted' } })
  })
})

describe.runIf(process.platform === 'linux')('on a terminal', () => {
  it('shows the plan, asks, draws bars and tells the result', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await ground.pair('sam')
    const command = ground.startOnTerminal(['rotate', '--all'])
    await command.hears('Rotate 1 key? [y/N]')
    expect(command.stdout).toContain('Will rotate 1 key.')
    expect(ground.actions.filter((action) => writing.test(action))).toEqual([])
    command.type('y\r')
    const exit = await command.exit
    expect(exit.code).toBe(0)
    expect(exit.stdout).toMatch(/\[sam] +\u001b\[36m[█░]{16}/)
    expect(exit.stdout).toMatch(/\u001b\[1A\u001b\[0J/)
    expect(exit.stdout).toContain('1 of 1 key replaced.')
    expect((await ground.pair('sam')).id).not.toBe(before.id)
  })

  it('has no colours with NO_COLOR, and no bars on a dumb terminal', async () => {
    const ground = await lay({ name: 'sam' })
    const plain = await ground.startOnTerminal(['rotate', '--all', '--yes'], { NO_COLOR: '1' }).exit
    expect(plain.code).toBe(0)
    expect(plain.stdout).toMatch(/[█░]{16}/)
    expect(plain.stdout).not.toMatch(/\u001b\[\d+m/)
    const dumb = await ground.startOnTerminal(['rotate', '--all', '--dry-run'], { TERM: 'dumb' }).exit
    expect(dumb.stdout).not.toMatch(/\u001b/)
  })

  it('does nothing where the answer is no, with 3, or Ctrl-C, with 130', async () => {
    const ground = await lay({ name: 'sam' })
    const before = await fs.readFile(ground.credentials)
    for (const [keys, code] of [
      ['n\r', 3],
      ['\u0003', 130],
      ['\u0004', 130],
    ] as const) {
      const command = ground.startOnTerminal(['rotate', '--all'])
      await command.hears('[y/N]')
      command.type(keys)
      expect([keys, (await command.exit).code]).toEqual([keys, code])
    }
    expect(await fs.readFile(ground.credentials)).toEqual(before)
    expect(ground.actions.filter((action) => writing.test(action))).toEqual([])
  })

  it('shows a choice with the option that makes it, and asks nothing where nothing is chosen', async () => {
    const ground = await lay({ name: 'two', keys: [born(200), born(100)] }, { name: 'sam' })
    const before = await ground.pair('two')
    const spare = ground.sandbox.control.keys('two').find(({ id }) => id !== before.id)!.id
    const first = await ground.startOnTerminal(['rotate', '--profile', 'two']).exit
    expect([first.code, first.stdout]).toEqual([1, expect.stringContaining('Nothing to rotate.')])
    expect(first.stdout).toContain(`--delete-spare ${spare}`)
    expect(first.stdout).not.toContain('[y/N]')
    const command = ground.startOnTerminal(['rotate', '--all', '--delete-spare', spare])
    await command.hears('Rotate 2 keys? [y/N]')
    expect(command.stdout).toContain(`deletes the spare key ****${spare.slice(-4)}`)
    expect(ground.actions.filter((action) => writing.test(action))).toEqual([])
    command.type('y\r')
    expect((await command.exit).code).toBe(0)
    expect(ground.statusOf('two', spare)).toBeUndefined()
    expect(ground.statusOf('two', before.id)).toBe('Inactive')
    expect(await ground.works('two')).toBe(true)
  })

  it('asks for an MFA code, again where AWS does not take it', async () => {
    const mfaSeed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
    const ground = await lay({ name: 'careful', mfaSeed, mfaRequired: true })
    const before = await ground.pair('careful')
    const command = ground.startOnTerminal(['rotate', '--all', '--yes'])
    await command.hears(/MFA code of arn:aws:iam::123456789012:mfa\/\S+: /)
    command.type('12\r')
    await command.hears(/A code has six digits\.[^]*MFA code of \S+: /)
    command.type('000000\r')
    await command.hears(/AWS did not take that code[^]*MFA code of \S+: /)
    command.type(`${ground.sandbox.control.mfaCode('careful')}\r`)
    const exit = await command.exit
    expect(exit.code).toBe(0)
    expect((await ground.pair('careful')).id).not.toBe(before.id)
    expect(await ground.works('careful')).toBe(true)
  })
})
