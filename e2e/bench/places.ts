import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../command.ts'
import type { Group } from './group.ts'
import { peakMemoryMiB } from './processFigures.ts'
import type { Report } from './report.ts'

const built = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))

/** What the figures are asked of, and what a bench without `--full` can lay in some seconds. */
const sizes = { full: { files: 200_000, bytes: 10e9 }, quick: { files: 20_000, bytes: 1e9 } }
const planted = 'AKIAWKEYTURNBENCHAAA'
const idAt = (at: number) => `AKIAWKEYTURNBENCH${String.fromCharCode(66 + (at % 10), 66 + at / 10)}A`

/** Looking for a key in a home of text, beside the tools that people would look with. */
export const places: Group = {
  name: 'places',
  about: 'looking for a key on this machine, by the built command',
  async measure(report, { full }) {
    const size = full ? sizes.full : sizes.quick
    const root = mkdtempSync(path.join(tmpdir(), 'keyturn-bench-places-'))
    try {
      const home = path.join(root, 'home')
      lay(home, size)
      await measureOn(report, root, home, full)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
}

async function measureOn(report: Report, root: string, home: string, full: boolean): Promise<void> {
  const one = [planted]
  const many = [planted, ...Array.from({ length: 49 }, (_, at) => idAt(at))]
  const others: [string, string, string[]][] = [
    ['ripgrep', 'rg', ['-F', '-l', '-uuu', planted, home]],
    ['grep -rF', 'grep', ['-rFl', planted, home]],
  ]
  const dropped = dropCache()
  if (dropped) {
    const cold = await keyturn(root, home, one)
    report.add({
      what: 'a key is looked for, the disk cache dropped',
      value: cold.ms,
      unit: 'ms',
      ...(full && { atMost: 30_000 }),
    })
    for (const [name, command, args] of others) {
      dropCache()
      const ms = await other(command, args)
      if (ms !== undefined) report.add({ what: `  the same by ${name}`, value: ms, unit: 'ms' })
    }
  }
  await keyturn(root, home, one)
  const warm = await keyturn(root, home, one)
  report.add({
    what: 'the same once the files are in memory',
    value: warm.ms,
    unit: 'ms',
    ...(full && { atMost: 8_000 }),
  })
  for (const [name, command, args] of others) {
    const ms = await other(command, args)
    if (ms !== undefined) report.add({ what: `  the same by ${name}`, value: ms, unit: 'ms' })
  }
  report.add({ what: '  most memory held', value: warm.memory, unit: 'MiB', atMost: 150 })
  const fifty = await keyturn(root, home, many)
  report.add({
    what: '50 ids at once, as many times one id',
    value: fifty.ms / warm.ms,
    unit: '',
    atMost: 1.2,
  })
}

/** Lines of settings and source of which one file in a thousand holds the id. */
function lay(home: string, { files, bytes }: { files: number; bytes: number }): void {
  const line =
    'export const value = await fetch(`${base}/things/${id}`, { method: "GET" }) // AKI of nothing\n'
  const text = line.repeat(Math.ceil(bytes / files / line.length))
  const perFolder = 100
  for (let at = 0; at < files; at++) {
    const folder = path.join(home, `d${Math.floor(at / 10_000)}`, `e${Math.floor(at / perFolder)}`)
    if (at % perFolder === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, `f${at}.ts`), at % 1_000 === 0 ? `${text}${planted}\n` : text)
  }
}

/** @throws Error where not every planted copy was found */
async function keyturn(
  root: string,
  home: string,
  ids: readonly string[],
): Promise<{ ms: number; memory: number }> {
  const began = performance.now()
  const args = ['find', ...ids, '--in', home, '--json', '--state-dir', path.join(root, 'state')]
  const child = spawn(process.execPath, [process.env['KEYTURN_COMMAND'] ?? built, ...args], {
    env: cleanEnvironment({ HOME: root }),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  let memory = 0
  const watch = setInterval(() => (memory = peakMemoryMiB(child.pid ?? 0) || memory), 50)
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await once(child, 'close')
  clearInterval(watch)
  const ms = performance.now() - began
  const { places: found, files } = JSON.parse(text) as { places: unknown[]; files: number }
  if (found.length !== files / 1_000) throw new Error(`${found.length} of ${files / 1_000} were found`)
  return { ms, memory }
}

/** @returns undefined where the tool is not there */
async function other(command: string, args: readonly string[]): Promise<number | undefined> {
  const began = performance.now()
  const child = spawn(command, args, { stdio: 'ignore' })
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  return code === 0 ? performance.now() - began : undefined
}

/** Only root may; elsewhere nothing is said of a cold search. @returns whether it was */
function dropCache(): boolean {
  try {
    // What is not written yet cannot be dropped.
    execFileSync('sync')
    writeFileSync('/proc/sys/vm/drop_caches', '3')
    return true
  } catch {
    return false
  }
}
