import { nameMeant } from '../../shared/printable.ts'
import type { Trouble } from '../api/problem.ts'
import type { Rotation, Run, UndoRequest } from '../api/run.ts'
import type { Engine } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import { leftOut } from '../rotation/leftOut.ts'
import type { NewRun } from '../rotation/runs/runs.ts'
import { exit } from './exitCodes.ts'
import { codeWith, filesDocument, fileTroublesOf, tellFiles } from './fileTroubles.ts'
import { follow } from './follow.ts'
import { afterRecovery } from './recover.ts'
import { resultText } from './resultText.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { totalsText } from './totals.ts'
import { count, places, sentence, short } from './wording.ts'

/** `keyturn undo`: every rotation of a run that can be undone so, one rotation, or the newest of a profile. */
export function undo(command: Command): Promise<Ended> {
  return afterRecovery(command, undoWith)
}

interface Left {
  readonly rotation: Rotation
  readonly reason: Trouble
}

async function undoWith(engine: Engine, command: Command): Promise<Ended> {
  const { options, terminal, interruption } = command
  const { newKey = 'deactivate' } = options.undo
  const { snapshot } = await engine.keyring.readKeys()
  const troubles = fileTroublesOf(snapshot)
  // What can be undone follows from what the files hold now.
  engine.runs.sawFiles(snapshot)
  const chosen = targetsOf(engine, command)
  const { request } = chosen
  const { how } = request
  const possible: Rotation[] = []
  const left: Left[] = []
  for (const rotation of chosen.rotations) {
    // Says whether it would work; nothing begins before `start`.
    const reason = await engine.undos.ofRotation(rotation.id, request).then(() => undefined, troubleOf)
    if (reason) left.push({ rotation, reason })
    else possible.push(rotation)
  }
  const out =
    how === 'restore'
      ? possible.flatMap((rotation) =>
          leftOut(rotation, snapshot).map(({ name: profile, ...rest }) => ({
            profile,
            ...rest,
            key: rotation.key,
          })),
        )
      : []
  const document = { ...filesDocument(troubles), how, undo: possible, left, leftOut: out }
  if (possible.length === 0) {
    if (troubles.fails) throw new Failure(troubles.troubles[0] as Trouble)
    const [only] = left
    throw new Failure(only && left.length === 1 ? only.reason : nothingLeft(left.length))
  }
  tellFiles(terminal, { ...troubles, none: undefined })
  const off = newKey === 'delete' ? 'deleted for good' : 'turned off'
  const will = {
    restore: `Will put back ${count(possible.length, 'old key')}. The new keys are ${off}.`,
    reactivate: `Will let ${count(possible.length, 'old key')} work again. The files keep the new keys.`,
    'put-back': `Will put the lines of ${count(possible.length, 'key')} back into the file.`,
  }
  terminal.print(will[how])
  const rows = possible.map(
    ({ profiles, key, newKey: made = '' }) =>
      `  ${places(profiles)}  ${how === 'restore' ? `${short(made)} → ${short(key)}` : short(key)}`,
  )
  terminal.print(rows.join('\n'))
  if (left.length > 0) {
    const stays = left.map(
      ({ rotation, reason }) => `  ${places(rotation.profiles)}  ${short(rotation.key)}  ${sentence(reason)}`,
    )
    terminal.print([`Stays as it is: ${count(left.length, 'key')}.`, ...stays].join('\n'))
  }
  if (out.length > 0) {
    const stays = out.map(
      ({ profile, file, holds }) =>
        `  ${places([profile])}  ${holds === undefined ? `has no key in the ${file} file` : `holds ${short(holds)}`}`,
    )
    terminal.print(
      [
        `No longer with the new key, and so left as ${out.length === 1 ? 'it is' : 'they are'}: ${count(out.length, 'profile')}.`,
        ...stays,
      ].join('\n'),
    )
  }
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return { code: codeWith(troubles, exit.ok), document }
  }
  if (!options.yes) await confirmed(command, `Undo ${count(possible.length, 'rotation')}?`)
  const begun: Run[] = []
  for (const make of chosen.make(possible))
    begun.push(await engine.runs.start({ ...(await make()), by: command.by }))
  const runs = await follow(engine, command, begun)
  for (const run of runs) terminal.print(resultText(run, engine.clock.now(), false))
  terminal.print(totalsText(runs, left.length))
  return {
    code: codeWith(
      troubles,
      codeOf(runs, interruption.requested) || (out.length > 0 ? exit.failed : exit.ok),
    ),
    document: { ...document, runs },
  }
}

interface Chosen {
  readonly request: UndoRequest
  readonly rotations: readonly Rotation[]
  /** One new run for a whole run, one for each rotation otherwise. */
  make(possible: readonly Rotation[]): (() => Promise<NewRun>)[]
}

/** @throws Failure `not-found` */
function targetsOf({ runs, undos }: Engine, { options }: Command): Chosen {
  const { target, profiles } = options
  const known = target === undefined ? undefined : runs.rotation(target)
  const run = target === undefined ? undefined : runs.get(target)
  const kind = run?.kind ?? known?.run.kind
  const request: UndoRequest = kind === 'remove' ? { how: 'put-back' } : options.undo
  const each = (possible: readonly Rotation[]) =>
    possible.map(
      ({ id }) =>
        () =>
          undos.ofRotation(id, request),
    )
  if (target === undefined) {
    const all = runs.all()
    const names = all.flatMap(({ rotations }) =>
      rotations.flatMap((each) => each.profiles.map(({ name }) => name)),
    )
    const meant = new Set(profiles.map((each) => nameMeant(each, names)))
    const newest = new Map([...meant].map((name) => [name, newestOf(all, name)]))
    for (const [name, found] of newest) if (!found) throw new Failure(neverRotated(name))
    const rotations = [...newest.values()].flatMap((rotation) => rotation ?? [])
    return {
      request,
      rotations: rotations.filter((one, at) => rotations.findIndex(({ id }) => id === one.id) === at),
      make: each,
    }
  }
  const isUndoable = kind === 'rotate' || kind === 'remove'
  if (run && isUndoable)
    return { request, rotations: run.rotations, make: () => [() => undos.ofRun(target, request)] }
  if (known && isUndoable) return { request, rotations: [known.rotation], make: each }
  throw new Failure(run || known ? noRotation(target) : notFound(target))
}

function newestOf(all: readonly Run[], profile: string): Rotation | undefined {
  return all
    .filter((run) => run.kind === 'rotate')
    .sort((a, b) => a.id.localeCompare(b.id))
    .flatMap((run) => run.rotations)
    .findLast(
      (rotation) => rotation.newKey !== undefined && rotation.profiles.some(({ name }) => name === profile),
    )
}

function codeOf(runs: readonly Run[], interrupted: boolean): number {
  if (interrupted) return exit.interrupted
  if (runs.some((run) => run.state === 'interrupted')) return exit.recovery
  return runs.every((run) => run.state === 'done') ? exit.ok : exit.failed
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof Failure) return error.trouble
  throw error
}

const notFound = (target: string): Trouble => ({
  name: 'not-found',
  title: 'No such run',
  detail: `There is neither a run nor a rotation with the id ${target}. Nothing was done.`,
  remedy: 'keyturn status lists the runs that can be undone.',
})

const noRotation = (target: string): Trouble => ({
  name: 'not-found',
  title: 'Not a rotation',
  detail: `${target} rotated nothing itself: it acted on what an earlier run had rotated. Nothing was done.`,
  remedy: 'Rotate the key again, if its present one is not wanted.',
})

const neverRotated = (name: string): Trouble => ({
  name: 'not-found',
  title: 'Nothing to undo',
  detail: `No run on this machine has rotated the key of [${name}]. Nothing was done.`,
  remedy: 'keyturn status lists the runs that can be undone.',
})

const nothingLeft = (number: number): Trouble => ({
  name: 'cannot-undo',
  title: 'Nothing to undo',
  detail: `None of the ${number} rotations of this run can be undone this way any more. Nothing was done.`,
  remedy: 'The page says for each what is left of it.',
})
