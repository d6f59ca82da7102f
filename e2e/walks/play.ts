import fc from 'fast-check'
import { acts } from './acts.ts'
import type { Model } from './acts.ts'
import { mountAws } from './aws.ts'
import { WalkClock } from './clock.ts'
import { closeEverything } from './ending.ts'
import { layouts } from './layouts.ts'
import type { Layout } from './layouts.ts'
import { mountLives } from './life.ts'
import { Walk } from './walk.ts'

/** Twice as many as a walk has on average. */
const maxCommands = 60

export interface Played {
  readonly walks: number
  readonly acts: number
  /** The shrunk counter-example, as a story. */
  readonly failure?: string
}

let mounted = false

/** Walks as one seed draws them. @param unshrunk a counter-example is told as it was found */
export async function playWalks(seed: number, walks: number, unshrunk = false): Promise<Played> {
  if (!mounted) {
    mounted = true
    mountLives()
    mountAws()
  }
  let acted = 0
  const result = await fc.check(
    fc.asyncProperty(
      fc.constantFrom(...layouts),
      fc.commands([acts], { maxCommands, size: 'max' }),
      async (layout, commands) => {
        acted += await playWalk(layout, commands)
      },
    ),
    { numRuns: walks, seed, endOnFailure: unshrunk },
  )
  return {
    walks: result.numRuns,
    acts: acted,
    ...(result.failed && { failure: (result.errorInstance as Error).message }),
  }
}

/** @returns how many acts it had */
async function playWalk(layout: Layout, commands: Iterable<fc.AsyncCommand<Model, Walk>>): Promise<number> {
  const clock = new WalkClock()
  clock.rule()
  const walk = new Walk(clock, () => 0.5)
  const model: Model = { acts: 0 }
  try {
    layout.lay(walk)
    walk.tell(layout.name)
    // It has been used before: what a file held that is away before the first start nobody can know.
    for (const machine of walk.machines) await machine.start()
    walk.watch.refresh()
    await fc.asyncModelRun(() => ({ model, real: walk }), commands)
    await closeEverything(walk)
    return model.acts
  } catch (error) {
    const story = walk.story.map((line, index) => `${String(index).padStart(3)}. ${line}`)
    throw new Error(`${walk.say((error as Error).message)}\n\n${story.join('\n')}\n`, { cause: error })
  } finally {
    walk.close()
  }
}
