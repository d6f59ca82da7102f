import { describe, expect, it } from 'vitest'
import type { FilesSnapshot } from '../profiles/ports.ts'
import { leftOut } from './leftOut.ts'

const newKey = 'AKIANEW0000000000000'
const other = 'AKIAOTHER00000000000'
const rotation = {
  newKey,
  profiles: ['one', 'two'].map((name) => ({ name, file: 'credentials' as const, state: 'new' as const })),
}
const files = (held: Record<string, string | undefined>, file = 'credentials') =>
  Object.entries(held).map(([name, id]) => ({ name, file, ...(id !== undefined && { pair: { id } }) }))
const names = (...profiles: ReturnType<typeof files>) =>
  leftOut(rotation, { profiles } as unknown as FilesSnapshot).map(({ name }) => name)

describe('leftOut', () => {
  it.each([
    ['nothing has changed', files({ one: newKey, two: newKey }), []],
    ['one holds another key', files({ one: newKey, two: other }), ['two']],
    ['one is gone', files({ one: newKey }), ['two']],
    ['one is commented out', files({ one: newKey, two: undefined }), ['two']],
    ['one was renamed', files({ one: newKey, three: newKey }), []],
    ['one was moved', [...files({ one: newKey }), ...files({ two: newKey }, 'config')], []],
    [
      'one was renamed and its name given to another key',
      files({ one: newKey, two: other, three: newKey }),
      ['two'],
    ],
    ['both are gone, and one stands elsewhere', files({ three: newKey }), ['one', 'two']],
  ] as const)('%s', (_, profiles, left) => {
    expect(names(...profiles)).toEqual(left)
  })
})
