export interface Leak {
  readonly place: string
  /** How the secret was written there. */
  readonly form: string
}

/** So few characters of a secret are too few to be its leak, and enough not to occur by chance. */
export const telling = 12

/**
 * Looks for secrets in bytes, however they are written there: raw, base64 at each of its three alignments, hex,
 * URL-encoded, escaped as JSON. Of each secret the tail is looked for as well, for leaks that lack the beginning.
 */
export class LeakSearch {
  /** What each written form is called. Many forms of a text are alike; each is looked for once. */
  readonly #forms = new Map<string, { readonly bytes: Buffer; readonly names: string[] }>()
  readonly #places: [string, Buffer][] = []

  /** @param label what the leak is called, since the secret itself must not be printed either */
  learn(label: string, secret: string): void {
    if (secret.length < telling) throw new Error(`${label} is too short to be told from chance`)
    const parts: [which: string, text: string][] = [['', secret]]
    if (secret.length >= 2 * telling) parts.push(['the tail of ', secret.slice(-telling)])
    for (const [which, text] of parts)
      for (const [form, written] of formsOf(text)) {
        const known = this.#forms.get(written) ?? { bytes: Buffer.from(written, 'latin1'), names: [] }
        known.names.push(`${which}${label}, ${form}`)
        this.#forms.set(written, known)
      }
  }

  /** Keeps bytes to be searched. */
  add(place: string, bytes: Buffer | string): void {
    this.#places.push([place, typeof bytes === 'string' ? Buffer.from(bytes) : bytes])
  }

  /** How many bytes are kept: a search through nothing finds nothing. */
  get size(): number {
    return this.#places.reduce((sum, [, bytes]) => sum + bytes.length, 0)
  }

  /** Every kept place, and by how many bytes. */
  get places(): readonly string[] {
    return this.#places.map(([place]) => place)
  }

  leaks(): Leak[] {
    return this.#places.flatMap(([place, bytes]) => this.in(place, bytes))
  }

  in(place: string, bytes: Buffer): Leak[] {
    return [...this.#forms.values()]
      .filter((form) => bytes.includes(form.bytes))
      .flatMap(({ names }) => names.map((form) => ({ place, form })))
  }
}

/** Each way of writing a text that may come next to other bytes. */
export function formsOf(text: string): Map<string, string> {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  const forms = new Map([
    ['raw', text],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ['URL-encoded', encodeURIComponent(text)],
    ['URL-encoded in small letters', encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase())],
    ['JSON with escaped slashes', text.replaceAll('/', '\\/')],
    ['JSON in code points', [...text].map((each) => escaped(each)).join('')],
    ['JSON with escaped signs', text.replace(/[^A-Za-z0-9]/g, escaped)],
    ['HTML', text.replace(/[^A-Za-z0-9]/g, (each) => `&#x${each.charCodeAt(0).toString(16)};`)],
  ])
  for (const before of [0, 1, 2]) {
    const aligned = base64At(bytes, before)
    forms.set(`base64 at ${before}`, aligned)
    forms.set(`base64url at ${before}`, aligned.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return forms
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The characters of a base64 text that are these bytes' own, where `before` bytes of their group of three precede. */
function base64At(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replaceAll('=', '')
  const shared = (before + bytes.length) % 3 === 0 ? 0 : 1
  return text.slice([0, 2, 3][before], text.length - shared)
}
