import { expect, it } from 'vitest'
import { clockNotice } from './clockNotice.ts'

it.each([
  [undefined, []],
  [4 * 60_000, []],
  [-30 * 86_400_000, ['This machine’s clock is 720 hours ahead of AWS’s']],
  [6 * 60_000, ['This machine’s clock is 6 minutes behind AWS’s']],
])('of an offset of %s ms it is told: %j', (offset, titles) =>
  expect(clockNotice(offset).map(({ title }) => title)).toEqual(titles),
)
