import type { PlanRequest } from '../../server/api/plan.ts'
import { account } from './ground.ts'
import type { Ground, Pair } from './ground.ts'

/** A world to rotate in: what the files hold, what AWS has, and what is asked for. */
export interface Shape {
  readonly name: string
  /** Lays files out for a new user. @returns what to ask for, and the user's name */
  lay(ground: Ground): Laid
}

export interface Laid {
  readonly wish: Omit<PlanRequest, 'oldKey'>
  readonly users: readonly string[]
  /** Keys that the plan names besides those it rotates. */
  readonly named: readonly string[]
}

let laid = 0

/** A user whose keys were made long ago. @returns their pairs */
export function addUser(ground: Ground, keys = 1): { name: string; pairs: Pair[] } {
  const name = `user${++laid}`
  const createdAt = Date.now() - 90 * 86_400_000
  const pairs = ground.sandbox.control.addUser(account, {
    name,
    createdAt,
    keys: Array.from({ length: keys }, () => ({ createdAt })),
  })
  return { name, pairs }
}

export function section(name: string, pair: Pair, rest = ''): string {
  return `[${name}]\naws_access_key_id = ${pair.id}\naws_secret_access_key = ${pair.secret}\n${rest}\n`
}

function one(name: string, files: (pair: Pair) => { credentials?: string; config?: string }): Shape {
  return {
    name,
    lay(ground) {
      const { name: user, pairs } = addUser(ground)
      const pair = pairs[0] as Pair
      const { credentials, config } = files(pair)
      ground.lay('credentials', credentials)
      ground.lay('config', config)
      return { wish: { keys: [pair.id] }, users: [user], named: [] }
    },
  }
}

export const single = one('single', (pair) => ({
  credentials: `# mine\n${section('default', pair, 'region = eu-west-1\n')}`,
}))

export const shapes: readonly Shape[] = [
  single,
  one('shared key', (pair) => ({
    credentials: section('default', pair) + section('also', pair) + section('third', pair),
  })),
  one('two files', (pair) => ({
    credentials: section('default', pair),
    config: section('profile other', pair),
  })),
  {
    name: 'two keys, spare deleted',
    lay(ground) {
      const { name, pairs } = addUser(ground, 2)
      const [key, spare] = pairs as [Pair, Pair]
      ground.lay('credentials', section('default', key))
      ground.lay('config', undefined)
      return { wish: { keys: [key.id], deleteSpares: [spare.id] }, users: [name], named: [spare.id] }
    },
  },
  {
    name: 'merged',
    lay(ground) {
      const { name, pairs } = addUser(ground, 2)
      const [first, second] = pairs as [Pair, Pair]
      ground.lay('credentials', section('one', first) + section('two', second) + section('also-two', second))
      ground.lay('config', undefined)
      return { wish: { keys: [first.id], merge: [second.id] }, users: [name], named: [second.id] }
    },
  },
  one('config file', (pair) => ({
    config: `[default]\nregion = eu-west-1\n\n${section('profile work', pair)}`,
  })),
]

/** So many users with a profile each. */
export function many(count: number): Shape {
  return {
    name: `${count} keys`,
    lay(ground) {
      const users = Array.from({ length: count }, () => addUser(ground))
      ground.lay('credentials', users.map(({ name, pairs }) => section(name, pairs[0] as Pair)).join(''))
      ground.lay('config', undefined)
      return { wish: { keys: 'all' }, users: users.map(({ name }) => name), named: [] }
    },
  }
}

export function shapeNamed(name: string): Shape {
  const shape = shapes.find((each) => each.name === name)
  if (!shape) throw new Error(`there is no shape called ${name}`)
  return shape
}
