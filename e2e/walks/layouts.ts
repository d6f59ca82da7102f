import { account } from './aws.ts'
import type { Walk } from './walk.ts'

interface Pair {
  readonly id: string
  readonly secret: string
}

/** What there is before the first act. */
export interface Layout {
  readonly name: string
  lay(walk: Walk): void
}

const section = (name: string, { id, secret }: Pair) =>
  `[${name}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n\n`

function user(walk: Walk, name: string, keys: number): [Pair, Pair] {
  const createdAt = walk.clock.now() - 90 * 86_400_000
  const used = { at: createdAt + 86_400_000, service: 's3', region: 'us-east-1' }
  return walk.aws.control.addUser(account, {
    name,
    createdAt,
    keys: Array.from({ length: keys }, () => ({ createdAt, lastUsed: used })),
  }) as [Pair, Pair]
}

export const layouts: readonly Layout[] = [
  {
    name: 'one file; two users, one of them in two profiles',
    lay(walk) {
      const [ann] = user(walk, 'ann', 1)
      const [bob] = user(walk, 'bob', 1)
      walk
        .addMachine('laptop')
        .lay('credentials', section('one', ann) + section('two', ann) + section('three', bob))
    },
  },
  {
    name: 'two files that hold the same key',
    lay(walk) {
      const [ann] = user(walk, 'ann', 1)
      const laptop = walk.addMachine('laptop')
      laptop.lay('credentials', section('one', ann))
      laptop.lay('config', `# mine\n${section('profile two', ann)}`)
    },
  },
  {
    name: 'two files, each with one of the user’s two keys',
    lay(walk) {
      const [first, second] = user(walk, 'ann', 2)
      const laptop = walk.addMachine('laptop')
      laptop.lay('credentials', section('one', first))
      laptop.lay('config', section('profile two', second))
    },
  },
  {
    name: 'one file with both keys of a user',
    lay(walk) {
      const [first, second] = user(walk, 'ann', 2)
      walk
        .addMachine('laptop')
        .lay('credentials', section('one', first) + section('two', second) + section('three', second))
    },
  },
  {
    name: 'one file; a user with a second key that no file holds',
    lay(walk) {
      const [first] = user(walk, 'ann', 2)
      walk.addMachine('laptop').lay('credentials', section('one', first))
    },
  },
  {
    name: 'two machines, each with one of the user’s two keys',
    lay(walk) {
      const [first, second] = user(walk, 'ann', 2)
      walk.addMachine('laptop').lay('credentials', section('one', first))
      walk.addMachine('desktop').lay('credentials', section('one', second))
    },
  },
  {
    name: 'two machines with a user each, and one in common',
    lay(walk) {
      const [ann] = user(walk, 'ann', 1)
      const [bob] = user(walk, 'bob', 1)
      const [eve] = user(walk, 'eve', 1)
      walk.addMachine('laptop').lay('credentials', section('one', ann) + section('two', eve))
      walk.addMachine('desktop').lay('credentials', section('one', bob) + section('two', eve))
    },
  },
]
