import type { Step } from '../machine.ts'
import type { World } from '../world.ts'
import { expectedOf, newKeyOf, stays } from './facts.ts'

/** Deploys the new pair where else it is needed, before the old key goes; a failing hook keeps the old key active. */
export const hook: Step<World> = {
  name: 'hook',
  async do(world, known) {
    const { hooks, acts } = world.shop
    if (!(await hooks.any())) return { hooks: [] }
    const pair = await world.toPair(newKeyOf(world, known))
    const request = {
      oldKey: world.spec.from,
      pair,
      profiles: world.profiles.map((profile) => profile.name),
      account: expectedOf(known).account,
      user: known['user'] as string | undefined,
    }
    return { hooks: await acts.handOver(world, hooks, request, stays(pair, known)) }
  },
}
