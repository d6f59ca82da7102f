/** A line of CSV (RFC 4180). */
export function csvLine(values: readonly (string | number | undefined)[]): string {
  return `${values.map((value) => (typeof value === 'number' ? value : cell(value))).join(',')}\r\n`
}

function cell(value: string | undefined): string {
  const text = value ?? ''
  // A profile named `=cmd|…` must not become a formula in an auditor's spreadsheet.
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
