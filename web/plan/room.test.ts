import { expect, it } from 'vitest'
import type { PlanChoice, RoomClass } from '../../server/api/plan.ts'
import { roomLines, roomPicks } from './room.ts'

const choice = (key: string, spare: string | undefined, kind: 'delete-spare' | 'merge' = 'delete-spare') => ({
  key,
  profiles: [key],
  reason: '',
  choices:
    spare === undefined
      ? []
      : [{ kind, label: '', spare: { id: spare, status: 'Inactive', ours: true, profiles: [] } }],
})
const room = (key: string, of: RoomClass) => ({ key, spare: `${key}-2`, class: of, decided: false })

it('asks once a class, in one order, for what can be answered', () => {
  const choose: PlanChoice[] = [
    choice('twin', 'twin-2', 'merge'),
    choice('a', 'a-2'),
    choice('b', 'b-2'),
    choice('strange', 'strange-2'),
    choice('stuck', undefined),
  ]
  const makeRoom = [
    room('twin', 'merge'),
    room('a', 'ours-recent'),
    room('b', 'ours-recent'),
    room('strange', 'other-active'),
    room('stuck', 'merge'),
    { ...room('gone', 'ours-quiet'), decided: true },
  ]
  const lines = roomLines({ makeRoom, choose })
  expect(lines.map(({ of, choices }) => [of, choices.map(({ key }) => key)])).toEqual([
    ['ours-recent', ['a', 'b']],
    ['other-active', ['strange']],
    ['merge', ['twin']],
  ])
  expect(lines.map((line) => roomPicks(line))).toEqual([
    { a: 'delete-spare a-2', b: 'delete-spare b-2' },
    { strange: 'delete-spare strange-2' },
    { twin: 'merge twin-2' },
  ])
  expect(roomPicks({ of: 'merge', choices: [choice('stuck', undefined)] })).toEqual({})
})
