import type { Rotation } from '../../server/api/run.ts'
import type { Client } from '../client.ts'
import type { Group } from './group.ts'
import { Ground, mustBeDone } from './ground.ts'
import { percentile } from './statistics.ts'

const keys = 50

export const events: Group = {
  name: 'events',
  about: `how late a reader of the event stream knows of a step, while ${keys} keys are rotated`,
  async measure(report) {
    const late = await lateness()
    const what = 'from the stamp of a journal entry, before its fsync, to the reader of its event'
    report.add({ what: `${what}, p50`, value: percentile(late, 50), unit: 'ms' })
    report.add({ what: `${what}, p95`, value: percentile(late, 95), unit: 'ms', atMost: 50 })
  },
}

async function rotateEverything(client: Client): Promise<void> {
  const { id } = await client.plan({ keys: 'all', oldKey: 'deactivate' })
  await client.startRun(id)
}

/** Milliseconds for every step that began or ended: more than from the fsync on, by the fsync itself. */
async function lateness(): Promise<number[]> {
  const ground = await Ground.open({ keys, propagation: 'spreading', seed: 1 })
  const late: number[] = []
  try {
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
    let started: Promise<void> | undefined
    for await (const event of ground.client.events()) {
      const at = Date.now()
      // In a person's order: the page is open when the plan is made.
      if (event.type === 'snapshot') started = rotateEverything(ground.client)
      if (event.type === 'rotation') hear(event.rotation, at)
      if (event.type !== 'run') continue
      if (begun && event.run.state !== 'running') {
        mustBeDone(event.run)
        await started
        return late
      }
      begun = true
    }
    throw new Error('the stream ended before the run')
  } finally {
    await ground.close()
  }
}
