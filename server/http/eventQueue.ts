import type { ServerEvent } from '../api/events.ts'

/** Events of the same object say all of it each time, so that the newest makes the older ones needless. */
function subjectOf(event: ServerEvent): string {
  switch (event.type) {
    case 'rotation':
      return `rotation ${event.rotation.id}`
    case 'run':
      return `run ${event.run.id}`
    case 'plan':
      return `plan ${event.plan.id}`
    case 'trail':
      return `trail ${event.trail.id}`
    case 'key':
      return `key ${event.key.id}`
    default:
      return event.type
  }
}

/**
 * What a reader has not been sent yet: at most one event for each object, so that a slow reader costs no more than
 * the state itself. A newer event goes to the end rather than into the older one's place: a `run` holds its
 * rotations as they were when it was published, and must not overtake a later `rotation`.
 */
export class EventQueue {
  readonly #waiting = new Map<string, ServerEvent>()

  push(event: ServerEvent): void {
    const subject = subjectOf(event)
    this.#waiting.delete(subject)
    this.#waiting.set(subject, event)
  }

  /** The oldest, which is then no longer waiting. */
  shift(): ServerEvent | undefined {
    const [first] = this.#waiting
    if (!first) return undefined
    this.#waiting.delete(first[0])
    return first[1]
  }
}
