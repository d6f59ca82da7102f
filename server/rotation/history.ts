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
    return [
      ...columns.map((column) => cell(column === 'profiles' ? row.profiles.join(' ') : row[column])),
      ...steps.map((step) => took.get(step) ?? ''),
    ].join(',')
  })
  const head = [...columns, ...steps.map((step) => `${step}Ms`)].join(',')
  return [head, ...lines].map((line) => `${line}\r\n`).join('')
}

function cell(value: string | undefined): string {
  const text = value ?? ''
  // A profile named `=cmd|…` must not become a formula in an auditor's spreadsheet.
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
