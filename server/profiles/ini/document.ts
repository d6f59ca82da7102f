import { isUtf8 } from 'node:buffer'
import { inherited, readByBotocoreRules } from './botocoreRules.ts'
import { scanLines } from './lines.ts'
import type { Line } from './lines.ts'

/** What botocore makes of a value: text, or a nested block of one level. */
export type Value = string | ReadonlyMap<string, string>

export interface Entry {
  /** Lower-case, as botocore looks it up. */
  readonly key: string
  /** As it stands in the file. */
  readonly writtenKey: string
  /** 1-based. */
  readonly line: number
  /** Byte range of the value's text on that line, without the blanks around it. */
  readonly start: number
  readonly end: number
  readonly delimiter: '=' | ':'
  readonly indent: number
  value: Value
  /** 1-based lines that botocore joins to the value since they are indented deeper. */
  readonly continuations: number[]
}

export interface Section {
  readonly name: string
  /** 1-based line of the header. */
  readonly line: number
  /** 1-based, exclusive: where the next header stands, or just after the last line. */
  endLine: number
  readonly indent: number
  readonly entries: Entry[]
}

export type FaultKind =
  | 'bom'
  | 'encoding'
  | 'before-first-header'
  | 'duplicate-section'
  | 'duplicate-key'
  | 'not-a-setting'
  | 'no-key'
  | 'bad-block'

/** Something for which botocore, and with it the AWS CLI, refuses the whole file. */
export interface Fault {
  readonly kind: FaultKind
  /** 1-based. */
  readonly line: number
  readonly subject: string
}

const beyondAscii = /[\x80-\xff]/

/**
 * A credentials or config file, lossless: it keeps the bytes, cut into lines, and knows the byte range of each
 * value. Sections, keys and values are what botocore reads (Python's RawConfigParser, strict), ported rule by rule;
 * where botocore would refuse the file, the reason is a fault and reading goes on, as the other readers do.
 */
export class IniDocument {
  readonly bytes: Buffer
  readonly lines: readonly Line[]
  readonly sections: readonly Section[]
  readonly faults: readonly Fault[]
  readonly #byName = new Map<string, Section[]>()
  readonly #inherited = new Map<string, Value>()
  readonly #text: (line: Line) => string

  private constructor(bytes: Buffer) {
    this.bytes = bytes
    this.lines = scanLines(bytes)
    const decodable = isUtf8(bytes)
    // One character a byte, so that offsets are those of the file; only lines that need it are decoded again.
    const raw = bytes.toString('latin1')
    this.#text = ({ start, end }) => {
      const text = raw.slice(start, end)
      return decodable && beyondAscii.test(text) ? bytes.toString('utf8', start, end) : text
    }
    const { sections, faults } = readByBotocoreRules(this.lines, this.#text)
    this.sections = sections
    this.faults = decodable
      ? faults
      : [{ kind: 'encoding', line: this.#undecodable(), subject: '' }, ...faults]
    for (const section of sections) {
      const known = this.#byName.get(section.name)
      if (known) known.push(section)
      else this.#byName.set(section.name, [section])
      if (section.name === inherited)
        for (const entry of section.entries) this.#inherited.set(entry.key, entry.value)
    }
  }

  /** Any bytes at all; never throws. Time is linear in their number. */
  static parse(bytes: Buffer): IniDocument {
    return new IniDocument(bytes)
  }

  /** The bytes again, put together from the lines. */
  print(): Buffer {
    return Buffer.concat(this.lines.map((line) => this.bytes.subarray(line.start, line.next)))
  }

  /** Text of a 1-based line, without its ending. */
  text(line: number): string {
    const found = this.lines[line - 1]
    return found ? this.#text(found) : ''
  }

  /** The section of that name; of several, the last. */
  section(name: string): Section | undefined {
    return this.#byName.get(name)?.at(-1)
  }

  /** The entry that counts: of several, the last. Not what is inherited from [DEFAULT]. */
  entry(section: string, key: string): Entry | undefined {
    for (const each of this.#byName.get(section)?.toReversed() ?? []) {
      const found = each.entries.findLast((entry) => entry.key === key)
      if (found) return found
    }
    return undefined
  }

  /** Effective values as botocore reads them: its own over those inherited from [DEFAULT]. */
  values(name: string): Map<string, Value> {
    const values = new Map(this.#inherited)
    for (const section of this.#byName.get(name) ?? [])
      for (const entry of section.entries) values.set(entry.key, entry.value)
    return values
  }

  /** Whether a carriage return stands alone in these 1-based lines, [from, to): readers differ on whether it ends a line. */
  hasLoneCr(from: number, to: number): number | undefined {
    for (let number = from; number < to; number++) {
      const line = this.lines[number - 1]
      if (line && line.next === line.end + 1 && this.bytes[line.end] === 0x0d) return number
    }
    return undefined
  }

  #undecodable(): number {
    const index = this.lines.findIndex((line) => !isUtf8(this.bytes.subarray(line.start, line.end)))
    return index + 1
  }
}
