import { expect, it } from 'vitest'
import { flapping, Ground } from './ground.ts'
import { Lives, recoverAll } from './lives.ts'
import { Promises, unfinished } from './promises.ts'
import { Random, seed } from './random.ts'
import { many } from './shapes.ts'

/** As many kills as fit, but no more than this. */
const most = 200
/** KEYTURN_KILL_SECONDS gives it less or more time. */
const budgetMs = Number(process.env['KEYTURN_KILL_SECONDS'] ?? 420) * 1000

it('survives kill -9 at random instants of a run of 20 keys', async () => {
  const random = new Random(seed)
  const shape = many(20)
  const ground = await Ground.open({
    behaviour: {
      propagation: flapping,
      deactivationLagMs: 60,
      listLagMs: 50,
      quotaLagMs: 30,
      latency: [1, 15],
    },
  })
  const lives = new Lives(ground)
  let kills = 0
  let runs = 0
  let mended = 0
  try {
    await lives.begin()
    const started = performance.now()
    // How long a run takes that nobody disturbs: the instants are drawn from that.
    let undisturbed = 0
    while (kills < most && performance.now() - started < budgetMs) {
      const laid = shape.lay(ground)
      const promises = new Promises(ground, laid)
      const plan = await lives.client.plan({ ...laid.wish, oldKey: random.pick(['deactivate', 'delete']) })
      expect(plan.rotate).toHaveLength(20)
      const before = performance.now()
      const { id } = await lives.client.startRun(plan.id)
      runs += 1
      let finished = lives.client.finishedRun(id)
      if (undisturbed === 0) {
        await finished
        undisturbed = performance.now() - before
      }
      // Killed in its run, and now and then in the recovery too, once or twice.
      let again = true
      while (again && kills < most) {
        const died = lives.orDeath(finished)
        const fuse = setTimeout(() => lives.command?.process.kill('SIGKILL'), random.next() * undisturbed)
        const survived = (await died) !== undefined
        clearTimeout(fuse)
        if (survived) break
        kills += 1
        await lives.died()
        promises.atEveryInstant(`at kill ${kills}`)
        await lives.begin()
        again = random.next() < 0.3
        const { state } = await lives.client.run(id)
        // Nothing goes on unasked. It may be over: the kill came between its end and our hearing of it.
        expect(state).not.toBe('running')
        mended += state === 'interrupted' ? 1 : 0
        finished = lives.client
          .call('POST', `/api/runs/${id}/recover`)
          .then(() => lives.client.finishedRun(id))
      }
      await finished.catch(() => undefined)
      const shown = await recoverAll(lives.client)
      expect(unfinished(shown)).toBeUndefined()
      const settled = promises.fingerprint()
      await lives.client.call('POST', `/api/runs/${id}/recover`)
      expect(promises.fingerprint()).toBe(settled)
      await promises.atTheEnd(`after kill ${kills}`, shown, lives.output)
    }
    expect(kills).toBeGreaterThan(5)
    console.log(
      `kill -9 at random instants: ${kills} kills in ${runs} runs of 20 keys, ${mended} recoveries, seed ${seed}, 0 violations`,
    )
  } finally {
    await lives.kill()
    await ground.close()
  }
})
