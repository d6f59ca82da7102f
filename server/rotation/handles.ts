import type { Trouble } from '../api/problem.ts'
import { AwsFailure } from '../keys/iam.ts'
import { isOutOfHandles } from '../platform/diskTrouble.ts'
import type { Step } from './machine.ts'
import type { World } from './world.ts'

/**
 * The step, which waits where the system opens no further file for this process: that says nothing of the rotation, and
 * passes. What a step does it may do again, but for making a key, which is never done twice without a look.
 */
export function waitingForHandles(step: Step<World>): Step<World> {
  const { settle, undo } = step
  return {
    ...step,
    ...(step.name !== 'create' && { do: (world, known) => patiently(world, () => step.do(world, known)) }),
    ...(settle && { settle: (world, known) => patiently(world, () => settle(world, known)) }),
    ...(undo && { undo: (world, known) => patiently(world, () => undo(world, known)) }),
  }
}

async function patiently<T>(world: World, act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await act()
      world.goesOn()
      return result
    } catch (error) {
      if (!isShortage(error)) throw error
      await world.wait(waitsForHandles)
    }
  }
}

function isShortage(error: unknown): boolean {
  // A connection that could not be opened is waited out where it is sent.
  if (error instanceof AwsFailure) return false
  // Whatever sentence was put before it.
  for (let each = error; each instanceof Error; each = each.cause) if (isOutOfHandles(each)) return true
  return false
}

const waitsForHandles: Trouble = {
  name: 'waits-for-file',
  title: 'Waits for a file',
  detail: 'Waits until a file can be opened: too many files are open.',
  remedy: 'Close some programs; this goes on by itself then. Or stop the run.',
}
