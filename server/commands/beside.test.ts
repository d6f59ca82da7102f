import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { Run } from '../api/run.ts'
import { CommandGround, type Started } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 })

const lay = (...names: string[]) => CommandGround.lay(names.map((name) => ({ name })))

/** A page's server, ready to take jobs. */
async function page(ground: CommandGround): Promise<Started> {
  const started = ground.start(['--no-open'])
  await started.hears('works once')
  return started
}

const documentOf = ({ stdout }: { stdout: string }) =>
  JSON.parse(stdout) as { exitCode: number; run: Run; problem?: { name: string } }
const socketOf = (ground: CommandGround) => path.join(ground.state, 'socket')

describe('a command beside an open page', () => {
  it('is done by the page’s Keyturn, with the output, the code and the JSON that it has alone', async () => {
    const [alone, beside] = [await lay('one', 'two', 'three'), await lay('one', 'two', 'three')]
    await page(beside)
    const shape = (text: string) =>
      text
        .replaceAll(/\*{4}\w{4}|AKIA\w{16}/g, 'KEY')
        .replaceAll(/\d{8}T\d+Z?-[0-9a-f]+/g, 'RUN')
        .replaceAll(/127\.0\.0\.1:\d+/g, 'SANDBOX')
        .replaceAll(/· \d+ s$/gm, '· TIME')
        // Which of two is done first is the network's to say.
        .replaceAll(/^\d of (\d)/gm, 'N of $1')
        .split('\n')
        .sort()
    for (const argv of [
      ['rotate', '--all', '--dry-run'],
      ['rotate', '--profile', 'nobody', '--yes'],
      ['rotate', '--profile', 'one'],
      ['rotate', '--profile', 'one', '--profile', 'two', '--yes'],
      ['undo', '--profile', 'two', '--yes'],
      ['--recover'],
    ]) {
      const [was, is] = [await alone.run(...argv), await beside.run(...argv)]
      expect([is.code, shape(is.stdout), shape(is.stderr)]).toEqual([
        was.code,
        shape(was.stdout).map((line) => line.replaceAll(alone.base, beside.base)),
        shape(was.stderr).map((line) => line.replaceAll(alone.base, beside.base)),
      ])
    }
    expect(await beside.works('one')).toBe(true)
    expect(await beside.works('two')).toBe(true)

    const exit = await beside.run('rotate', '--profile', 'three', '--yes', '--json')
    const { exitCode, run } = documentOf(exit)
    expect([exit.code, exitCode, run.state, run.by]).toEqual([0, 0, 'done', 'timer'])
    const before = await alone.run('rotate', '--profile', 'three', '--yes', '--json')
    expect(Object.keys(documentOf(exit)).sort()).toEqual(Object.keys(documentOf(before)).sort())
    expect(documentOf(before).run.by).toBe('timer')
  })

  it('goes through a socket that nobody else may open, gone with the page', async () => {
    const ground = await lay('one')
    const server = await page(ground)
    expect((await fs.stat(ground.state)).mode & 0o777).toBe(0o700)
    const stat = await fs.lstat(socketOf(ground))
    expect([stat.isSocket(), stat.mode & 0o777]).toEqual([true, 0o600])
    server.process.kill('SIGTERM')
    expect((await server.exit).code).toBe(0)
    await expect(fs.lstat(socketOf(ground))).rejects.toThrow('ENOENT')
  })

  it('is not handed to a socket that others may open, nor to one about other files', async () => {
    const ground = await lay('one')
    await page(ground)
    const other = path.join(ground.base, 'other')
    await fs.copyFile(ground.credentials, other)
    const foreign = await ground.run('rotate', '--all', '--yes', '--credentials-file', other)
    expect([foreign.code, foreign.stderr]).toEqual([1, expect.stringContaining('Another Keyturn is at work')])
    await fs.chmod(socketOf(ground), 0o666)
    const loose = ground.start(['--no-open'])
    expect((await loose.exit).code).toBe(1)
    expect(ground.actions).toEqual([])
  })

  it('is not done by another version, which says so at once', async () => {
    const ground = await lay('one')
    await page(ground)
    const socket = net.connect(socketOf(ground)).setEncoding('utf8')
    socket.write(`${JSON.stringify({ version: '0.0.1' })}\n`)
    const said: string[] = []
    for await (const text of socket) said.push(String(text))
    expect(JSON.parse(said.join(''))).toEqual({ takes: false })
  })

  it.skipIf(process.platform === 'win32')(
    'is as without it where the page’s Keyturn does not answer',
    async () => {
      const ground = await lay('one')
      const server = await page(ground)
      server.process.kill('SIGSTOP')
      const [command, second] = await Promise.all([
        ground.run('rotate', '--all', '--yes', '--json'),
        ground.run(),
      ])
      expect([command.code, documentOf(command).problem]).toEqual([
        1,
        expect.objectContaining({ title: 'Another Keyturn is at work' }),
      ])
      expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('Another Keyturn is at work')])
      server.process.kill('SIGCONT')
      // What was given up is not done later.
      expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
      expect(ground.sandbox.calls.filter(({ action }) => action === 'CreateAccessKey')).toHaveLength(1)
    },
  )

  it('gives a second keyturn a fresh link of the page', async () => {
    const ground = await lay('one')
    const server = await page(ground)
    const second = await ground.run()
    expect(second.code).toBe(0)
    const link = /^Keyturn is ready: (\S+)\/#(\S+)$/m
    const [first, again] = [link.exec(server.stdout), link.exec(second.stdout)]
    expect(again?.[1]).toBe(first?.[1])
    expect(again?.[2]).not.toBe(first?.[2])
    expect(server.process.exitCode).toBe(null)
  })
})

describe.runIf(process.platform === 'linux')('on a terminal, beside an open page', () => {
  const mfaSeed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

  it('asks here, for the yes and for the code of a device', async () => {
    const ground = await CommandGround.lay([{ name: 'ann', mfaSeed, mfaRequired: true }])
    await page(ground)
    const before = await ground.pair('ann')
    const command = ground.startOnTerminal(['rotate', '--all'])
    await command.hears('Rotate 1 key? [y/N] ')
    command.type('y\r')
    await command.hears(/mfa\/ann: /)
    command.type(`${ground.sandbox.control.mfaCode('ann')}\r`)
    const exit = await command.exit
    expect([exit.code, exit.stdout]).toEqual([0, expect.stringContaining('1 of 1 key replaced.')])
    expect(await ground.works('ann')).toBe(true)
    expect(await ground.pair('ann')).not.toEqual(before)
  })

  it('takes Ctrl-C at the question: nothing was changed, and the page stays', async () => {
    const ground = await lay('one')
    const server = await page(ground)
    const before = await ground.everything()
    const command = ground.startOnTerminal(['rotate', '--all'])
    await command.hears('Rotate 1 key? [y/N] ')
    command.type('\u0003')
    expect((await command.exit).code).toBe(130)
    expect((await ground.everything())[ground.credentials]).toBe(before[ground.credentials])
    expect(server.process.exitCode).toBe(null)
  })
})

describe('when one of the two dies', () => {
  it('the command: its run ends after the steps under way, and no key is lost', async () => {
    const ground = await lay('one')
    await page(ground)
    const command = ground.start(['rotate', '--all', '--yes'])
    ground.sandbox.control.onCall(async ({ action }, phase) => {
      if (action !== 'CreateAccessKey' || phase !== 'after') return
      command.process.kill('SIGKILL')
      await command.exit
    })
    await command.exit
    // While the page's Keyturn takes the new key back, the key is busy.
    let next = await ground.run('rotate', '--all', '--yes')
    while (next.code !== 0) next = await ground.run('rotate', '--all', '--yes')
    expect(await ground.works('one')).toBe(true)
    const active = ground.sandbox.control.keys('one').filter(({ status }) => status === 'Active')
    expect(active.map(({ id }) => id)).toEqual([(await ground.pair('one')).id])
  })

  it('the page: the command says so with exit 4, and the next start is not kept by what is left', async () => {
    const ground = await lay('one')
    const server = await page(ground)
    const off = ground.sandbox.control.onCall(async ({ action }, phase) => {
      if (action !== 'CreateAccessKey' || phase !== 'after') return
      server.process.kill('SIGKILL')
      await server.exit
    })
    const exit = await ground.run('rotate', '--all', '--yes', '--json')
    off()
    expect([exit.code, documentOf(exit)]).toMatchObject([
      4,
      { exitCode: 4, problem: { name: 'job-unknown' } },
    ])
    expect((await fs.lstat(socketOf(ground))).isSocket()).toBe(true)
    expect((await ground.run('--recover')).code).toBe(0)
    await page(ground)
    expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
    expect(await ground.works('one')).toBe(true)
    expect(ground.sandbox.control.keys('one').filter(({ status }) => status === 'Active')).toHaveLength(1)
  })
})
