import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from '../client.ts'
import { Stage } from '../stage.ts'
import type { Group } from './group.ts'
import { median, repeat, timed } from './statistics.ts'

const times = 9
/** After so long, in milliseconds, nothing of a start or of a request still runs. */
const settledMs = 1_500

export const start: Group = {
  name: 'start',
  about: `the built command until its link, beside \`node -e 0\`; medians of ${times}`,
  async measure(report) {
    const stage = await Stage.open()
    try {
      stage.users('default')
      // In turn: what else the machine does falls on both alike.
      const turns = await repeat(times, async () => {
        const bare = (await timed(bareNode)).ms
        const { result: link, ms: ready } = await timed(() => stage.start())
        const looks = { bare, ready, ...(await memory(stage, link)) }
        await stage.kill()
        return looks
      })
      const of = (what: keyof (typeof turns)[number]) => median(turns.map((turn) => turn[what]))
      const [bare, ready] = [of('bare'), of('ready')]
      report.add({ what: '`node -e 0`', value: bare, unit: 'ms' })
      report.add({ what: 'start until its link', value: ready, unit: 'ms', atMost: 600 })
      report.add({ what: 'start ÷ `node -e 0`', value: ready / bare, unit: '×', atMost: 10 })
      report.add({ what: 'memory idle, before a page', value: of('idle'), unit: 'MiB', atMost: 110 })
      report.add({ what: 'memory idle, a page has looked', value: of('looked'), unit: 'MiB', atMost: 110 })
    } finally {
      await stage.close()
    }
  },
}

async function bareNode(): Promise<void> {
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit')
}

async function memory(stage: Stage, link: string): Promise<{ idle: number; looked: number }> {
  await wait(settledMs)
  const idle = residentMiB(stage)
  const client = await Client.open(link)
  await client.inventory()
  await client.fetch('GET', '/api/history')
  await wait(settledMs)
  return { idle, looked: residentMiB(stage) }
}

/** NaN, which meets no limit, where the system has no /proc. */
function residentMiB(stage: Stage): number {
  try {
    const status = readFileSync(`/proc/${stage.command?.process.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}
