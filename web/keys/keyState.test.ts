import { expect, it } from 'vitest'
import { ago, denied, key, now } from '../fixtures.ts'
import { statesOf } from './keyState.ts'

const words = (part: Partial<Parameters<typeof key>[1]>): string[] =>
  statesOf(key(['a'], { id: 'A', createdAt: ago(10), ...part }), 90, now).map(
    ({ word, tone }) => `${word} (${tone})`,
  )
const stranger = { id: 'S', status: 'Active', ours: false, profiles: [] }

it.each([
  [{}, ['Fine (ok)']],
  [{ asOf: undefined, createdAt: undefined }, ['Not checked (plain)']],
  [{ createdAt: ago(90.5) }, ['Overdue since today (plain)']],
  [{ createdAt: ago(365.4) }, ['275 days over (plain)']],
  [{ createdAt: ago(400), excluded: true }, ['Excluded (plain)']],
  [{ createdAt: ago(400), checking: true }, ['Checking (plain)']],
  [
    { createdAt: ago(91), problem: denied, siblings: [stranger] },
    ['Active key nobody here made (bad)', 'No permission to make a key (warn)', '1 day over (plain)'],
  ],
  [{ siblings: [{ ...stranger, status: 'Inactive' }] }, ['Inactive key nobody here made (warn)']],
  [
    { canary: true, rotatable: false, status: 'Expired' },
    ['May be planted (warn)', 'Expired (warn)', 'Cannot be rotated (warn)'],
  ],
])('says of %j: %j', (part, said) => expect(words(part)).toEqual(said))
