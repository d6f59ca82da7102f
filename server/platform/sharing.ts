import type { Clock } from './clock.ts'

/**
 * Calls that come while one is under way share the next. Each gets an answer that was begun after it asked, and a
 * thousand that ask together cost two turns.
 */
export function sharing<T>(act: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  return () => {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        running = next ?? running
        next = undefined
        return act()
      })
    return next
  }
}

/** Calls that come within a pause are answered together, by one act at its end. @param pauseMs in milliseconds */
export function gathering(clock: Pick<Clock, 'sleep'>, pauseMs: number, act: () => void): () => void {
  let due = false
  return () => {
    if (due) return
    due = true
    void clock.sleep(pauseMs).then(() => {
      due = false
      act()
    })
  }
}
