import { base64Skip, type Pattern } from './forms.ts'

/** Bytes that must be known before and after a match, so that it can be told whether it is a whole one. */
export const context = 24

/**
 * Whether a match is the id or the secret itself and not a part of something longer. The bytes round it must be there, as
 * far as the file has them.
 * @param binary the content is no text: there texts stand side by side without anything between them
 */
export function isWhole(bytes: Buffer, pattern: Pattern, start: number, binary: boolean): boolean {
  const end = start + pattern.bytes.length
  if (pattern.form === 'base64') return isWholeInBase64(bytes, pattern, start)
  if (pattern.form === 'utf16') {
    const before = bytes.subarray(Math.max(0, start - 2 * 12), start).toString('latin1')
    const after = bytes.subarray(end, end + 2).toString('latin1')
    return isBounded(before.replaceAll('\0', ''), after.replaceAll('\0', ''))
  }
  if (binary) return true
  return isBounded(
    bytes.subarray(Math.max(0, start - 12), start).toString('latin1'),
    bytes.subarray(end, end + 1).toString('latin1'),
  )
}

/** What ends with a letter or a digit and yet is another character, or none: `\n`, `%3D`, a mail's `=3D`, a colour. */
const escape =
  /(?:\\[a-z]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\u\{[0-9a-f]+\}|%[0-9a-f]{2}|=3d|(?:\x1b|\\e|\\033)\[[0-9;]*[a-z])$/i

function isBounded(before: string, after: string): boolean {
  return !/^[A-Za-z0-9]/.test(after) && (!/[A-Za-z0-9]$/.test(before) || escape.test(before))
}

/** Read as base64 from the start of its group, it must give the very text, with its bounds. */
function isWholeInBase64(
  bytes: Buffer,
  { phase = 0, text, bytes: { length } }: Pattern,
  start: number,
): boolean {
  let from = start - base64Skip(phase)
  if (from < 0) return false
  // Some groups before, for what comes before the text.
  for (let group = 0; group < 4 && /^[A-Za-z0-9+/]{4}$/.test(latin1(bytes, from - 4, from)); group++)
    from -= 4
  const encoded = /^[A-Za-z0-9+/]*/.exec(latin1(bytes, from, start + length + 8))?.[0] ?? ''
  const decoded = Buffer.from(encoded, 'base64').toString('latin1')
  const at = decoded.indexOf(text)
  return at >= 0 && isBounded(decoded.slice(0, at), decoded.slice(at + text.length, at + text.length + 1))
}

function latin1(bytes: Buffer, from: number, to: number): string {
  return from < 0 ? '' : bytes.subarray(from, to).toString('latin1')
}
