import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { Patience } from './patience.ts'
import { QuickClock } from '../rotation/testing/machineRoom.ts'

it('is over after its time, and not because somebody set the clock', () => {
  const clock = new QuickClock()
  const patience = new Patience(clock, 90_000)
  clock.set(clock.now() + 86_400_000)
  expect(patience.over).toBe(false)
  clock.advance(89_999)
  expect(patience.over).toBe(false)
  clock.advance(1)
  expect(patience.over).toBe(true)
})

it('does not count the time in which the process was stopped', async () => {
  const code = `
    const { systemClock } = await import(${JSON.stringify(new URL('clock.ts', import.meta.url).href)})
    const began = systemClock.monotonic()
    const wall = Date.now()
    process.stdout.write('ready')
    process.stdin.once('data', () => {
      process.stdout.write(JSON.stringify([systemClock.monotonic() - began, Date.now() - wall]))
      process.exit(0)
    })`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  while (!said.startsWith('ready')) await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 8_000))
  child.kill('SIGCONT')
  child.stdin.write('now')
  await once(child, 'close')
  const [awake, passed] = JSON.parse(said.slice('ready'.length)) as [number, number]
  expect(passed).toBeGreaterThan(7_900)
  expect(awake).toBeLessThan(passed - 5_000)
})
