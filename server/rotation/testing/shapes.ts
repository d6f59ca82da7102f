import type { OldKeyMode, PlanRequest } from '../../api/plan.ts'
import type { Ground } from './ground.ts'
import type { ModelIam, ModelKey } from './modelIam.ts'

/** A world to rotate in: what the files hold, what AWS has, and what is asked for. */
export interface Shape {
  readonly name: string
  /** Lays the files and the account out; returns what to ask for. */
  lay(disk: Ground, iam: ModelIam): Omit<PlanRequest, 'oldKey'>
}

function section(name: string, key: ModelKey, extra = ''): string {
  return `[${name}]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n${extra}\n`
}

/** An old key was made long before the run. */
function aged(iam: ModelIam, user: Parameters<ModelIam['addKey']>[0]): ModelKey {
  const key = iam.addKey(user)
  Object.assign(key, { createdAt: key.createdAt - 90 * 86_400_000, used: true })
  return key
}

export const shapes: readonly Shape[] = [
  {
    name: 'single',
    lay(disk, iam) {
      const key = aged(iam, iam.addUser('ann'))
      disk.lay('credentials', `# mine\n${section('default', key, 'region = eu-west-1\n')}`)
      return { keys: [key.id] }
    },
  },
  {
    name: 'shared key',
    lay(disk, iam) {
      const key = aged(iam, iam.addUser('ann'))
      disk.lay('credentials', section('default', key) + section('also', key) + section('third', key))
      return { keys: [key.id] }
    },
  },
  {
    name: 'two files',
    lay(disk, iam) {
      const key = aged(iam, iam.addUser('ann'))
      disk.lay('credentials', section('default', key))
      disk.lay('config', section('profile other', key))
      return { keys: [key.id] }
    },
  },
  {
    name: 'two keys, spare deleted',
    lay(disk, iam) {
      const user = iam.addUser('ann')
      const key = aged(iam, user)
      const spare = aged(iam, user)
      disk.lay('credentials', section('default', key))
      return { keys: [key.id], deleteSpares: [spare.id] }
    },
  },
  {
    name: 'merged',
    lay(disk, iam) {
      const user = iam.addUser('ann')
      const first = aged(iam, user)
      const second = aged(iam, user)
      disk.lay('credentials', section('one', first) + section('two', second) + section('also-two', second))
      return { keys: [first.id], merge: [second.id] }
    },
  },
  {
    name: 'config file',
    lay(disk, iam) {
      const key = aged(iam, iam.addUser('ann'))
      disk.lay('config', `[default]\nregion = eu-west-1\n\n${section('profile work', key)}`)
      return { keys: [key.id] }
    },
  },
  {
    name: 'two users at once',
    lay(disk, iam) {
      const first = aged(iam, iam.addUser('ann'))
      const second = aged(iam, iam.addUser('bob'))
      disk.lay('credentials', section('one', first) + section('two', second))
      return { keys: 'all' }
    },
  },
]

export const modes: readonly OldKeyMode[] = ['deactivate', 'delete']
