import type { HistoryRow } from '../../server/api/run.ts'
import { written } from '../ui/time.ts'

export interface HistoryRun {
  run: string
  kind: HistoryRow['kind']
  by: HistoryRow['by']
  startedAt: string
  finishedAt: string | undefined
  rows: HistoryRow[]
}

/** The rows of each run together, newest run first. */
export function groupRuns(rows: readonly HistoryRow[]): HistoryRun[] {
  const runs = new Map<string, HistoryRun>()
  for (const row of rows) {
    const known = runs.get(row.run)
    if (known) {
      known.rows.push(row)
      if (row.startedAt < known.startedAt) known.startedAt = row.startedAt
      if ((row.finishedAt ?? '') > (known.finishedAt ?? '')) known.finishedAt = row.finishedAt
    } else {
      const { run, kind, by, startedAt, finishedAt } = row
      runs.set(run, { run, kind, by, startedAt, finishedAt, rows: [row] })
    }
  }
  return [...runs.values()].sort((a, b) => b.startedAt.localeCompare(a.startedAt))
}

export interface HistoryDay {
  /** As the person writes it. */
  day: string
  runs: HistoryRun[]
}

/** Runs by the day on which they began, where the person is. */
export function byDay(runs: readonly HistoryRun[]): HistoryDay[] {
  const days = new Map<string, HistoryDay>()
  for (const run of runs) {
    const day = written(run.startedAt, 'day')
    const known = days.get(day)
    if (known) known.runs.push(run)
    else days.set(day, { day, runs: [run] })
  }
  return [...days.values()]
}

/** How many keys a run has deleted for good: old ones, and spare ones that made room. */
export const deletedBy = ({ rows }: HistoryRun): number =>
  rows.reduce((sum, { kind, oldKeyMode, outcome, steps }) => {
    if (outcome !== 'done' && outcome !== 'undone') return sum
    const old = kind === 'delete' || (kind === 'rotate' && oldKeyMode === 'delete') ? 1 : 0
    return sum + old + (steps.some(({ name }) => name === 'makeRoom') ? 1 : 0)
  }, 0)

/** Rows that hold every word of the query in their ids, profiles, user, account or outcome. */
export function filterRows(rows: readonly HistoryRow[], query: string): HistoryRow[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return [...rows]
  return rows.filter((row) => {
    const text = [
      row.run,
      row.key,
      row.newKey,
      row.user,
      row.account,
      row.accountAlias,
      row.outcome,
      row.kind,
      row.code,
      row.problem,
      ...row.profiles,
    ]
      .join('\n')
      .toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}
