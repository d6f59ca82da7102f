import type { Run } from '../api/run.ts'
import type { RemovedLines } from '../api/removal.ts'
import type { Engine } from '../engine/engine.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import { follow } from './follow.ts'
import { hint } from './hints.ts'
import { resultText } from './resultText.ts'
import { totalsText } from './totals.ts'
import { count, short } from './wording.ts'

/** Takes keys that AWS refuses out of the files, each in a run of its own; the lines are shown first. */
export async function removeKeys(engine: Engine, command: Command, keys: readonly string[]): Promise<Ended> {
  const { options, terminal } = command
  const removals = []
  for (const key of keys) removals.push({ key, ...(await engine.undos.remove(key)) })
  const document = { remove: removals.map(({ key, lines }) => ({ key, files: lines })) }
  for (const { key, lines } of removals) terminal.print(linesText(key, lines))
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return { code: exit.ok, document }
  }
  if (!options.yes) await confirmed(command, `Take ${count(keys.length, 'key')} out of the file?`)
  const begun: Run[] = []
  for (const { run } of removals) begun.push(await engine.runs.start({ ...run, by: command.by }))
  const runs = await follow(engine, command, begun)
  for (const run of runs) {
    terminal.print(resultText(run, engine.clock.now(), false))
    if (run.state === 'done') terminal.print(`  To put it back: ${hint(`keyturn undo ${run.id}`)}`)
  }
  terminal.print(totalsText(runs, 0))
  const good = runs.every(({ state }) => state === 'done')
  const cut = runs.some(({ state }) => state === 'interrupted')
  return { code: good ? exit.ok : cut ? exit.recovery : exit.failed, document: { ...document, runs } }
}

function linesText(key: string, files: readonly RemovedLines[]): string {
  return files
    .flatMap(({ path, profile, lines }) => [
      `Takes ${short(key)} out of [${profile}] in ${path}:`,
      ...lines.map(({ line, text }) => `  - ${line}: ${text}`.trimEnd()),
    ])
    .join('\n')
}
