import type { HistoryRow } from '../../server/api/run.ts'

export interface HistoryRun {
  run: string
  kind: HistoryRow['kind']
  startedAt: string
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
    } else runs.set(row.run, { run: row.run, kind: row.kind, startedAt: row.startedAt, rows: [row] })
  }
  return [...runs.values()].sort((a, b) => b.startedAt.localeCompare(a.startedAt))
}

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
