import type { Run } from '../api/run.ts'
import type { Engine } from '../engine/engine.ts'
import type { HeldKey } from '../keys/ports.ts'
import { Failure } from '../platform/failure.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import type { NewRun } from '../rotation/runs/runs.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import { follow } from './follow.ts'
import { openRest } from '../leak/rest.ts'
import { exposedLines } from './ledgerText.ts'
import { restLines } from './restText.ts'
import type { LeakedAct } from './options.ts'
import { removeKeys } from './removeKeys.ts'
import { resultText } from './resultText.ts'
import { rotateAll } from './rotate.ts'
import { totalsText } from './totals.ts'
import { count, places, short } from './wording.ts'

/** `keyturn leaked`: replaces all keys, and accounts for each of them until none works that a thief could use. */
export async function leaked(command: Command): Promise<Ended> {
  const { options, terminal } = command
  const engine = await command.open()
  try {
    const act = options.leaked?.act
    const done = act
      ? await actOn(engine, command, act)
      : options.yes || options.dryRun || terminal.asks
        ? await rotateAll(engine, command)
        : { code: exit.ok, document: {} }
    const ledger = engine.runs.ledger()
    // What was just replaced has told the rows of its own run.
    if (!('run' in done.document) && !('runs' in done.document))
      terminal.print(exposedLines(ledger.open, ledger.asked).join('\n'))
    const open = ledger.open.length + openRest(ledger.rest)
    terminal.print(restLines(ledger.rest).join('\n') || (open === 0 ? nothingOpen : ''))
    const code = done.code === exit.ok && open > 0 ? exit.failed : done.code
    return {
      code: done.code === exit.nothing && open > 0 ? exit.failed : code,
      document: { ...done.document, ledger },
    }
  } finally {
    await engine.close()
  }
}

const nothingOpen = 'Nothing is open: each key that was asked for is replaced, dead, or left by name.'

async function actOn(engine: Engine, command: Command, act: LeakedAct): Promise<Ended> {
  const { terminal } = command
  if (act.kind === 'kill') return kill(engine, command, act.keys)
  if (act.kind === 'remove') return removeKeys(engine, command, act.keys)
  const { open: rows, rest = [] } = engine.runs.ledger()
  const open = new Set([
    ...rows.map(({ key }) => key),
    ...rest.filter(({ state }) => state === 'open').map(({ id }) => id),
  ])
  if (act.kind === 'leave') {
    const stranger = act.keys.find((key) => !open.has(key))
    if (stranger !== undefined) throw new Failure(notOpen(stranger))
    if (command.options.dryRun) return { code: exit.ok, document: { keys: act.keys } }
    if (!command.options.yes)
      await confirmed(
        command,
        `Leave ${count(act.keys.length, 'row')} as ${act.keys.length === 1 ? 'it is' : 'they are'}?`,
      )
  }
  if (!command.options.dryRun)
    await engine.runs.leave(act.keys, act.kind === 'leave', act.kind === 'leave' ? act.why : undefined)
  for (const key of act.keys)
    terminal.print(
      `${parseKeyId(key) ? short(key) : key} is ${act.kind === 'leave' ? 'left as it is, by name' : 'open again'}.`,
    )
  return { code: exit.ok, document: { keys: act.keys } }
}

/** Turns keys off without new ones: all that are open, or those that are named, whether profiles hold them or not. */
async function kill(engine: Engine, command: Command, wanted: 'open' | readonly string[]): Promise<Ended> {
  const { options, terminal } = command
  const { keys } = await engine.keyring.readKeys()
  const held = new Map(keys.map((key) => [key.id, key]))
  const ids = wanted === 'open' ? engine.runs.ledger().open.map(({ key }) => key) : wanted
  const inFiles = ids.filter((id) => held.has(id))
  const confirm = inFiles.length === 1 ? String(inFiles[0]).slice(-4) : String(inFiles.length)
  const runs = [
    // One that was replaced and kept is signed for by the key that replaced it, which may be among those that go next.
    ...(await Promise.all(
      ids.filter((id) => !held.has(id)).map((id) => engine.undos.ofKey(id, 'deactivate')),
    )),
    ...(inFiles.length > 0 ? [await engine.undos.kill(inFiles, confirm, options.signer)] : []),
  ]
  if (runs.length === 0) return { code: exit.nothing, document: {} }
  terminal.print(killText(runs, (id) => held.get(id)?.profiles ?? []))
  const document = { kill: ids }
  if (options.dryRun) return { code: exit.ok, document }
  if (!options.yes) await confirmed(command, `Turn ${count(ids.length, 'key')} off?`)
  const ended: Run[] = []
  for (const run of runs) {
    const begun = await engine.runs.start({ ...run, by: command.by })
    ended.push(...(await follow(engine, command, [begun])))
  }
  for (const run of ended) terminal.print(resultText(run, engine.clock.now(), !engine.demo))
  terminal.print(totalsText(ended, 0))
  const good = ended.every(({ state }) => state === 'done')
  const cut = ended.some(({ state }) => state === 'interrupted')
  return { code: good ? exit.ok : cut ? exit.recovery : exit.failed, document: { ...document, runs: ended } }
}

function killText(runs: readonly NewRun[], profilesOf: (id: string) => HeldKey['profiles']): string {
  const specs = runs.flatMap(({ rotations }) => rotations.map(({ spec }) => spec))
  const holding = specs.some(({ profiles }) => profiles.length > 0)
  return [
    `Turns off ${count(specs.length, 'key')}.${holding ? ' What uses them stops working at once:' : ''}`,
    ...specs.map(({ from, profiles, last }) => {
      const order = last ? '  last, since it signs for the others' : ''
      return `  ${places(profiles) || '(in no profile)'}  ${short(from)}${roles(profilesOf(from))}${order}`
    }),
    ...(holding
      ? ['To turn one on again afterwards: an administrator’s profile of its account, or the AWS console.']
      : []),
  ].join('\n')
}

function roles(profiles: readonly { readonly usedByRoles: readonly string[] }[]): string {
  const names = [...new Set(profiles.flatMap(({ usedByRoles }) => usedByRoles))]
  return names.length === 0 ? '' : `, and the roles that use it: ${names.join(', ')}`
}

function notOpen(key: string) {
  return {
    name: 'not-found',
    title: 'Not open',
    detail: `No row of ****${key.slice(-4)} is open. Nothing was noted.`,
    remedy: 'keyturn leaked lists the keys that are open.',
  }
}
