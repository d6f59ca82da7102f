import type { Engine } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import { follow } from './follow.ts'
import { exposedLines } from './ledgerText.ts'
import type { LeakedAct } from './options.ts'
import { recoverAll } from './recover.ts'
import { resultText } from './resultText.ts'
import { keysOf, rotateWith } from './rotate.ts'
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
        ? await replace(engine, command)
        : { code: exit.ok, document: {} }
    const ledger = engine.runs.ledger()
    // What was just replaced has told the rows of its own run.
    if (!('run' in done.document))
      terminal.print(exposedLines(ledger.open, ledger.asked).join('\n') || nothingOpen)
    const code = done.code === exit.ok && ledger.open.length > 0 ? exit.failed : done.code
    return {
      code: done.code === exit.nothing && ledger.open.length > 0 ? exit.failed : code,
      document: { ...done.document, ledger },
    }
  } finally {
    await engine.close()
  }
}

const nothingOpen = 'Nothing is open: each key that was asked for is replaced, dead, or left by name.'

async function replace(engine: Engine, command: Command): Promise<Ended> {
  if (!command.options.recover) return rotateWith(engine, command, new Set())
  const recovered = await recoverAll(engine, command)
  if (recovered.code === exit.interrupted) return recovered
  const rotated = await rotateWith(engine, command, keysOf(engine.runs.interrupted()))
  return { code: rotated.code, document: { ...recovered.document, ...rotated.document } }
}

async function actOn(engine: Engine, command: Command, act: LeakedAct): Promise<Ended> {
  const { terminal } = command
  if (act.kind === 'kill') return kill(engine, command, act.keys)
  const open = new Map(engine.runs.ledger().open.map((row) => [row.key, row]))
  if (act.kind === 'leave') {
    const stranger = act.keys.find((key) => !open.has(key))
    if (stranger !== undefined) throw new Failure(notOpen(stranger))
    if (command.options.dryRun) return { code: exit.ok, document: { keys: act.keys } }
    if (!command.options.yes) await confirmed(command, `Leave ${count(act.keys.length, 'key')} working?`)
  }
  if (!command.options.dryRun)
    await engine.runs.leave(act.keys, act.kind === 'leave', act.kind === 'leave' ? act.why : undefined)
  for (const key of act.keys)
    terminal.print(`${short(key)} is ${act.kind === 'leave' ? 'left as it is, by name' : 'open again'}.`)
  return { code: exit.ok, document: { keys: act.keys } }
}

/** Turns keys off without a new one: all that are open, or those that are named. */
async function kill(engine: Engine, command: Command, wanted: 'open' | readonly string[]): Promise<Ended> {
  const { options, terminal } = command
  const { keys: held } = await engine.keyring.readKeys()
  const byId = new Map(held.map((key) => [key.id, key]))
  const ids =
    wanted === 'open'
      ? engine.runs
          .ledger()
          .open.map(({ key }) => key)
          .filter((key) => byId.has(key))
      : wanted
  if (ids.length === 0) return { code: exit.nothing, document: {} }
  const run = await engine.undos.kill(
    ids,
    ids.length === 1 ? String(ids[0]).slice(-4) : String(ids.length),
    options.signer,
  )
  terminal.print(
    [
      `Turns off ${count(ids.length, 'key')} that profiles hold. They stop working at once:`,
      ...run.rotations.map(
        ({ spec }) =>
          `  ${places(spec.profiles)}  ${short(spec.from)}${roles(byId.get(spec.from)?.profiles ?? [])}${spec.last ? '  last, since it signs for the others' : ''}`,
      ),
      'To turn one on again afterwards: an administrator’s profile of its account, or the AWS console.',
    ].join('\n'),
  )
  const document = { kill: ids }
  if (options.dryRun) return { code: exit.ok, document }
  if (!options.yes) await confirmed(command, `Turn ${count(ids.length, 'key')} off?`)
  const begun = await engine.runs.start({ ...run, by: command.by })
  const [ended = begun] = await follow(engine, command, [begun])
  terminal.print(resultText(ended, engine.clock.now(), !engine.demo))
  const code = ended.state === 'done' ? exit.ok : ended.state === 'interrupted' ? exit.recovery : exit.failed
  return { code, document: { ...document, run: ended } }
}

function roles(profiles: readonly { readonly usedByRoles: readonly string[] }[]): string {
  const names = [...new Set(profiles.flatMap(({ usedByRoles }) => usedByRoles))]
  return names.length === 0 ? '' : `, and the roles that use it: ${names.join(', ')}`
}

function notOpen(key: string) {
  return {
    name: 'not-found',
    title: 'Not open',
    detail: `No run that was asked for ****${key.slice(-4)} left it open. Nothing was noted.`,
    remedy: 'keyturn leaked lists the keys that are open.',
  }
}
