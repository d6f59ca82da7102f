import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultSettings } from '../api/settings.ts'
import { isRunning, ownIdentity } from '../platform/processIdentity.ts'
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
    script(join(directory, '15-notes.txt'), `echo wrong >> ${out}`, 0o755)
    writeFileSync(join(directory, '20-deploy.cjs'), `require('fs').appendFileSync('${out}', 'node\\n')`)
    await onPlatform('win32', async () => {
      expect(await hooks().any()).toBe(true)
      expect(await hooks().run(request)).toEqual(['10-tool.EXE', '20-deploy.cjs'])
    })
    expect(readFileSync(out, 'utf8')).toBe('tool\nnode\n')
  })

  it('that Windows has nothing to run with are refused before the run, in the folder and by a flag', async () => {
    const extra = script(join(root, 'extra.sh'), '')
    const refused = { trouble: { name: 'unknown-hook', detail: expect.stringContaining('extra') } }
    await onPlatform('win32', async () => {
      await expect(hooks({ extra: [extra] }).any()).rejects.toMatchObject(refused)
      await expect(hooks({ extra: [extra] }).run(request)).rejects.toMatchObject(refused)
      script(join(directory, 'extra'), '')
      await expect(hooks().any()).rejects.toMatchObject(refused)
    })
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

  it('fail the step where one of them fails, with its words', async () => {
    script(join(directory, 'deploy'), 'echo " no luck" >&2; exit 3')
    const failure = await hooks()
      .run(request)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ trouble: { name: 'hook-failed' } })
    expect(String(failure)).toContain('exited with 3: no luck')
  })

  const printed: [string, string][] = [
    ['as it came', 'cat'],
    ['after much else', 'head -c 1958 /dev/zero | tr "\\0" x; cat'],
    ['one character a line', 'cat | sed "s/./&\\n/g"'],
    ['backwards', 'cat | rev'],
    ['in base64', 'cat | base64'],
    ['in hexadecimal', 'cat | od -An -tx1'],
  ]
  it.each(printed)('that got the pair are told by exit code and size alone: printed %s', async (_, body) => {
    const hook = script(join(directory, 'deploy'), `{ ${body}; } | tee ${join(root, 'out')}; exit 3`)
    const failure = await hooks({ asks: [hook] })
      .run(request)
      .catch((error: unknown) => error)
    const bytes = readFileSync(join(root, 'out')).length
    expect(bytes).toBeGreaterThan(secret.length)
    expect(failure).toMatchObject({
      trouble: {
        name: 'hook-failed',
        detail: `The new key is in use; ${hook} failed: it exited with 3; the ${bytes} bytes that it printed are not shown, since it was given the new pair. The old key is still active.`,
      },
    })
  })

  it('that read the secret elsewhere do not say it either, at whatever place of their output', async () => {
    for (const before of [0, 1, 20, 39, 40, 41, 100]) {
      const after = 2_000 - secret.length + before
      script(
        join(directory, 'deploy'),
        `printf '%s' '${secret}'; head -c ${after} /dev/zero | tr '\\0' x; exit 1`,
      )
      const failure = await hooks()
        .run(request)
        .catch((error: unknown) => error)
      expect(String(failure)).toContain('xxx')
      expect(String(failure)).not.toContain(secret.slice(-4))
    }
  })

  it.skipIf(process.getuid?.() === undefined)('that others could change are not run', async () => {
    const out = join(root, 'out')
    const body = `echo ran >> ${out}`
    const inside = script(join(directory, 'deploy'), body)
    const wide = join(root, 'wide')
    mkdirSync(wide)
    const extra = script(join(wide, 'extra'), body)
    const link = join(root, 'link')
    symlinkSync(extra, link)
    const unsafe = async (part: { extra?: string[] }, why: string) => {
      for (const act of [() => hooks(part).any(), () => hooks(part).run(request)])
        await expect(act()).rejects.toMatchObject({
          trouble: { name: 'unsafe-hook', detail: expect.stringContaining(why) },
        })
    }
    expect(await hooks({ extra: [extra, link] }).any()).toBe(true)
    chmodSync(inside, 0o777)
    await unsafe({}, `${inside} can be written by everybody`)
    chmodSync(inside, 0o755)
    chmodSync(directory, 0o733)
    await unsafe({}, `${directory} can be written by everybody`)
    chmodSync(directory, 0o700)
    chmodSync(wide, 0o777)
    for (const path of [extra, link]) await unsafe({ extra: [path] }, `${wide} can be written by everybody`)
    chmodSync(wide, 0o755)
    if (process.getuid?.() === 0) {
      chownSync(inside, 65_534, 65_534)
      await unsafe({}, `${inside} belongs to another user`)
      chownSync(inside, 0, 65_534)
      chmodSync(inside, 0o775)
      await unsafe({}, `${inside} can be written by its group`)
    }
  })

  it('that take too long are ended with all that they started, and fail the step', async () => {
    const out = join(root, 'out')
    script(join(directory, 'slow'), `trap '' TERM; echo working; sleep 300 & echo $! > ${out}; wait; wait`)
    const failure = hooks({ patienceMs: 1_500 }).run(request)
    await expect(failure).rejects.toThrow(/took longer than \d+ seconds and was ended/)
    // On a machine so busy that the hook had not come that far, there is nothing left either.
    if (!existsSync(out)) return
    const { started: _, ...here } = await ownIdentity()
    const left = { ...here, pid: Number(readFileSync(out, 'utf8')) }
    while (await isRunning(left)) await new Promise((resolve) => setImmediate(resolve))
  })

  it('may leave something running that holds their output', async () => {
    const out = join(root, 'out')
    script(join(directory, 'starts-a-service'), `sleep 300 & echo $! > ${out}`)
    expect(await hooks().run(request)).toEqual(['starts-a-service'])
    const { started: _, ...here } = await ownIdentity()
    const left = { ...here, pid: Number(readFileSync(out, 'utf8')) }
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
