import fs from 'node:fs/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

let ground: CommandGround
beforeEach(async () => {
  ground = await CommandGround.lay([{ name: 'alice' }])
})

const table =
  'User name,Access key ID,Secret access key\nalice,AKIAIOSFODNN7EXAMPLE,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n'
const forms: [string, () => Promise<unknown>, RegExp][] = [
  [
    'UTF-16',
    async () =>
      fs.writeFile(
        ground.credentials,
        Buffer.from(`\ufeff${await fs.readFile(ground.credentials, 'utf8')}`, 'utf16le'),
      ),
    /UTF-16/,
  ],
  [
    'a directory',
    async () => (await fs.rm(ground.credentials), await fs.mkdir(ground.credentials)),
    /a directory/,
  ],
  [
    'a dangling link',
    async () => (await fs.rm(ground.credentials), await fs.symlink('gone', ground.credentials)),
    /symbolic link to gone/,
  ],
  ['zeros', async () => fs.writeFile(ground.credentials, Buffer.alloc(400)), /zero bytes/],
  ['the console’s table', async () => fs.writeFile(ground.credentials, table), /table \(CSV\)/],
  [
    'missing, though a variable names it',
    () => fs.rm(ground.credentials),
    /AWS_SHARED_CREDENTIALS_FILE names/,
  ],
  ['lines before any header', async () => fs.writeFile(ground.credentials, 'one\ntwo\n'), /before the first/],
]

describe('a credentials file that cannot be read', { timeout: 60_000 }, () => {
  it.each(forms)('%s: every command says so, and fails', async (_, make, words) => {
    await make()
    const commands = [
      ['rotate', '--all', '--yes'],
      ['rotate', '--all', '--dry-run', '--json'],
      ['rotate', '--older-than', '90d', '--yes'],
      ['status'],
      ['status', '--check', '--json'],
      ['undo', '--profile', 'alice', '--yes', '--json'],
    ]
    for (const argv of commands) {
      const ended = await ground.run(...argv)
      expect([argv, ended.code]).toEqual([argv, argv[0] === 'undo' ? expect.any(Number) : 1])
      if (argv[0] === 'undo') continue
      expect(ended.stderr).toMatch(words)
      expect(ended.stdout + ended.stderr).not.toContain('wJalrXUtn')
      if (!argv.includes('--json')) continue
      const document = JSON.parse(ended.stdout) as {
        exitCode: number
        problem: { detail: string }
        files: unknown[]
      }
      expect(document.exitCode).toBe(1)
      expect(document.problem.detail).toMatch(words)
      expect(document.files).toMatchObject([{ which: 'credentials', path: ground.credentials }])
    }
    expect(ground.actions).toEqual([])
  })

  it.each([
    ['ls'],
    ['recover'],
    ['old'],
    ['old', '--delete', 'quiet', '--yes'],
    ['find', '--in', '.'],
    ['trail'],
    ['after'],
    ['mend', '--yes'],
  ])('%s %s: says so on standard error, and fails', async (...argv) => {
    await fs.writeFile(ground.credentials, table)
    const ended = await ground.run(...argv, '--json')
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringMatching(/table \(CSV\)/)])
    expect(JSON.parse(ended.stdout)).toMatchObject({ exitCode: 1, problem: { name: 'not-a-profile-file' } })
    expect(ground.actions).toEqual([])
  })

  it('is told where the page is opened, which stays', async () => {
    await fs.writeFile(ground.credentials, table)
    const page = ground.start(['--no-open'])
    await page.hears(/table \(CSV\)/)
    expect(page.stdout).toMatch(/^Keyturn is ready: /)
    page.process.kill('SIGTERM')
    await page.exit
    expect(page.stderr).toMatch(/table \(CSV\)/)
  })

  it('is told of a config file beside credentials that can be read', async () => {
    await fs.writeFile(ground.config, 'one\ntwo\n')
    for (const argv of [['ls'], ['old'], ['recover'], ['find', '--in', '.']]) {
      const ended = await ground.run(...argv)
      expect([argv, ended.code, ended.stderr]).toEqual([argv, 1, expect.stringMatching(/before the first/)])
    }
  })

  it('fails beside a config file whose key it rotates', async () => {
    const { id, secret } = await ground.pair('alice')
    await fs.writeFile(
      ground.config,
      `[profile alice]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
      { mode: 0o600 },
    )
    await fs.writeFile(ground.credentials, table)
    const ended = await ground.run('rotate', '--all', '--yes')
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('1 of 1 key replaced')
    expect(ended.stderr).toContain('table (CSV)')
  })

  it('names the file where a profile is not found since it may be in there', async () => {
    await fs.writeFile(ground.credentials, table)
    const ended = await ground.run('rotate', '--profile', 'alice', '--yes', '--json')
    expect(ended.code).toBe(1)
    expect(JSON.parse(ended.stdout)).toMatchObject({ problem: { name: 'not-a-profile-file' } })
  })

  it('keeps an undo from happening, and says why', async () => {
    expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
    await fs.writeFile(ground.credentials, table)
    const ended = await ground.run('undo', '--profile', 'alice', '--yes')
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('table (CSV)')
  })
})

describe('no file at all', { timeout: 60_000 }, () => {
  it('in the usual places is nothing to do, in one sentence', async () => {
    await fs.rm(ground.credentials)
    const start = (...argv: string[]) => {
      const started = ground.start(argv, { AWS_SHARED_CREDENTIALS_FILE: '', AWS_CONFIG_FILE: '' })
      started.process.stdin?.end()
      return started.exit
    }
    const rotated = await start('rotate', '--all', '--yes')
    expect(rotated.code).toBe(3)
    expect(rotated.stderr).toMatch(/There is no key: .*credentials is not there, and .*config is not there\./)
    const status = await start('status', '--check')
    expect(status.code).toBe(0)
    expect(status.stderr).toContain('There is no key')
  })

  it.each([
    ['', 'is empty'],
    ['# mine\n\n', 'holds no profile'],
  ])('a file of %j says what it holds, and nothing is to be done', async (text, words) => {
    await fs.writeFile(ground.credentials, text)
    const rotated = await ground.run('rotate', '--all', '--yes')
    expect([rotated.code, rotated.stdout]).toEqual([3, ''])
    expect(rotated.stderr).toContain(`There is no key: ${ground.credentials} ${words}, and `)
    const status = await ground.run('status', '--check')
    expect([status.code, status.stderr]).toEqual([0, expect.stringContaining(words)])
  })

  it('of the config file does not matter where there are keys', async () => {
    const ended = await ground.run('rotate', '--all', '--dry-run')
    expect([ended.code, ended.stderr]).toEqual([0, ''])
  })
})

it('is no success where quotes keep the only key from being one', { timeout: 60_000 }, async () => {
  const text = await fs.readFile(ground.credentials, 'utf8')
  await fs.writeFile(ground.credentials, text.replace(/= (\S+)/g, '= "$1"'))
  const ended = await ground.run('rotate', '--all', '--yes')
  expect(ended.code).toBe(1)
  expect(ended.stdout).toMatch(/Cannot be rotated now: 1 key[^]*Remove the quotes around the value on line 3/)
  expect(ground.actions).toEqual([])
})

it('says of a pair that no tool finds how it would be found', { timeout: 60_000 }, async () => {
  const text = await fs.readFile(ground.credentials, 'utf8')
  await fs.writeFile(ground.credentials, '')
  await fs.writeFile(ground.config, text.replace('[alice]', '[s3-backups]'), { mode: 0o600 })
  const ended = await ground.run('rotate', '--all', '--dry-run')
  expect([ended.code, ended.stdout]).toEqual([
    3,
    expect.stringMatching(/its key is not rotated\..* write \[profile s3-backups\] on line 2/),
  ])
})

it('takes the null device for a file without profiles', { timeout: 60_000 }, async () => {
  const started = ground.start(['rotate', '--all', '--dry-run'], { AWS_CONFIG_FILE: '/dev/null' })
  started.process.stdin?.end()
  expect(await started.exit).toMatchObject({ code: 0, stderr: '' })
})
