import type { Plan, PlanRotate } from '../api/plan.ts'

type Rows = Pick<Plan, 'rotate' | 'choose' | 'skip'>

/**
 * Pure: what a second look made of a plan, where that matters: a key that is no longer rotated, another key that goes, a key
 * that came into use. Ages and words may differ as they like.
 */
export function whatMoved(before: Rows, after: Rows): string[] {
  const now = new Map(after.rotate.map((row) => [row.key, row]))
  const then = new Map(before.rotate.map((row) => [row.key, row]))
  return [
    ...before.rotate.flatMap((row) => {
      const found = now.get(row.key)
      return found
        ? ofRow(row, found)
        : [`${shown(row.key)} is not rotated any more: ${whyNot(row.key, after)}`]
    }),
    ...after.rotate.flatMap(({ key }) => (then.has(key) ? [] : [`${shown(key)} would be rotated too`])),
  ]
}

function ofRow(before: PlanRotate, after: PlanRotate): string[] {
  const was = (before.deletesSpare ?? before.merges)?.id
  const is = (after.deletesSpare ?? after.merges)?.id
  const room =
    was === is
      ? []
      : [
          `For ${shown(before.key)} ${is === undefined ? 'no second key is deleted any more' : `${shown(is)} would be deleted for good`}${was === undefined || is === undefined ? '' : `, not ${shown(was)}`}`,
        ]
  const used = after.inUse.filter((id) => !before.inUse.includes(id))
  const signs =
    before.signer?.profile === after.signer?.profile
      ? []
      : [`Another profile would sign for ${shown(before.key)}`]
  return [...room, ...used.map((id) => `${shown(id)} has come into use`), ...signs]
}

function whyNot(key: string, { choose, skip }: Rows): string {
  if (choose.some((row) => row.key === key)) return 'its user has a second key now'
  return skip.find((row) => row.key === key)?.reason.title ?? 'it is gone'
}

const shown = (key: string): string => `****${key.slice(-4)}`
