import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Run } from '../../server/api/run.ts'
import type { Call } from '../../server/sandbox/call.ts'
import { until } from '../client.ts'
import { flapping, Ground, hasty } from './ground.ts'
import { Lives, recoverAll } from './lives.ts'
import { Promises, unfinished } from './promises.ts'
import { many } from './shapes.ts'

// What happens to a run when the machine sleeps, the page closes, or somebody ends the command or the run.

const keys = 6
let ground: Ground
let lives: Lives
let promises: Promises
let plan: string

beforeEach(async () => {
  // So slow that the run is under way whenever the test looks at it.
  ground = await Ground.open(
    { behaviour: { propagation: flapping, deactivationLagMs: 60, latency: [5, 25] } },
    { callsInFlight: 2 },
  )
  lives = new Lives(ground)
  await lives.begin()
  const laid = many(keys).lay(ground)
  promises = new Promises(ground, laid)
  plan = (await lives.client.plan({ ...laid.wish, oldKey: 'deactivate' })).id
})
afterEach(async () => {
  await lives.kill()
  await ground.close()
})

/** Resolves when the embedded AWS has acted on the n-th call of this action. */
function acted(action: string, n: number): Promise<Call> {
  let seen = 0
  return new Promise((resolve) => {
    const unhook = ground.sandbox.control.onCall((call, phase) => {
      if (phase !== 'after' || call.action !== action || ++seen < n) return
      unhook()
      resolve(call)
    })
  })
}

async function start(): Promise<Run> {
  return lives.client.startRun(plan)
}

/** The next life shows the run; where it is interrupted, it is finished. */
async function nextLife(id: string): Promise<{ found: Run; last: Run }> {
  await lives.begin()
  const found = await lives.client.run(id)
  await recoverAll(lives.client)
  const last = await lives.client.run(id)
  expect(unfinished([last])).toBeUndefined()
  await promises.atTheEnd('in the next life', [last], lives.output)
  return { found, last }
}

const states = (run: Run) => run.rotations.map(({ state }) => state)

it.each(['CreateAccessKey', 'UpdateAccessKey'])(
  'sleeps with the laptop past every patience, at %s',
  async (action) => {
    const { id } = await start()
    await acted(action, 2)
    const process = lives.command?.process
    const pid = process?.pid ?? 0
    process?.kill('SIGSTOP')
    await until(
      () => Promise.resolve(/^\d+ \(.*\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]),
      (state) => state === 'T',
      10_000,
      'it does not stop',
    )
    promises.atEveryInstant('asleep')
    // Longer than it keeps connections, waits for an orphan, or for an old key to die.
    const morning = Date.now() + Math.max(hasty.orphanPatienceMs, 6_000)
    await until(
      () => Promise.resolve(Date.now()),
      (now) => now > morning,
      20_000,
      'time stands still',
    )
    process?.kill('SIGCONT')
    const run = await lives.client.finishedRun(id)
    expect(states(run)).toEqual(Array(keys).fill('done'))
    await promises.atTheEnd('awake again', [run], lives.output)
  },
)

it('goes on while no page looks, and shows a new page where it stands', async () => {
  const left = new AbortController()
  const { id } = await start()
  for await (const event of lives.client.events(left.signal)) {
    if (
      event.type === 'rotation' &&
      event.rotation.steps.some(({ name, state }) => name === 'create' && state === 'done')
    )
      break
  }
  left.abort()
  const run = await lives.client.finishedRun(id)
  expect(states(run)).toEqual(Array(keys).fill('done'))
  const snapshot = await lives.client.event((event) => event.type === 'snapshot')
  expect(snapshot.runs.map((each) => [each.id, each.state])).toContainEqual([id, 'done'])
  await promises.atTheEnd('without a page', [run], lives.output)
})

it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('ends on %s after the steps under way', async (signal) => {
  const { id } = await start()
  await acted('CreateAccessKey', 3)
  const exit = await lives.command?.stop(signal)
  expect(exit?.signal).toBeNull()
  promises.atEveryInstant(`after ${signal}`)
  await lives.ended()
  const { found } = await nextLife(id)
  // Nothing is left half done: what was begun is finished or rolled back, the rest untouched.
  expect(found.state).not.toBe('interrupted')
  for (const state of states(found)) expect(['done', 'rolledBack', 'stopped']).toContain(state)
  expect(states(found)).toContain('stopped')
})

it('quits at once on a second Ctrl-C, and the next start says so', async () => {
  const hold = ground.sandbox.control.fault({ action: 'UpdateAccessKey' }, { kind: 'hold-before' })
  const { id } = await start()
  await until(
    () => Promise.resolve(hold.hits),
    (hits) => hits > 0,
    60_000,
    'no key is retired',
  )
  lives.command?.process.kill('SIGINT')
  await until(
    () => Promise.resolve(lives.command?.stderr ?? ''),
    (said) => said.includes('Press Ctrl-C again'),
    10_000,
    'it does not say that it waits',
  )
  const exit = await lives.command?.stop('SIGINT')
  expect(exit).toEqual({ code: 130, signal: null })
  hold.remove()
  promises.atEveryInstant('after two Ctrl-C')
  await lives.ended()
  const { found, last } = await nextLife(id)
  expect(found.state).toBe('interrupted')
  expect(states(last)).not.toContain('interrupted')
})

it('stops between steps: what was begun is finished or rolled back, the rest untouched', async () => {
  const { id } = await start()
  await acted('CreateAccessKey', 2)
  const stopping = await lives.client.call<Run>('POST', `/api/runs/${id}/stop`)
  expect(stopping.stopping).toBe(true)
  const run = await lives.client.finishedRun(id)
  expect(run.state).toBe('stopped')
  for (const { state, key, profiles } of run.rotations) {
    expect(['done', 'rolledBack', 'stopped']).toContain(state)
    if (state === 'done') continue
    expect(
      profiles.every((profile) => profile.state === 'old'),
      key,
    ).toBe(true)
  }
  await promises.atTheEnd('stopped', [run], lives.output)
})
