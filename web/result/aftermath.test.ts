import { expect, it } from 'vitest'
import { finished, key, rotation } from '../fixtures.ts'
import { sessionCut, sessionPolicy, trailOf } from './aftermath.ts'

it('denies what was issued before the cut, and nothing after', () => {
  const { Statement } = JSON.parse(sessionPolicy(finished)) as { Statement: unknown[] }
  expect(Statement).toEqual([
    {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { DateLessThan: { 'aws:TokenIssueTime': sessionCut(finished) } },
    },
  ])
})

it('cuts by the clock of AWS, at the second after the newest refusal of an old key', () => {
  const refusals = ['2026-11-25T04:00:06.000Z', '2026-11-25T04:00:04.000Z', undefined]
  const rotations = refusals.map((refusedAt) => rotation(['a'], refusedAt === undefined ? {} : { refusedAt }))
  const run = { ...finished, finishedAt: '2026-11-25T03:55:00.000Z', rotations }
  expect(sessionCut(run)).toBe('2026-11-25T04:00:07Z')
  expect(sessionCut({ ...run, rotations: [] })).toBe('2026-11-25T03:55:01Z')
})

it('looks in the partition of the key, and in the region where it was last used', () => {
  const gov = 'https://console.amazonaws-us-gov.com/iam/home#/users/details/a?section=security_credentials'
  const turned = rotation(['a'], { lastUsed: { at: '2026-01-01T00:00:00Z', region: 'us-gov-west-1' } })
  expect(trailOf(turned, [key(['a'], { id: turned.newKey ?? '', consoleUrl: gov })])).toBe(
    `https://console.amazonaws-us-gov.com/cloudtrailv2/home?region=us-gov-west-1#/events?AccessKeyId=${turned.key}`,
  )
  const unused = rotation(['a'], { lastUsed: { region: 'N/A' } })
  expect(trailOf(unused, [key(['a'], { id: unused.newKey ?? '', consoleUrl: gov })])).toBe(
    `https://console.amazonaws-us-gov.com/cloudtrailv2/home#/events?AccessKeyId=${unused.key}`,
  )
  expect(trailOf(turned, [])).toBeUndefined()
})
