import { Broken } from './walk.ts'
import type { Walk } from './walk.ts'
import type { Machine } from './machine.ts'

/**
 * Everything can be closed: the world is well again, and whoever presses what is offered comes to an end of every run.
 * @throws Broken where one stays open
 */
export async function closeEverything(walk: Walk): Promise<void> {
  walk.person('all is well again', () => walk.heal())
  for (const machine of walk.machines) machine.kill()
  walk.watch.unasked()
  for (const machine of walk.machines) await machine.start()
  walk.watch.check('after a start')
  for (let round = 0; round < 3; round++) for (const machine of walk.machines) await pressAll(walk, machine)
  for (const machine of walk.machines) if (open(machine).length > 0) await rotateAll(walk, machine)
  for (const machine of walk.machines) if (open(machine).length > 0) await closeAll(walk, machine)
  for (const machine of walk.machines) {
    const left = open(machine)
    if (left.length > 0) throw new Broken(`P5: cannot be closed on ${machine.name}: ${left.join('; ')}`)
  }
}

async function pressAll(walk: Walk, machine: Machine): Promise<void> {
  await walk.act(
    machine,
    'Finish and Retry are pressed wherever they are offered',
    undefined,
    async ({ runs }) => {
      for (const { id } of runs.interrupted()) await runs.recover(id)
      await runs.idle()
      for (const { id } of runs.unfinished())
        await runs.retry(id).catch((error: unknown) => {
          if (!(error as { trouble?: unknown }).trouble) throw error
        })
    },
  )
}

async function closeAll(walk: Walk, machine: Machine): Promise<void> {
  await walk.act(machine, 'every run that still stands is closed as it is', undefined, async ({ runs }) => {
    for (const { id } of runs.unfinished()) runs.stop(id)
    return Promise.resolve()
  })
}

async function rotateAll(walk: Walk, machine: Machine): Promise<void> {
  await walk.act(
    machine,
    'all keys are rotated once more, and where a choice is asked for the first is taken',
    undefined,
    async ({ plans, runs }) => {
      const first = await plans.begin({ keys: 'all', oldKey: 'deactivate' })
      await plans.made(first.id)
      const choices = plans.get(first.id).choose.flatMap((each) => each.choices.slice(0, 1))
      const spares = (kind: string) =>
        choices.filter((each) => each.kind === kind).map(({ spare }) => spare.id)
      for (const { spare } of choices) machine.named.add(spare.id)
      const plan = await plans.begin({
        keys: 'all',
        oldKey: 'deactivate',
        deleteSpares: spares('delete-spare'),
        merge: spares('merge'),
      })
      await plans.made(plan.id)
      await runs.start(await plans.take(plan.id))
    },
  )
}

function open(machine: Machine): string[] {
  return (machine.engine?.runs.unfinished() ?? []).flatMap(({ kind, rotations }) =>
    rotations
      .filter(({ state }) => !['done', 'rolledBack', 'stopped', 'undone', 'superseded'].includes(state))
      .map(
        ({ state, step, problem }) =>
          `${kind} ${state} at ${step ?? '?'}: ${problem?.name ?? ''} ${problem?.detail ?? ''}`,
      ),
  )
}
