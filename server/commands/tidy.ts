import type { OldKey } from '../api/inventory.ts'
import type { Run } from '../api/run.ts'
import type { Engine } from '../engine/engine.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import { follow } from './follow.ts'
import { resultText } from './resultText.ts'
import { tidyText } from './tidyText.ts'
import { count } from './wording.ts'

/** `keyturn tidy`: turns off the old keys whose grace is over, and deletes those that have been quiet. */
export async function tidy(command: Command): Promise<Ended> {
  const engine = await command.open()
  try {
    return await tidyWith(engine, command)
  } finally {
    await engine.close()
  }
}

/** What is done is judged by what AWS says now. Exit code 3 where there is nothing to do. */
export async function tidyWith(engine: Engine, command: Command): Promise<Ended> {
  const { options, terminal, interruption } = command
  await ask(engine, command)
  const { oldKeys, now } = await engine.keyring.inventory()
  const over = oldKeys.filter((key) => key.ours && key.overGrace)
  const quiet = oldKeys.filter((key) => key.ours && key.safe)
  const used = over.filter(({ usedSince }) => usedSince)
  const facts = {
    stillUsed: used.map(({ id, user, lastUsed }) => ({ id, user: user?.name, lastUsed: lastUsed?.at })),
  }
  const text = tidyText(over, quiet, Date.parse(now))
  const acts = over.length + quiet.length
  if (acts === 0) {
    if (terminal.talks || options.dryRun) terminal.print('No old key is over its grace, and none is quiet.')
    return { code: exit.nothing, document: { turnedOff: [], deleted: [], ...facts } }
  }
  terminal.print(text)
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    const would = { turnOff: ids(over), delete: ids(quiet) }
    return { code: exit.ok, document: { turnedOff: [], deleted: [], would, ...facts } }
  }
  if (!options.yes) await confirmed(command, `Tidy ${count(acts, 'old key')}?`)
  const runs = await follow(engine, command, await begin(engine, command, over, quiet))
  for (const run of runs) terminal.print(resultText(run, engine.clock.now(), false))
  const done = (kind: Run['kind']) =>
    runs
      .filter((run) => run.kind === kind)
      .flatMap(({ rotations }) => rotations.flatMap(({ key, state }) => (state === 'done' ? [key] : [])))
  const failed = runs.some(({ state }) => state !== 'done')
  return {
    code: interruption.requested ? exit.interrupted : failed ? exit.failed : exit.ok,
    document: { turnedOff: done('deactivate'), deleted: done('delete'), ...facts, runs },
  }
}

/** About the users of old keys that may be due: the last check may be of long ago. */
async function ask({ keyring }: Engine, { interruption }: Command): Promise<void> {
  const { keys, oldKeys } = await keyring.inventory()
  const maybe = oldKeys.filter(
    (key) => key.ours && (key.status === 'inactive' || key.keptUntil !== undefined),
  )
  const users = new Set(maybe.map(({ user }) => user?.arn))
  const replacements = new Set(maybe.map(({ replacedBy }) => replacedBy))
  const asked = keys.filter(
    ({ id, user, canary, excluded }) =>
      !canary && !excluded && (replacements.has(id) || (user && users.has(user.arn))),
  )
  if (asked.length === 0) return
  await keyring.startChecks(asked.map(({ id }) => id))
  await interruption.unless(keyring.idle())
}

async function begin(
  { runs, undos }: Engine,
  { by }: Command,
  over: readonly OldKey[],
  quiet: readonly OldKey[],
): Promise<Run[]> {
  const wished = [
    ...(over.length > 0 ? [await undos.ofKeysOverGrace(ids(over))] : []),
    ...(quiet.length > 0 ? [await undos.ofSafeKeys(ids(quiet), String(quiet.length))] : []),
  ]
  const begun: Run[] = []
  for (const run of wished) begun.push(await runs.start({ ...run, by }))
  return begun
}

function ids(keys: readonly OldKey[]): string[] {
  return keys.map(({ id }) => id)
}
