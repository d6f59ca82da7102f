import type { Trouble } from '../../api/problem.ts'
import { hiddenHeader, invisibleIn, restOfAbove } from './cures.ts'
import type { Cure } from './cures.ts'
import type { Entry, Fault, IniDocument } from '../ini/document.ts'

/** A line that tools read differently: what it is, who reads what, and the edit that ends it. */
export function ambiguous(path: string, line: number, what: string, readers: string, fix: string): Trouble {
  return {
    name: 'file-ambiguous',
    title: `Line ${line}: ${what}`,
    detail: `${path}, line ${line}: ${what}. ${readers} Keyturn does not write where tools disagree; nothing was changed.`,
    remedy: fix,
  }
}

const cli = 'The AWS CLI and boto3'

/** Why botocore refuses the whole file, and with it every profile in it; of a line's neighbours the one to mend. */
export function faultProblem(
  path: string,
  document: IniDocument,
  fault: Fault,
): { readonly line: number; readonly trouble: Trouble } {
  const cure = cureOf(document, fault)
  return cure
    ? { line: cure.line, trouble: ambiguous(path, cure.line, cure.what, lostWith, cure.fix) }
    : { line: fault.line, trouble: plainFault(path, document, fault) }
}

const lostWith = `${cli} cannot read any profile of either file because of it; other tools can.`

function plainFault(path: string, document: IniDocument, fault: Fault): Trouble {
  const { kind, line, subject } = fault
  const name = JSON.stringify(subject).slice(1, -1)
  const lost = lostWith
  switch (kind) {
    case 'bom':
      return ambiguous(
        path,
        line,
        'the file begins with a byte order mark',
        lost,
        'Save the file as UTF-8 without a byte order mark (BOM).',
      )
    case 'encoding':
      return ambiguous(
        path,
        line,
        'there are bytes that are not UTF-8',
        lost,
        `Retype the odd character on line ${line}, or save the file as UTF-8.`,
      )
    case 'before-first-header':
      return ambiguous(
        path,
        line,
        'there is text before the first [profile] header',
        lost,
        `Move ${linesFrom(document, fault)} below a header such as [default], or begin it with # to make it a comment.`,
      )
    case 'duplicate-section':
      if (holdsOtherKey(document, subject, line))
        return ambiguous(
          path,
          line,
          `a second [${name}] section, with another key`,
          `${cli} cannot read any profile of either file because of it; other tools take the later lines.`,
          `Rename the one on line ${line}, or the earlier one: each keeps its own pair.`,
        )
      return ambiguous(
        path,
        line,
        `a second [${name}] section`,
        `${cli} cannot read any profile of either file because of it; other tools merge the two, and the later lines win.`,
        `Merge the two [${name}] sections into one, or rename the one on line ${line}.`,
      )
    case 'duplicate-key':
      return ambiguous(
        path,
        line,
        `a second ${name} in the same section`,
        `${cli} cannot read any profile of either file because of it; other tools take the last one.`,
        `Keep one ${name} in that section: remove line ${line} or the earlier one.`,
      )
    case 'not-a-setting':
      return ambiguous(
        path,
        line,
        'neither a header nor a "key = value" setting',
        lost,
        `Write line ${line} as "key = value", or begin it with # to make it a comment.`,
      )
    case 'no-key':
      return ambiguous(
        path,
        line,
        'a value without a key',
        lost,
        `Write a key before the "=" on line ${line}, or remove the line.`,
      )
    case 'bad-block':
      return ambiguous(
        path,
        line,
        `a line in the block under "${name} =" that is not "key = value"`,
        lost,
        `Write the indented lines under "${name} =" as "key = value", or remove them.`,
      )
  }
}

/** What lies behind a fault, where the lines around it tell; the fault alone may name the wrong line. */
function cureOf(document: IniDocument, fault: Fault): Cure | undefined {
  const { kind, line } = fault
  switch (kind) {
    case 'before-first-header':
      return zeros(document, line) ?? hiddenHeader(document, line) ?? strayLine(document, line)
    case 'not-a-setting':
    case 'no-key':
      return (
        zeros(document, line) ??
        hiddenHeader(document, line) ??
        strayLine(document, line) ??
        restOfAbove(document, line)
      )
    case 'bad-block':
      return restOfAbove(document, line)
    case 'duplicate-key':
      return secondPair(document, fault)
    default:
      return undefined
  }
}

/** To merge two sections that hold different keys would lose one of the two. */
function holdsOtherKey(document: IniDocument, name: string, line: number): boolean {
  const ids = document.sections
    .filter((section) => section.name === name && section.line <= line)
    .flatMap(({ entries }) => entries.filter(({ key }) => key === 'aws_access_key_id'))
    .map((entry) => textOf(document, entry))
  return new Set(ids).size > 1
}

/** All lines before the first header have one cause. */
function linesFrom({ faults }: IniDocument, first: Fault): string {
  const lines = faults.filter(({ kind, line }) => kind === first.kind && line >= first.line)
  const last = lines.at(-1)?.line ?? first.line
  return last === first.line ? `line ${last}` : `lines ${first.line} to ${last}`
}

/** Before anything else that such a line may look like: a header behind them is none of its own. */
function zeros(document: IniDocument, line: number): Cure | undefined {
  if (!document.text(line).includes('\0')) return undefined
  return {
    line,
    what: 'zero bytes, as a crash or a full disk leaves them',
    fix: `Remove the zero bytes of line ${line}; see whether lines before or after them are missing.`,
  }
}

function strayLine(document: IniDocument, line: number): Cure | undefined {
  const text = document.text(line)
  if (/^(<{7}|={7}|>{7}|\|{7})/.test(text))
    return {
      line,
      what: 'a mark of an unresolved merge conflict',
      fix: 'Keep the lines of one side, and remove those of the other with all the marks (<<<<<<<, =======, >>>>>>>).',
    }
  if (/^\s*[\w.-]+\s*[＝：]/.test(text))
    return {
      line,
      what: 'a full-width sign where "=" belongs',
      fix: `Write "=" on line ${line}, as it is on the other lines.`,
    }
  const hidden = invisibleIn(text)
  return hidden === undefined
    ? undefined
    : { line, what: `${hidden} in the line`, fix: `Retype line ${line} by hand.` }
}

/** A second key in one section: most often its header is not seen, and then no line is to be removed. */
function secondPair(document: IniDocument, { line, subject }: Fault): Cure | undefined {
  const at = document.sections.find((section) => section.entries.some((entry) => entry.line === line))
  const all = document.sections
    .filter(({ name }) => name === at?.name)
    .flatMap(({ entries }) => entries)
    .filter(({ key }) => key === subject)
  const second = all.find((entry) => entry.line === line)
  const first = all.filter((entry) => entry.line < line).at(-1)
  if (!at || !first || !second) return undefined
  for (let between = first.line; between < line; between++) {
    const cure = hiddenHeader(document, between)
    if (cure) return cure
  }
  const isId = subject === 'aws_access_key_id'
  if (!isId && subject !== 'aws_secret_access_key') return undefined
  const ids = at.entries
    .filter(({ key }) => key === 'aws_access_key_id')
    .map((entry) => textOf(document, entry))
  if (new Set(ids).size > 1)
    return {
      line,
      what: `a second key begins in [${at.name}], without a header of its own`,
      fix: `Write the header of its profile, such as [name], above ${isId ? `line ${line}` : 'its id and secret'}.`,
    }
  if (textOf(document, first) === textOf(document, second)) return undefined
  return {
    line,
    what: `two different secrets for one key in [${at.name}]`,
    fix: `Keep the one that works, on line ${first.line} or on line ${line}.`,
  }
}

function textOf(document: IniDocument, { start, end }: Entry): string {
  return document.bytes.toString('latin1', start, end)
}
