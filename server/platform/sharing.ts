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
