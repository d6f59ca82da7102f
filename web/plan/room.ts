import { roomClasses } from '../../shared/roomClasses.ts'
import type { Plan, PlanChoice, RoomClass } from '../../server/api/plan.ts'
import { pickId } from './picks.ts'

/** Users whose second key is of one class, which one answer can serve. */
export interface RoomLine {
  readonly of: RoomClass
  readonly choices: readonly PlanChoice[]
}

/** What the plan asks for, a line a class. */
export function roomLines({ makeRoom, choose }: Pick<Plan, 'makeRoom' | 'choose'>): RoomLine[] {
  const classOf = new Map(makeRoom.map((each) => [each.key, each.class]))
  return roomClasses.flatMap((of) => {
    const choices = choose.filter(({ key, choices }) => classOf.get(key) === of && choices.length > 0)
    return choices.length > 0 ? [{ of, choices }] : []
  })
}

/** The one answer of a line beside leaving it: what makes room for each of its keys. */
export function roomPicks({ choices }: RoomLine): Record<string, string> {
  return Object.fromEntries(
    choices.flatMap(({ key, choices: [first] }) => (first ? [[key, pickId(first)]] : [])),
  )
}
