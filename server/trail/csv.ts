import type { TrailRow } from '../api/trail.ts'
import { csvLine } from '../../shared/csv.ts'
import { printable } from '../../shared/printable.ts'

const columns = [
  'at',
  'by',
  'address',
  'mine',
  'agent',
  'region',
  'service',
  'act',
  'target',
  'words',
  'error',
  'requestId',
  'id',
] as const

/**
 * Events as CSV, a line for each, the key that was asked for first. A user agent is a stranger's text: what would act on
 * a terminal is spelled out, what would act in a spreadsheet made inert.
 */
export function trailCsv(
  keys: readonly { readonly key: string; readonly rows: readonly TrailRow[] }[],
): string {
  const lines = keys.flatMap(({ key, rows }) =>
    rows.map((row) =>
      csvLine([
        key,
        ...columns.map((column) => (row[column] === undefined ? undefined : printable(String(row[column])))),
      ]),
    ),
  )
  return csvLine(['key', ...columns]) + lines.join('')
}
