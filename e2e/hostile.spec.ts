import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, expect, test } from 'playwright/test'
import type { Browser, BrowserContext, Page } from 'playwright/test'
import { Client } from './client.ts'
import { Command } from './command.ts'
import { LeakGuard } from './leaks/guard.ts'

// What a page that is not ours can do in the person's own browser while Keyturn is open there: a page on another port
// of this machine (same-site with us), and one under a name that the attacker's DNS points at us (rebinding). Each
// must read nothing and cause nothing: AWS, which is a counting server here, must see no call.

const markup = '<img src=x onerror=document.title="owned">'

interface Attacker {
  readonly port: number
  readonly cookies: string[]
  close(): void
}

/** The attacker's page: it does everything of attack/attack.js to the address that it is told. */
const attackPage = readFile(new URL('./attack/attack.js', import.meta.url), 'utf8').then(
  (script) => `<!doctype html><title>attacker</title><body></body><script>${script}</script>`,
)

/** Serves the attacker's page on every path, and notes the cookies that it is given. */
async function startAttacker(): Promise<Attacker> {
  const cookies: string[] = []
  const server = http.createServer((request, response) => {
    cookies.push(request.headers.cookie ?? '')
    response.setHeader('content-type', 'text/html')
    void attackPage.then((html) => response.end(html))
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, cookies, close }
}

let folder: string
let command: Command
let client: Client
let origin: string
let secret: string
/** The path of the page. */
let pathname: string
const guard = new LeakGuard()
let port: number
let attacker: Attacker
let aws: http.Server
let awsCalls = 0
let browser: Browser
let context: BrowserContext
let victim: Page
let policyViolations: string[]

test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keyturn-hostile-'))
  aws = http.createServer((_request, response) => {
    awsCalls += 1
    response.writeHead(403).end()
  })
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve))
  const credentials = path.join(folder, 'credentials')
  const pair =
    'aws_access_key_id = AKIAQQQQQQQQQQQQQQQQ\naws_secret_access_key = CANARYcanaryCANARYcanaryCANARYcanaryCANA\n'
  await writeFile(credentials, `[default]\n${pair}\n[${markup}]\n${pair.replace(/Q{16}/, 'R'.repeat(16))}`, {
    mode: 0o600,
  })
  const files = ['--credentials-file', credentials, '--config-file', path.join(folder, 'config')]
  const endpoint = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`
  guard.learnFile(await readFile(credentials, 'utf8'))
  const started = await Command.start({
    nodeArgs: guard.nodeArgs,
    args: [...files, '--state-dir', path.join(folder, 'state'), '--endpoint-url', endpoint],
  })
  command = started.command
  const link = new URL(started.link)
  origin = link.origin
  secret = link.hash.slice(1)
  pathname = link.pathname
  port = Number(link.port)
  attacker = await startAttacker()
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--host-resolver-rules=MAP evil.test 127.0.0.1',
    ],
  })
  context = await browser.newContext()
  policyViolations = []
  victim = await context.newPage()
  victim.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML/i.test(message.text())) policyViolations.push(message.text())
  })
  await victim.goto(started.link)
  await expect(victim.getByText('default', { exact: true }).first()).toBeVisible()
  client = await Client.open(await command.freshLink())
})

test.afterAll(async () => {
  await browser?.close()
  await command?.kill()
  guard.heard(command.stdout, command.stderr)
  attacker?.close()
  aws?.closeAllConnections()
  aws?.close()
  await rm(folder, { recursive: true, force: true })
  guard.expectNone()
})

/** Attacks from a page at `url`, and says what our server answered to its calls. */
async function attackFrom(url: string, target: string) {
  const page = await context.newPage()
  const sent: string[] = []
  const answered: { call: string; status: number }[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).port === String(port)) sent.push(request.url())
  })
  page.on('response', (response) => {
    const at = new URL(response.url())
    if (at.port === String(port)) {
      answered.push({ call: `${response.request().method()} ${at.pathname}`, status: response.status() })
    }
  })
  await page.goto(url)
  const read = await page.evaluate<string[]>(`attack(${JSON.stringify(target)})`)
  const frames = await Promise.all(
    page
      .frames()
      .slice(1)
      .map((frame) => frame.content()),
  )
  await page.close()
  return { read, sent, answered, frames }
}

for (const [name, attackerUrl] of [
  ['another port of 127.0.0.1', () => `http://127.0.0.1:${attacker.port}/`],
  ['another port of localhost', () => `http://localhost:${attacker.port}/`],
  ['another site', () => `http://evil.test:${attacker.port}/`],
] as const) {
  test(`a page on ${name} reads nothing and causes nothing`, async () => {
    const before = await client.settings()
    const { read, sent, answered, frames } = await attackFrom(attackerUrl(), origin)
    expect(read).toEqual([])
    expect(sent.length).toBeGreaterThan(50)
    expect(answered.filter(({ status }) => status < 400)).toEqual([])
    for (const content of frames) expect(content).not.toMatch(/keyturn|AKIA/i)
    expect(awsCalls).toBe(0)
    expect(await client.settings()).toEqual(before)
  })
}

test('a page under a name that is rebound to us reads nothing and causes nothing', async () => {
  const rebound = `http://evil.test:${port}`
  // The first answer comes from the attacker's own server; from then on the name leads to ours, and the browser
  // takes it for the same origin.
  await context.route(`${rebound}/attack`, async (route) =>
    route.fulfill({ contentType: 'text/html', body: await attackPage }),
  )
  const { read, sent, answered } = await attackFrom(`${rebound}/attack`, rebound)
  expect(read).toEqual([])
  const ours = answered.filter(({ call }) => call !== 'GET /attack')
  expect(sent.length).toBeGreaterThan(50)
  expect(
    [...new Set(ours.map(({ status }) => status))].filter((status) => ![400, 421].includes(status)),
  ).toEqual([])
  expect(awsCalls).toBe(0)
})

test('the cookie that another port is given is worth nothing', async () => {
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${attacker.port}/`)
  await page.close()
  const cookie = attacker.cookies.find((text) => text.includes(`keyturn_${port}=`))
  expect(cookie).toBeDefined()
  const replayed = await fetch(`${origin}/api/inventory`, { headers: { cookie: cookie ?? '', origin } })
  expect(replayed.status).toBe(403)
})

test('the page keeps its secrets from scripts, history and the address bar', async () => {
  expect(await victim.evaluate('document.cookie')).toBe('')
  expect(await victim.evaluate('location.href')).not.toContain(secret)
  // Not in the tab's history either: going back must not bring the link again.
  await victim.goBack().catch(() => null)
  expect(victim.url()).not.toContain(secret)
  await victim.goto(`${origin}${pathname}`)
  for (const served of ['/', pathname]) {
    const html = await (await fetch(`${origin}${served}`)).text()
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i)
    expect(html).not.toMatch(/https?:\/\//)
  }
})

test('a profile named like markup is text', async () => {
  await expect(victim.getByText(markup).first()).toBeVisible()
  expect(await victim.locator('img[src="x"]').count()).toBe(0)
  expect(await victim.title()).not.toBe('owned')
  expect(policyViolations).toEqual([])
})

test('localhost leads to the address that is ours', async () => {
  const page = await context.newPage()
  await page.goto(`http://localhost:${port}/#x`)
  expect(new URL(page.url()).host).toBe(`127.0.0.1:${port}`)
  await page.close()
})

test('the person can still do all of it: the checks above would have seen a call', async () => {
  expect(awsCalls).toBe(0)
  await client.check('all')
  await expect.poll(() => awsCalls).toBeGreaterThan(0)
})
