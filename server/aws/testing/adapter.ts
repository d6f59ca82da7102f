import { afterEach } from 'vitest'
import type { Clock } from '../../platform/clock.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import type { SandboxOptions } from '../../sandbox/sandbox.ts'
import type { UserSeed } from '../../sandbox/seed.ts'
import { createIam } from '../iam.ts'
import type { IamDeps } from '../iam.ts'
import { signerFor } from './signer.ts'

export const account = '123456789012'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

export function closeAfterTest(thing: { close(): Promise<void> | void }): void {
  open.push(thing)
}

/** A clock whose sleeps take no time at all, and that remembers them. */
export class SkippingClock implements Clock {
  readonly slept: number[] = []
  #now = 1_000_000

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.slept.push(ms)
    this.#now += ms
    // Others get their turn, as they would in a real wait.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export function adapter(deps: Partial<IamDeps> = {}) {
  const clock = new SkippingClock()
  const iam = createIam({ clock, random: () => 0.5, env: {}, callsInFlight: () => 8, ...deps })
  closeAfterTest(iam)
  return { iam, clock }
}

/** An embedded IAM with one account, the adapter before it, and a way to sign. */
export async function withSandbox(
  users: UserSeed[],
  options: SandboxOptions & { deps?: Partial<IamDeps> } = {},
) {
  const { deps, ...rest } = options
  const sandbox = await startSandbox({ accounts: [{ id: account, alias: 'acme', users }], ...rest })
  closeAfterTest(sandbox)
  return { sandbox, ...adapter(deps), sign: signerFor(sandbox.url) }
}
