export type Content = 'text' | 'utf16' | 'binary'

/** What a file's first bytes look like. A zero is in no text but UTF-16, where it is every second byte of most. */
export function contentOf(head: Buffer): Content {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return 'utf16'
  const looked = head.subarray(0, 8192)
  if (!looked.includes(0)) return 'text'
  const zeros = [0, 0]
  for (const [at, byte] of looked.entries()) if (byte === 0) zeros[at % 2]! += 1
  const [even = 0, odd = 0] = zeros
  const half = looked.length / 2
  return Math.max(even, odd) > half * 0.7 && Math.min(even, odd) < half * 0.05 ? 'utf16' : 'binary'
}

/** Ends of lines between two places of a file. */
export function lineEnds(bytes: Buffer, from: number, to: number, content: Content): number {
  let count = 0
  for (let at = bytes.indexOf(10, from); at >= 0 && at < to; at = bytes.indexOf(10, at + 1))
    if (content !== 'utf16' || bytes[at - 1] === 0 || bytes[at + 1] === 0) count += 1
  return count
}
