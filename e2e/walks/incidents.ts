import fc from 'fast-check'
import { liveKeys } from '../../server/sandbox/model.ts'
import { absences as gone } from '../../server/rotation/testing/absences.ts'
import { both } from './machine.ts'
import type { Machine, Which } from './machine.ts'
import type { Strike } from './life.ts'
import type { Walk } from './walk.ts'

/** Ways in which a file is away for a while; each gives back what brings it home. */
const absences = {
  ...gone,
  'not permitted': (file, machine) => {
    machine.refused.add(file)
    return () => void machine.refused.delete(file)
  },
} satisfies Record<string, (file: string, machine: Machine) => () => void>
export type Absence = keyof typeof absences
export const ways = Object.keys(absences) as Absence[]

export function sendAway(walk: Walk, machine: Machine, which: Which, how: Absence): void {
  const text = machine.text(which)
  if (machine.drawers.has(which) || text === '') return
  walk.person(
    `${machine.name}: the ${which} file is ${how === 'a directory' ? 'suddenly ' : ''}${how}`,
    () => {
      machine.drawers.set(which, { text, back: absences[how](machine.path(which), machine) })
    },
  )
}

export function bringBack(walk: Walk, machine: Machine): void {
  for (const which of both)
    if (machine.drawers.has(which))
      walk.person(`${machine.name}: the ${which} file is back`, () => machine.bringBack(which))
}

/** Another program puts a pair that exists, working or not, into a profile. */
export function edit(walk: Walk, machine: Machine, pick: number): void {
  const places = [...machine.pairs()]
  const keys = walk.aws.users.flatMap(liveKeys)
  const place = places[pick % Math.max(1, places.length)]
  const key = keys[Math.floor(pick / 7) % Math.max(1, keys.length)]
  if (!place || !key) return
  const [name, pair] = place
  const [which, section] = name.split(/:(.*)/s) as [Which, string]
  if (machine.drawers.has(which)) return
  walk.person(
    `${machine.name}: another program writes ${walk.keyName(key.id)} into [${section}] of ${which}`,
    () => {
      const sections = machine.text(which).split(/^(?=\[)/m)
      const written = sections.map((text) =>
        text.startsWith(`[${section}]`)
          ? text.replace(pair.id, key.id).replace(pair.secret, key.secret)
          : text,
      )
      machine.lay(which, written.join(''))
    },
  )
}

/** Somebody makes a key for a user behind everyone's back, and uses it. */
export function stranger(walk: Walk, pick: number): void {
  const user = walk.aws.users[pick % walk.aws.users.length]
  if (!user || liveKeys(user).length >= 2) return
  const at = walk.clock.now()
  const { id } = walk.aws.control.addKey(user.name, { lastUsed: { at, service: 's3', region: 'us-east-1' } })
  walk.person(`somebody makes and uses a key, ${id}`, () => undefined)
}

const kinds = [
  'kill',
  'away',
  'back',
  'edit',
  'outage',
  'drop-before',
  'drop-after',
  'cut',
  'error-after',
  'throttle',
  'stop',
  'press',
  'stranger',
  'other',
] as const
type Kind = (typeof kinds)[number]

/**
 * Between its last look at the files and the act itself nothing can stand, at AWS or in the kernel: what others do to the
 * files in that very moment is done at the next boundary.
 */
const atTheAct = /^before (?:the call (?:Update|Delete)AccessKey|rename of (?:credentials|config))$/

/** What happens at some boundary of an act, while it is under way. */
export class Incident {
  readonly at: number
  readonly kind: Kind
  readonly pick: number

  constructor(at: number, kind: Kind, pick: number) {
    this.at = at
    this.kind = kind
    this.pick = pick
  }

  strike(walk: Walk, machine: Machine): Strike {
    let count = 0
    let struck = false
    return (boundary) => {
      if (struck || count++ < this.at || (this.#unseeable && atTheAct.test(boundary))) return
      struck = true
      walk.tell(`  meanwhile, ${boundary}:`)
      return this.#happen(walk, machine)
    }
  }

  get #unseeable(): boolean {
    return this.kind === 'edit' || this.kind === 'away'
  }

  #happen(walk: Walk, machine: Machine): void | Promise<void> {
    const { pick } = this
    switch (this.kind) {
      case 'kill':
        walk.tell(`  ${machine.name} is killed`)
        return machine.kill()
      case 'away':
        return sendAway(walk, machine, both[pick % 2] ?? 'credentials', ways[pick % ways.length] ?? 'emptied')
      case 'back':
        return bringBack(walk, machine)
      case 'edit':
        return edit(walk, machine, pick)
      case 'outage':
        walk.tell('  AWS cannot be reached any more')
        walk.aws.down = true
        return
      case 'throttle':
        walk.tell('  AWS asks to slow down')
        walk.aws.control.throttleNext(1 + (pick % 12))
        return
      case 'stop':
        walk.tell('  Stop is pressed')
        for (const { id } of machine.engine?.runs.unfinished() ?? []) machine.engine?.runs.stop(id)
        return
      case 'press':
        walk.tell('  Retry and Finish are pressed on every run, twice')
        return press(machine)
      case 'stranger':
        return stranger(walk, pick)
      case 'other':
        return other(walk, machine)
      default:
        walk.tell(`  the next call is struck by ${this.kind}`)
        walk.aws.control.fault({ times: 1 }, { kind: this.kind })
    }
  }

  toString(): string {
    return `${this.kind} at ${this.at}`
  }
}

export const incident: fc.Arbitrary<Incident | undefined> = fc.option(
  fc
    .tuple(fc.nat({ max: 120 }), fc.constantFrom(...kinds), fc.nat({ max: 1000 }))
    .map(([at, kind, pick]) => new Incident(at, kind, pick)),
  { nil: undefined, freq: 3 },
)

/** In the product's own process, beside what is under way there; nobody waits for the answers. */
function press(machine: Machine): void {
  const again = (act: () => Promise<unknown>) => void machine.beside(act)
  for (const { id } of machine.engine?.runs.unfinished() ?? [])
    for (let turn = 0; turn < 2; turn++) {
      again(() => machine.engine?.runs.recover(id) ?? Promise.resolve())
      again(() => machine.engine?.runs.retry(id) ?? Promise.resolve())
    }
}

/** The other machine rotates all that it has, from its beginning to its end. */
async function other(walk: Walk, machine: Machine): Promise<void> {
  const second = walk.machines.find((each) => each !== machine)
  if (!second) return
  walk.tell(`  ${second.name} rotates all its keys`)
  await second.live(async (engine) => {
    const plan = await engine.plans.begin({ keys: 'all', oldKey: 'deactivate' })
    await engine.plans.made(plan.id)
    await engine.plans
      .take(plan.id)
      .then((run) => engine.runs.start(run))
      .catch((error: unknown) => {
        if (!(error as { trouble?: unknown }).trouble) throw error
      })
    await engine.runs.idle()
  })
}
