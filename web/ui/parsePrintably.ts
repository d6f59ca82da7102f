import { printable } from '../../shared/printable.ts'

/** Whether there may be any character to spell out in a text of JSON, which escapes some of them itself. */
const suspect = /\\u00[0-9a-f]{2}|\\[bfrt]|\\u\{|[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/u

/** What the server sent, for eyes: every text in it printable. Looked through once before, since parsing so is slow. */
export function parsePrintably(json: string): unknown {
  if (!suspect.test(json)) return JSON.parse(json)
  return JSON.parse(json, (_, value: unknown) => (typeof value === 'string' ? printable(value) : value))
}
