import type { HistoryRow } from '../api/run.ts'

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

/** The history as CSV (RFC 4180), a line per rotation. */
export function historyCsv(rows: readonly HistoryRow[]): string {
  const lines = rows.map((row) =>
    columns.map((column) => cell(column === 'profiles' ? row.profiles.join(' ') : row[column])).join(','),
  )
  return [columns.join(','), ...lines].map((line) => `${line}\r\n`).join('')
}

function cell(value: string | undefined): string {
  const text = value ?? ''
  // A profile named `=cmd|…` must not become a formula in an auditor's spreadsheet.
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
