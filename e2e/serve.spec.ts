import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'playwright/test'
import { sessionHeader } from '../server/api/session.ts'
import { StreamReader } from '../server/http/testing/streamReader.ts'
import { exchange, StartedCommand } from './startedCommand.ts'

let base: string
let started: StartedCommand[] = []
test.beforeEach(async () => {
  base = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-serve-'))
  await fs.mkdir(path.join(base, 'run'))
})
test.afterEach(async () => {
  await Promise.all(started.map((command) => command.kill()))
  started = []
  await fs.rm(base, { recursive: true, force: true })
})

/** With files and a home of its own: nothing of the machine's is read or written. */
function start(argv: readonly string[], env: Record<string, string | undefined> = {}, script?: string) {
  const command = new StartedCommand(
    argv,
    {
      HOME: base,
      XDG_RUNTIME_DIR: path.join(base, 'run'),
      XDG_STATE_HOME: path.join(base, 'state-home'),
      AWS_SHARED_CREDENTIALS_FILE: path.join(base, 'credentials'),
      AWS_CONFIG_FILE: path.join(base, 'config'),
      ...env,
    },
    script,
  )
  started.push(command)
  return command
}

async function signedIn(command: StartedCommand) {
  const [link] = await command.links()
  if (!link) throw new Error(command.stderr)
  const reply = await exchange(link)
  const { token } = (await reply.json()) as { token: string }
  const cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return { origin: link.origin, headers: { cookie, [sessionHeader]: token, origin: link.origin } }
}

const connects = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect({ host, port, timeout: 2_000 })
    socket.once('connect', () => resolve(true))
    for (const end of ['error', 'timeout']) socket.once(end, () => resolve(false))
    socket.once('close', () => socket.destroy())
    socket.unref()
  })

test.describe('keyturn', () => {
  test('prints one link on standard output, a fresh one for each line of input, and the rest elsewhere', async () => {
    const command = start(['--port', '0', '--no-open'])
    const [first] = await command.links()
    command.process.stdin.write('\n')
    const [, second] = await command.links(2)
    if (!first || !second) throw new Error(command.stderr)
    expect(command.stdout.split('\n')[0]).toBe(
      `Keyturn is ready: ${first.origin}${first.page}#${first.secret}`,
    )
    expect(command.stdout.split('\n').filter(Boolean)).toHaveLength(2)
    expect(Buffer.from(first.secret, 'base64url').length).toBeGreaterThanOrEqual(16)
    expect((await exchange(first)).status).toBe(401)
    expect((await exchange(second)).status).toBe(200)
    expect(command.stderr).not.toContain(first.secret)
    expect(command.stderr).not.toContain(second.secret)
  })

  test('listens on 127.0.0.1 and on no other address of the machine', async () => {
    const [link] = await start(['--port', '0', '--no-open']).links()
    const port = Number(new URL(link?.origin ?? '').port)
    expect(await connects('127.0.0.1', port)).toBe(true)
    const others = Object.values(os.networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address, family, scopeid }) =>
        family === 'IPv6' && scopeid ? `${address}%${scopeid}` : address,
      )
      .filter((address) => address !== '127.0.0.1')
    for (const address of [...others, '127.0.0.2', '::1']) {
      expect([address, await connects(address, port)]).toEqual([address, false])
    }
  })

  test('has an address at each start that nobody can have prepared, and its page there alone', async () => {
    const commands = ['one', 'two'].map((name) =>
      start(['--no-open'], { XDG_STATE_HOME: path.join(base, name) }),
    )
    const links = (await Promise.all(commands.map((command) => command.links()))).flat()
    const [first, second] = links
    if (!first || !second) throw new Error(commands.map(({ stderr }) => stderr).join())
    for (const { origin, page, secret } of links) {
      expect(Number(new URL(origin).port)).toBeGreaterThanOrEqual(49_152)
      expect(Buffer.from(page, 'base64url').length).toBeGreaterThanOrEqual(16)
      expect(page).not.toContain(secret)
      const [bare, whole] = await Promise.all([fetch(`${origin}/`), fetch(`${origin}${page}`)])
      expect(await bare.text()).toContain('Paste the link from the terminal')
      const html = await whole.text()
      expect(html).toContain('id="app"')
      const script = /src="(.+?)"/.exec(html)?.[1] ?? ''
      const asset = await fetch(new URL(script, `${origin}${page}`))
      expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'no-store'])
      expect(new URL(script, `${origin}${page}`).pathname).toMatch(new RegExp(`^${page}`))
      expect((await fetch(new URL(script, `${origin}/`))).status).toBe(404)
    }
    expect(first.origin).not.toBe(second.origin)
    expect(first.page).not.toBe(second.page)
  })

  test('ends with 2 where an explicit port is taken', async () => {
    const holder = net.createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as net.AddressInfo
    const command = start(['--port', String(port), '--no-open'])
    expect((await command.exit).code).toBe(2)
    expect(command.stderr).toContain(`Port ${port} is in use by another program.`)
    expect(command.stdout).toBe('')
    holder.close()
  })

  test('ends with 2 and the way to do it by ssh for any other host', async () => {
    const command = start(['--host', '0.0.0.0'])
    expect((await command.exit).code).toBe(2)
    expect(command.stderr).toContain('ssh -L 7420:127.0.0.1:7420')
    expect(command.stdout).toBe('')
  })

  test('tells its version and its options', async () => {
    const version = start(['--version'])
    expect((await version.exit).code).toBe(0)
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const help = start(['--help'])
    expect((await help.exit).code).toBe(0)
    expect(help.stdout).toContain('--no-open')
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`ends with 0 on ${signal}, and tells open pages`, async () => {
      const command = start(['--port', '0', '--no-open'])
      const { origin, headers } = await signedIn(command)
      const reader = await StreamReader.open(origin, headers)
      await reader.until(1)
      command.process.kill(signal)
      expect(await command.exit).toEqual({ code: 0, signal: null })
      await reader.ended
      expect(reader.events.at(-1)?.name).toBe('stopped')
    })
  }

  test('ends with 0 when the page asks for it', async () => {
    const command = start(['--port', '0', '--no-open'])
    const { origin, headers } = await signedIn(command)
    expect((await fetch(`${origin}/api/server/stop`, { method: 'POST', headers })).status).toBe(202)
    expect((await command.exit).code).toBe(0)
  })

  test('waits for the step under way at the first Ctrl-C, says so, and quits with 130 at the second', async () => {
    const command = start([], {}, 'server/commands/testing/slowToStop.ts')
    const [link] = await command.links()
    command.process.kill('SIGINT')
    await command.until(() => command.stderr.includes('Press Ctrl-C again'))
    expect((await fetch(`${link?.origin}/`)).status).toBe(200)
    command.process.kill('SIGINT')
    expect(await command.exit).toEqual({ code: 130, signal: null })
    expect(command.stderr).toContain('picked up at the next start')
  })

  test('does not stop at the end of its input, which it may not have from the start', async () => {
    const command = start(['--port', '0', '--no-open'])
    command.process.stdin.end()
    const { origin, headers } = await signedIn(command)
    expect((await fetch(`${origin}/api/settings`, { headers })).status).toBe(200)
  })

  test('keeps its state for this user alone', async () => {
    const command = start(['--port', '0', '--no-open'])
    await command.links()
    const state = path.join(base, 'state-home', 'keyturn')
    expect((await fs.stat(state)).mode & 0o777).toBe(0o700)
  })
})

/** Runs a program of Node's as another user of the machine; gives what it printed. */
function asNobody(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', program], { uid: 65_534, gid: 65_534, cwd: '/', env: {} })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.once('error', reject)
    child.once('close', () => resolve(text.trim()))
  })
}

test.describe('another user of the machine', () => {
  test.skip(
    process.platform !== 'linux' || process.getuid?.() !== 0,
    'needs the right to become another user',
  )

  test('reads neither the state, nor the private file, nor anything of the API', async () => {
    const command = start(['--port', '0'], { BROWSER: '/bin/true' })
    const [link] = await command.links()
    await fs.chmod(base, 0o755)
    for (const folder of ['run', 'state-home']) await fs.chmod(path.join(base, folder), 0o755)
    const state = path.join(base, 'state-home', 'keyturn')
    const privateFile = async () => (await fs.readdir(path.join(base, 'run')))[0]
    let file = await privateFile()
    while (file === undefined) file = await privateFile()
    const errorOf = (call: string) => `try { ${call}; console.log('read') } catch (e) { console.log(e.code) }`
    expect(await asNobody(errorOf(`fs.readdirSync(${JSON.stringify(state)})`))).toBe('EACCES')
    const redirect = JSON.stringify(path.join(base, 'run', file))
    expect(await asNobody(errorOf(`fs.readFileSync(${redirect})`))).toBe('EACCES')
    const statusOf = (at: string) =>
      `fetch(${JSON.stringify(link?.origin + at)}, {headers: {origin: ${JSON.stringify(link?.origin)}}}).then((r) => console.log(r.status))`
    for (const at of [
      '/api/inventory',
      '/api/settings',
      '/api/events',
      '/api/history',
      '/api/openapi.json',
    ]) {
      expect([at, await asNobody(statusOf(at))]).toEqual([at, '401'])
    }
  })
})

test.describe('the browser', () => {
  test.skip(process.platform !== 'linux', 'the stand-in for a browser is a shell script')

  /** Stands in for a browser: notes its arguments, its environment, and the mode and text of the file. */
  async function fakeBrowser(exitCode: number): Promise<string> {
    const program = path.join(base, 'browser')
    const script = `#!/bin/sh
file="\${1#file://}"
{ echo "args: $*"; echo "mode: $(stat -c %a "$file")"; cat "$file"; env; cat /proc/$$/cmdline; } > ${base}/seen.part
mv ${base}/seen.part ${base}/seen
exit ${exitCode}
`
    await fs.writeFile(program, script, { mode: 0o755 })
    return program
  }

  const seen = async (): Promise<string> => {
    for (;;) {
      const text = await fs.readFile(path.join(base, 'seen'), 'utf8').catch(() => undefined)
      if (text !== undefined) return text
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test('is given a private file and no secret in its arguments or environment; the file goes once it has served', async () => {
    const command = start(['--port', '0'], {
      BROWSER: await fakeBrowser(0),
      DISPLAY: undefined,
      WAYLAND_DISPLAY: undefined,
      XDG_CURRENT_DESKTOP: undefined,
      AWS_SECRET_ACCESS_KEY: 'CANARY-secret',
      AWS_SESSION_TOKEN: 'CANARY-token',
    })
    const [link] = await command.links()
    if (!link) throw new Error(command.stderr)
    const text = await seen()
    expect(text).toContain('mode: 600')
    expect(text).toContain(`0;url=${link.origin}${link.page}#${link.secret}`)
    const [args = '', ...rest] = text.split('\n')
    expect(args).toMatch(/keyturn-[0-9a-f]{16}\.html$/)
    expect(args).not.toContain(link.secret)
    const afterPage = rest.join('\n').split('</html>')[1]
    expect(afterPage).toContain('HOME=')
    expect(afterPage).not.toContain(link.secret)
    expect(text).not.toContain('CANARY')
    expect(await fs.readdir(path.join(base, 'run'))).toHaveLength(1)
    expect((await exchange(link)).status).toBe(200)
    const gone = async () => (await fs.readdir(path.join(base, 'run'))).length === 0
    while (!(await gone())) await new Promise((resolve) => setImmediate(resolve))
  })

  test('that fails to open is a warning, and the file goes at exit', async () => {
    const command = start(['--port', '0'], { BROWSER: await fakeBrowser(3), DISPLAY: undefined })
    await command.links()
    await command.until(() => command.stderr.includes('could not be opened'))
    expect(command.stderr).toContain('Open the link above by hand.')
    command.process.kill('SIGINT')
    expect((await command.exit).code).toBe(0)
    expect(await fs.readdir(path.join(base, 'run'))).toEqual([])
  })

  for (const [name, argv, browser] of [
    ['BROWSER=none', ['--port', '0'], 'none'],
    ['--no-open', ['--port', '0', '--no-open'], undefined],
  ] as const) {
    test(`is not opened with ${name}`, async () => {
      const command = start([...argv], { BROWSER: browser ?? (await fakeBrowser(0)) })
      await command.links()
      command.process.kill('SIGINT')
      expect((await command.exit).code).toBe(0)
      expect(await fs.readdir(path.join(base, 'run'))).toEqual([])
      await expect(fs.stat(path.join(base, 'seen'))).rejects.toThrow('ENOENT')
    })
  }
})
