/** What is looked for: a key, and the secrets that are known for it. Plain data, since it crosses to the worker threads. */
export interface Wanted {
  readonly id: string
  readonly secrets: readonly string[]
}

export type Part = 'id' | 'secret'

/**
 * How a text may be written: as it is, in UTF-16 (PowerShell's `>`, `.reg` files), in base64 (Kubernetes secrets), with percent
 * signs (a URL), or with `\/` (PHP's JSON).
 */
export type Form = 'plain' | 'utf16' | 'base64' | 'percent' | 'escaped'

export interface Pattern {
  readonly key: string
  readonly part: Part
  readonly form: Form
  readonly text: string
  readonly bytes: Uint8Array
  /** In base64: how many bytes of a group of three come before the text, and so which characters tell of it alone. */
  readonly phase?: 0 | 1 | 2
}

/** A shorter text says nothing: it would be found anywhere. LocalStack's secrets are such. */
const shortest = 16

/** Every form of every id and secret that is long enough to be told from chance. */
export function patternsOf(wanted: readonly Wanted[]): Pattern[] {
  return wanted.flatMap(({ id, secrets }) => [
    ...formsOf(id, 'id', id),
    ...secrets.flatMap((secret) => formsOf(id, 'secret', secret)),
  ])
}

function formsOf(key: string, part: Part, text: string): Pattern[] {
  if (text.length < shortest) return []
  const as = (form: Form, bytes: Uint8Array, phase?: 0 | 1 | 2): Pattern => ({
    key,
    part,
    form,
    text,
    bytes,
    ...(phase !== undefined && { phase }),
  })
  const patterns = [as('plain', Buffer.from(text)), as('utf16', utf16(text))]
  for (const phase of [0, 1, 2] as const) patterns.push(as('base64', base64(text, phase), phase))
  if (/[+/]/.test(text)) {
    const encoded = encodeURIComponent(text)
    patterns.push(as('percent', Buffer.from(encoded)))
    patterns.push(as('percent', Buffer.from(encoded.replace(/%../g, (sign) => sign.toLowerCase()))))
  }
  if (text.includes('/')) patterns.push(as('escaped', Buffer.from(text.replaceAll('/', '\\/'))))
  return patterns
}

/** Without the last zero: in big-endian order the same bytes stand, with the zeros before. */
function utf16(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le').subarray(0, -1)
}

/** The characters that depend on nothing but the text, where so many bytes come before it. */
function base64(text: string, phase: 0 | 1 | 2): Uint8Array {
  const encoded = Buffer.concat([Buffer.alloc(phase), Buffer.from(text)]).toString('base64')
  return Buffer.from(encoded.slice(base64Skip(phase), Math.floor((8 * (phase + text.length)) / 6)))
}

/** Characters from the start of its group of four to the first one of the pattern. */
export function base64Skip(phase: 0 | 1 | 2): number {
  return Math.ceil((8 * phase) / 6)
}
