import { expect, it, vi } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

// Each test starts dozens of processes.
vi.setConfig({ testTimeout: 600_000 })

const names = ['one', 'two']
const activeOf = (ground: CommandGround, user: string) =>
  ground.sandbox.control.keys(user).filter(({ status }) => status === 'Active')

/** One run of the timer at which every key is due. */
async function quarter(ground: CommandGround, ...line: string[]): Promise<void> {
  const before = await Promise.all(names.map((name) => ground.pair(name)))
  const ended = await ground.run('rotate', '--older-than', '90d', '--yes', '--recover', ...line)
  expect(ended.code, ended.stdout + ended.stderr).toBe(0)
  for (const [at, name] of names.entries()) {
    expect((await ground.pair(name)).id).not.toBe(before[at]?.id)
    expect(await ground.works(name)).toBe(true)
    expect(ground.sandbox.control.keys(name).length).toBeLessThanOrEqual(2)
  }
}

it('the README’s timer line rotates every key in eight quarters of eight, without a word from anybody', async () => {
  const ground = await CommandGround.lay(names.map((name) => ({ name })))
  for (let at = 1; at <= 8; at++) {
    await quarter(ground)
    // The last rotation can be undone until its pair is forgotten.
    if (at === 4) {
      expect((await ground.run('undo', '--profile', 'one', '--yes')).code).toBe(0)
      expect(await ground.works('one')).toBe(true)
    }
    ground.passDays(91)
  }
  expect((await ground.run('status', '--check')).code).toBe(1)
})

it('and so it does where old keys are kept for a week, and the timer tidies every week', async () => {
  const ground = await CommandGround.lay(names.map((name) => ({ name })))
  const line = ['--old-key', 'keep', '--for', '7d', '--tidy']
  for (let at = 1; at <= 4; at++) {
    await quarter(ground, ...line)
    for (const name of names) expect(activeOf(ground, name)).toHaveLength(2)
    ground.passDays(8)
    const off = await ground.run('rotate', '--older-than', '90d', '--yes', '--recover', ...line)
    expect(off.code, off.stdout + off.stderr).toBe(0)
    for (const name of names) expect(activeOf(ground, name)).toHaveLength(1)
    ground.passDays(8)
    expect((await ground.run('rotate', '--older-than', '90d', '--yes', '--recover', ...line)).code).toBe(0)
    for (const name of names) expect(ground.sandbox.control.keys(name)).toHaveLength(1)
    ground.passDays(75)
  }
})
