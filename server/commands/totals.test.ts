import { describe, expect, it } from 'vitest'
import type { Rotation, Run } from '../api/run.ts'
import { totalsText } from './totals.ts'

const ended = (state: Rotation['state'], name?: string) =>
  ({ state, ...(name !== undefined && { problem: { name } }) }) as Rotation
const run = (kind: Run['kind'], rotations: readonly Rotation[], seconds?: number) =>
  ({
    kind,
    rotations,
    startedAt: '2026-01-01T00:00:00.000Z',
    ...(seconds !== undefined && {
      finishedAt: new Date(Date.parse('2026-01-01') + seconds * 1_000).toISOString(),
    }),
  }) as Run

describe('totalsText', () => {
  it('counts what became of every key, and says how long it took', () => {
    const rotations = [
      ...Array.from({ length: 6 }, () => ended('done')),
      ended('rolledBack', 'access-denied'),
    ]
    expect(totalsText([run('rotate', rotations, 19.2)], 4)).toBe(
      '6 rotated · 1 refused · 4 left as they were · 19 s',
    )
  })

  it.each([
    ['restore', 'done', undefined, 0.2, 0, '1 put back · 1 s'],
    ['mend', 'done', undefined, 59.4, 1, '1 put back · 1 left as it was · 59 s'],
    ['reactivate', 'undone', undefined, 60, 0, '1 reactivated · 1 min 0 s'],
    ['delete', 'done', undefined, 119.6, 0, '1 deleted · 2 min 0 s'],
    ['rotate', 'rolledBack', 'limit-exceeded', 1, 0, '1 rolled back · 1 s'],
    ['rotate', 'rolledBack', undefined, 1, 0, '1 rolled back · 1 s'],
    ['rotate', 'failed', 'x', 1, 0, '1 not finished · 1 s'],
    ['rotate', 'stopped', undefined, 1, 0, '1 stopped · 1 s'],
    ['rotate', 'superseded', undefined, 1, 0, '1 closed · 1 s'],
    ['rotate', 'interrupted', undefined, undefined, 0, '1 interrupted'],
    ['rotate', 'running', undefined, undefined, 0, '1 not over'],
  ] as const)('%s that is %s', (kind, state, problem, seconds, stayed, text) => {
    expect(totalsText([run(kind, [ended(state, problem)], seconds)], stayed)).toBe(text)
  })
})
