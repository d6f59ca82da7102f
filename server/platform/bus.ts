/** One typed channel; a listener that throws does not silence the others. */
export class Bus<T> {
  readonly #listeners = new Set<(event: T) => void>()

  subscribe(listener: (event: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  publish(event: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        // A page that went away must not stop a rotation: its stream is cleaned up where it is owned.
      }
    }
  }
}
