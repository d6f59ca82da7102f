import { callsOfOne } from './cost.ts'
import type { Group } from './group.ts'
import { Ground } from './ground.ts'
import { rotateAll } from './rotateAll.ts'
import { median } from './statistics.ts'

const keys = 50
const perSecond = 20
/** Side by side: each has an account and a process of its own, and waits most of the time. */
const turns = 5

export const throttled: Group = {
  name: 'throttled',
  about: `${keys} keys in an account that takes ${perSecond} calls a second; medians of ${turns}, side by side`,
  async measure(report) {
    const each = [...(await callsOfOne()).values()].reduce((sum, count) => sum + count, 0)
    // The bucket is full when the run begins.
    const forcedMs = ((keys * each - perSecond) / perSecond) * 1000
    const runs = await Promise.all(Array.from({ length: turns }, (_, turn) => oneRun(turn)))
    report.add({ what: 'what the limit forces', value: forcedMs / 1000, unit: 's' })
    report.add({
      what: 'until the last confirm',
      value: median(runs.map(({ wallMs, confirmMs }) => wallMs + confirmMs)) / 1000,
      unit: 's',
    })
    report.add({
      what: 'time ÷ what the limit forces',
      value: median(runs.map(({ wallMs, confirmMs }) => wallMs + confirmMs)) / forcedMs,
      unit: '×',
      atMost: 1.3,
    })
    report.add({
      what: 'calls that were turned away',
      value: median(runs.map(({ calls }) => calls.filter(({ outcome }) => outcome === 'Throttling').length)),
      unit: '',
    })
  },
}

async function oneRun(turn: number) {
  const ground = await Ground.open({ keys, seed: turn, behaviour: { deactivationLagMs: 0 } })
  try {
    return await rotateAll(ground, () => ground.iam.do('behave', { callsPerSecond: perSecond }))
  } finally {
    await ground.close()
  }
}
