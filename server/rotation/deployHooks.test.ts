import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultSettings } from '../api/settings.ts'
import { isRunning } from '../platform/processIdentity.ts'
import { onPlatform } from '../platform/testing/windows.ts'
import { Secret } from '../profiles/keyPair.ts'
import { DeployHooks } from './deployHooks.ts'

let root: string
let directory: string
const secret = 'CANARYsecret/of+the/new+pair0123456789ab'
const request = {
  oldKey: 'AKIAOLD0000000000000',
  pair: { id: 'AKIANEW0000000000000', secret: new Secret(secret) },
  profiles: ['dev', 'my profile'],
  account: '111122223333',
  user: 'ann',
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'keyturn-hooks-'))
  directory = join(root, 'hooks')
  mkdirSync(directory)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function script(path: string, body: string, mode = 0o755): string {
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, mode)
  return path
}

function hooks(part: { extra?: string[]; asks?: string[]; patienceMs?: number } = {}): DeployHooks {
  return new DeployHooks({
    directory,
    extra: part.extra ?? [],
    settings: () => ({
      ...defaultSettings,
      hooks: (part.asks ?? []).map((path) => ({ path, pairOnStdin: true })),
    }),
    env: { PATH: process.env['PATH'] },
    ...(part.patienceMs !== undefined && { patienceMs: part.patienceMs }),
  })
}

describe('deploy hooks', () => {
  it('are the executables of the directory in the order of their names, and those given by a flag', async () => {
    const out = join(root, 'out')
    script(join(directory, '20-second'), `echo second >> ${out}`)
    script(join(directory, '10-first'), `echo first >> ${out}`)
    script(join(directory, '30-not-executable'), `echo wrong >> ${out}`, 0o644)
    script(join(directory, '.hidden'), `echo wrong >> ${out}`)
    const extra = script(join(root, 'extra'), `echo extra >> ${out}`)
    expect(await hooks({ extra: [extra] }).run(request)).toEqual(['10-first', '20-second', 'extra'])
    expect(readFileSync(out, 'utf8')).toBe('first\nsecond\nextra\n')
  })

  it('are known on Windows by their names', async () => {
    const out = join(root, 'out')
    script(join(directory, '10-tool.EXE'), `echo tool >> ${out}`, 0o755)
    script(join(directory, '20-script.sh'), `echo wrong >> ${out}`, 0o755)
    await onPlatform('win32', async () => expect(await hooks().run(request)).toEqual(['10-tool.EXE']))
    expect(readFileSync(out, 'utf8')).toBe('tool\n')
  })

  it('get ids in the environment, and no secret there or on standard input', async () => {
    const out = join(root, 'out')
    script(join(directory, 'show'), `{ env; cat; } > ${out}`)
    await hooks().run(request)
    const seen = readFileSync(out, 'utf8')
    expect(seen).toContain('KEYTURN_OLD_KEY_ID=AKIAOLD0000000000000')
    expect(seen).toContain('KEYTURN_NEW_KEY_ID=AKIANEW0000000000000')
    expect(seen).toContain('KEYTURN_PROFILES=dev\nmy profile')
    expect(seen).toContain('KEYTURN_ACCOUNT=111122223333')
    expect(seen).toContain('KEYTURN_USER=ann')
    expect(seen).not.toContain(secret)
  })

  it('get the new pair on standard input where the settings say so, and only there', async () => {
    const out = join(root, 'out')
    const hook = script(join(directory, 'deploy'), `cat > ${out}; env > ${out}.env`)
    await hooks({ asks: [hook] }).run(request)
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual({
      accessKeyId: 'AKIANEW0000000000000',
      secretAccessKey: secret,
    })
    expect(readFileSync(`${out}.env`, 'utf8')).not.toContain(secret)
  })

  it('fail the step where one of them fails, without saying the secret that it printed', async () => {
    const hook = script(join(directory, 'deploy'), 'cat; echo " no luck" >&2; exit 3')
    const failure = await hooks({ asks: [hook] })
      .run(request)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ trouble: { name: 'hook-failed' } })
    expect(String(failure)).toContain('exited with 3')
    expect(String(failure)).toContain('no luck')
    expect(JSON.stringify(failure) + String(failure)).not.toContain(secret)
  })

  it('that take too long are ended with all that they started, and fail the step', async () => {
    const out = join(root, 'out')
    script(join(directory, 'slow'), `trap '' TERM; echo working; sleep 300 & echo $! > ${out}; wait; wait`)
    const failure = hooks({ patienceMs: 1_500 }).run(request)
    await expect(failure).rejects.toThrow(/took longer than \d+ seconds and was ended/)
    // On a machine so busy that the hook had not come that far, there is nothing left either.
    if (!existsSync(out)) return
    const left = { pid: Number(readFileSync(out, 'utf8')), host: hostname() }
    while (await isRunning(left)) await new Promise((resolve) => setImmediate(resolve))
  })

  it('may leave something running that holds their output', async () => {
    const out = join(root, 'out')
    script(join(directory, 'starts-a-service'), `sleep 300 & echo $! > ${out}`)
    expect(await hooks().run(request)).toEqual(['starts-a-service'])
    const left = { pid: Number(readFileSync(out, 'utf8')), host: hostname() }
    expect(await isRunning(left)).toBe(true)
    process.kill(left.pid, 'SIGKILL')
  })

  it('need not read what they are given', async () => {
    const hook = script(join(directory, 'deaf'), 'exec <&-; exit 0')
    expect(await hooks({ asks: [hook] }).run(request)).toEqual(['deaf'])
  })

  it('are none where there is no directory', async () => {
    rmSync(directory, { recursive: true })
    expect(await hooks().any()).toBe(false)
    expect(await hooks({ extra: ['/nowhere'] }).any()).toBe(true)
    await expect(hooks({ extra: ['/nowhere'] }).run(request)).rejects.toMatchObject({
      trouble: { name: 'hook-failed' },
    })
  })
})
