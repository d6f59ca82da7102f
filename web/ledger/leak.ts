import type { PlanRequest } from '../../server/api/plan.ts'

/** After a theft: nothing is deleted that is not named, and what still works at the end stays open. */
export const leakOf = (keys: PlanRequest['keys']): PlanRequest => ({
  keys,
  oldKey: 'deactivate',
  leak: true,
})
