import { context, isWhole } from './bounds.ts'
import { type Form, type Part, type Pattern, patternsOf, type Wanted } from './forms.ts'
import { type Content, lineEnds } from './content.ts'
import { Matcher } from './matcher.ts'

/** Where an id or a secret stands. Never what else stands there. */
export interface Sighting {
  readonly key: string
  readonly part: Part
  readonly form: Form
  /** From the start of the file, in bytes. */
  readonly at: number
  /** 1-based. */
  readonly line: number
}

/** What a look at a file's content begins with; the same patterns serve every file. */
export class Lookout {
  readonly #patterns: readonly Pattern[]
  readonly #matcher: Matcher | undefined
  /** How many bytes of what came before a part of a file must be given with it again. */
  readonly overlap: number

  constructor(wanted: readonly Wanted[]) {
    this.#patterns = patternsOf(wanted)
    this.#matcher =
      this.#patterns.length > 0 ? new Matcher(this.#patterns.map(({ bytes }) => bytes)) : undefined
    this.overlap = (this.#matcher?.longest ?? 0) + 2 * context
  }

  /**
   * Whole matches in a part of a file, in their order.
   * @param bytes the part, with up to `overlap` bytes of what comes before it
   * @param from before it nothing begins that is not known already
   * @param last whether the file ends here: else a match that nears the end is left to the next part
   */
  matches(
    bytes: Buffer,
    from: number,
    last: boolean,
    content: Content,
  ): { pattern: Pattern; start: number }[] {
    const found: { pattern: Pattern; start: number }[] = []
    const until = last ? bytes.length : this.nextFrom(bytes.length)
    this.#matcher?.scan(bytes, bytes.length, (number, start) => {
      if (start < from || start >= until) return
      const pattern = this.#patterns[number]
      if (pattern && isWhole(bytes, pattern, start, content === 'binary')) found.push({ pattern, start })
    })
    return found.sort((one, other) => one.start - other.start)
  }

  /** Of a part of this length that is not the last: from here on the next part must look again. */
  nextFrom(length: number): number {
    return Math.max(0, length - this.overlap + context)
  }
}

/** Takes a file part by part and says where what is looked for stands. */
export class FileLook {
  readonly #lookout: Lookout
  readonly #content: Content
  readonly #most: number
  #seen = 0
  #from = 0
  #line = 1
  readonly sightings: Sighting[] = []
  /** How many more there are than were noted. */
  more = 0

  /** @param most after so many, further ones are only counted: a log may hold an id on every line */
  constructor(lookout: Lookout, content: Content, most: number) {
    this.#lookout = lookout
    this.#content = content
    this.#most = most
  }

  /**
   * @param bytes the next part, after as many bytes of the one before as the last call said
   * @returns how many bytes of its end the next call needs again
   */
  take(bytes: Buffer, last: boolean): number {
    const ends = (from: number, to: number) => lineEnds(bytes, from, to, this.#content)
    let counted = 0
    for (const { pattern, start } of this.#lookout.matches(bytes, this.#from, last, this.#content)) {
      if (this.sightings.length >= this.#most) {
        this.more += 1
        continue
      }
      this.#line += ends(counted, start)
      counted = start
      const { key, part, form } = pattern
      this.sightings.push({ key, part, form, at: this.#seen + start, line: this.#line })
    }
    const keep = last ? 0 : Math.min(bytes.length, this.#lookout.overlap)
    const passed = bytes.length - keep
    // Nobody asks for the line of what comes after the last match, nor for any where none is noted.
    if (last || this.#most === 0) counted = passed
    // Where a match lies in what is kept, its line was counted up to it and must not be counted again.
    if (counted <= passed) this.#line += ends(counted, passed)
    else this.#line -= ends(passed, counted)
    this.#from = Math.max(0, this.#lookout.nextFrom(bytes.length) - passed)
    this.#seen += passed
    return keep
  }
}
