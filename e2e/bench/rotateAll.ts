import { setTimeout as wait } from 'node:timers/promises'
import { defaultSettings } from '../../server/api/settings.ts'
import type { Run } from '../../server/api/run.ts'
import type { Call } from '../../server/sandbox/call.ts'
import type { Ground } from './ground.ts'
import { latencyMs, mustBeDone } from './ground.ts'
import { cpuMs, peakMemoryMiB } from './processFigures.ts'

/** What the run cannot be faster than; see {@link floorOf}. */
export interface Floor {
  readonly what: 'the slowest key' | 'calls ÷ limit' | 'processor time'
  readonly ms: number
}

export interface Rotated {
  /** From the press of the button to the last retire. */
  readonly wallMs: number
  /** From there to the last confirm. */
  readonly confirmMs: number
  /** From the request for the plan to the end of the run. */
  readonly wholeMs: number
  readonly floors: readonly Floor[]
  /** The greatest of them. */
  readonly floor: Floor
  readonly memoryMiB: number
  readonly iamCpuMs: number
  /** From the start of the run to its end. */
  readonly calls: readonly Call[]
}

/** Round trips that a key's way to its retire takes one after the other, beside the polls that fail. */
const ownRoundTrips = 2 + 1 + defaultSettings.verification.passes * 2 + 2 + 1

/** Plans and rotates every key, as the page does it, with an event stream open. */
export async function rotateAll(
  ground: Ground,
  started: () => Promise<void> = async () => {},
): Promise<Rotated> {
  const { client, command, iam } = ground
  const { pid } = command.process
  const asked = Date.now()
  const plan = await client.plan({ keys: 'all', oldKey: 'deactivate' }, 600_000)
  if (plan.rotate.length !== ground.users.length)
    throw new Error(`${plan.rotate.length} keys would be rotated`)
  const plannedMs = Date.now() - asked
  await started()
  const done = new AbortController()
  const runEnds = await watched(ground, done.signal)
  const usage = sampled(() => cpuMs(pid), done.signal)
  const iamCpu = iam.cpuMs
  const from = Date.now()
  const { id } = await client.startRun(plan.id)
  await runEnds()
  done.abort()
  const iamCpuMs = iam.cpuMs - iamCpu
  const run = await client.run(id)
  mustBeDone(run)
  const calls = (await iam.calls()).filter(({ at }) => at >= from)
  const retired = lastOf(run, 'retire')
  const floors = floorOf(
    ground,
    calls.filter(({ at }) => at <= retired),
    await usage(from, retired),
  )
  return {
    wallMs: retired - from,
    confirmMs: lastOf(run, 'confirm') - retired,
    wholeMs: plannedMs + lastOf(run, 'confirm') - from,
    floors,
    floor: floors.reduce((most, each) => (each.ms > most.ms ? each : most)),
    memoryMiB: peakMemoryMiB(pid),
    iamCpuMs,
    calls,
  }
}

function floorOf(ground: Ground, calls: readonly Call[], cpu: number): Floor[] {
  const { passes, intervalMs } = defaultSettings.verification
  const settled = Math.max(...ground.users.map(({ settledMs }) => settledMs))
  const perAccount = new Map<string, number>()
  for (const { account = '' } of calls) perAccount.set(account, (perAccount.get(account) ?? 0) + 1)
  return [
    {
      what: 'the slowest key',
      ms: settled + (passes - 1) * intervalMs + ownRoundTrips * latencyMs,
    },
    {
      what: 'calls ÷ limit',
      ms: (Math.max(...perAccount.values()) * latencyMs) / defaultSettings.callsInFlight,
    },
    { what: 'processor time', ms: cpu },
  ]
}

/** When the last rotation ended that step, by the journal. */
function lastOf(run: Run, step: string): number {
  return Math.max(
    ...run.rotations.map(({ steps }) =>
      Date.parse(steps.find(({ name }) => name === step)?.finishedAt ?? ''),
    ),
  )
}

/**
 * Opens an event stream. Its events are read and dropped, as fast as they come.
 * @returns what resolves when a `run` event says that a run is over
 */
async function watched(ground: Ground, signal: AbortSignal): Promise<() => Promise<void>> {
  const frames = framesOf(ground, signal)
  await frames.next()
  return async () => {
    for await (const frame of frames) {
      if (!/^event: run$/m.test(frame.slice(0, 80))) continue
      const { run } = JSON.parse(frame.slice(frame.indexOf('data: ') + 6)) as { run: Run }
      if (run.state !== 'running') return
    }
    throw new Error('the stream ended before the run')
  }
}

async function* framesOf({ client }: Ground, signal: AbortSignal): AsyncGenerator<string> {
  const reply = await client.fetch('GET', '/api/events', undefined, { accept: 'text/event-stream' }, signal)
  let rest = ''
  for await (const chunk of reply.body!.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + chunk).split('\n\n')
    rest = frames.pop() ?? ''
    yield* frames
  }
}

/** Samples a growing value. @returns how much it grew between two instants */
function sampled(read: () => number, signal: AbortSignal): (from: number, to: number) => Promise<number> {
  const samples: { at: number; value: number }[] = []
  const take = () => samples.push({ at: Date.now(), value: read() })
  const taking = (async () => {
    while (!signal.aborted) {
      take()
      await wait(50)
    }
    take()
  })()
  return async (from, to) => {
    await taking
    const before = samples.findLast(({ at }) => at <= from) ?? samples[0]!
    const after = samples.find(({ at }) => at >= to) ?? samples.at(-1)!
    return after.value - before.value
  }
}
