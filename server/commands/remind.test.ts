import { execFile, spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

let ground: CommandGround
let units: string
const has = (program: string) => spawnSync(program, ['--version']).error === undefined

// A process of a test has no systemd of a person's: what is called is told by a program of its name, and all else is real.
beforeEach(async () => {
  ground = await CommandGround.lay([{ name: 'alice' }])
  units = path.join(ground.base, '.config', 'systemd', 'user')
  await fs.mkdir(path.join(ground.base, 'bin'))
  const script = `#!/bin/sh\necho "$*" >> ${ground.base}/called\nif [ -e "${ground.base}/fails-$2" ]; then echo "no $2 today" >&2; exit 1; fi\n`
  await fs.writeFile(path.join(ground.base, 'bin', 'systemctl'), script, { mode: 0o755 })
})

async function remind(...argv: string[]) {
  const started = ground.start(['remind', ...argv], {
    PATH: `${path.join(ground.base, 'bin')}:${process.env['PATH'] ?? ''}`,
  })
  started.process.stdin?.end()
  return started.exit
}
const called = async () =>
  (await fs.readFile(path.join(ground.base, 'called'), 'utf8').catch(() => '')).trim().split('\n')
const written = () => fs.readdir(units).catch(() => [])

describe.skipIf(process.platform !== 'linux')('keyturn remind', { timeout: 60_000 }, () => {
  it('shows the units as a diff, and does nothing in a dry run', async () => {
    const ended = await remind('--older-than', '60d', '--dry-run')
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    expect(ended.stdout).toContain(`Writes ${path.join(units, 'keyturn.timer')}\n`)
    expect(ended.stdout).toContain('    + OnCalendar=Mon 10:00\n')
    expect(ended.stdout).toMatch(
      / {4}\+ ExecStart=.* rotate --older-than 60d --yes --recover --credentials-file /,
    )
    expect(ended.stdout).toContain('Runs systemctl --user enable --now keyturn.timer\n')
    expect([await written(), await called()]).toEqual([[], ['']])
  })

  it('writes and starts them, shows a change as one, and takes them away again', async () => {
    expect((await remind('--yes')).code).toBe(0)
    expect(await written()).toEqual(['keyturn.service', 'keyturn.timer'])
    expect(await called()).toEqual([
      '--user show-environment',
      '--user daemon-reload',
      '--user enable --now keyturn.timer',
    ])

    const again = await remind('--older-than', '30', '--yes')
    expect(again.stdout).toContain(`Stays ${path.join(units, 'keyturn.timer')}\n`)
    expect(again.stdout.match(/^ {4}[+-] .*$/gm)?.map((line) => line.slice(4, 15))).toEqual([
      '- ExecStart',
      '+ ExecStart',
    ])

    const gone = await remind('--remove', '--yes', '--json')
    expect(JSON.parse(gone.stdout)).toMatchObject({ exitCode: 0, timer: { remove: true }, done: true })
    expect(await written()).toEqual([])
    expect((await called()).slice(-2)).toEqual(['--user disable --now keyturn.timer', '--user daemon-reload'])
    const none = await remind('--remove', '--yes', '--json')
    expect([none.code, JSON.parse(none.stdout)]).toMatchObject([3, { problem: { name: 'no-reminder' } }])
  })

  it('writes a command that rotates what is overdue, with the same files and state', async () => {
    await remind('--yes')
    const service = await fs.readFile(path.join(units, 'keyturn.service'), 'utf8')
    const [program = '', ...argv] = (/^ExecStart=(.*)$/m.exec(service)?.[1] ?? '').split(' ')
    const before = await ground.pair('alice')
    // As a timer starts it: without the variables of the shell.
    const { stdout } = await promisify(execFile)(program, argv, { env: { HOME: ground.base } })
    expect(stdout).toContain('1 of 1 key replaced.')
    expect((await ground.pair('alice')).id).not.toBe(before.id)
  })

  it.skipIf(!has('systemd-analyze'))('writes what systemd takes', async () => {
    await remind('--yes')
    const files = ['keyturn.service', 'keyturn.timer'].map((name) => path.join(units, name))
    const verified = spawnSync('systemd-analyze', ['verify', '--user', '--man=no', ...files], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: ground.base },
    })
    expect(verified.stderr.split('\n').filter((line) => line.includes('keyturn'))).toEqual([])
  })

  it('leaves what others wrote, and what was there where the system refuses', async () => {
    await fs.mkdir(units, { recursive: true })
    await fs.writeFile(path.join(units, 'keyturn.timer'), '[Timer]\n')
    const foreign = await remind('--yes', '--json')
    expect([foreign.code, JSON.parse(foreign.stdout)]).toMatchObject([
      1,
      { problem: { name: 'not-own-unit' } },
    ])
    expect(await fs.readFile(path.join(units, 'keyturn.timer'), 'utf8')).toBe('[Timer]\n')
    await fs.rm(path.join(units, 'keyturn.timer'))

    await fs.writeFile(path.join(ground.base, 'fails-enable'), '')
    const refused = await remind('--yes')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('no enable today')])
    expect(await written()).toEqual([])

    await fs.writeFile(path.join(ground.base, 'fails-show-environment'), '')
    const none = await remind('--yes', '--json')
    expect([none.code, JSON.parse(none.stdout)]).toMatchObject([1, { problem: { name: 'no-timer-service' } }])
  })

  it('asks first', async () => {
    expect((await remind()).code).toBe(2)
    const command = ground.startOnTerminal(['remind'], {
      PATH: `${path.join(ground.base, 'bin')}:${process.env['PATH'] ?? ''}`,
    })
    await command.hears('Write and start it? [y/N]')
    command.type('n\r')
    expect((await command.exit).code).toBe(3)
    expect(await written()).toEqual([])
  })
})
