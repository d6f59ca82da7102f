import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { Client } from '../client.ts'
import { Command } from '../command.ts'
import { Stage } from '../stage.ts'
import { crowd } from './crowd.ts'
import type { Group } from './group.ts'
import type { Report } from './report.ts'
import { cpuMs } from './processFigures.ts'
import { median, timed } from './statistics.ts'

const keys = 50
const part = 100

/** Thousands of runs in one process: each of a key of fifty, whose old key is deleted. */
export const longLife: Group = {
  name: 'long',
  about: 'two thousand runs in one process, one key of fifty each: nothing grows',
  async measure(report) {
    const stage = await Stage.open()
    crowd(stage, keys)
    try {
      await live(stage, report, Number(process.env['KEYTURN_RUNS'] ?? 2_000))
    } finally {
      await stage.close()
    }
  },
}

async function live(stage: Stage, report: Report, runs: number): Promise<void> {
  // Not by the stage, whose guard writes down all that is sent: its files and its memory would be measured.
  const script = process.env['KEYTURN_COMMAND']
  const { command, link } = await Command.start({ args: stage.args, ...(script !== undefined && { script }) })
  const client = await Client.open(link)
  const { pid } = command.process
  const lives: Life[] = []
  for (let done = 0; done < runs; done += part) lives.push(await oneLife(client, pid, done))
  // The first hundred fill caches and compile what all that follow use.
  const [, first = lives[0]!] = lives
  const last = lives.at(-1)!
  await command.kill()
  report.add({ what: `a run, of the second ${part}`, value: first.ms, unit: 'ms' })
  report.add({ what: `a run, of the last ${part} of ${runs}`, value: last.ms, unit: 'ms' })
  report.add({ what: '  processor time, of the second', value: first.cpuMs, unit: 'ms' })
  report.add({ what: '  of the last', value: last.cpuMs, unit: 'ms', atMost: first.cpuMs * 1.1 })
  report.add({ what: 'memory after two hundred', value: first.memoryMiB, unit: 'MiB' })
  report.add({ what: 'memory at the end', value: last.memoryMiB, unit: 'MiB', atMost: first.memoryMiB * 1.1 })
  report.add({ what: 'open files at the end', value: last.handles, unit: '', atMost: first.handles + 10 })
  const bytes = bytesIn(path.join(stage.state, 'runs'))
  report.add({ what: 'journals, a rotation', value: bytes / runs / 1024, unit: 'KiB', atMost: 2 })
  report.add({
    what: `keys.json of ${keys} keys`,
    value: statSync(path.join(stage.state, 'keys.json')).size / 1024,
    unit: 'KiB',
    atMost: 100,
  })
}

interface Life {
  readonly ms: number
  /** Of the processor: what else the machine does meanwhile is not in it. */
  readonly cpuMs: number
  readonly memoryMiB: number
  readonly handles: number
}

async function oneLife(client: Client, pid: number | undefined, done: number): Promise<Life> {
  const times: number[] = []
  const before = cpuMs(pid)
  for (let at = done; at < done + part; at += 1) {
    const { keys: held } = await client.inventory()
    const key = held[at % held.length]!.id
    const { ms, result } = await timed(() => client.rotate({ keys: [key], oldKey: 'delete' }))
    if (result.run.state !== 'done') throw new Error(`a run ended as ${result.run.state}`)
    times.push(ms)
  }
  return {
    ms: median(times),
    cpuMs: (cpuMs(pid) - before) / part,
    memoryMiB: memoryMiB(pid),
    handles: readdirSync(`/proc/${pid}/fd`).length,
  }
}

function memoryMiB(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(path.join(directory, name)).size, 0)
}
