import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'

const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest()

/** How long a printed link can be used, in milliseconds. */
export const launchSecretLifetime = 2 * 60_000

/**
 * The secret in the printed link's fragment, which a browser never sends, logs or puts in a Referer. It is
 * exchanged once for a session; a new one replaces the old, so that at most one is ever good. Only its digest is
 * kept, and digests are compared in constant time: how long a wrong guess takes tells nothing about the right one.
 */
export class LaunchSecrets {
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #current: { readonly digest: Buffer; readonly until: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A fresh secret of 256 bits, in base64url. */
  issue(): string {
    const secret = randomBytes(32).toString('base64url')
    this.#current = { digest: digest(secret), until: this.#clock.now() + launchSecretLifetime }
    return secret
  }

  /** True once for the current secret within its life; false for anything else, which does not use it up. */
  redeem(attempt: string): boolean {
    const current = this.#current
    if (!current || this.#clock.now() >= current.until) return false
    if (!timingSafeEqual(digest(attempt), current.digest)) return false
    this.#current = undefined
    for (const listener of this.#listeners) listener()
    return true
  }

  /** Told when a secret was exchanged: what was made to carry it can go. */
  onRedeem(listener: () => void): void {
    this.#listeners.add(listener)
  }
}
