import { csvLine } from '../../shared/csv.ts'
import { StepName, type HistoryRow } from '../api/run.ts'

const columns = [
  'run',
  'rotation',
  'kind',
  'startedAt',
  'finishedAt',
  'oldKeyMode',
  'account',
  'user',
  'profiles',
  'key',
  'newKey',
  'outcome',
  'code',
  'problem',
] as const

const steps = StepName.enum

/** The history as CSV (RFC 4180), a line per rotation, with the milliseconds of each step in a column of its own. */
export function historyCsv(rows: readonly HistoryRow[]): string {
  const lines = rows.map((row) => {
    const took = new Map(row.steps.map(({ name, milliseconds }) => [name, milliseconds]))
    return csvLine([
      ...columns.map((column) => (column === 'profiles' ? row.profiles.join(' ') : row[column])),
      ...steps.map((step) => took.get(step)),
    ])
  })
  return csvLine([...columns, ...steps.map((step) => `${step}Ms`)]) + lines.join('')
}
