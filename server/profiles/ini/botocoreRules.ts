import type { Entry, Fault, FaultKind, Section } from './document.ts'
import { skipBlanks, strip, trimBlanks } from './lines.ts'
import type { Line } from './lines.ts'

/** An entry while its continuation lines are still being gathered. */
interface Open {
  readonly entry: Entry
  readonly parts: string[]
}

/** The section whose settings botocore lets every other one inherit. */
export const inherited = 'DEFAULT'

/** More are not told: one is enough to refuse a file, and a megabyte of nonsense should not become one of faults. */
const mostFaults = 200

class Faults {
  readonly list: Fault[] = []

  add(kind: FaultKind, line: number, subject = ''): void {
    if (this.list.length < mostFaults) this.list.push({ kind, line, subject })
  }
}

/**
 * Sections and values as Python's RawConfigParser reads them in botocore: strict, `=` and `:`, full-line comments with
 * `#` and `;`, deeper indentation goes on with the value above (configparser.py, `_read`; configloader.py,
 * `raw_config_parse`).
 */
export function readByBotocoreRules(lines: readonly Line[], textOf: (line: Line) => string) {
  const sections: Section[] = []
  const faults = new Faults()
  const names = new Map<string, Set<string>>()
  let section: Section | undefined
  let open: Open | undefined
  let level = 0

  const close = () => {
    if (open) finish(open, faults)
    open = undefined
  }

  for (const [index, line] of lines.entries()) {
    const number = index + 1
    const text = textOf(line)
    const mark = index === 0 && text[0] === '\ufeff' ? 1 : 0
    if (mark > 0) faults.add('bom', 1)
    const indent = skipBlanks(text, mark)
    const stop = trimBlanks(text, indent)
    if (indent === stop) {
      if (section) open?.parts.push('')
      continue
    }
    const first = text[indent]
    if (first === '#' || first === ';') continue
    if (section && open && indent > level) {
      open.parts.push(text.slice(indent, stop))
      open.entry.continuations.push(number)
      continue
    }
    level = indent
    const bracket = first === '[' ? text.lastIndexOf(']', stop - 1) : -1
    if (bracket > indent + 1) {
      const name = text.slice(indent + 1, bracket)
      close()
      if (section) section.endLine = number
      section = { name, line: number, endLine: lines.length + 1, indent, entries: [] }
      sections.push(section)
      if (name !== inherited && names.has(name)) faults.add('duplicate-section', number, name)
      if (!names.has(name)) names.set(name, new Set())
      continue
    }
    if (!section) {
      faults.add('before-first-header', number)
      continue
    }
    const at = delimiterAt(text, indent, stop)
    if (at < 0) {
      faults.add('not-a-setting', number)
      continue
    }
    close()
    const writtenKey = text.slice(indent, trimBlanks(text, indent, at))
    const key = writtenKey.toLowerCase()
    if (key === '') {
      faults.add('no-key', number)
      continue
    }
    const from = skipBlanks(text, at + 1, stop)
    // A line of as many characters as bytes has its offsets for free.
    const bytesTo = (to: number) =>
      line.start + (text.length === line.end - line.start ? to : Buffer.byteLength(text.slice(0, to)))
    const entry: Entry = {
      key,
      writtenKey,
      line: number,
      start: bytesTo(from),
      end: bytesTo(stop),
      delimiter: text[at] === '=' ? '=' : ':',
      indent,
      value: '',
      continuations: [],
    }
    const taken = names.get(section.name)
    if (taken?.has(key)) faults.add('duplicate-key', number, key)
    taken?.add(key)
    section.entries.push(entry)
    open = { entry, parts: [text.slice(from, stop)] }
  }
  close()
  return { sections, faults: faults.list }
}

function delimiterAt(text: string, from: number, to: number): number {
  for (let at = from; at < to; at++) if (text[at] === '=' || text[at] === ':') return at
  return -1
}

function finish({ entry, parts }: Open, faults: Faults): void {
  while (parts.at(-1) === '') parts.pop()
  const joined = parts.join('\n')
  if (!joined.startsWith('\n')) {
    entry.value = joined
    return
  }
  const block = new Map<string, string>()
  // What is left without the blank lines are the lines that were joined.
  for (const [index, part] of parts.filter((each) => each !== '').entries()) {
    // Python's splitlines also cuts at these; a block is cut by it, a file is not.
    for (const piece of part.split(/[\v\f\x1c-\x1e\x85\u2028\u2029]/)) {
      const text = strip(piece)
      if (text === '') continue
      const at = text.indexOf('=')
      if (at < 0) faults.add('bad-block', entry.continuations[index] as number, entry.key)
      else block.set(strip(text.slice(0, at)), strip(text.slice(at + 1)))
    }
  }
  entry.value = block
}
