import fc from 'fast-check'
import type { OldKeyMode } from '../../server/api/plan.ts'
import type { UndoHow } from '../../server/api/run.ts'
import { liveKeys } from '../../server/sandbox/model.ts'
import { bringBack, edit, incident, sendAway, stranger, ways } from './incidents.ts'
import type { Absence, Incident } from './incidents.ts'
import { both } from './machine.ts'
import type { Engine, Machine, Which } from './machine.ts'
import type { Walk } from './walk.ts'

/** What an act may be decided by before it is done: nothing but the number of acts so far is needed. */
export interface Model {
  acts: number
}

type Doing = (walk: Walk, machine: Machine) => Promise<void> | void

/** One act of a walk: of a person at a machine, of another program, of AWS, or of time. */
class Act implements fc.AsyncCommand<Model, Walk> {
  readonly #name: string
  readonly #at: number
  readonly #doing: Doing

  constructor(name: string, at: number, doing: Doing) {
    this.#name = name
    this.#at = at
    this.#doing = doing
  }

  check(): boolean {
    return true
  }

  async run(model: Model, walk: Walk): Promise<void> {
    model.acts += 1
    await this.#doing(walk, walk.machines[this.#at % walk.machines.length] as Machine)
  }

  toString(): string {
    return this.#name
  }
}

const pick = fc.nat({ max: 1000 })
const machine = fc.nat({ max: 1 })
const mode = fc.constantFrom<OldKeyMode>('deactivate', 'delete', 'keep')
const room = fc.constantFrom('none', 'delete', 'merge')

function chosen<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(1, items.length)]
}

const words = {
  deactivate: 'turning the old ones off',
  delete: 'deleting the old ones',
  keep: 'keeping the old ones',
}

function rotate(
  at: number,
  all: boolean,
  which: number,
  how: OldKeyMode,
  makeRoom: string,
  meanwhile?: Incident,
): Act {
  return new Act(`rotate ${how} ${makeRoom} ${String(meanwhile)}`, at, async (walk, here) => {
    const line = `rotates ${all ? 'all keys' : 'one key'}, ${words[how]}${makeRoom === 'none' ? '' : `, making room (${makeRoom})`}`
    await walk.act(here, line, meanwhile, async (engine) => {
      const { keys } = await engine.keyring.readKeys()
      const one = chosen(keys, which)
      if (!one) return 'no key is there'
      const others = walk.aws.users
        .filter((user) => user.keys.some(({ id }) => all || id === one.id))
        .flatMap((user) => liveKeys(user).map(({ id }) => id))
        .filter((id) => all || id !== one.id)
      const spare = makeRoom === 'none' ? [] : others
      const plan = await engine.plans.begin({
        keys: all ? 'all' : [one.id],
        oldKey: how,
        ...(makeRoom === 'delete' && { deleteSpares: spare }),
        ...(makeRoom === 'merge' && { merge: spare }),
      })
      await engine.plans.made(plan.id)
      for (const { deletesSpare, merges } of engine.plans.get(plan.id).rotate)
        for (const each of [deletesSpare, merges]) if (each) here.named.add(each.id)
      await engine.runs.start(await engine.plans.take(plan.id))
    })
  })
}

async function rotations(engine: Engine) {
  return engine.runs
    .all()
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .flatMap((run) => run.rotations)
}

function press(what: 'retry' | 'recover', at: number, which: number, meanwhile?: Incident): Act {
  return new Act(`${what} ${String(meanwhile)}`, at, async (walk, here) => {
    const line =
      what === 'retry'
        ? 'Retry is pressed on an older run'
        : 'Finish or roll back is pressed on every interrupted run'
    await walk.act(here, line, meanwhile, async ({ runs }) => {
      if (what === 'recover') for (const { id } of runs.interrupted()) await runs.recover(id)
      else {
        const failed = runs.all().filter(({ state }) => ['partial', 'failed', 'stopped'].includes(state))
        const run = chosen(failed, which)
        if (!run) return 'there is none'
        await runs.retry(run.id)
      }
      return undefined
    })
  })
}

function close(at: number, which: number, meanwhile?: Incident): Act {
  return new Act(`close ${String(meanwhile)}`, at, async (walk, here) => {
    await walk.act(
      here,
      'a run that needs the person is closed as it stands',
      meanwhile,
      async ({ runs }) => {
        const standing = runs
          .unfinished()
          .filter(({ rotations }) => rotations.some((r) => r.state === 'failed'))
        const run = chosen(standing, which)
        if (!run) return Promise.resolve('there is none')
        runs.stop(run.id)
        return Promise.resolve()
      },
    )
  })
}

function undo(
  at: number,
  which: number,
  how: UndoHow,
  newKey: 'deactivate' | 'delete',
  meanwhile?: Incident,
): Act {
  return new Act(`undo ${how} ${String(meanwhile)}`, at, async (walk, here) => {
    await walk.act(
      here,
      `undoes a rotation (${how}${how === 'restore' ? `, the new key ${newKey}d` : ''})`,
      meanwhile,
      async (engine) => {
        const offered = (await rotations(engine)).filter((each) => each.undo.includes(how))
        const rotation = chosen(offered, which)
        if (!rotation) return 'none is offered'
        await engine.runs.start(
          await engine.undos.ofRotation(rotation.id, { how, ...(how === 'restore' && { newKey }) }),
        )
        return undefined
      },
    )
  })
}

function oldKey(
  at: number,
  which: number,
  kind: 'activate' | 'deactivate' | 'delete' | 'forget',
  meanwhile?: Incident,
): Act {
  return new Act(`old key ${kind} ${String(meanwhile)}`, at, async (walk, here) => {
    await walk.act(here, `is asked to ${kind} an old key`, meanwhile, async (engine) => {
      const id = chosen([...engine.runs.ours()], which)
      if (id === undefined) return 'there is none'
      if (kind === 'forget') return void (await engine.runs.forgetPair(id))
      const run = await engine.undos.ofKey(id, kind, id.slice(-4))
      here.named.add(id)
      await engine.runs.start(run)
      return undefined
    })
  })
}

const restart = (at: number, killed: boolean): Act =>
  new Act(killed ? 'kill' : 'restart', at, async (walk, here) => {
    walk.tell(`${here.name}: ${killed ? 'is killed and started again' : 'is stopped and started again'}`)
    if (killed) here.kill()
    else await here.stop()
    walk.watch.unasked()
    const before = walk.aws.control.calls().length
    await here.start()
    if (walk.aws.control.calls().length > before) walk.watch.broke('P8: a start asked AWS for something')
    walk.watch.check('after a start')
  })

const away = (at: number, which: Which, how: Absence) =>
  new Act(`away ${which} ${how}`, at, (walk, here) => sendAway(walk, here, which, how))
const back = (at: number) => new Act('back', at, (walk, here) => bringBack(walk, here))
const edited = (at: number, which: number) =>
  new Act('edit', at, async (walk, here) => {
    edit(walk, here, which)
    await here.sees()
  })
const strange = (which: number) => new Act('stranger', 0, (walk) => stranger(walk, which))

const time = (at: number, days: number) =>
  new Act('time', at, async (walk, here) => {
    walk.clock.advance(days * 86_400_000)
    walk.watch.unasked()
    await walk.act(
      here,
      `${days} days pass, and what is kept too long is forgotten`,
      undefined,
      async ({ runs }) => {
        await runs.expireUndo()
        return 'done'
      },
    )
  })

const denial = (which: number, action: string) =>
  new Act(`deny ${action}`, 0, (walk) => {
    const user = chosen(walk.aws.users, which)
    if (user)
      walk.person(`${user.name} may no longer ${action}`, () =>
        walk.aws.control.deny(user.name, `iam:${action}`),
      )
  })
const allowed = () =>
  new Act('allow', 0, (walk) => {
    walk.person('everything is permitted again, and AWS is prompt', () => walk.aws.heal())
  })
const slow = (listLag: number, spread: number) =>
  new Act('slow', 0, (walk) => {
    walk.person(`AWS is slow: ${spread} s until a key is known, lists ${listLag} s late`, () =>
      walk.aws.control.behave({
        propagation: { minMs: spread * 500, maxMs: spread * 1_000, flaps: 1 },
        listLagMs: listLag * 1_000,
        deactivationLagMs: 4_000,
        quotaLagMs: 2_000,
      }),
    )
  })
const console_ = (which: number, what: 'off' | 'on' | 'gone') =>
  new Act(`console ${what}`, 0, (walk) => {
    const key = chosen(walk.aws.users.flatMap(liveKeys), which)
    if (!key) return
    const { control } = walk.aws
    walk.watch.changedBehind(walk.aws.userOf(key.id)?.name ?? '')
    walk.person(`in the AWS console somebody turns ${key.id} ${what}`, () =>
      what === 'gone'
        ? control.deleteKey(key.id)
        : control.setStatus(key.id, what === 'on' ? 'Active' : 'Inactive'),
    )
  })

const weighted = (weight: number, arbitrary: fc.Arbitrary<Act>) => ({ weight, arbitrary })

const act: fc.Arbitrary<Act> = fc.oneof(
  weighted(
    8,
    fc.tuple(machine, fc.boolean(), pick, mode, room, incident).map((drawn) => rotate(...drawn)),
  ),
  weighted(
    3,
    fc.tuple(fc.constant('retry' as const), machine, pick, incident).map((drawn) => press(...drawn)),
  ),
  weighted(
    3,
    fc.tuple(fc.constant('recover' as const), machine, pick, incident).map((drawn) => press(...drawn)),
  ),
  weighted(
    1,
    fc.tuple(machine, pick, incident).map((drawn) => close(...drawn)),
  ),
  weighted(
    4,
    fc
      .tuple(
        machine,
        pick,
        fc.constantFrom('restore' as const, 'restore' as const, 'reactivate' as const),
        fc.constantFrom('deactivate' as const, 'delete' as const),
        incident,
      )
      .map((drawn) => undo(...drawn)),
  ),
  weighted(
    3,
    fc
      .tuple(
        machine,
        pick,
        fc.constantFrom('activate' as const, 'deactivate' as const, 'delete' as const, 'forget' as const),
        incident,
      )
      .map((drawn) => oldKey(...drawn)),
  ),
  weighted(
    2,
    fc.tuple(machine, fc.boolean()).map((drawn) => restart(...drawn)),
  ),
  weighted(
    2,
    fc.tuple(machine, fc.constantFrom(...both), fc.constantFrom(...ways)).map((drawn) => away(...drawn)),
  ),
  weighted(3, machine.map(back)),
  weighted(
    2,
    fc.tuple(machine, pick).map((drawn) => edited(...drawn)),
  ),
  weighted(1, pick.map(strange)),
  weighted(
    1,
    fc.tuple(machine, fc.constantFrom(1, 8)).map((drawn) => time(...drawn)),
  ),
  weighted(
    1,
    fc
      .tuple(
        pick,
        fc.constantFrom(
          'CreateAccessKey',
          'ListAccessKeys',
          'UpdateAccessKey',
          'DeleteAccessKey',
          'GetAccessKeyLastUsed',
        ),
      )
      .map((drawn) => denial(...drawn)),
  ),
  weighted(2, fc.constant(undefined).map(allowed)),
  weighted(
    1,
    fc.tuple(fc.constantFrom(0, 5, 20), fc.constantFrom(5, 30, 60)).map((drawn) => slow(...drawn)),
  ),
  weighted(
    1,
    fc
      .tuple(pick, fc.constantFrom('off' as const, 'on' as const, 'gone' as const))
      .map((drawn) => console_(...drawn)),
  ),
)

export const acts = act
