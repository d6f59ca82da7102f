import type { Group } from './group.ts'
import { Ground } from './ground.ts'
import { rotateAll } from './rotateAll.ts'

const keys = 10

/** Calls of one rotation, by action, where AWS knows every new key at once. */
export async function callsOfOne(): Promise<ReadonlyMap<string, number>> {
  const ground = await Ground.open({ keys, seed: 1, behaviour: { deactivationLagMs: 0 } })
  try {
    const { calls } = await rotateAll(ground)
    const actions = new Map<string, number>()
    for (const { action } of calls) actions.set(action, (actions.get(action) ?? 0) + 1 / keys)
    return actions
  } finally {
    await ground.close()
  }
}

export const cost: Group = {
  name: 'cost',
  about: 'calls to AWS of one rotation, from the start of the run, of a user with one key; known at once',
  async measure(report) {
    const actions = await callsOfOne()
    for (const [action, count] of actions) report.add({ what: action, value: count, unit: '' })
    const all = [...actions.values()].reduce((sum, count) => sum + count, 0)
    report.add({ what: 'all', value: all, unit: '', atMost: 18 })
  },
}
