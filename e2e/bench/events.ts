import type { Rotation } from '../../server/api/run.ts'
import type { Group } from './group.ts'
import { Ground, mustBeDone } from './ground.ts'
import { percentile, repeat } from './statistics.ts'

const keys = 50

export const events: Group = {
  name: 'events',
  about: `how late a reader of the event stream knows of a step, while ${keys} keys are rotated`,
  async measure(report) {
    const late = (await repeat(3, lateness)).flat()
    const what = 'from the stamp of a journal entry, before its fsync, to the reader of its event'
    report.add({ what: `${what}, p50`, value: percentile(late, 50), unit: 'ms' })
    report.add({ what: `${what}, p95`, value: percentile(late, 95), unit: 'ms', atMost: 50 })
  },
}

/** Milliseconds for every step that began or ended: more than from the fsync on, by the fsync itself. */
async function lateness(turn: number): Promise<number[]> {
  const ground = await Ground.open({ keys, propagation: 'spreading', seed: turn })
  const late: number[] = []
  try {
    const plan = await ground.client.plan({ keys: 'all', oldKey: 'deactivate' })
    const known = new Set<string>()
    const hear = (rotation: Rotation, at: number) => {
      for (const { name, startedAt, finishedAt } of rotation.steps)
        for (const [stamp, what] of [
          [startedAt, 'started'],
          [finishedAt, 'finished'],
        ] as const) {
          const id = `${rotation.id} ${name} ${what}`
          if (stamp === undefined || known.has(id)) continue
          known.add(id)
          late.push(at - Date.parse(stamp))
        }
    }
    let begun = false
    for await (const event of ground.client.events()) {
      const at = Date.now()
      if (event.type === 'snapshot') void ground.client.startRun(plan.id)
      if (event.type === 'rotation') hear(event.rotation, at)
      if (event.type !== 'run') continue
      if (begun && event.run.state !== 'running') {
        mustBeDone(event.run)
        return late
      }
      begun = true
    }
    throw new Error('the stream ended before the run')
  } finally {
    await ground.close()
  }
}
