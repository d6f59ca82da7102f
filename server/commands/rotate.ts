import { nameMeant } from '../../shared/printable.ts'
import type { Plan } from '../api/plan.ts'
import type { Run } from '../api/run.ts'
import type { Trouble } from '../api/problem.ts'
import type { Engine } from '../engine/engine.ts'
import { environmentNotices } from '../keys/environmentNotices.ts'
import { Failure } from '../platform/failure.ts'
import type { NewRun } from '../rotation/runs/runs.ts'
import { exit } from './exitCodes.ts'
import { codeWith, filesDocument, fileTroublesOf, tellFiles } from './fileTroubles.ts'
import type { FileTroubles } from './fileTroubles.ts'
import { follow } from './follow.ts'
import { leftOver, planText } from './planText.ts'
import { recoverAll } from './recover.ts'
import { resultText } from './resultText.ts'
import { tidyWith } from './tidy.ts'
import { confirmed, stoppedBefore } from './command.ts'
import type { Command, Ended } from './command.ts'
import { totalsText } from './totals.ts'
import { count, sentence } from './wording.ts'

/** `keyturn rotate`: the plan, a question, the run. */
export async function rotate(command: Command): Promise<Ended> {
  const engine = await command.open()
  try {
    return await rotateAll(engine, command)
  } finally {
    await engine.close()
  }
}

/** With `--recover` what is interrupted comes first. */
export async function rotateAll(engine: Engine, command: Command): Promise<Ended> {
  if (!command.options.recover) return tidied(engine, command, new Set())
  const recovered = await recoverAll(engine, command)
  if (recovered.code === exit.interrupted) return recovered
  // What could not be recovered is named by now; it keeps no other key from being rotated.
  const rotated = await tidied(engine, command, keysOf(engine.runs.interrupted()))
  const code = recovered.code === exit.ok ? rotated.code : exit.failed
  return { code, document: { ...recovered.document, ...rotated.document } }
}

/** With `--tidy` the old keys go first: what is quiet makes room. */
async function tidied(engine: Engine, command: Command, except: ReadonlySet<string>): Promise<Ended> {
  if (!command.options.tidy) return rotateWith(engine, command, except)
  const tidy = await tidyWith(engine, command)
  if (tidy.code === exit.interrupted) return tidy
  const rotated = await rotateWith(engine, command, except)
  const codes = [tidy.code, rotated.code].filter((code) => code !== exit.nothing && code !== exit.ok)
  const none = tidy.code === exit.nothing && rotated.code === exit.nothing
  const code = codes.at(-1) ?? (none ? exit.nothing : exit.ok)
  return { code, document: { ...rotated.document, tidy: tidy.document } }
}

/** @param except keys that an interrupted run is still about */
async function rotateWith(engine: Engine, command: Command, except: ReadonlySet<string>): Promise<Ended> {
  const { options, terminal, interruption } = command
  const wanted = without(await wantedOf(engine, command), except)
  const { troubles } = wanted
  tellFiles(terminal, troubles)
  refuseInterrupted(engine, wanted.ids)
  const plan = await planOf(engine, command, wanted)
  const left = leftOver(plan)
  const text = planText(plan, engine.clock.now(), (key) => wanted.profilesOf.get(key) ?? [])
  const leak = plan.request.leak === true
  // After a theft the account is opened of what cannot be rotated, too.
  if (plan.rotate.length === 0 && !(leak && plan.consequences.stay.length > 0)) {
    // A person who named a profile is told why nothing happens to it; a timer that looks for overdue keys is not.
    const named = options.profiles.length > 0 && options.olderThanDays === undefined
    if (terminal.talks || left > 0 || options.dryRun || named)
      terminal.print(`${text}\nNothing to rotate.`.trim())
    const code = left > 0 ? exit.failed : exit.nothing
    return { code: codeWith(troubles, code), document: { ...filesDocument(troubles), plan } }
  }
  terminal.print(text)
  const { notices } = wanted
  for (const notice of notices) terminal.say(`${notice.title}. ${sentence(notice)}`)
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return { code: codeWith(troubles, exit.ok), document: { ...filesDocument(troubles), notices, plan } }
  }
  if (!options.yes && plan.rotate.length > 0)
    await confirmed(command, `Rotate ${count(plan.rotate.length, 'key')}?`)
  if (interruption.requested) throw new Failure(stoppedBefore)
  const begun = await engine.runs.start({
    ...withHooks(await engine.plans.take(plan.id), options.hooks),
    by: command.by,
  })
  const [run = begun] = await follow(engine, command, [begun])
  terminal.print(resultText(run, engine.clock.now(), !engine.demo))
  terminal.print(totalsText([run], plan.consequences.stay.length))
  return {
    code: codeWith(troubles, codeOf(run, left, interruption.requested)),
    document: { ...filesDocument(troubles), notices, plan, run },
  }
}

/** Journaled with the run, so that a recovery does not retire a key before they have run. */
function withHooks(run: NewRun, hooks: readonly string[]): NewRun {
  if (hooks.length === 0) return run
  return { ...run, rotations: run.rotations.map((each) => ({ ...each, spec: { ...each.spec, hooks } })) }
}

function codeOf(run: Run, left: number, interrupted: boolean): number {
  if (interrupted) return exit.interrupted
  if (run.state === 'interrupted') return waitsOnly(run) ? exit.failed : exit.recovery
  return run.state === 'done' && left === 0 ? exit.ok : exit.failed
}

/** Nothing broke: it waits for a file, and the next recovery goes on. */
function waitsOnly({ rotations }: Run): boolean {
  return rotations.every(
    ({ state, problem }) => state !== 'interrupted' || problem?.name === 'waits-for-file',
  )
}

function keysOf(runs: readonly Run[]): ReadonlySet<string> {
  const open = runs.flatMap(({ rotations }) => rotations.filter(({ state }) => state === 'interrupted'))
  return new Set(open.flatMap(({ key, newKey }) => (newKey === undefined ? [key] : [key, newKey])))
}

function without(wanted: Wanted, except: ReadonlySet<string>): Wanted {
  const ids = [...wanted.ids].filter((id) => !except.has(id))
  if (ids.length === wanted.ids.size) return wanted
  return { ...wanted, request: ids, ids: new Set(ids) }
}

interface Wanted {
  readonly request: readonly string[] | 'all'
  /** The ids behind the request. */
  readonly ids: ReadonlySet<string>
  readonly profilesOf: ReadonlyMap<string, readonly string[]>
  /** Profiles that were named and hold no key to rotate. */
  readonly keyless: Plan['skip']
  /** What stands before the files for other programs of this shell. */
  readonly notices: readonly Trouble[]
  readonly troubles: FileTroubles
}

/** @throws Failure `no-such-profile` */
async function wantedOf(engine: Engine, { options, env }: Command): Promise<Wanted> {
  const { keys, snapshot } = await engine.keyring.readKeys()
  const notices = engine.demo ? [] : environmentNotices(env, keys)
  const troubles = fileTroublesOf(snapshot)
  const profilesOf = new Map(keys.map((key) => [key.id, key.profiles.map(({ name }) => name)]))
  if (options.profiles.length === 0) {
    return {
      request: 'all',
      ids: new Set(keys.map(({ id }) => id)),
      profilesOf,
      keyless: [],
      notices,
      troubles,
    }
  }
  const ids = new Set<string>()
  const keyless: Plan['skip'] = []
  const names = snapshot.profiles.map(({ name }) => name)
  for (const name of new Set(options.profiles.map((each) => nameMeant(each, names)))) {
    const holding = keys.filter((key) => key.profiles.some((profile) => profile.name === name))
    for (const { id } of holding) ids.add(id)
    if (holding.length > 0) continue
    const found = snapshot.profiles.find((profile) => profile.name === name)
    // It may stand in the file that could not be read.
    if (!found && troubles.fails) throw new Failure(troubles.troubles[0] as Trouble)
    if (!found) throw new Failure(noSuchProfile(name, snapshot.files.credentials.path))
    keyless.push({ profile: name, reason: found.reason ?? noKey(name) })
  }
  return { request: [...ids], ids, profilesOf, keyless, notices, troubles }
}

/** The journal knows what it was about to do with these keys: that comes first. */
function refuseInterrupted({ runs }: Engine, ids: ReadonlySet<string>): void {
  for (const run of runs.interrupted()) {
    for (const { key, newKey, state } of run.rotations) {
      if (state !== 'interrupted' || !(ids.has(key) || ids.has(newKey ?? ''))) continue
      throw new Failure({
        name: 'recovery-needed',
        title: 'An earlier run was interrupted',
        detail: `Run ${run.id} began to rotate ****${key.slice(-4)} and did not end. Nothing was done now.`,
        remedy: 'Finish it or roll it back first: keyturn recover',
      })
    }
  }
}

async function planOf(engine: Engine, command: Command, wanted: Wanted): Promise<Plan> {
  const { options, terminal, interruption } = command
  const request = wanted.request === 'all' ? ('all' as const) : [...wanted.request]
  const show = terminal.draws
  const unsubscribe = engine.bus.subscribe((event) => {
    if (show && event.type === 'plan' && event.plan.state === 'checking')
      terminal.draw(`\r\u001b[0KChecking ${event.plan.checked} of ${count(event.plan.total, 'key')}`)
  })
  try {
    const begun = await engine.plans.begin({
      keys: request,
      oldKey: options.oldKey,
      ...(options.keepDays !== undefined && { keepDays: options.keepDays }),
      ...(options.deleteSpares.length > 0 && { deleteSpares: [...options.deleteSpares] }),
      ...(options.makeRoom !== undefined && { makeRoom: options.makeRoom }),
      ...(options.command === 'leaked' && { leak: true }),
      ...(options.keepActive.length > 0 && { keepActive: [...options.keepActive] }),
      ...(options.merge.length > 0 && { merge: [...options.merge] }),
      ...(options.includeCanaries && { includeCanaries: true }),
      ...(options.signer !== undefined && { signer: options.signer }),
      ...(options.olderThanDays !== undefined && { olderThanDays: options.olderThanDays }),
    })
    const plan = await interruption.unless(engine.plans.made(begun.id))
    return { ...plan, skip: [...plan.skip, ...wanted.keyless] }
  } finally {
    unsubscribe()
    if (show) terminal.draw('\r\u001b[0K')
  }
}

function noSuchProfile(name: string, path: string) {
  return {
    name: 'no-such-profile',
    title: 'No such profile',
    detail: `Neither ${path} nor the config file has a profile [${name}]. Nothing was done.`,
    remedy: 'Look for a misspelling; keyturn ls lists every profile with a key.',
  }
}

const noKey = (name: string) => ({
  name: 'no-credentials',
  title: 'No key',
  detail: `[${name}] holds no access key.`,
})
