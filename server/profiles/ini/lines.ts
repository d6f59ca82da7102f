/** A line of a file as byte offsets: [start, end) is its text, [end, next) its line ending, if it has one. */
export interface Line {
  readonly start: number
  readonly end: number
  readonly next: number
}

const LF = 0x0a
const CR = 0x0d

/** Cuts bytes into lines where Python's universal newlines do: at LF, CR LF and a lone CR. The lines tile the file. */
export function scanLines(bytes: Uint8Array): Line[] {
  const lines: Line[] = []
  let start = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte !== LF && byte !== CR) continue
    const next = byte === CR && bytes[at + 1] === LF ? at + 2 : at + 1
    lines.push({ start, end: at, next })
    start = next
    at = next - 1
  }
  if (start < bytes.length) lines.push({ start, end: bytes.length, next: bytes.length })
  return lines
}

/** What Python's `str.isspace` and its `\s` take for blank; JavaScript's set lacks U+001C–U+001F and U+0085. */
export function isBlank(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f)
  if (code < 0x1680) return code === 0x85 || code === 0xa0
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}

/** Index of the first character at or after `from` that is not blank, at most `to`. */
export function skipBlanks(text: string, from: number, to = text.length): number {
  let at = from
  while (at < to && isBlank(text.charCodeAt(at))) at++
  return at
}

/** Index just after the last character before `to` that is not blank, at least `from`. */
export function trimBlanks(text: string, from: number, to = text.length): number {
  let at = to
  while (at > from && isBlank(text.charCodeAt(at - 1))) at--
  return at
}

/** Python's `str.strip`. */
export function strip(text: string): string {
  const from = skipBlanks(text, 0)
  return text.slice(from, trimBlanks(text, from))
}
