/** What AWS let a user do, as this process saw it. */
export interface Seen {
  readonly listed?: boolean
  readonly created?: boolean
}

/** Remembers by key id: a key that was made carries on what its maker was seen to do. */
export class History {
  readonly #seen = new Map<string, Seen>()

  of(keyId: string): Seen {
    return this.#seen.get(keyId) ?? {}
  }

  listed(keyId: string, allowed: boolean): void {
    this.#put(keyId, { ...this.of(keyId), listed: allowed })
  }

  created(by: string, keyId: string): void {
    this.#put(by, { ...this.of(by), created: true })
    this.#put(keyId, this.of(by))
  }

  clear(): void {
    this.#seen.clear()
  }

  #put(keyId: string, seen: Seen): void {
    if (this.#seen.size >= 10_000) this.#seen.clear()
    this.#seen.set(keyId, seen)
  }
}
