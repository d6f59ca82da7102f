import { expect, test } from 'playwright/test'
import { fuzz } from '../server/http/testing/fuzz.ts'
import { Client } from './client.ts'
import { Command } from './command.ts'

test('the whole API takes 5,000 requests made from its own description, right and wrong ones', async () => {
  test.setTimeout(600_000)
  const { command, link } = await Command.start({ args: ['--demo'] })
  try {
    const { origin, cookie, token } = await Client.open(link)
    const report = await fuzz(
      {
        origin,
        headers: { cookie, 'x-keyturn-session': token, origin },
        // What ends the session of all the others, or the server.
        except: ['DELETE /api/session', 'POST /api/server/stop'],
      },
      5_000,
    )
    expect(report.requests).toBeGreaterThanOrEqual(5_000)
    const answered = (status: number) => [...report.seen.keys()].filter((key) => key.endsWith(` ${status}`))
    // It got through to the rooms, and was refused at their doors.
    expect(answered(200).length).toBeGreaterThan(5)
    expect(answered(400).length).toBeGreaterThan(5)
    expect(answered(401)).toEqual(['POST /api/session 401'])
    expect(command.stderr).not.toContain('a request failed')
    const fresh = await Client.open(await command.freshLink())
    expect((await fresh.inventory()).keys.length).toBeGreaterThan(0)
    expect(await command.stop()).toEqual({ code: 0, signal: null })
  } finally {
    await command.kill()
  }
})
