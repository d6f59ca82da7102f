import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sessionHeader } from '../api/session.ts'
import { launchSecretLifetime } from './launchSecrets.ts'
import { startTestApp } from './testing/testApp.ts'
import type { TestApp } from './testing/testApp.ts'

let server: TestApp
beforeEach(async () => {
  server = await startTestApp()
})
afterEach(() => server.close())

const settingsOf = (headers: Record<string, string>) => fetch(`${server.origin}/api/settings`, { headers })

describe('the launch secret', () => {
  it('is exchanged for a session', async () => {
    const session = await server.signIn()
    expect((await settingsOf(session.headers)).status).toBe(200)
  })

  it('has at least 128 bits and never comes twice', () => {
    const secrets = new Set(Array.from({ length: 100 }, () => server.launchSecrets.issue()))
    expect(secrets.size).toBe(100)
    for (const secret of secrets) expect(Buffer.from(secret, 'base64url').length).toBeGreaterThanOrEqual(16)
  })

  it('works once', async () => {
    const secret = server.launchSecrets.issue()
    expect((await server.exchange(secret)).status).toBe(200)
    const replay = await server.exchange(secret)
    expect(replay.status).toBe(401)
    expect(replay.headers.getSetCookie()).toEqual([])
  })

  it('has one winner among 20 at once', async () => {
    const secret = server.launchSecrets.issue()
    const replies = await Promise.all(Array.from({ length: 20 }, () => server.exchange(secret)))
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, ...Array(19).fill(401)])
  })

  it('is over after its two minutes and not before', async () => {
    const early = server.launchSecrets.issue()
    await server.clock.advance(launchSecretLifetime - 1)
    expect((await server.exchange(early)).status).toBe(200)
    const late = server.launchSecrets.issue()
    await server.clock.advance(launchSecretLifetime)
    expect((await server.exchange(late)).status).toBe(401)
  })

  it('is not used up by a wrong guess, and is replaced by a fresh one', async () => {
    const old = server.launchSecrets.issue()
    expect((await server.exchange(`${old}x`)).status).toBe(401)
    const fresh = server.launchSecrets.issue()
    expect((await server.exchange(old)).status).toBe(401)
    expect((await server.exchange(fresh)).status).toBe(200)
  })

  it('is in no log line', async () => {
    const secret = server.launchSecrets.issue()
    await server.exchange(secret)
    await server.exchange(secret)
    await fetch(`${server.origin}/api/sample/crash`, { headers: (await server.signIn()).headers })
    expect(server.log.join('')).toContain('a request failed')
    expect(server.log.join('')).not.toContain(secret)
  })
})

describe('the session', () => {
  it('has a cookie that scripts cannot read and other sites do not send, named by the port', async () => {
    const reply = await server.exchange(server.launchSecrets.issue())
    const [cookie = '', ...more] = reply.headers.getSetCookie()
    expect(more).toEqual([])
    const [pair = '', ...attributes] = cookie.split('; ')
    expect(pair).toMatch(new RegExp(`^keyturn_${server.port}=[\\w-]{43}$`))
    expect(attributes.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict'])
  })

  it('needs cookie and token on every call, reads and events included', async () => {
    const { headers, cookie } = await server.signIn()
    const { origin } = server
    const paths = [
      '/api/settings',
      '/api/events',
      '/api/openapi.json',
      '/api/sample/failure',
      '/api/no-such-call',
    ]
    for (const path of paths) {
      const status = async (sent: Record<string, string>) =>
        (await fetch(origin + path, { headers: sent })).status
      expect([path, await status({ origin })]).toEqual([path, 401])
      expect([path, await status({ ...headers, cookie: '' })]).toEqual([path, 401])
      expect([path, await status({ origin, cookie })]).toEqual([path, 403])
      expect([path, await status({ ...headers, [sessionHeader]: 'x'.repeat(43) })]).toEqual([path, 401])
    }
  })

  it('does not let the cookie of one session use the token of another', async () => {
    const first = await server.signIn()
    const second = await server.signIn()
    const mixed = { ...first.headers, [sessionHeader]: second.token }
    expect((await settingsOf(mixed)).status).toBe(401)
    expect((await settingsOf(first.headers)).status).toBe(200)
  })

  it('is found among cookies that another port of this machine has set', async () => {
    const { headers, cookie } = await server.signIn()
    const [name = ''] = cookie.split('=')
    const planted = [`${name}=`, `${name}=x`, `${name}="`, `x${name}=1`, name, '=', ';', `${name}=%`]
    for (const all of [
      [...planted, cookie],
      [cookie, ...planted],
      [`${name}=x`, ` ${cookie} `],
    ])
      expect([all, (await settingsOf({ ...headers, cookie: all.join('; ') })).status]).toEqual([all, 200])
    const other = await server.signIn()
    const both = `${other.cookie}; ${cookie}`
    expect((await settingsOf({ ...headers, cookie: both })).status).toBe(200)
    expect((await settingsOf({ ...other.headers, cookie: both })).status).toBe(200)
    expect((await settingsOf({ ...headers, cookie: planted.join('; ') })).status).toBe(401)
    const { origin } = server
    const again = await server.exchange(server.launchSecrets.issue(), {
      origin,
      cookie: `${name}=x; ${cookie}`,
    })
    expect(await again.json()).toEqual({ token: headers[sessionHeader] })
  })

  it('is not shut out by 60 large cookies of another port', async () => {
    const { headers, cookie } = await server.signIn()
    const many = Array.from({ length: 60 }, (_, at) => `other${at}=${'x'.repeat(1_000)}`)
    expect((await settingsOf({ ...headers, cookie: [...many, cookie].join('; ') })).status).toBe(200)
  })

  it('is joined by a second exchange of the same browser', async () => {
    const first = await server.signIn()
    const { origin } = server
    const again = await server.exchange(server.launchSecrets.issue(), { origin, cookie: first.cookie })
    expect(await again.json()).toEqual({ token: first.token })
    expect((await settingsOf(first.headers)).status).toBe(200)
  })

  it('ends on DELETE', async () => {
    const session = await server.signIn()
    const ended = await fetch(`${server.origin}/api/session`, { method: 'DELETE', headers: session.headers })
    expect(ended.status).toBe(204)
    expect((await settingsOf(session.headers)).status).toBe(401)
  })

  it('dies with the process', async () => {
    const session = await server.signIn()
    const next = await startTestApp()
    const name = session.cookie.replace(String(server.port), String(next.port))
    const reply = await fetch(`${next.origin}/api/settings`, {
      headers: { ...session.headers, cookie: name, origin: next.origin },
    })
    expect(reply.status).toBe(401)
    await next.close()
  })

  it('locks after the idle time of the settings, which every request extends', async () => {
    const session = await server.signIn()
    await server.clock.advance(14 * 60_000)
    expect((await settingsOf(session.headers)).status).toBe(200)
    await server.clock.advance(14 * 60_000)
    expect((await settingsOf(session.headers)).status).toBe(200)
    await server.clock.advance(15 * 60_000)
    expect((await settingsOf(session.headers)).status).toBe(401)
  })
})
