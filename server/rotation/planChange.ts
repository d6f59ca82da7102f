import type { Plan, PlanChange, PlanRequest } from '../api/plan.ts'

type Room = NonNullable<PlanChange['room']>

/** Pure: the request with one choice made differently. What was chosen before stays, whoever chose it and in whichever tab. */
export function changedRequest(
  { request, makeRoom }: Pick<Plan, 'request' | 'makeRoom'>,
  change: PlanChange,
): PlanRequest {
  let next = request
  if (change.oldKey) {
    const { keepDays: _before, ...others } = next
    const days = change.keepDays === undefined ? {} : { keepDays: change.keepDays }
    next = { ...others, oldKey: change.oldKey, ...days }
  }
  if (change.room) next = withRoom(next, makeRoom, change.room)
  if (change.leaveOut) next = withList(next, 'leaveOut', switched(next.leaveOut, change.leaveOut))
  if (change.keepActive) next = withList(next, 'keepActive', switched(next.keepActive, change.keepActive))
  if (change.signer) {
    const { key, profile } = change.signer
    const others = (next.signers ?? []).filter((each) => each.key !== key)
    next = withList(next, 'signers', profile === undefined ? others : [...others, { key, profile }])
  }
  return next
}

function withRoom(request: PlanRequest, makeRoom: Plan['makeRoom'], { key, spare, how }: Room): PlanRequest {
  const pair = [key, spare]
  const kept = without(request, pair)
  if (how === 'delete') return withList(kept, 'deleteSpares', [...(kept.deleteSpares ?? []), spare])
  if (how === 'merge') return withList(kept, 'merge', [...(kept.merge ?? []), ...pair])
  const line = makeRoom.find((each) => each.key === key && each.spare === spare)
  const wentByItself =
    line?.decided === true && line.class !== 'merge' && !request.deleteSpares?.includes(spare)
  if (!wentByItself) return kept
  // What went without being named is named for the others, and nothing goes by itself any more.
  const others = makeRoom.filter((each) => each.decided && each.class !== 'merge' && each.key !== key)
  return withList({ ...kept, makeRoom: 'ask' }, 'deleteSpares', [
    ...new Set([...(kept.deleteSpares ?? []), ...others.map((each) => each.spare)]),
  ])
}

function without(request: PlanRequest, ids: readonly string[]): PlanRequest {
  const rest = (list: readonly string[] | undefined) => (list ?? []).filter((id) => !ids.includes(id))
  return withList(withList(request, 'deleteSpares', rest(request.deleteSpares)), 'merge', rest(request.merge))
}

function switched(
  list: readonly string[] | undefined,
  { keys, on }: { keys: string[]; on: boolean },
): string[] {
  const others = (list ?? []).filter((id) => !keys.includes(id))
  return on ? [...others, ...new Set(keys)] : others
}

/** An empty list is none. */
function withList<Name extends 'deleteSpares' | 'merge' | 'leaveOut' | 'keepActive' | 'signers'>(
  request: PlanRequest,
  name: Name,
  list: NonNullable<PlanRequest[Name]>,
): PlanRequest {
  const { [name]: _before, ...others } = request
  return (list.length > 0 ? { ...others, [name]: list } : others) as PlanRequest
}
