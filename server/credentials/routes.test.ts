import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { After, AfterPlan, AfterRun } from '../api/after.ts'
import type { Problem } from '../api/problem.ts'
import { withSandbox } from '../aws/testing/adapter.ts'
import { startTestApp } from '../http/testing/testApp.ts'
import type { HeldKey } from '../keys/ports.ts'
import { systemClock } from '../platform/clock.ts'
import { Afterwards } from './afterwards.ts'
import { afterRoutes } from './routes.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function lay() {
  const { sandbox, iam, sign } = await withSandbox([
    {
      name: 'ann',
      password: { text: 'Correct-Horse-9' },
      serviceCredentials: [{ service: 'bedrock.amazonaws.com' }],
      mfaDevices: [{ name: 'phone-2', enabledAt: Date.now() }],
    },
  ])
  const { pair, target } = sign(sandbox.control.addKey('ann'))
  const settings = { values: {}, services: {} }
  const held = { id: pair.id, pair, target, profiles: [{ name: 'ann', settings }] } as unknown as HeldKey
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-after-'))
  open.push(() => fs.rm(home, { recursive: true }))
  const afterwards = new Afterwards({
    clock: systemClock,
    iam,
    credentials: iam.credentials,
    stateDirectory: path.join(home, 'state'),
    noted: () => Promise.resolve(),
    home,
    readKeys: async () => ({ keys: [held] }),
    finding: () => undefined,
    rotations: () => [],
  })
  const app = await startTestApp({ routes: [afterRoutes(afterwards)] })
  open.push(() => app.close())
  const { headers } = await app.signIn()
  const send = async <T>(method: string, url: string, body?: object) => {
    const reply = await fetch(`${app.origin}${url}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, text, value: JSON.parse(text || 'null') as T }
  }
  const [credential] = sandbox.control.others('ann').serviceCredentials
  return { send, sandbox, app, credential: credential! }
}

it('looks where it is asked to, and tells no secret', async () => {
  const { send, app, sandbox, credential } = await lay()
  expect((await fetch(`${app.origin}/api/after?profile=ann`)).status).toBe(403)
  expect(sandbox.calls).toHaveLength(0)
  const { value, text } = await send<After>('GET', '/api/after?profile=ann&since=2020-01-01T00:00:00Z')
  expect(value.users[0]?.credentials.map(({ kind, new: isNew }) => [kind, isNew])).toEqual([
    ['password', true],
    ['service-specific', true],
    ['mfa', true],
  ])
  expect(text).not.toContain(credential.secret)
  const none = await send<Problem>('GET', '/api/after')
  expect([none.status, none.value.type]).toEqual([409, 'urn:keyturn:problem:no-user-to-ask'])
})

it('does what it planned, once, and deletes only what was typed', async () => {
  const { send, credential } = await lay()
  const plan = (body: object) => send<AfterPlan>('POST', '/api/after/plans', { profiles: ['ann'], ...body })
  const run = (id: string, confirm?: string) =>
    send<AfterRun & Problem>('POST', '/api/after/runs', {
      plan: id,
      ...(confirm !== undefined && { confirm }),
    })
  const ids = [credential.id]
  const off = await plan({ act: 'deactivate', ids })
  expect([off.status, off.value.acts[0]?.state, credential.status]).toEqual([201, 'planned', 'Active'])
  expect((await run(off.value.id)).value.acts[0]?.state).toBe('done')
  expect(credential.status).toBe('Inactive')
  expect((await run(off.value.id)).value.type).toContain('unknown-after-plan')
  const gone = await plan({ act: 'delete', ids })
  expect((await run(gone.value.id, 'nope')).status).toBe(422)
  expect((await run(gone.value.id, credential.id.slice(-4))).value.acts[0]?.state).toBe('done')
})

it('refuses what is no wish of its, and changes no MFA device', async () => {
  const { send } = await lay()
  const device = 'arn:aws:iam::123456789012:mfa/phone-2'
  const wish = { profiles: ['ann'], act: 'deactivate', ids: [device] }
  expect((await send<Problem>('POST', '/api/after/plans', wish)).value.type).toContain('only-listed')
  expect((await send('POST', '/api/after/plans', { act: 'reset' })).status).toBe(400)
  expect((await send('POST', '/api/after/plans', { act: 'finish', secret: 'x' })).status).toBe(400)
})
