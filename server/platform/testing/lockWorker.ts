import fs from 'node:fs/promises'
import { systemClock } from '../clock.ts'
import { takeLock } from '../lock.ts'

/** node lockWorker.ts FILE COUNTER TURNS: adds one to a counter file TURNS times, each time under the lock; with TURNS `hold` takes it and waits to be killed. */
const [file, counter, turns] = process.argv.slice(2) as [string, string, string]
if (turns === 'hold') {
  await takeLock(file, { clock: systemClock })
  process.stdout.write('held\n')
  setInterval(() => undefined, 1_000)
} else {
  for (let turn = 0; turn < Number(turns); turn++) {
    const lock = await takeLock(file, { clock: systemClock, patienceMs: 60_000 })
    const count = Number(await fs.readFile(counter, 'utf8'))
    await systemClock.sleep(1)
    await fs.writeFile(counter, String(count + 1))
    await lock.release()
  }
}
