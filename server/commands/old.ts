import type { Key, OldKey } from '../api/inventory.ts'
import type { Run } from '../api/run.ts'
import { openToLook } from '../engine/engine.ts'
import type { Engine, Looking } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import type { NewRun } from '../rotation/runs/runs.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import { follow } from './follow.ts'
import type { OldAct } from './options.ts'
import { resultText } from './resultText.ts'
import { totalsText } from './totals.ts'
import { withFiles } from './withFiles.ts'
import { count, short, when } from './wording.ts'

/** `keyturn old`: old keys as last known; with an act, that act. AWS is asked only for an act. */
export async function old(command: Command): Promise<Ended> {
  const { act } = command.options.old ?? {}
  if (act) {
    const engine = await command.open()
    try {
      return await withFiles(engine, command, () => actWith(engine, command, act))
    } finally {
      await engine.close()
    }
  }
  const looking = await openToLook(command.options, command.env)
  try {
    return await withFiles(looking, command, async () => {
      const found = await listed(looking)
      const now = looking.clock.now()
      command.terminal.print(found.map((each) => lineOf(each, now)).join('\n') || 'No old keys.')
      return { code: exit.ok, document: { old: found } }
    })
  } finally {
    await looking.close()
  }
}

type Listed = ReturnType<typeof viewOf>

async function listed({ keyring }: Pick<Looking, 'keyring'>): Promise<Listed[]> {
  const { keys, oldKeys } = await keyring.inventory()
  return oldKeys.map((key) => viewOf(key, keys))
}

function viewOf(key: OldKey, keys: readonly Key[]) {
  const { id, user, account, status, retiredAt, lastUsed, safe, safeAt, replacedBy, keptUntil } = key
  return {
    id,
    ...(user && { user: user.name }),
    ...(account && { account: account.id }),
    state: status,
    ...(retiredAt !== undefined && { offSince: retiredAt }),
    ...(lastUsed?.at !== undefined && { lastUsed: lastUsed.at }),
    quiet: safe,
    ...(safeAt !== undefined && { safeOn: safeAt }),
    ...(keptUntil !== undefined && { keptUntil }),
    ...(replacedBy !== undefined && { replacedBy }),
    profiles: keys.find((each) => each.id === replacedBy)?.profiles ?? [],
  }
}

function lineOf(listed: Listed, now: number): string {
  const { id, user, state, offSince, lastUsed, quiet, safeOn, keptUntil } = listed
  const facts = [
    offSince === undefined ? state : `off since ${when(offSince, now)}`,
    lastUsed === undefined ? undefined : `last used ${when(lastUsed, now)}`,
    keptUntil === undefined ? undefined : `kept until ${keptUntil.slice(0, 10)}`,
    quiet ? 'safe to delete' : safeOn === undefined ? undefined : `safe to delete on ${safeOn.slice(0, 10)}`,
  ]
  return `${id}${user === undefined ? '' : `  of ${user}`}  ${facts.filter(Boolean).join(', ')}`
}

async function actWith(engine: Engine, command: Command, act: OldAct): Promise<Ended> {
  const { terminal, options, interruption } = command
  const ids = act.ids === 'quiet' ? await quietOnes(engine, command) : act.ids
  if (ids.length === 0) throw new Failure(nothingQuiet)
  const doing = act.kind === 'delete' ? 'Delete for good' : 'Turn on again'
  terminal.print(`${doing}: ${ids.map(short).join(', ')}`)
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return { code: exit.ok, document: { would: act.kind, keys: ids } }
  }
  if (!options.yes) await confirmed(command, `${doing} ${count(ids.length, 'key')}?`)
  const begun: Run[] = []
  for (const run of await runsOf(engine, act, ids))
    begun.push(await engine.runs.start({ ...run, by: command.by }))
  const runs = await follow(engine, command, begun)
  for (const run of runs) terminal.print(resultText(run, engine.clock.now(), false))
  terminal.print(totalsText(runs, 0))
  const failed = runs.some(({ state }) => state !== 'done')
  return {
    code: interruption.requested ? exit.interrupted : failed ? exit.failed : exit.ok,
    document: { runs, old: await listed(engine) },
  }
}

/** Those that are quiet by what AWS says now of their users: what was true at the last check may no longer be. */
async function quietOnes({ keyring }: Engine, { interruption }: Command): Promise<string[]> {
  const quiet = async () => (await keyring.inventory()).oldKeys.filter((key) => key.ours && key.safe)
  const { keys } = await keyring.inventory()
  const users = new Set((await quiet()).map(({ user }) => user?.arn))
  await keyring.startChecks(keys.filter(({ user }) => user && users.has(user.arn)).map(({ id }) => id))
  await interruption.unless(keyring.idle())
  return (await quiet()).map(({ id }) => id)
}

/** All that are quiet in one run, all or none; one that was named, by itself. */
async function runsOf({ undos }: Engine, { kind, ids }: OldAct, found: readonly string[]): Promise<NewRun[]> {
  if (ids === 'quiet') return [await undos.ofSafeKeys(found, String(found.length))]
  return Promise.all(found.map((id) => undos.ofKey(id, kind, id.slice(-4))))
}

const nothingQuiet = {
  name: 'no-old-keys',
  title: 'Nothing to delete',
  detail: 'No old key that Keyturn turned off has been off and unused for long enough.',
  remedy: 'keyturn old says when each will have been.',
}
