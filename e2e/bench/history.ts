import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { defaultSettings } from '../../server/api/settings.ts'
import { Client } from '../client.ts'
import { Stage } from '../stage.ts'
import { crowd } from './crowd.ts'
import type { Group } from './group.ts'
import type { Report } from './report.ts'
import { median, timed } from './statistics.ts'

export const history: Group = {
  name: 'history',
  about: '50 keys as a person waits for them, and a history of 10,000 rotations',
  async measure(report) {
    await longHistory(await fiftyKeys(report), report)
  },
}

/** As a person waits for it: default settings, and an AWS as slow and unsure as the real one. */
async function fiftyKeys(report: Report): Promise<Stage> {
  const stage = await Stage.open({
    behaviour: {
      propagation: { minMs: 3_000, maxMs: 8_000, flaps: 2 },
      deactivationLagMs: 3_000,
      latency: [50, 150],
    },
  })
  crowd(stage, 50)
  stage.settings({ verification: defaultSettings.verification })
  const client = await Client.open(await stage.start())
  const plan = await timed(() => client.plan({ keys: 'all', oldKey: 'deactivate' }))
  const run = await timed(async () => client.finishedRun((await client.startRun(plan.result.id)).id, 600_000))
  const done = run.result.rotations.filter(({ state }) => state === 'done').length
  report.add({ what: 'plan of 50 keys, AWS answers in 50–150 ms', value: plan.ms / 1000, unit: 's' })
  report.add({
    what: `50 keys rotated (${done} done), default settings, AWS spreads keys in 3–8 s`,
    value: run.ms / 1000,
    unit: 's',
  })
  await stage.kill()
  return stage
}

/** The journal of a real run of 50, two hundred times over under other ids, those of its keys included. */
function multiplyJournal(stage: Stage, times: number): void {
  const runs = path.join(stage.state, 'runs')
  const [name] = readdirSync(runs).filter((each) => each.endsWith('.jsonl'))
  const id = name!.slice(0, -'.jsonl'.length)
  const text = readFileSync(path.join(runs, name!), 'utf8')
  const header = JSON.parse(text.slice(0, text.indexOf('\n'))) as { rotations: { spec: { id: string } }[] }
  for (let copy = 1; copy < times; copy += 1) {
    const other = `${id.slice(0, -4)}${copy.toString(36).padStart(4, '0')}`
    const tail = copy.toString(16).padStart(4, '0').toUpperCase()
    let copied = text.replaceAll(id, other).replaceAll(/(AKIA[A-Z2-7]{12})[A-Z2-7]{4}/g, `$1${tail}`)
    for (const { spec } of header.rotations)
      if (!spec.id.includes(id)) copied = copied.replaceAll(spec.id, `${spec.id}-${copy}`)
    writeFileSync(path.join(runs, `${other}.jsonl`), copied, { mode: 0o600 })
  }
}

async function longHistory(stage: Stage, report: Report): Promise<void> {
  const short = await timed(() => stage.start())
  await stage.kill()
  multiplyJournal(stage, 200)
  const started = await timed(() => stage.start())
  report.add({
    what: 'server start with the journals of 10,000 rotations, over one of 50',
    value: started.ms - short.ms,
    unit: 'ms',
    atMost: 1_000,
  })
  const client = await Client.open(started.result)
  for (const at of ['/api/history', '/api/history?format=csv', '/api/runs', '/api/runs?limit=1000']) {
    const times: number[] = []
    let size = 0
    for (let ask = 0; ask < 5; ask += 1) {
      const asked = await timed(async () => (await client.fetch('GET', at)).text())
      times.push(asked.ms)
      size = asked.result.length
    }
    report.add({
      what: `GET ${at}, 10,000 rotations, ${Math.round(size / 1024)} KiB`,
      value: median(times),
      unit: 'ms',
      // A page of a thousand runs of fifty is more than anything asks for.
      ...(!at.includes('limit') && { atMost: 200 }),
    })
  }
  const { rows } = await client.call<{ rows: unknown[] }>('GET', '/api/history')
  if (rows.length !== 10_000) throw new Error(`the history has ${rows.length} rows, not 10,000`)
  await stage.close()
}
