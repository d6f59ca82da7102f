import type { PlanChoice } from '../../server/api/plan.ts'

/** A pick by what it means: its place in the list may be another's in the next plan. */
export const pickId = ({ kind, spare }: Pick<PlanChoice['choices'][number], 'kind' | 'spare'>): string =>
  `${kind} ${spare.id}`
