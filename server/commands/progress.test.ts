import { PassThrough } from 'node:stream'
import stringWidth from 'string-width'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Rotation, Run } from '../api/run.ts'
import { Progress } from './progress.ts'
import { Terminal } from './terminal.ts'

const rotation = (id: string, name: string, change: Partial<Rotation> = {}) =>
  ({
    id,
    key: 'AKIAAAAAAAAAAAAAAAAA',
    profiles: [{ name }],
    state: 'running',
    steps: [],
    notes: [],
    ...change,
  }) as unknown as Rotation

function table(names: readonly string[], columns = 80) {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 24 })
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    env: { LANG: 'C.UTF-8', NO_COLOR: '1' },
  }
  const run = { rotations: names.map((name, at) => rotation(String(at), name)) } as Run
  const progress = new Progress(new Terminal(streams, 'words'), [run])
  const drawn = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return String((stderr.read() as Buffer | null) ?? '')
  }
  return { progress, drawn }
}

describe('the live table', () => {
  it('writes only the line that changed', async () => {
    const { progress, drawn } = table(['default', 'prod', 'staging'])
    expect((await drawn()).split('\n')).toHaveLength(4)
    progress.update(rotation('1', 'prod', { state: 'done' }))
    const change = await drawn()
    expect(change).toMatch(/^\u001b\[2A\[prod\] .*done\u001b\[0K\u001b\[2B\r$/)
    progress.update(rotation('1', 'prod', { state: 'done' }))
    expect(await drawn()).toBe('')
    progress.end()
    expect(await drawn()).toBe('\u001b[3A\u001b[0J')
  })

  it.each([20, 80, 200])('aligns what is wide, emoji or combining, and fits %d columns', async (columns) => {
    const names = ['日本語のプロファイル', '👩‍🚀 ops', 'é\u0301cole', 'x'.repeat(90)]
    const lines = (await table(names, columns).drawn()).trimEnd().split('\n').map(stripVTControlCharacters)
    expect(lines.filter((line) => stringWidth(line) > Math.max(columns, 40))).toEqual([])
    const bars = lines.map((line) => stringWidth(line.slice(0, line.indexOf('░'))))
    expect(new Set(bars).size).toBe(1)
  })
})
