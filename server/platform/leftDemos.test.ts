import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { sweepDemos } from './leftDemos.ts'
import { takeLock } from './lock.ts'

let base: string
beforeEach(async () => {
  base = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-left-'))
})
afterEach(() => fs.rm(base, { recursive: true }))

async function demo(name: string, minutesOld: number): Promise<string> {
  const made = path.join(base, name)
  await fs.mkdir(path.join(made, 'state'), { recursive: true })
  await age(made, minutesOld)
  return made
}

async function age(file: string, minutesOld: number): Promise<void> {
  const then = Date.now() / 1000 - minutesOld * 60
  await fs.utimes(file, then, then)
}

it('removes demos that nobody runs any more, and nothing else', async () => {
  await demo('keyturn-demo-left00', 5)
  const runs = await demo('keyturn-demo-runs00', 5)
  const lock = await takeLock(path.join(runs, 'state', 'lock'), { clock: systemClock })
  await age(runs, 5)
  await demo('keyturn-demo-young0', 0)
  await demo('keyturn-demo-of-mine', 5)
  const elsewhere = await demo('elsewhere', 5)
  await fs.symlink(elsewhere, path.join(base, 'keyturn-demo-link00'))
  await sweepDemos(base)
  const left = ['elsewhere', 'keyturn-demo-link00', 'keyturn-demo-of-mine', 'keyturn-demo-runs00']
  expect((await fs.readdir(base)).sort()).toEqual([...left, 'keyturn-demo-young0'])
  await lock.release()
  await sweepDemos(base)
  expect(await fs.readdir(base)).not.toContain('keyturn-demo-runs00')
  await sweepDemos(path.join(base, 'nowhere'))
})
