import { describe, expect, it } from 'vitest'
import { sshLine } from './overSsh.ts'
import { CommandGround } from './testing/commandGround.ts'

describe('sshLine', () => {
  it('forwards the port of the link, by the address that the session came to', () => {
    const link = 'http://127.0.0.1:51234/p/#s'
    const over = (connection: string) => sshLine({ SSH_CONNECTION: connection, USER: 'ada' }, link)
    expect(over('10.0.0.2 50000 10.0.0.1 22')).toBe('ssh -N -L 51234:127.0.0.1:51234 ada@10.0.0.1')
    expect(over('10.0.0.2 50000 2001:db8::1 2222')).toBe(
      'ssh -N -p 2222 -L 51234:127.0.0.1:51234 ada@2001:db8::1',
    )
    expect(over('')).toBeUndefined()
    expect(over('nonsense')).toBeUndefined()
  })
})

it('is said after the link, for its port', { timeout: 60_000 }, async () => {
  const ground = await CommandGround.lay([{ name: 'alice' }])
  const page = ground.start(['--no-open'], { SSH_CONNECTION: '10.0.0.2 50000 10.0.0.1 22', USER: 'ada' })
  await page.hears('Press Enter')
  const port = /^Keyturn is ready: http:\/\/127\.0\.0\.1:(\d+)\//.exec(page.stdout)?.[1] ?? ''
  expect(page.stderr).toContain(`\n  ssh -N -L ${port}:127.0.0.1:${port} ada@10.0.0.1\n`)
  // A second one finds the first, and says the same of its page.
  const second = await ground.start([], { SSH_CONNECTION: '10.0.0.2 50000 10.0.0.1 22', USER: 'ada' }).exit
  expect(second.stderr).toContain(`  ssh -N -L ${port}:127.0.0.1:${port} ada@10.0.0.1\n`)
  page.process.kill('SIGTERM')
  await page.exit
})
