import type { Run } from '../../server/api/run.ts'

/** The run that rotated keys last; ids of runs sort by the time at which they began. */
export function newestRotation(runs: readonly Run[]): Run | undefined {
  return runs
    .filter(({ kind }) => kind === 'rotate')
    .reduce<Run | undefined>((newest, run) => (newest && newest.id > run.id ? newest : run), undefined)
}
