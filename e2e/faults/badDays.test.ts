import { afterEach, describe, expect, it } from 'vitest'
import type { OldKeyMode } from '../../server/api/plan.ts'
import type { Rotation, Run } from '../../server/api/run.ts'
import type { Call } from '../../server/sandbox/call.ts'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { told } from './callFaults.ts'
import { account, type Pair } from './ground.ts'
import { Promises } from './promises.ts'
import { section, single } from './shapes.ts'

// What goes wrong with AWS, one thing a test: how it ends, and what the person reads.

let bench: Bench
afterEach(async () => {
  expect(bench.defects).toEqual([])
  await bench.close()
})

interface Day {
  readonly user: string
  readonly old: Pair
  readonly promises: Promises
  rotate(between?: () => unknown, oldKey?: OldKeyMode): Promise<Rotation>
}

async function dawn(options: Parameters<typeof openBench>[0] = {}): Promise<Day> {
  bench = await openBench(options)
  const laid = single.lay(bench.ground)
  const promises = new Promises(bench.ground, laid)
  const [old] = [...bench.ground.pairs().values()]
  if (!old) throw new Error('no pair')
  return {
    user: laid.users[0] ?? '',
    old,
    promises,
    async rotate(between, oldKey = 'deactivate') {
      const { run } = await bench.rotate({ ...laid.wish, oldKey }, between)
      promises.atEveryInstant('at the end')
      return only(run)
    },
  }
}

function only(run: Run): Rotation {
  const [rotation] = run.rotations
  if (!rotation || run.rotations.length !== 1) throw new Error('one rotation was expected')
  return rotation
}

const control = () => bench.ground.sandbox.control
const held = () => [...bench.ground.pairs().values()][0] as Pair
const notes = () =>
  bench.events.flatMap((event) =>
    event.type === 'rotation' ? event.rotation.steps.flatMap(({ note }) => note ?? []) : [],
  )

/** Calls `act` before the n-th call from now, from 1. @returns how many calls came */
function beforeCall(n: number, act: (call: Call) => unknown): () => number {
  let seen = 0
  control().onCall(async (call, phase) => {
    if (phase === 'before' && ++seen === n) await act(call)
  })
  return () => seen
}

describe('AWS is slow to agree with itself', () => {
  it('waits through flapping, and turns the old key off only when the new one works everywhere', async () => {
    const flaps = (first: number) => [
      { works: false, forMs: first },
      { works: true, forMs: 1_500 },
      { works: false, forMs: 6_000 },
      { works: true, forMs: 1_200 },
      { works: false, forMs: 4_000 },
      { works: true },
    ]
    const day = await dawn({
      behaviour: {
        propagation: { sts: flaps(8_000), iam: flaps(11_000) },
        deactivationLagMs: 15_000,
        listLagMs: 20_000,
      },
    })
    let worked: boolean | undefined
    control().onCall(({ action }, phase) => {
      const { id, secret } = held()
      if (phase === 'before' && action === 'UpdateAccessKey') worked = control().worksNow(id, secret)
    })
    const rotation = await day.rotate()
    expect(rotation).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
    expect(rotation.alarm).toBeUndefined()
    expect(held().id).toBe(rotation.newKey)
    expect(worked).toBe(true)
  })

  it('finds the key of a lost reply though the list lags behind it', async () => {
    const day = await dawn({ behaviour: { listLagMs: 60_000 } })
    control().fault({ action: 'CreateAccessKey', times: 1 }, { kind: 'drop-after' })
    const rotation = await day.rotate()
    expect(rotation).toMatchObject({ state: 'done' })
    expect(rotation.notes.join(' ')).toContain('first reply was lost')
    expect(control().keys(day.user)).toHaveLength(2)
  })

  it('tries again right after a rollback whose deletion the list does not show yet', async () => {
    const day = await dawn({ behaviour: { listLagMs: 3_000 } })
    control().setPropagation(day.user, 3_600_000)
    const { run } = await bench.rotate({ keys: 'all', oldKey: 'deactivate' })
    expect(told(run)).toBe('rolledBack: not-working')
    control().setPropagation(day.user)
    expect((await bench.retry(run)).state).toBe('done')
  })
})

it('keeps every rotation alive while AWS throttles', async () => {
  const day = await dawn({ behaviour: { throttleRate: 0.3 } })
  expect((await day.rotate()).state).toBe('done')
  expect(notes().join(' ')).toContain('AWS asks us to slow down')
})

describe('the network', () => {
  it('goes for a minute at any call, and the run waits and goes on', { timeout: 60_000 }, async () => {
    let gone = 0
    for (let n = 1, calls = n; n <= calls; n++) {
      if (n > 1) await bench.close()
      const day = await dawn()
      let seen = () => 0
      const rotation = await day.rotate(() => {
        seen = beforeCall(n, () => {
          bench.clock.after(60_000, () => control().up())
          return control().down()
        })
      })
      calls = Math.max(calls, seen() - 1)
      if (seen() < n) break
      gone += 1
      expect([n, rotation.state, rotation.problem]).toEqual([n, 'done', undefined])
      expect(notes().join(' ')).toMatch(/cannot be reached|reply was lost/)
      await day.promises.atTheEnd(`network gone at call ${n}`, bench.runs.all(), '')
    }
    expect(gone).toBeGreaterThan(10)
  })

  it(
    'goes for good at any call: the rotation says what is true now, and a retry does the rest',
    {
      timeout: 60_000,
    },
    async () => {
      const ends = new Map<string, number>()
      for (let n = 1; ; n++) {
        if (n > 1) await bench.close()
        const day = await dawn()
        let seen = () => 0
        const { run } = await bench.rotate({ keys: 'all', oldKey: 'delete' }, () => {
          seen = beforeCall(n, () => control().down())
        })
        if (seen() < n) break
        const end = told(run)
        ends.set(end, (ends.get(end) ?? 0) + 1)
        const { problem, newKey, state } = only(run)
        expect(problem?.name).toMatch(/^network-|^outcome-unknown$/)
        // A key that could not be deleted again is named.
        if (state === 'failed' && held().id === day.old.id && newKey !== undefined)
          expect(problem?.detail).toContain(`****${newKey.slice(-4)}`)
        if (held().id !== day.old.id) expect(problem?.detail).toMatch(/[Tt]he new key|old key|\*{4}/)
        day.promises.atEveryInstant(`network gone at call ${n}`)
        await control().up()
        let last = run
        for (let tries = 0; tries < 3 && last.state !== 'done'; tries++) last = await bench.retry(last)
        expect([n, last.state]).toEqual([n, 'done'])
        await day.promises.atTheEnd(`network back after call ${n}`, [last], '')
      }
      console.log(`network gone for good: ${[...ends].map(([end, count]) => `${count} ${end}`).join(', ')}`)
      expect(ends.size).toBeGreaterThan(1)
    },
  )
})

it.each([20, -20])('corrects a clock that is %i minutes off, and blames no key', async (minutes) => {
  const day = await dawn({ behaviour: { clockOffsetMs: minutes * 60_000 } })
  expect((await day.rotate()).state).toBe('done')
})

describe('AWS says no', () => {
  it('to a quarantined user', async () => {
    const day = await dawn()
    control().quarantine(day.user)
    const { state, problem } = await day.rotate()
    expect(state).toBe('rolledBack')
    expect(problem).toMatchObject({ name: 'quarantined' })
    expect(problem?.detail).toContain('iam:CreateAccessKey')
    expect(problem?.remedy).toContain('administrator')
  })

  it('to making a key', async () => {
    const day = await dawn()
    const { state, problem } = await day.rotate(() =>
      control().deny(day.user, 'iam:CreateAccessKey', 'implicit'),
    )
    expect(state).toBe('rolledBack')
    expect(problem).toMatchObject({ name: 'access-denied', action: 'iam:CreateAccessKey' })
    expect(`${problem?.title} ${problem?.detail}`).toContain('iam:CreateAccessKey')
    expect(problem?.policy).toContain('iam:CreateAccessKey')
  })

  it('to turning the old key off', async () => {
    const day = await dawn()
    const { state, problem, oldKeyState } = await day.rotate(() =>
      control().deny(day.user, 'iam:UpdateAccessKey', 'implicit'),
    )
    expect([state, oldKeyState]).toEqual(['failed', 'active'])
    expect(problem?.name).toBe('access-denied')
    expect(problem?.detail).toContain('The new key is in use')
    expect(problem?.detail).toContain(`****${day.old.id.slice(-4)}`)
    expect(problem?.detail).toContain('iam:UpdateAccessKey')
  })

  it('to deleting the old key, which is off by then', async () => {
    const day = await dawn()
    const rotation = await day.rotate(
      () => control().deny(day.user, 'iam:DeleteAccessKey', 'implicit'),
      'delete',
    )
    expect(rotation.state).toBe('failed')
    expect(rotation.problem?.detail).toContain('iam:DeleteAccessKey')
    expect(
      control()
        .keys(day.user)
        .find(({ id }) => id === day.old.id)?.status,
    ).toBe('Inactive')
    expect(rotation.problem?.detail).toContain('inactive')
    expect(rotation.oldKeyState).toBe('inactive')
  })

  it('to deleting a new key that never worked: it is turned off, and named', async () => {
    const day = await dawn()
    control().setPropagation(day.user, 3_600_000)
    const { state, problem, newKey } = await day.rotate(() =>
      control().deny(day.user, 'iam:DeleteAccessKey', 'implicit'),
    )
    expect(state).toBe('failed')
    expect(problem).toMatchObject({ name: 'key-left' })
    expect(problem?.remedy).toContain(newKey)
    expect(
      control()
        .keys(day.user)
        .find(({ id }) => id === newKey)?.status,
    ).toBe('Inactive')
  })

  it.each(['iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed'])(
    'to %s, which nothing needs',
    async (action) => {
      const day = await dawn()
      control().deny(day.user, action, 'implicit')
      expect((await day.rotate()).state).toBe('done')
      expect(
        control()
          .keys(day.user)
          .find(({ id }) => id === day.old.id)?.status,
      ).toBe('Inactive')
    },
  )
})

describe('someone else is at work', () => {
  it('deletes the key before the run', async () => {
    const day = await dawn()
    bench.clock.after(0, () => undefined)
    const { run } = await bench.rotate({ keys: 'all', oldKey: 'deactivate' }, () =>
      control().deleteKey(day.old.id),
    )
    expect(told(run)).toBe('rolledBack: invalid-key')
    expect(only(run).problem?.detail).toContain(day.old.id)
    expect(control().keys(day.user)).toEqual([])
  })

  it('deletes the old key while the new one is proved', async () => {
    const day = await dawn()
    let deleted = false
    control().onCall(({ action, keyId }, phase) => {
      if (phase === 'before' && action === 'ListAccessKeys' && keyId !== day.old.id && !deleted) {
        deleted = true
        control().deleteKey(day.old.id)
      }
    })
    const { run } = await bench.rotate({ keys: 'all', oldKey: 'deactivate' })
    expect(only(run)).toMatchObject({ state: 'done', oldKeyState: 'deleted' })
    expect(held().id).toBe(only(run).newKey)
  })

  it('deletes the new key before it is saved', async () => {
    const day = await dawn()
    let deleted = false
    control().onCall(({ action, keyId }, phase) => {
      if (
        phase === 'before' &&
        action === 'ListAccessKeys' &&
        keyId !== undefined &&
        keyId !== day.old.id &&
        !deleted
      ) {
        deleted = true
        control().deleteKey(keyId)
      }
    })
    const rotation = await day.rotate()
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'not-working' } })
    expect(held().id).toBe(day.old.id)
  })

  it('makes a key during the run: a red alert that names it', async () => {
    const day = await dawn()
    let strange: string | undefined
    control().onCall(({ action }, phase) => {
      if (phase === 'after' && action === 'UpdateAccessKey') strange ??= control().addKey(day.user).id
    })
    const rotation = await day.rotate()
    expect(rotation).toMatchObject({ state: 'done', alarm: { name: 'intruder-key' } })
    expect(rotation.alarm?.detail).toContain(strange)
  })

  it('makes a key between the check and the create: nobody is told to delete it', async () => {
    const day = await dawn()
    let made: string | undefined
    control().onCall(({ action }, phase) => {
      if (phase === 'before' && action === 'CreateAccessKey') made ??= control().addKey(day.user).id
    })
    const { state, problem } = await day.rotate()
    expect([state, problem?.name]).toEqual(['rolledBack', 'key-quota'])
    expect(problem?.detail).toContain('another program')
    expect(problem?.remedy).not.toContain('Delete')
    expect(
      control()
        .keys(day.user)
        .map(({ id, status }) => [id, status]),
    ).toEqual([
      [day.old.id, 'Active'],
      [made, 'Active'],
    ])
  })

  it('renames the user between plan and run', async () => {
    const day = await dawn()
    const { run } = await bench.rotate({ keys: 'all', oldKey: 'deactivate' }, () =>
      control().renameUser(day.user, 'somebody-else'),
    )
    expect(only(run)).toMatchObject({ state: 'done', newKey: held().id })
    control().renameUser('somebody-else', day.user)
    await day.promises.atTheEnd('of a renamed user', [run], '')
  })
})

describe('keys that are not rotated', () => {
  it('of a user with three keys: all but its own are named', async () => {
    const day = await dawn()
    const others = [control().addKey(day.user).id, control().addKey(day.user).id]
    const plan = await bench.plan({ keys: 'all', oldKey: 'deactivate' })
    expect(plan.rotate).toEqual([])
    expect(plan.skip[0]?.reason.name).toBe('too-many-keys')
    for (const id of others) expect(plan.skip[0]?.reason.remedy).toContain(`****${id.slice(-4)}`)
  })

  it('that AWS calls Expired', async () => {
    const day = await dawn()
    control().setStatus(day.old.id, 'Expired')
    const plan = await bench.plan({ keys: 'all', oldKey: 'deactivate' })
    expect(plan.rotate).toEqual([])
    expect(plan.skip[0]?.reason.name).toBe('invalid-key')
    expect(plan.skip[0]?.reason.detail).toContain(day.old.id)
  })

  it('beside a spare one that is Expired: it is offered for deletion, and so called', async () => {
    const day = await dawn()
    const spare = control().addKey(day.user).id
    control().setStatus(spare, 'Expired')
    const plan = await bench.plan({ keys: 'all', oldKey: 'deactivate' })
    expect(plan.choose[0]?.choices[0]).toMatchObject({
      kind: 'delete-spare',
      spare: { id: spare, status: 'Expired' },
    })
    const { run } = await bench.rotate({ keys: 'all', oldKey: 'deactivate', deleteSpares: [spare] })
    expect(run.state).toBe('done')
  })

  it('of the root user', async () => {
    await dawn()
    const [pair] = control().addUser(account, { name: 'root', root: true, keys: [{}] })
    bench.ground.lay('credentials', section('default', pair as Pair))
    const plan = await bench.plan({ keys: 'all', oldKey: 'deactivate' })
    expect(plan.rotate).toEqual([])
    expect(plan.skip[0]?.reason).toMatchObject({ name: 'root-key' })
    expect(plan.skip[0]?.reason.remedy).toContain('sign in as root')
  })
})

it.each([
  { times: 1, name: 'access-denied' },
  { times: undefined, name: 'outcome-unknown' },
])('takes a refusal that broke off on the way for no other server: $name', async ({ times, name }) => {
  const day = await dawn()
  const { state, problem } = await day.rotate(() => {
    control().deny(day.user, 'iam:CreateAccessKey', 'implicit')
    control().fault({ action: 'CreateAccessKey', ...(times !== undefined && { times }) }, { kind: 'cut' })
  })
  expect([state, problem?.name]).toEqual(['rolledBack', name])
  expect(control().keys(day.user)).toHaveLength(1)
})
