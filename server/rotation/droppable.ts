import { Failure } from '../platform/failure.ts'
import { LeftWaiting } from './machine.ts'
import { stoppedByPerson, type Workshop } from './world.ts'

type Iam = Workshop['iam']

/** When the answer to a look is not waited for any more. */
export interface Dropping {
  /** The person stops the run. */
  readonly stopped: AbortSignal
  /** Nothing is committed, and it is not on its way back already. */
  stoppable(): boolean
  /** The process ends. */
  readonly leaving: AbortSignal
  /** How long the end of the process waits for a look, in milliseconds: a rotation that is committed goes on while AWS answers. */
  readonly graceMs: number
}

/**
 * Looks that keep nobody where AWS takes them and never answers: what changes nothing can be left at any time.
 * @throws Failure `stopped` where the rotation can still be stopped, else LeftWaiting
 */
export function droppable(iam: Iam, dropping: Dropping): Iam {
  return {
    whoAmI: (...call) => unlessDropped(dropping, iam.whoAmI(...call)),
    listKeys: (...call) => unlessDropped(dropping, iam.listKeys(...call)),
    keyLastUsed: (...call) => unlessDropped(dropping, iam.keyLastUsed(...call)),
  }
}

function unlessDropped<T>({ stopped, stoppable, leaving, graceMs }: Dropping, look: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let grace: NodeJS.Timeout | undefined
    const onStop = () => {
      if (stoppable()) end(() => reject(new Failure(stoppedByPerson)))
    }
    const onLeave = () => {
      grace = setTimeout(() => end(() => reject(new LeftWaiting())), graceMs)
    }
    const end = (settle: () => void) => {
      clearTimeout(grace)
      stopped.removeEventListener('abort', onStop)
      leaving.removeEventListener('abort', onLeave)
      settle()
    }
    look.then(
      (answer) => end(() => resolve(answer)),
      (error: unknown) => end(() => reject(error)),
    )
    stopped.addEventListener('abort', onStop)
    leaving.addEventListener('abort', onLeave)
    if (stopped.aborted) onStop()
    if (leaving.aborted) onLeave()
  })
}
