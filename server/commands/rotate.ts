import type { Plan } from '../api/plan.ts'
import type { Trouble } from '../api/problem.ts'
import { openEngine, type Engine } from '../engine.ts'
import { environmentNotices } from '../keys/environmentNotices.ts'
import { Failure } from '../platform/failure.ts'
import type { NewRun } from '../rotation/runs.ts'
import { exit } from './exitCodes.ts'
import { follow } from './follow.ts'
import { leftOver, planText } from './planText.ts'
import { recoverAll } from './recover.ts'
import { resultText } from './resultText.ts'
import type { Command, Ended } from './runCommand.ts'
import { count, sentence } from './wording.ts'

/** `keyturn rotate`: the plan, a question, the run. */
export async function rotate(command: Command): Promise<Ended> {
  const engine = await openEngine(command.options, command.env)
  try {
    if (command.options.recover) {
      const recovered = await recoverAll(engine, command)
      if (recovered.code !== exit.ok) return recovered
    }
    return await rotateWith(engine, command)
  } finally {
    await engine.close()
  }
}

async function rotateWith(engine: Engine, command: Command): Promise<Ended> {
  const { options, terminal, interruption } = command
  const wanted = await wantedOf(engine, command)
  refuseInterrupted(engine, wanted.ids)
  const plan = await planOf(engine, command, wanted)
  const left = leftOver(plan)
  const text = planText(plan, engine.clock.now(), (key) => wanted.profilesOf.get(key) ?? [])
  if (plan.rotate.length === 0) {
    // A person who named a profile is told why nothing happens to it; a timer that looks for overdue keys is not.
    const named = options.profiles.length > 0 && options.olderThanDays === undefined
    if (terminal.talks || left > 0 || options.dryRun || named)
      terminal.print(`${text}\nNothing to rotate.`.trim())
    return { code: left > 0 ? exit.failed : exit.nothing, document: { plan } }
  }
  terminal.print(text)
  const { notices } = wanted
  for (const notice of notices) terminal.say(`${notice.title}. ${sentence(notice)}`)
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return { code: exit.ok, document: { notices, plan } }
  }
  if (!options.yes) await confirmed(command, `Rotate ${count(plan.rotate.length, 'key')}?`)
  if (interruption.requested) throw new Failure(stoppedBefore)
  const begun = await engine.runs.start(withHooks(await engine.plans.take(plan.id), options.hooks))
  const [run = begun] = await follow(engine, command, [begun])
  terminal.print(resultText(run, engine.clock.now(), !engine.demo))
  return { code: codeOf(run, left, interruption.requested), document: { notices, plan, run } }
}

/** Journaled with the run, so that a recovery does not retire a key before they have run. */
function withHooks(run: NewRun, hooks: readonly string[]): NewRun {
  if (hooks.length === 0) return run
  return { ...run, rotations: run.rotations.map((each) => ({ ...each, spec: { ...each.spec, hooks } })) }
}

function codeOf(run: { readonly state: string }, left: number, interrupted: boolean): number {
  if (interrupted) return exit.interrupted
  if (run.state === 'interrupted') return exit.recovery
  return run.state === 'done' && left === 0 ? exit.ok : exit.failed
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
}

/** @throws Failure `no-such-profile` */
async function wantedOf(engine: Engine, { options, env }: Command): Promise<Wanted> {
  const { keys, snapshot } = await engine.keyring.readKeys()
  const notices = engine.demo ? [] : environmentNotices(env, keys)
  const profilesOf = new Map(keys.map((key) => [key.id, key.profiles.map(({ name }) => name)]))
  if (options.profiles.length === 0) {
    return { request: 'all', ids: new Set(keys.map(({ id }) => id)), profilesOf, keyless: [], notices }
  }
  const ids = new Set<string>()
  const keyless: Plan['skip'] = []
  for (const name of new Set(options.profiles)) {
    const holding = keys.filter((key) => key.profiles.some((profile) => profile.name === name))
    for (const { id } of holding) ids.add(id)
    if (holding.length > 0) continue
    const found = snapshot.profiles.find((profile) => profile.name === name)
    if (!found) throw new Failure(noSuchProfile(name, snapshot.files.credentials.path))
    keyless.push({ profile: name, reason: found.reason ?? noKey(name) })
  }
  return { request: [...ids], ids, profilesOf, keyless, notices }
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
        remedy: 'Finish it or roll it back first: keyturn --recover',
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
      ...(options.deleteSpares.length > 0 && { deleteSpares: [...options.deleteSpares] }),
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

/** @throws Failure `declined`, or `interrupted` at Ctrl-C or the end of the input */
export async function confirmed({ terminal, interruption }: Command, question: string): Promise<void> {
  const answer = await terminal.ask(`${question} [y/N] `, interruption.signal, interruption.request)
  if (answer === undefined) throw new Failure(stoppedBefore)
  if (/^\s*y(es)?\s*$/i.test(answer)) return
  throw new Failure({ name: 'declined', title: 'Not confirmed', detail: 'Nothing was changed.' })
}

const stoppedBefore = { name: 'interrupted', title: 'Interrupted', detail: 'Nothing was changed.' }

function noSuchProfile(name: string, path: string) {
  return {
    name: 'no-such-profile',
    title: 'No such profile',
    detail: `Neither ${path} nor the config file has a profile [${name}]. Nothing was done.`,
    remedy: 'Look for a misspelling; keyturn status --json lists every profile with a key.',
  }
}

const noKey = (name: string) => ({
  name: 'no-credentials',
  title: 'No key',
  detail: `[${name}] holds no access key.`,
})
