/** A byte range of a file and what is to stand there instead. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Replaces exactly the bytes of the given ranges; every other byte is copied as it is.
 * @throws RangeError where ranges overlap or lie outside: a defect, never to be papered over.
 */
export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at || edit.end < edit.start || edit.end > bytes.length)
      throw new RangeError('edits overlap or lie outside the file')
    pieces.push(bytes.subarray(at, edit.start), Buffer.from(edit.text, 'utf8'))
    at = edit.end
  }
  pieces.push(bytes.subarray(at))
  return Buffer.concat(pieces)
}
