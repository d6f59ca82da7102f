import type { Plan, PlanChoice, PlanRequest } from '../../server/api/plan.ts'

/** A pick by what it means: its place in the list may be another's in the next plan. */
export const pickId = ({ kind, spare }: PlanChoice['choices'][number]): string => `${kind} ${spare.id}`

/** What one pick in the plan adds to the request: the spare to delete, or the two keys to merge. */
export function withChoice(
  request: PlanRequest,
  choice: PlanChoice,
  pick: PlanChoice['choices'][number],
): PlanRequest {
  const add = (list: readonly string[] | undefined, ...ids: string[]): string[] => [
    ...new Set([...(list ?? []), ...ids]),
  ]
  if (pick.kind === 'delete-spare')
    return { ...request, deleteSpares: add(request.deleteSpares, pick.spare.id) }
  return { ...request, merge: add(request.merge, choice.key, pick.spare.id) }
}

/**
 * Takes back what makes room for one key, so that it is asked about again. What went without being named is named for the
 * others then, and nothing goes by itself any more.
 */
export function withoutRoom(request: PlanRequest, { makeRoom }: Plan, key: string): PlanRequest {
  const others = makeRoom.filter((each) => each.decided && each.class !== 'merge' && each.key !== key)
  const line = makeRoom.find((each) => each.key === key)
  const picked = withoutChoice(request, [key, line?.spare ?? ''])
  if (line === undefined || line.class === 'merge' || request.deleteSpares?.includes(line.spare))
    return picked
  return {
    ...picked,
    makeRoom: 'ask',
    ...(others.length > 0 && { deleteSpares: others.map(({ spare }) => spare) }),
  }
}

/** Takes a pick back, so that the key is asked about again. */
export function withoutChoice(request: PlanRequest, ids: readonly string[]): PlanRequest {
  const rest = (list: readonly string[] | undefined): string[] | undefined => {
    const left = list?.filter((id) => !ids.includes(id))
    return left && left.length > 0 ? left : undefined
  }
  const { deleteSpares: _d, merge: _m, ...others } = request
  const deleteSpares = rest(request.deleteSpares)
  const merge = rest(request.merge)
  return { ...others, ...(deleteSpares ? { deleteSpares } : {}), ...(merge ? { merge } : {}) }
}

/** Leaves one key out of the plan. */
export function withoutKey(request: PlanRequest, plan: Plan, key: string): PlanRequest {
  const all = request.keys === 'all' ? keysOf(plan) : request.keys
  return { ...request, keys: all.filter((id) => id !== key) }
}

const keysOf = (plan: Plan): string[] => [
  ...new Set([
    ...plan.rotate.map(({ key }) => key),
    ...plan.choose.map(({ key }) => key),
    ...plan.skip.flatMap(({ key }) => (key === undefined ? [] : [key])),
  ]),
]
