import fs from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { portOf } from '../http/app.ts'
import { Failure } from '../platform/failure.ts'
import { compose } from './compose.ts'
import { parseOptions } from './options.ts'
import { StopRequest } from './serve.ts'
import { CommandGround } from './testing/commandGround.ts'
import { kinds, places } from './testing/oddThings.ts'

// Whatever stands in the place of a file that Keyturn keeps, the page starts and answers, or it is said which file it is.

let ground: CommandGround
beforeEach(async () => {
  ground = await CommandGround.lay([{ name: 'alice' }])
})

const asked = [
  'inventory',
  'settings',
  'runs',
  'ledger',
  'history',
  'places',
  'runs/nothing',
  'after?profile=alice',
]

/** @returns what the page's Keyturn said where it did not start; else nothing, after it has answered */
async function startAndAsk(): Promise<string | undefined> {
  const own = ['--state-dir', ground.state, '--endpoint-url', ground.sandbox.url, '--no-open']
  const parsed = parseOptions([
    ...own,
    '--credentials-file',
    ground.credentials,
    '--config-file',
    ground.config,
  ])
  if (parsed.kind !== 'run') throw new Error('not run')
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const io = { ...streams, env: { HOME: ground.base } } as never
  const started = await compose(parsed.options, io, new StopRequest()).catch((error: unknown) => error)
  if (started instanceof Failure) return JSON.stringify(started.trouble)
  if (started instanceof Error) throw started
  const { app, launchSecrets } = started as Awaited<ReturnType<typeof compose>>
  try {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const origin = `http://127.0.0.1:${portOf(app)}`
    const session = await fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ secret: launchSecrets.issue() }),
    })
    const { token } = (await session.json()) as { token: string }
    const cookie = session.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ')
    for (const what of asked) {
      const reply = await fetch(`${origin}/api/${what}`, {
        headers: { cookie, origin, 'x-keyturn-session': token },
      })
      const text = await reply.text()
      expect([what, reply.status < 500, reply.status !== 403]).toEqual([what, true, true])
      expect(text).not.toMatch(/nobody foresaw|urn:keyturn:problem:defect/)
      expect(JSON.parse(text)).toBeTypeOf('object')
      if (what === 'inventory') expect(text).toContain('alice')
    }
  } finally {
    await app.close()
  }
  return undefined
}

describe.skipIf(process.platform === 'win32')('the page', { timeout: 60_000 }, () => {
  it.each(places.map(([place]) => place))('with each kind of thing in the place of %s', async (place) => {
    const at = path.join(ground.state, place)
    for (const [kind, make] of kinds) {
      await fs.mkdir(path.dirname(at), { recursive: true, mode: 0o700 })
      const kept = await fs.readFile(at).catch(() => undefined)
      await fs.rm(at, { recursive: true, force: true })
      await make(at)
      const said = await startAndAsk()
      if (said !== undefined) expect([kind, said]).toEqual([kind, expect.stringContaining(ground.state)])
      await fs.rm(at, { recursive: true, force: true })
      if (kept) await fs.writeFile(at, kept, { mode: 0o600 })
    }
  })

  it('with any content of a file', { timeout: 120_000 }, async () => {
    const files = places.map(([place]) => place).filter((place) => /\.jsonl?$|^lock$/.test(place))
    const word = fc.constantFrom(
      'version',
      'at',
      'key',
      'left',
      'act',
      'phase',
      'findings',
      'keys',
      'files',
      'path',
    )
    const value = fc.jsonValue({ maxDepth: 3 })
    const object = fc.dictionary(fc.oneof(word, fc.string()), value)
    const line = fc.oneof(value, object).map((each) => JSON.stringify(each))
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.array(line, { maxLength: 4 }).map((lines) => Buffer.from(lines.map((each) => `${each}\n`).join(''))),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), content, async (place, bytes) => {
        const at = path.join(ground.state, place)
        await fs.mkdir(path.dirname(at), { recursive: true, mode: 0o700 })
        const kept = await fs.readFile(at).catch(() => undefined)
        await fs.writeFile(at, bytes)
        // A lock that says nothing is waited for while it is young.
        if (place === 'lock') await fs.utimes(at, 0, 0)
        const said = await startAndAsk()
        if (said !== undefined) expect([place, said]).toEqual([place, expect.stringContaining(ground.state)])
        await fs.rm(at, { recursive: true, force: true })
        if (kept) await fs.writeFile(at, kept, { mode: 0o600 })
      }),
      { numRuns: 120, seed: Number(process.env['KEYTURN_SEED'] ?? 20261126) },
    )
  })
})
