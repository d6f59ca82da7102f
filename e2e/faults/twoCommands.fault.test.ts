import { expect, it } from 'vitest'
import type { Run } from '../../server/api/run.ts'
import { ApiError } from '../client.ts'
import { Ground } from './ground.ts'
import { Lives } from './lives.ts'
import { Promises } from './promises.ts'
import { Random, seed } from './random.ts'
import { many, shapes } from './shapes.ts'

const rounds = Number(process.env['KEYTURN_ROUNDS'] ?? 100)

it(`two commands at once on the same files, ${rounds} times: each key is replaced once`, async () => {
  const random = new Random(seed)
  const ground = await Ground.open({ behaviour: { propagation: { minMs: 0, maxMs: 60 }, latency: [0, 10] } })
  const pair = [new Lives(ground), new Lives(ground, undefined, ground.addState('other'))] as const
  const words = new Map<string, number>()
  let replaced = 0
  try {
    for (const lives of pair) await lives.begin()
    const worlds = [...shapes.filter(({ name }) => !/spare|merged/.test(name)), many(3)]
    for (let round = 1; round <= rounds; round++) {
      const shape = random.pick(worlds)
      const oldKey = random.pick(['deactivate', 'delete'] as const)
      const laid = shape.lay(ground)
      const promises = new Promises(ground, laid)
      const before = new Map(ground.pairs())
      let broken: unknown
      const unhook = ground.sandbox.control.onCall(() => {
        try {
          promises.atEveryInstant(`in round ${round}`)
        } catch (error) {
          broken ??= error
        }
      })
      const plans = await Promise.all(pair.map((lives) => lives.client.plan({ ...laid.wish, oldKey })))
      const ends = await Promise.all(
        pair.map(async ({ client }, index): Promise<Run | ApiError> => {
          try {
            const { id } = await client.startRun(plans[index]?.id ?? '')
            return await client.finishedRun(id)
          } catch (error) {
            if (error instanceof ApiError) return error
            throw error
          }
        }),
      )
      unhook()
      if (broken !== undefined) throw broken
      const runs = ends.filter((end): end is Run => !(end instanceof ApiError))
      await promises.atTheEnd(`after round ${round}`, runs, pair.map(({ output }) => output).join(''))
      const done = new Map<string, number>()
      for (const rotation of runs.flatMap((run) => run.rotations)) {
        if (rotation.state === 'done') {
          done.set(rotation.key, (done.get(rotation.key) ?? 0) + 1)
          continue
        }
        const { problem } = rotation
        const name = `${rotation.state}: ${problem?.name}`
        words.set(name, (words.get(name) ?? 0) + 1)
        expect(problem?.detail && problem.remedy, JSON.stringify(rotation)).toBeTruthy()
        expect(name).toMatch(
          /^rolledBack: (file-moved|file-busy|no-room|key-quota|invalid-key|not-working|not-found)$/,
        )
      }
      for (const end of ends.filter((each): each is ApiError => each instanceof ApiError)) {
        expect(end.problem?.title).toBe('The file changed')
        words.set('the plan is stale', (words.get('the plan is stale') ?? 0) + 1)
      }
      // Each key is replaced by one of the two, and by one alone.
      for (const { id } of before.values()) expect([round, id, done.get(id)]).toEqual([round, id, 1])
      for (const [name, { id }] of ground.pairs()) expect(id).not.toBe(before.get(name)?.id)
      replaced += done.size
    }
    console.log(
      `two commands at once: ${rounds} rounds, ${replaced} keys replaced once, seed ${seed}, 0 violations; the other said ${[...words].map(([word, count]) => `${count} ${word}`).join(', ')}`,
    )
  } finally {
    for (const lives of pair) await lives.kill()
    await ground.close()
  }
})
