import type { ServerEvent } from '../server/api/events.ts'
import type { Inventory } from '../server/api/inventory.ts'
import type { Places } from '../server/api/places.ts'
import type { Plan } from '../server/api/plan.ts'
import type { Run } from '../server/api/run.ts'
import type { Settings } from '../server/api/settings.ts'
import type { Trail } from '../server/api/trail.ts'

/** What the server last told us, replaced and never changed in place, so that a row redraws only when its object is new. */
export interface World {
  inventory: Inventory
  settings: Settings
  plans: ReadonlyMap<string, Plan>
  runs: ReadonlyMap<string, Run>
  /** What CloudTrail knows of keys, the one that was asked for last. */
  trail?: Trail | undefined
  /** What the last search of this machine found, or has found so far. */
  places?: Places | undefined
  idleAt?: string | undefined
}

/** Puts the changed items in place of the old ones by id; new ones go last. */
function merged<T extends { id: string }>(list: readonly T[], changed: ReadonlyMap<string, T>): T[] {
  const left = new Map(changed)
  const out = list.map((item) => {
    const next = left.get(item.id)
    if (next) left.delete(item.id)
    return next ?? item
  })
  return [...out, ...left.values()]
}

/**
 * The world after a batch of events. Pure: a burst of a thousand rotations costs one pass, not a thousand.
 * What comes before the first snapshot is dropped, since the snapshot holds it.
 */
export function reduce(before: World | undefined, events: readonly ServerEvent[]): World | undefined {
  let world = before
  let keys = new Map<string, Inventory['keys'][number]>()
  let rotations = new Map<string, Map<string, Run['rotations'][number]>>()

  const settle = (): void => {
    if (!world) return
    if (keys.size > 0) {
      world = { ...world, inventory: { ...world.inventory, keys: merged(world.inventory.keys, keys) } }
      keys = new Map()
    }
    for (const [id, changed] of rotations) {
      const run = world.runs.get(id)
      if (!run) continue
      const runs: Map<string, Run> = new Map(world.runs)
      world = { ...world, runs: runs.set(id, { ...run, rotations: merged(run.rotations, changed) }) }
    }
    rotations = new Map()
  }

  for (const event of events) {
    switch (event.type) {
      case 'snapshot':
        keys = new Map()
        rotations = new Map()
        world = {
          inventory: event.inventory,
          settings: event.settings,
          plans: new Map(event.plans.map((plan) => [plan.id, plan])),
          runs: new Map(event.runs.map((run) => [run.id, run])),
          trail: event.trail,
          places: event.places,
          idleAt: event.idleAt,
        }
        break
      case 'key':
        keys.set(event.key.id, event.key)
        break
      case 'rotation': {
        const changed = rotations.get(event.run) ?? new Map<string, Run['rotations'][number]>()
        rotations.set(event.run, changed.set(event.rotation.id, event.rotation))
        break
      }
      case 'inventory':
        settle()
        if (world) world = { ...world, inventory: event.inventory }
        break
      case 'plan':
        if (world) world = { ...world, plans: new Map([...world.plans, [event.plan.id, event.plan]]) }
        break
      case 'run':
        rotations.delete(event.run.id)
        if (world) world = { ...world, runs: new Map([...world.runs, [event.run.id, event.run]]) }
        break
      case 'settings':
        if (world) world = { ...world, settings: event.settings }
        break
      case 'trail':
        if (world) world = { ...world, trail: event.trail }
        break
      case 'places':
        if (world) world = { ...world, places: event.places }
        break
      case 'replaced':
      case 'locked':
      case 'stopped':
        break
      default:
        event satisfies never
    }
  }
  settle()
  return world
}
