import { describe, expect, it, vi } from 'vitest'
import type { FaultEffect } from '../sandbox/faults.ts'
import { CommandGround } from './testing/commandGround.ts'

vi.setConfig({ testTimeout: 60_000 })

const silent: FaultEffect = { kind: 'hold-before' }

/** How long the process lives on, in milliseconds, after a signal that comes once AWS holds a call of this action. */
async function livesOn(
  ground: CommandGround,
  action: string,
  after: string | undefined,
  signal: NodeJS.Signals,
) {
  const { control } = ground.sandbox
  let asked: () => void = () => undefined
  const holds = new Promise<void>((resolve) => (asked = resolve))
  let silenced = false
  control.onCall((call, phase) => {
    if (phase === 'before' && silenced && call.action === action) asked()
    if (phase === 'after' && !silenced && call.action === after) {
      silenced = true
      control.fault({ action }, silent)
    }
  })
  const started = ground.start(['rotate', '--profile', 'sam', '--yes', '--json'])
  await holds
  const from = performance.now()
  started.process.kill(signal)
  const exit = await started.exit
  return { ...exit, ms: performance.now() - from }
}

describe('AWS takes a call and never answers, and a signal comes', () => {
  it('while it is looked whether the new key works: that ends at once, and the key goes again', async () => {
    const ground = await CommandGround.lay([{ name: 'sam' }])
    const { id } = await ground.pair('sam')
    const exit = await livesOn(ground, 'GetCallerIdentity', 'CreateAccessKey', 'SIGTERM')
    expect(exit.code).toBe(130)
    expect(exit.ms).toBeLessThan(5_000)
    expect(exit.stderr).not.toContain('left to the journal')
    expect(ground.sandbox.control.keys('sam').map((key) => key.id)).toEqual([id])
  })

  it('while the old key is turned off: that is left to the journal within ten seconds, and said', async () => {
    const ground = await CommandGround.lay([{ name: 'sam' }])
    const exit = await livesOn(ground, 'UpdateAccessKey', 'CreateAccessKey', 'SIGINT')
    expect(exit.code).toBe(130)
    expect(exit.ms).toBeLessThan(11_000)
    expect(exit.stderr).toContain('it is left to the journal, for keyturn --recover')
    const document = JSON.parse(exit.stdout) as { run: { state: string } }
    expect(document.run.state).toBe('interrupted')
  })
})
