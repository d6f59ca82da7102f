import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Rotation, Run } from '../../server/api/run.ts'
import { proxyTo } from '../../server/aws/testing/servers.ts'
import { makeAuthority } from '../../server/aws/testing/tls.ts'
import type { TestAuthority } from '../../server/aws/testing/tls.ts'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { CutLine, cuts } from './cutLine.ts'
import type { Strike } from './cutLine.ts'
import { Promises } from './promises.ts'
import { shapeNamed, single } from './shapes.ts'
import type { Laid } from './shapes.ts'

// Calls go through a real proxy to a real TLS server, which cuts one of them after the first byte of the request: each call
// that changes something in a rotation that makes room and deletes, in one that goes back, and in an undo.

let authority: TestAuthority
beforeAll(async () => {
  authority = await makeAuthority()
})
afterAll(() => authority.remove())

let bench: Bench
let line: CutLine
afterEach(async () => {
  expect(bench.defects).toEqual([])
  await bench.close()
  await line.close()
})

async function open(): Promise<void> {
  bench = await openBench({}, {}, async (port) => {
    line = await CutLine.before(port, authority.server)
    const proxy = await proxyTo(line.port)
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, AWS_CA_BUNDLE: authority.caFile }
    return { url: 'https://iam.test', env }
  })
}

interface Play {
  /** Lays out the world. */
  readonly lay: () => Laid
  /** @param cut from then on a call is cut. @returns the run of which a call was cut */
  readonly act: (laid: Laid, cut: () => void) => Promise<Run>
  /** How many calls change something, by action. */
  readonly changes: Readonly<Record<string, number>>
  /** How it ends where nothing is cut. */
  readonly ends: Rotation['state']
}

const plays: Readonly<Record<string, Play>> = {
  'a rotation that makes room and deletes': {
    lay: () => shapeNamed('two keys, spare deleted').lay(bench.ground),
    act: async ({ wish }, cut) => (await bench.rotate({ ...wish, oldKey: 'delete' }, cut)).run,
    changes: { UpdateAccessKey: 2, DeleteAccessKey: 2, CreateAccessKey: 1 },
    ends: 'done',
  },
  'a rotation that goes back, since the new key never works': {
    lay() {
      const laid = single.lay(bench.ground)
      bench.ground.sandbox.control.setPropagation(laid.users[0] as string, 3_600_000_000)
      return laid
    },
    act: async ({ wish }, cut) => (await bench.rotate({ ...wish, oldKey: 'deactivate' }, cut)).run,
    changes: { CreateAccessKey: 1, DeleteAccessKey: 1 },
    ends: 'rolledBack',
  },
  'an undo that puts the old pair back': {
    lay: () => single.lay(bench.ground),
    async act({ wish }, cut) {
      const { run } = await bench.rotate({ ...wish, oldKey: 'deactivate' })
      const undo = await bench.undos.ofRotation(rotationOf(run).id, { how: 'restore' })
      cut()
      const { id } = await bench.runs.start(undo)
      await bench.runs.idle()
      return bench.runs.existing(id)
    },
    changes: { UpdateAccessKey: 2 },
    ends: 'done',
  },
}

function rotationOf({ rotations }: Run): Rotation {
  return rotations[0] as Rotation
}

/** Active keys that were made since, stand in no file, and are named to nobody. */
function forgotten({ users }: Laid, first: ReadonlySet<string>): string[] {
  const held = new Set([...bench.ground.pairs().values()].map(({ id }) => id))
  const open = bench.runs
    .all()
    .flatMap(({ rotations }) => rotations)
    .filter(({ state }) => state === 'failed')
  const told = JSON.stringify(open.map(({ key, newKey, problem }) => [key, newKey, problem]))
  return users
    .flatMap((user) => bench.ground.sandbox.control.keys(user))
    .filter(({ id, status }) => status === 'Active' && !first.has(id) && !held.has(id) && !told.includes(id))
    .map(({ id }) => id)
}

async function playCut({ lay, act, ends }: Play, strike: Strike): Promise<void> {
  const laid = lay()
  const promises = new Promises(bench.ground, laid)
  const first = new Set(
    laid.users.flatMap((user) => bench.ground.sandbox.control.keys(user).map(({ id }) => id)),
  )
  const broken: unknown[] = []
  const unhook = bench.ground.sandbox.control.onCall(() => {
    try {
      promises.atEveryInstant('during the run')
    } catch (error) {
      broken.push(error)
    }
  })
  let run = await act(laid, () => line.strike(strike))
  const seen = { hits: line.hits > 0, forgotten: forgotten(laid, first) }
  line.strike(undefined)
  for (let tries = 0; tries < 3 && rotationOf(run).state !== ends; tries++) run = await bench.retry(run)
  unhook()
  const { state, problem } = rotationOf(run)
  expect({ strike, ...seen, state, problem: ends === 'done' ? problem : undefined, broken }).toEqual({
    strike,
    hits: true,
    forgotten: [],
    state: ends,
    problem: undefined,
    broken: [],
  })
  expect(forgotten(laid, first)).toEqual([])
}

describe.each(Object.entries(plays))('%s', (_, play) => {
  it.each(cuts)('%s: no key is forgotten, and trying again does it', async (cut) => {
    await open()
    for (const [action, count] of Object.entries(play.changes))
      for (let skip = 0; skip < count; skip++)
        for (const forGood of [false, true]) await playCut(play, { cut, action, skip, forGood })
  })
})
