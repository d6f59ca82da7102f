import type { Engine } from '../engine/engine.ts'
import { exit } from './exitCodes.ts'
import { follow } from './follow.ts'
import { hint } from './hints.ts'
import { resultText } from './resultText.ts'
import type { Command, Ended } from './command.ts'
import { withFiles } from './withFiles.ts'
import { sentence } from './wording.ts'

/** `keyturn --recover`: what an earlier run left half done is finished, or rolled back. */
export async function recover(command: Command): Promise<Ended> {
  const engine = await command.open()
  try {
    return await withFiles(engine, command, () => recoverAll(engine, command))
  } finally {
    await engine.close()
  }
}

/** Opens the engine for a command; with `--recover` it works only where nothing is left half done. */
export async function afterRecovery(
  command: Command,
  work: (engine: Engine, command: Command) => Promise<Ended>,
): Promise<Ended> {
  const engine = await command.open()
  try {
    if (command.options.recover) {
      const recovered = await recoverAll(engine, command)
      if (recovered.code !== exit.ok) return recovered
    }
    return await work(engine, command)
  } finally {
    await engine.close()
  }
}

/** Idempotent, and may itself be killed. Exit code 4 while something needs a person. */
export async function recoverAll(engine: Engine, command: Command): Promise<Ended> {
  const { terminal, interruption } = command
  const { runs } = engine
  const notices = runs.troubles
  for (const notice of notices) terminal.say(`${notice.title}. ${sentence(notice)}`)
  const begun = []
  for (const { id } of runs.interrupted()) begun.push(await runs.recover(id, command.by))
  const ended = await follow(engine, command, begun)
  const now = engine.clock.now()
  for (const run of ended) {
    terminal.print(`Run ${run.id}, begun ${run.startedAt}:`)
    terminal.print(resultText(run, now, !engine.demo))
  }
  const waiting = runs.unfinished().filter((run) => !ended.some(({ id }) => id === run.id))
  for (const run of waiting) {
    terminal.print(`Run ${run.id} stands still and needs you. To retry it, on the page: ${hint('keyturn')}`)
    terminal.print(resultText(run, now, !engine.demo))
  }
  if (begun.length === 0 && waiting.length === 0 && notices.length === 0 && terminal.talks)
    terminal.print('No run was interrupted.')
  const code = interruption.requested
    ? exit.interrupted
    : runs.unfinished().length > 0
      ? exit.recovery
      : exit.ok
  return { code, document: { notices, recovered: ended, waiting } }
}
