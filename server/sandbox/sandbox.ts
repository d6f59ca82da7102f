import { setMaxListeners } from 'node:events'
import { systemClock } from '../platform/clock.ts'
import type { Clock } from '../platform/clock.ts'
import { answer } from './answer.ts'
import type { Call } from './call.ts'
import { Control } from './control.ts'
import type { Wire } from './control.ts'
import { Faults } from './faults.ts'
import { remoteControl } from './remoteControl.ts'
import type { AccountSeed } from './seed.ts'
import { listen } from './server.ts'
import { World } from './world.ts'
import type { Behaviour } from './world.ts'

export interface SandboxOptions {
  /** 0 (default): any free one. */
  readonly port?: number
  /** Measures every delay; default: the system's. */
  readonly clock?: Clock
  readonly accounts?: readonly AccountSeed[]
  /** Access tokens of sign-ins that its portal knows; `POST /logout` ends them. */
  readonly signIns?: readonly string[]
  /** Default: prompt and sure; see {@link Behaviour}. */
  readonly behaviour?: Partial<Behaviour>
  /** Makes latency, flapping and chances repeatable. Key ids and secrets stay random. */
  readonly seed?: number
  /** Every secret and session token that it makes begins so: whoever looks for leaks finds all by it. Base64 letters. */
  readonly secretPrefix?: string
  /** Opens POST /_control to whoever sends it as `x-control-token`; default: closed. */
  readonly controlToken?: string
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT`: endpoint of IAM and of STS, of every partition. */
  readonly url: string
  readonly port: number
  readonly control: Control
  /** Every call since the start, oldest first; no secrets. */
  readonly calls: readonly Call[]
  close(): Promise<void>
}

/**
 * An IAM and STS of its own on 127.0.0.1: the Query protocol, XML and signatures as the AWS SDKs and the AWS CLI
 * speak them, with quota, late visibility and whatever faults the control switches on. Only AWS itself is played.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = options.clock ?? systemClock
  const random = options.seed === undefined ? Math.random : seededRandom(options.seed)
  const world = new World(() => clock.now(), options.behaviour ?? {}, random, options.secretPrefix)
  for (const account of options.accounts ?? []) world.addAccount(account)
  const faults = new Faults(random)
  const calls: Call[] = []
  const signIns = new Set(options.signIns)
  const stopped = new AbortController()
  // Each reply that waits listens to it.
  setMaxListeners(0, stopped.signal)
  const wire: Wire = {
    down: (how) => server.down(how),
    up: () => server.up(),
  }
  const control = new Control(world, faults, wire, calls)
  const sleep = async (ms: number) => {
    if (ms > 0) await clock.sleep(ms, stopped.signal)
  }
  const server = await listen(options.port ?? 0, {
    now: () => world.serverNow(),
    signOut: (token) => (signIns.delete(token) ? 200 : 401),
    answer: (request) => answer({ world, control, faults, calls, sleep }, request),
    ...(options.controlToken ? { control: remoteControl(control, options.controlToken) } : {}),
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    control,
    calls,
    async close() {
      stopped.abort(new Error('the embedded IAM has stopped'))
      faults.clear()
      await server.close()
    },
  }
}

/** Mulberry32: small, and good enough to draw delays from. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
