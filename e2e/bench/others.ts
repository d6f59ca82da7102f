import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { section } from '../stage.ts'
import { bulkRuns } from './bulkRuns.ts'
import type { Group } from './group.ts'
import { populated } from './ground.ts'
import { blindLoop, sleepingLoop } from './loops.ts'
import type { Looped } from './loops.ts'
import type { Report } from './report.ts'
import { median } from './statistics.ts'

export const others: Group = {
  name: 'others',
  about: 'beside two loops, replayed call for call through the AWS SDK on the same embedded IAM',
  async measure(report, { full }) {
    await compare(report, { keys: 10, turns: 5, atLeast: 8 })
    if (full) await compare(report, { keys: 50, turns: 1, atLeast: 40 })
    else report.note('50 keys, eight and a half minutes of the sleeping loop: with --full')
  },
}

async function compare(
  report: Report,
  { keys, turns, atLeast }: { keys: number; turns: number; atLeast: number },
): Promise<void> {
  const own = await bulkRuns({ keys, accounts: 1, turns: 5 })
  const ours = median(own.map(({ wallMs }) => wallMs))
  const blind = await loops(keys, turns, blindLoop)
  const sleeping = await loops(keys, turns, sleepingLoop)
  const seconds = (what: string, ms: number) => report.add({ what, value: ms / 1000, unit: 's' })
  seconds(`${keys} keys, Keyturn: until the last retire`, ours)
  seconds('  with the plan before and the confirm after', median(own.map(({ wholeMs }) => wholeMs)))
  seconds(`${keys} keys, create → write → sleep 10 s → list → turn the oldest off`, sleeping.ms)
  report.add({ what: '  its profiles locked out for a while', value: sleeping.lockedOut, unit: '' })
  report.add({ what: '  its time ÷ Keyturn’s', value: sleeping.ms / ours, unit: '×', atLeast })
  seconds(`${keys} keys, create → write → turn the old one off, nothing verified`, blind.ms)
  report.add({ what: '  its profiles locked out for a while', value: blind.lockedOut, unit: '' })
}

/** So many loops side by side, each with users of its own: they sleep, and do not disturb one another. */
async function loops(keys: number, turns: number, loop: typeof blindLoop): Promise<Looped> {
  const { iam, users } = await populated({ keys: keys * turns, propagation: 'spreading', seed: keys })
  const root = mkdtempSync(path.join(tmpdir(), 'keyturn-bench-'))
  try {
    const looped = await Promise.all(
      Array.from({ length: turns }, (_, turn) => {
        const own = users.slice(turn * keys, (turn + 1) * keys)
        const file = path.join(root, `credentials-${turn}`)
        writeFileSync(file, own.map(({ name, pair }) => section(name, pair)).join('\n'), { mode: 0o600 })
        return loop(iam, own, file)
      }),
    )
    return {
      ms: median(looped.map(({ ms }) => ms)),
      lockedOut: median(looped.map(({ lockedOut }) => lockedOut)),
    }
  } finally {
    await iam.close()
    rmSync(root, { recursive: true, force: true })
  }
}
